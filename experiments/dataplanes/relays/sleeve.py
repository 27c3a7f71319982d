"""Our relay for Weave's sleeve: Ethernet frames from a packet socket to UDP datagrams and back, one process a node.

The clear-text format is weaver's (weaveworks/weave router/frame_crypto.go): six bytes that name the sender, then for
each frame six bytes for the capturing peer, six for the destination peer, two for the length, and the frame. Full-size
frames travel alone; small ones that wait together share a datagram, up to the path's MTU (router/sleeve.go).

Frames whose IPv4 packet must not be fragmented go out with DF set and without a UDP checksum, the others without DF and
with one, as weaver sends them. One that does not fit is answered with ICMP 3/4 in the name of the destination
(router/ethernet_decoder.go). MAC addresses are learned from what arrives and forgotten after ten minutes; unknown ones
and broadcasts go to every peer. A heartbeat proves each way; the path's MTU is asked of the kernel, then proved by a
frame of that size.

What is not weaver's: peers come from the command line and all reach each other (no gossip, no relaying for others);
the acknowledgements of heartbeat and MTU, which weaver sends over its TCP connection, are frames here; both kinds of datagram
leave by UDP sockets (weaver builds the header of DF datagrams itself and sends them by a raw socket, whose queue then
fills with copies of everything that arrives). The encrypted variant is not here.

Where the time goes: a frame costs one ``recv`` and one ``send`` on the sending node and the same on the receiving one,
and a wake-up of this process wherever a queue had run dry. Its bytes are copied at these four crossings and once more
here, into the datagram.
"""

from __future__ import annotations

import argparse
import errno
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from experiments.dataplanes.relays import packets
from experiments.dataplanes.relays.process import Stopped, fail, prepare

PORT = 6783
NAME_BYTES = 6
FRAME_HEADER_BYTES = 2 * NAME_BYTES + 2
ETHERNET_BYTES = 14
# IPv4, UDP, sender's name, one frame's header, Ethernet: what a pod's packet grows by (62 bytes).
OVERHEAD_BYTES = 28 + NAME_BYTES + FRAME_HEADER_BYTES + ETHERNET_BYTES
LARGEST_FRAME_BYTES = 65535
MAC_AGE_S = 600.0  # router/network_router.go
MACS_AT_MOST = 4096
BURST = 64
HEARTBEAT_FAST_S, HEARTBEAT_SLOW_S = 0.5, 10.0  # until acknowledged, and then
ICMP_TTL = 64

# linux/if_packet.h, linux/in.h, asm/socket.h: not in Python's socket module.
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, PACKET_IGNORE_OUTGOING = 263, 1, 1, 23
IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_PMTUDISC_DO, IP_MTU = 10, 0, 2, 14
SO_NO_CHECK, ETH_P_ALL = 11, 0x0003

CONTROL = bytes(ETHERNET_BYTES)  # a frame whose addresses are zero is for the peer itself
HEARTBEAT, HEARTBEAT_ACK, SIZE_PROBE, SIZE_ACK = 0, 1, 2, 3
_CONTROL_BODY = struct.Struct(">BQ")

COUNTERS = ("captured", "injected", "datagrams_sent", "datagrams_received", "frames_sent", "frames_received", "flooded",
            "too_short", "too_big", "icmp_sent", "local", "wrong_sender", "not_for_us", "own_frame", "truncated",
            "heartbeats_sent", "heartbeats_acknowledged", "send_failed", "inject_failed")


def name_bytes(text: str) -> bytes:
    """A peer name, written like a MAC address, as its six bytes.

    Raises:
        ValueError: it is not one.
    """
    name = bytes.fromhex(text.replace(":", ""))
    if len(name) != NAME_BYTES:
        raise ValueError(f"'{text}' is not a peer name like 02:77:65:61:76:01")
    return name


def encode(source: bytes, destination: bytes, frame: bytes | bytearray | memoryview) -> bytes:
    """One frame as it stands in a datagram."""
    return b"".join((source, destination, len(frame).to_bytes(2, "big"), frame))


