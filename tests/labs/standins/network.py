"""The network of the stand-ins, slower than its machines: iperf3 sends what it can, and here each bit takes the processor."""


def shaped(device):
    """The command that holds what leaves a device to 200 Mbit/s."""
    return ["tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "200mbit", "burst", "32kb", "latency", "50ms"]
