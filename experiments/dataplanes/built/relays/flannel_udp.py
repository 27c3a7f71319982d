"""Our relay for Flannel's udp mode: packets from a TUN device to UDP datagrams and back, one process a node.

It behaves as flanneld's proxy does (flannel-io/flannel pkg/backend/udp/proxy_amd64.c), packet by packet:

* from the TUN device: packets shorter than 20 bytes are dropped; the destination's subnet is looked up; without
  one, an ICMP "network unreachable" goes back into the TUN device (TTL 8, from the tunnel's address; not about ICMP, not
  about later fragments); the TTL falls by one, at zero the packet is dropped in silence; it goes to UDP port 8285.
* from UDP: at most the buffer's length is taken, the TTL falls by one again, the packet is written to the device.
* not checked, as there: who sent the datagram, its destination, length or checksum.

Where it differs: what arrives with another version than 4, or shorter than a header, is dropped and counted (the proxy
would pass it on). The proxy searches a list and moves what it finds to the front; flannel's subnets never overlap, so one
dictionary lookup by the subnet's prefix gives the same answer. Routes come from the command line, not over a socket. A write
that the device refuses is given up, where the proxy tries until it succeeds.

Where the time goes: for each packet one ``read`` and one ``sendto`` on the sending node, one ``read`` and one
``write`` on the receiving one. A ``poll``, a ``read`` that finds nothing and a wake-up of this process come on top
wherever the queue had run dry; under load that is about once in twelve packets. The bytes are copied at each of the
four crossings and never in between: both directions use one buffer. Python's own share is between one and two
microseconds a packet, beside eight to ten in the kernel. It stays small because the loops hold what they need in
local variables; because ``FileIO.readinto`` says "nothing there" by None, where a socket's ``recv_into`` raises an
exception; and because packets of full size need no slice of the buffer.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import ipaddress
import os
import select
import socket
import struct
from collections.abc import Callable, Iterator

from experiments.dataplanes.built.relays import packets
from experiments.dataplanes.built.relays.process import Stopped, fail, prepare

PORT = 8285
TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
ICMP_TTL = 8  # proxy_amd64.c, send_net_unreachable
BURST = 64  # packets of one direction before the other is looked at
IPV4_HEADER_BYTES = packets.IPV4_HEADER_BYTES

DESTINATION_OFFSET = 16  # in the IPv4 header (RFC 791)
_ADDRESS = struct.Struct(">I")

COUNTERS = ("tun_read", "udp_sent", "udp_received", "tun_written", "too_short", "not_ipv4", "no_route", "ttl_expired",
            "icmp_sent", "send_failed", "write_failed")


Read = Callable[[bytearray], int | None]  # into the buffer: how much came, or None if there is nothing
Send = Callable[[memoryview, tuple[str, int]], object]
Write = Callable[[bytes | memoryview], object]


class Relay:
    """What happens to packets, without any socket: the callables that move them are given."""

    def __init__(self, routes: dict[str, str], tunnel_address: str, mtu: int) -> None:
        """Routes by subnet; ``mtu`` (bytes) is the buffer's length.

        Raises:
            ValueError: a route is no IPv4 subnet, or their prefixes differ in length.
        """
        networks = {ipaddress.IPv4Network(subnet): node for subnet, node in routes.items()}
        lengths = {network.prefixlen for network in networks}
        if len(lengths) > 1:
            raise ValueError("all routes must be subnets of one length")
        self._mask = 0xFFFFFFFF << (32 - lengths.pop()) & 0xFFFFFFFF if lengths else 0
        self._next_hop = {int(network.network_address): (str(ipaddress.IPv4Address(node)), PORT)
                          for network, node in networks.items()}
        self._tunnel = packets.address(tunnel_address)
        self.buffer = bytearray(max(mtu, packets.IPV4_HEADER_BYTES))  # longer datagrams are cut, as the proxy's recv does
        self._view = memoryview(self.buffer)
        self.counters = dict.fromkeys(COUNTERS, 0)

    def tun_to_udp(self, read: Read, send: Send, write: Write) -> None:
        """Packets of the device to their nodes, until there are none or the other direction has waited long enough."""
        buffer, counters = self.buffer, self.counters
        address_at, next_hop, mask, one_hop_less = _ADDRESS.unpack_from, self._next_hop.get, self._mask, packets.decrement_ttl
        sent = 0
        for packet in self._packets(read, "tun_read"):
            destination, = address_at(buffer, DESTINATION_OFFSET)
            node = next_hop(destination & mask)
            if node is None:
                self._answer_unreachable(packet, write)
            elif one_hop_less(buffer):
                try:
                    send(packet, node)
                    sent += 1
                except OSError:  # a full socket, an unreachable node: the packet is lost, as any packet may be
                    counters["send_failed"] += 1
            else:
                counters["ttl_expired"] += 1
        counters["udp_sent"] += sent

    def udp_to_tun(self, read: Read, write: Write) -> None:
        """Datagrams to the device, until there are none or the other direction has waited long enough."""
        buffer, counters, one_hop_less = self.buffer, self.counters, packets.decrement_ttl
        written = 0
        for packet in self._packets(read, "udp_received"):
            if one_hop_less(buffer):
                try:
                    write(packet)
                    written += 1
                except OSError:  # the kernel refuses what is no IP packet, or its device is down
                    counters["write_failed"] += 1
            else:
                counters["ttl_expired"] += 1
        counters["tun_written"] += written

    def _packets(self, read: Read, counted_as: str) -> Iterator[memoryview]:
        """IPv4 packets as they come into the buffer, a burst at most; what is none is dropped and counted."""
        buffer, view, full, counters = self.buffer, self._view, len(self.buffer), self.counters
        came = 0
        while came < BURST:
            length = read(buffer)
            if length is None:
                break
            came += 1
            if length < IPV4_HEADER_BYTES:
                counters["too_short"] += 1
            elif buffer[0] >> 4 != 4:
                counters["not_ipv4"] += 1
            else:
                yield view if length == full else view[:length]
        counters[counted_as] += came

    def _answer_unreachable(self, packet: memoryview, write: Write) -> None:
        self.counters["no_route"] += 1
        answer = packets.icmp_unreachable(packet, self._tunnel, code=packets.ICMP_NET_UNREACHABLE, ttl=ICMP_TTL)
        if answer is None:
            return
        try:
            write(answer)
            self.counters["icmp_sent"] += 1
        except OSError:
            self.counters["write_failed"] += 1


def open_tun(name: str) -> io.FileIO:
    """A TUN device without packet information, which does not block.

    Raises:
        OSError: /dev/net/tun cannot be opened, or the device cannot be made.
    """
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return io.FileIO(tun, "r+b")


def serve(relay: Relay, tun: io.FileIO, udp: socket.socket) -> None:
    """Relay until stopped.

    Raises:
        OSError: the device is gone.
    """
    datagrams = io.FileIO(udp.fileno(), "rb", closefd=False)
    poll = select.poll()
    poll.register(tun, select.POLLIN)
    poll.register(udp, select.POLLIN)
    device = tun.fileno()
    while True:
        for ready, _ in poll.poll():
            if ready == device:
                relay.tun_to_udp(tun.readinto, udp.sendto, tun.write)
            else:
                relay.udp_to_tun(datagrams.readinto, tun.write)


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
    except OSError as error:
        write_counters()
        fail(f"{given.tun} cannot be read any more: {error.strerror}")


if __name__ == "__main__":
    main()