def decode(datagram: memoryview) -> Iterator[tuple[bytes, bytes, memoryview]]:
    """The frames of a datagram behind the sender's name: source peer, destination peer, frame.

    Raises:
        ValueError: it is cut short.
    """
    offset = 0
    while offset < len(datagram):
        start = offset + FRAME_HEADER_BYTES
        if start > len(datagram):
            raise ValueError("the datagram ends inside a frame's header")
        end = start + int.from_bytes(datagram[start - 2:start], "big")
        if end > len(datagram):
            raise ValueError("the datagram ends inside a frame")
        yield (bytes(datagram[offset:offset + NAME_BYTES]),
               bytes(datagram[offset + NAME_BYTES:offset + 2 * NAME_BYTES]), datagram[start:end])
        offset = end


def must_not_fragment(frame: memoryview) -> bool:
    """Whether the frame holds an IPv4 packet with DF set."""
    return len(frame) >= ETHERNET_BYTES + packets.IPV4_HEADER_BYTES and bytes(frame[12:14]) == b"\x08\x00" and \
        bool(frame[ETHERNET_BYTES + 6] & 0x40)


@dataclass
class Peer:
    """Another node, and what waits to be sent to it. ``path_mtu`` is of the underlay (bytes)."""

    name: bytes
    address: str
    path_mtu: int = 1500
    acknowledged: bool = False
    next_heartbeat: float = 0.0
    waiting: dict[bool, bytearray] = field(default_factory=lambda: {True: bytearray(), False: bytearray()})

    @property
    def largest_packet(self) -> int:
        """The largest packet of a pod that still fits into one datagram."""
        return self.path_mtu - OVERHEAD_BYTES

    @property
    def largest_payload(self) -> int:
        """UDP payload of one unfragmented datagram."""
        return self.path_mtu - 28


Send = Callable[[Peer, bytes, bool], None]
Inject = Callable[[bytes | memoryview], None]


