"""Our relay for Flannel's udp mode: packets from a TUN device to UDP datagrams and back, one process a node.

It behaves as flanneld's proxy does (flannel-io/flannel pkg/backend/udp/proxy_amd64.c), packet by packet:

* from the TUN device: packets shorter than 20 bytes are dropped; the destination's subnet is looked up; without
  one, an ICMP "network unreachable" goes back into the TUN device (TTL 8, from the tunnel's address; not about ICMP, not
  about later fragments); the TTL falls by one, at zero the packet is dropped in silence; it goes to UDP port 8285.
* from UDP: at most the buffer's length is taken, the TTL falls by one again, the packet is written to the device.
* not checked, as there: who sent the datagram, its destination, version, length or checksum. (We drop what is
  shorter than an IPv4 header or says another version: nothing of it can be patched; the proxy would pass it on.)

Where it differs: the proxy searches a list and moves what it finds to the front; subnets of flannel never overlap, so one
dictionary lookup by the subnet's prefix gives the same answer. Routes come from the command line, not over a socket.

Where the time goes: for each packet one ``read`` and one ``sendto`` on the sending node, one ``recv`` and one ``write`` on
the receiving one, and a wake-up of this process wherever the queue had run dry. The bytes are copied at each of the four
crossings and never in between: both directions use one buffer. Python's own work is a dictionary lookup and four byte
operations; it is small beside four system calls.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import ipaddress
import os
import select
import socket
import struct

from experiments.dataplanes.relays import packets
from experiments.dataplanes.relays.process import Stopped, fail, prepare

PORT = 8285
TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
ICMP_TTL = 8  # proxy_amd64.c, send_net_unreachable
BURST = 64  # packets of one direction before the other is looked at

COUNTERS = ("tun_read", "udp_sent", "udp_received", "tun_written", "too_short", "not_ipv4", "no_route", "ttl_expired",
            "icmp_sent", "send_failed", "write_failed")


class Relay:
    """The decisions on packets, without any socket: what comes in, what goes out to where."""

    def __init__(self, routes: dict[str, str], tunnel_address: str, mtu: int) -> None:
        networks = {ipaddress.ip_network(subnet): node for subnet, node in routes.items()}
        lengths = {network.prefixlen for network in networks}
        if len(lengths) > 1 or any(network.version != 4 for network in networks):
            raise ValueError("all routes must be IPv4 subnets of one length")
        self._mask = 0xFFFFFFFF << (32 - lengths.pop()) & 0xFFFFFFFF if lengths else 0
        self._next_hop = {int(network.network_address): (node, PORT) for network, node in networks.items()}
        self._tunnel = packets.address(tunnel_address)
        self.buffer = bytearray(mtu)  # longer datagrams are cut, as the proxy's recv cuts them
        self.view = memoryview(self.buffer)
        self.counters = dict.fromkeys(COUNTERS, 0)

    def from_tun(self, length: int) -> tuple[tuple[str, int] | None, bytes | None]:
        """A packet of the device lies in the buffer: the node it goes to, or the ICMP answer, or neither."""
        buffer, counters = self.buffer, self.counters
        counters["tun_read"] += 1
        if length < packets.IPV4_HEADER_BYTES:
            counters["too_short"] += 1
            return None, None
        if buffer[0] >> 4 != 4:
            counters["not_ipv4"] += 1
            return None, None
        destination = int.from_bytes(buffer[16:20], "big")
        node = self._next_hop.get(destination & self._mask)
        if node is None:
            counters["no_route"] += 1
            answer = packets.icmp_unreachable(
                self.view[:length], self._tunnel, code=packets.ICMP_NET_UNREACHABLE, ttl=ICMP_TTL
            )
            counters["icmp_sent"] += answer is not None
            return None, answer
        if not packets.decrement_ttl(buffer):
            counters["ttl_expired"] += 1
            return None, None
        return node, None

    def from_udp(self, length: int) -> bool:
        """A datagram lies in the buffer: whether it goes to the device."""
        buffer, counters = self.buffer, self.counters
        counters["udp_received"] += 1
        if length < packets.IPV4_HEADER_BYTES:
            counters["too_short"] += 1
            return False
        if buffer[0] >> 4 != 4:
            counters["not_ipv4"] += 1
            return False
        if not packets.decrement_ttl(buffer):
            counters["ttl_expired"] += 1
            return False
        return True


def open_tun(name: str) -> int:
    """A TUN device without packet information, as a descriptor that does not block.

    Raises:
        OSError: /dev/net/tun cannot be opened, or the device cannot be made.
    """
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def _drain_tun(relay: Relay, tun: int, udp: socket.socket) -> None:
    """Packets of the device, until there are none or the other side has waited long enough."""
    buffer, view, counters = relay.buffer, relay.view, relay.counters
    for _ in range(BURST):
        try:
            length = os.readv(tun, [buffer])
        except BlockingIOError:
            return
        node, answer = relay.from_tun(length)
        if node is not None:
            try:
                udp.sendto(view[:length], node)
                counters["udp_sent"] += 1
            except OSError:  # a full socket, an unreachable node: the packet is lost, as any packet may be
                counters["send_failed"] += 1
        elif answer is not None:
            _write(relay, tun, answer)


def _drain_udp(relay: Relay, tun: int, udp: socket.socket) -> None:
    """Datagrams, until there are none or the other side has waited long enough."""
    buffer, view = relay.buffer, relay.view
    for _ in range(BURST):
        try:
            length = udp.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError as error:  # what an earlier sendto learned by ICMP is told here; it is not this datagram's fault
            if error.errno in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH):
                continue
            raise
        if relay.from_udp(length):
            _write(relay, tun, view[:length])


def _write(relay: Relay, tun: int, packet: bytes | memoryview) -> None:
    try:
        os.write(tun, packet)
        relay.counters["tun_written"] += 1
    except OSError:  # the kernel refuses a packet that is no IP packet, or its device is down
        relay.counters["write_failed"] += 1


def serve(relay: Relay, tun: int, udp: socket.socket) -> None:
    """Relay until stopped."""
    poll = select.poll()
    poll.register(tun, select.POLLIN)
    poll.register(udp, select.POLLIN)
    number = udp.fileno()
    while True:
        for ready, _ in poll.poll():
            if ready == number:
                _drain_udp(relay, tun, udp)
            else:
                _drain_tun(relay, tun, udp)


def main() -> None:
    """The program: make the device, bind the port, relay until SIGTERM."""
    parser = argparse.ArgumentParser(description="Podpath's relay for Flannel's udp mode.")
    parser.add_argument("--tun", required=True, help="name of the TUN device to make")
    parser.add_argument("--address", required=True, help="the node's address; the UDP port is bound there")
    parser.add_argument("--mtu", type=int, required=True, help="bytes; also the length of the buffer")
    parser.add_argument("--tunnel-address", required=True, help="the device's address, for ICMP")
    parser.add_argument("--route", action="append", default=[], metavar="SUBNET=NODE", help="repeatable")
    parser.add_argument("--pid-file", default="")
    parser.add_argument("--statistics", default="", help="file for the counters, on SIGUSR1 and at the end")
    given = parser.parse_args()
    try:
        relay = Relay(dict(route.split("=", 1) for route in given.route), given.tunnel_address, given.mtu)
        tun = open_tun(given.tun)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((given.address, PORT))
        udp.setblocking(False)
    except (OSError, ValueError) as error:
        fail(str(error))
        return
    write_counters = prepare(given.pid_file, given.statistics, lambda: relay.counters)
    try:
        serve(relay, tun, udp)
    except Stopped:
        write_counters()


if __name__ == "__main__":
    main()