class Relay:
    """The decisions on frames, without any socket: ``send(peer, datagram, df)`` and ``inject(frame)`` are given."""

    def __init__(
        self, name: bytes, peers: list[Peer], send: Send, inject: Inject, mac_age_s: float = MAC_AGE_S
    ) -> None:
        self.name = name
        self.peers = {peer.name: peer for peer in peers}
        self._send, self._inject, self._age = send, inject, mac_age_s
        self._macs: dict[bytes, tuple[bytes, float]] = {}  # MAC -> peer, when last seen
        self.counters = dict.fromkeys(COUNTERS, 0)

    # -- from the bridge to the peers -------------------------------------------------------------------------------

    def captured(self, frame: memoryview, now: float) -> None:
        """A frame of the bridge: it waits for its peer, or for all of them, until :meth:`flush`."""
        counters = self.counters
        counters["captured"] += 1
        if len(frame) < ETHERNET_BYTES:
            counters["too_short"] += 1
            return
        destination = bytes(frame[:6])
        self._learn(bytes(frame[6:12]), self.name, now)
        known = self._macs.get(destination)
        if known is not None and now - known[1] <= self._age:
            if known[0] == self.name:
                counters["local"] += 1
            else:
                self._queue(self.peers[known[0]], frame)
            return
        counters["flooded"] += 1
        for peer in self.peers.values():
            self._queue(peer, frame)

    def _queue(self, peer: Peer, frame: memoryview) -> None:
        df = must_not_fragment(frame)
        if len(frame) - ETHERNET_BYTES > peer.largest_packet and df:
            self._answer_too_big(peer, frame)
            return
        waiting = peer.waiting[df]
        if waiting and len(waiting) + FRAME_HEADER_BYTES + len(frame) > peer.largest_payload:
            self._flush_one(peer, df)
            waiting = peer.waiting[df]
        if not waiting:
            waiting += self.name
        waiting += self.name + peer.name + len(frame).to_bytes(2, "big")
        waiting += frame
        self.counters["frames_sent"] += 1

    def _answer_too_big(self, peer: Peer, frame: memoryview) -> None:
        self.counters["too_big"] += 1
        packet = frame[ETHERNET_BYTES:]
        answer = packets.icmp_unreachable(packet, bytes(packet[16:20]), code=packets.ICMP_FRAGMENTATION_NEEDED,
                                          next_hop_mtu=peer.largest_packet, ttl=ICMP_TTL)
        if answer is not None:
            self.counters["icmp_sent"] += 1
            self._inject(bytes(frame[6:12]) + bytes(frame[:6]) + b"\x08\x00" + answer)

    def flush(self) -> None:
        """Send what waits."""
        for peer in self.peers.values():
            for df in (True, False):
                if peer.waiting[df]:
                    self._flush_one(peer, df)

    def _flush_one(self, peer: Peer, df: bool) -> None:
        self._send(peer, bytes(peer.waiting[df]), df)
        self.counters["datagrams_sent"] += 1
        peer.waiting[df].clear()

    # -- from a peer to the bridge ----------------------------------------------------------------------------------

    def received(self, peer: Peer, datagram: memoryview, now: float) -> None:
        """A datagram that came from the address of ``peer``."""
        counters = self.counters
        counters["datagrams_received"] += 1
        if bytes(datagram[:NAME_BYTES]) != peer.name:
            counters["wrong_sender"] += 1
            return
        try:
            for source, destination, frame in decode(datagram[NAME_BYTES:]):
                if source == self.name:
                    counters["own_frame"] += 1
                elif destination != self.name or source not in self.peers:
                    counters["not_for_us"] += 1
                elif len(frame) < ETHERNET_BYTES:
                    counters["too_short"] += 1
                elif bytes(frame[:12]) == CONTROL[:12]:
                    self._control(peer, frame, now)
                else:
                    counters["frames_received"] += 1
                    self._learn(bytes(frame[6:12]), source, now)
                    self._inject(frame)
        except ValueError:
            counters["truncated"] += 1

    def _learn(self, mac: bytes, peer: bytes, now: float) -> None:
        if mac[0] & 1 or mac == bytes(6):
            return  # a group address is never a sender
        if mac not in self._macs and len(self._macs) >= MACS_AT_MOST:
            oldest = min(self._macs, key=lambda known: self._macs[known][1])
            del self._macs[oldest]
        self._macs[mac] = (peer, now)

    # -- heartbeat and MTU ------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Send the heartbeats that are due."""
        for peer in self.peers.values():
            if now >= peer.next_heartbeat:
                self._tell(peer, HEARTBEAT, 0)
                self.counters["heartbeats_sent"] += 1
                peer.next_heartbeat = now + (HEARTBEAT_SLOW_S if peer.acknowledged else HEARTBEAT_FAST_S)

    def _tell(self, peer: Peer, kind: int, value: int, size: int = 0) -> None:
        body = CONTROL + _CONTROL_BODY.pack(kind, value)
        frame = body + bytes(max(0, size - len(body)))
        self._send(peer, self.name + encode(self.name, peer.name, frame), True)

    def _control(self, peer: Peer, frame: memoryview, now: float) -> None:
        if len(frame) < ETHERNET_BYTES + _CONTROL_BODY.size:
            self.counters["too_short"] += 1
            return
        kind, value = _CONTROL_BODY.unpack_from(frame, ETHERNET_BYTES)
        if kind == HEARTBEAT:
            self._tell(peer, HEARTBEAT_ACK, value)
        elif kind == HEARTBEAT_ACK and not peer.acknowledged:
            peer.acknowledged = True
            self.counters["heartbeats_acknowledged"] += 1
            peer.next_heartbeat = now + HEARTBEAT_SLOW_S
            self._tell(peer, SIZE_PROBE, peer.largest_packet, size=peer.largest_packet + ETHERNET_BYTES)
        elif kind == SIZE_PROBE:
            self._tell(peer, SIZE_ACK, len(frame))


class Sockets:
    """The packet socket on the bridge's far end, one connected UDP socket a peer, one for datagrams without DF."""

    def __init__(self, device: str, address: str, peers: list[Peer], counters: Callable[[], dict[str, int]]) -> None:
        self.bridge = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.bridge.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.bridge.bind((device, ETH_P_ALL))
        promiscuous = struct.pack("IHH8s", socket.if_nametoindex(device), PACKET_MR_PROMISC, 0, b"")
        self.bridge.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, promiscuous)
        self.bridge.setblocking(False)
        self.plain = self._udp(address, IP_PMTUDISC_DONT)
        self.df: dict[bytes, socket.socket] = {}
        for peer in peers:
            connected = self._udp(address, IP_PMTUDISC_DO)
            connected.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
            connected.connect((peer.address, PORT))
            peer.path_mtu = connected.getsockopt(socket.IPPROTO_IP, IP_MTU)
            self.df[peer.name] = connected
        self._counters = counters

    @staticmethod
    def _udp(address: str, discover: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, discover)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        made.bind((address, PORT))
        made.setblocking(False)
        return made

    def send(self, peer: Peer, datagram: bytes, df: bool) -> None:
        """To the peer; what does not fit teaches us the path's MTU."""
        try:
            if df:
                self.df[peer.name].send(datagram)
            else:
                self.plain.sendto(datagram, (peer.address, PORT))
        except OSError as error:
            self._counters()["send_failed"] += 1
            if error.errno == errno.EMSGSIZE:
                peer.path_mtu = self.df[peer.name].getsockopt(socket.IPPROTO_IP, IP_MTU)

    def inject(self, frame: bytes | memoryview) -> None:
        """To the bridge."""
        try:
            self.bridge.send(frame)
            self._counters()["injected"] += 1
        except OSError:  # larger than the device takes, or the device is down
            self._counters()["inject_failed"] += 1


def serve(relay: Relay, sockets: Sockets) -> None:
    """Relay until stopped."""
    buffer = bytearray(LARGEST_FRAME_BYTES)
    view = memoryview(buffer)
    poll = select.poll()
    peer_of: dict[int, tuple[socket.socket, Peer]] = {}
    for name, connected in sockets.df.items():
        peer_of[connected.fileno()] = (connected, relay.peers[name])
    for number in (sockets.bridge.fileno(), *peer_of):
        poll.register(number, select.POLLIN)
    bridge = sockets.bridge.fileno()
    relay.tick(time.monotonic())
    while True:
        ready = poll.poll(HEARTBEAT_FAST_S * 1000)
        now = time.monotonic()
        relay.tick(now)
        for number, _ in ready:
            if number == bridge:
                for length in _lengths(sockets.bridge, buffer):
                    relay.captured(view[:length], now)
                relay.flush()
            else:
                connected, peer = peer_of[number]
                for length in _lengths(connected, buffer):
                    relay.received(peer, view[:length], now)


def _lengths(source: socket.socket, buffer: bytearray) -> Iterator[int]:
    """Receive into the buffer again and again, a bounded number of times; the length of each."""
    for _ in range(BURST):
        try:
            yield source.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno not in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN):
                raise
            return


def main() -> None:
    """The program: open the sockets, relay until SIGTERM."""
    parser = argparse.ArgumentParser(description="Podpath's relay for Weave's sleeve.")
    parser.add_argument("--device", required=True, help="the far end of the bridge's veth pair")
    parser.add_argument("--name", required=True, help="the node's peer name, like 02:77:65:61:76:01")
    parser.add_argument("--address", required=True, help="the node's address")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=ADDRESS", help="repeatable")
    parser.add_argument("--mac-age", type=float, default=MAC_AGE_S, help="seconds until a MAC address is forgotten")
    parser.add_argument("--pid-file", default="")
    parser.add_argument("--statistics", default="", help="file for the counters, on SIGUSR1 and at the end")
    given = parser.parse_args()
    try:
        pairs = [peer.split("=", 1) for peer in given.peer]
        peers = [Peer(name_bytes(name), address) for name, address in pairs]
        sockets = Sockets(given.device, given.address, peers, lambda: relay.counters)
        relay = Relay(name_bytes(given.name), peers, sockets.send, sockets.inject, given.mac_age)
    except (OSError, ValueError) as error:
        fail(str(error))
        return
    write_counters = prepare(given.pid_file, given.statistics, lambda: relay.counters)
    try:
        serve(relay, sockets)
    except Stopped:
        write_counters()


if __name__ == "__main__":
    main()
