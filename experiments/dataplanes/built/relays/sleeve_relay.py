"""What a sleeve relay does to frames, without any socket: whom they go to, in which datagram, and what arrives."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Mapping
from typing import Any

from experiments.dataplanes.built.relays import packets
from experiments.dataplanes.built.relays.sleeve_path import PeerPath
from experiments.dataplanes.built.relays.sleeve_peer import COUNTERS, Known, Peer, Read, Write
from experiments.dataplanes.built.relays.sleeve_wire import (
    ETHERNET_BYTES,
    FRAME_HEADER_BYTES,
    NAME_BYTES,
    OVERHEAD_BYTES,
    encode,
)

MAC_AGE_S = 600.0  # router/network_router.go
MACS_AT_MOST = 4096
AGEING_S = 10.0  # how often addresses are looked through
BURST = 100  # frames of one direction before they are sent and the other is looked at (router/sleeve.go)
LARGEST_DATAGRAM_BYTES = 65507
HEADER_BYTES = NAME_BYTES + FRAME_HEADER_BYTES  # of a datagram with one frame
ICMP_TTL = 64
ETH_P_IP = 0x0800
# A frame goes at once if it leaves less room than a TCP segment without payload needs.
ROOM_WORTH_WAITING_BYTES = FRAME_HEADER_BYTES + ETHERNET_BYTES + 40

_ETHERNET = struct.Struct(">6s6sH")
_FRAME = struct.Struct(">6s6sH6s6s")  # source peer, destination peer, length; the frame's destination and source
_TARGET = struct.Struct(">6sH")
ZERO = bytes(6)


class Relay:
    """One node's relay. Frames for others pass through only if ``hops`` names the way to them."""

    overhead_bytes = OVERHEAD_BYTES

    def __init__(self, name: bytes, inject: Write, *, mac_age_s: float = MAC_AGE_S) -> None:
        self.name = name
        self.peers: dict[bytes, Peer] = {}
        # The neighbour by which each peer is reached, as gossip has it; None where nobody gossips: then all reach each other.
        self.hops: Mapping[bytes, bytes] | None = None
        self._inject, self._mac_age_s = inject, mac_age_s
        self._macs: dict[bytes, Known] = {}
        self._next_ageing = float("-inf")
        self._now = 0.0  # when the call began that is being answered
        self.counters = dict.fromkeys(COUNTERS, 0)
        # A captured frame is read to where it stands in a datagram; what precedes it is written in front.
        self._out = bytearray(HEADER_BYTES + LARGEST_DATAGRAM_BYTES)
        self._out[:NAME_BYTES] = self._out[NAME_BYTES:2 * NAME_BYTES] = name
        self._out_view = memoryview(self._out)
        self._frame_view = self._out_view[HEADER_BYTES:]
        self._in = bytearray(LARGEST_DATAGRAM_BYTES + _FRAME.size)
        self._in_view = memoryview(self._in)

    def add_peer(self, name: bytes, send: tuple[Write, Write], kernel_mtu: Callable[[], int]) -> Peer:
        """A peer: ``send`` without DF and with, and what the kernel knows of the underlay's path MTU (bytes)."""
        connection = int.from_bytes(os.urandom(8), "big")
        path = PeerPath(self.overhead_bytes, kernel_mtu, lambda frame, df: self._send_frame(peer, frame, df), connection)
        peer = self.peers[name] = Peer(name, send, path)
        return peer

    # -- from the bridge to the peers -------------------------------------------------------------------------------

    def bridge_to_peers(self, read: Read, now: float) -> None:
        """Frames of the bridge to their peers, until there are none or the other direction has waited long enough."""
        out, frame_view, macs, counters = self._out, self._frame_view, self._macs, self.counters
        ethernet_at, came = _ETHERNET.unpack_from, 0
        self._now = now
        for _ in range(BURST):
            length = read(frame_view)
            if length is None:
                break
            came += 1
            if length < ETHERNET_BYTES:
                counters["too_short"] += 1
                continue
            target, source, kind = ethernet_at(out, HEADER_BYTES)
            known = macs.get(source)
            if known is not None and known.peer is None:
                known.seen = now
            else:
                self._learn(source, None)
            must_not_fragment = kind == ETH_P_IP and length >= 34 and bool(out[HEADER_BYTES + ETHERNET_BYTES + 6] & 0x40)
            known = macs.get(target)
            if known is None:
                counters["flooded"] += 1
                for peer in self.peers.values():
                    self._to_peer(peer, length, must_not_fragment)
            elif known.peer is None:
                counters["local"] += 1
            else:
                self._to_peer(known.peer, length, must_not_fragment)
        counters["captured"] += came
        for peer in self.peers.values():
            for df in (True, False):
                if peer.waiting[df]:
                    self._flush(peer, df)

    def _to_peer(self, peer: Peer, length: int, df: bool) -> None:
        """The frame in the buffer: sent at once if it fills a datagram, else it waits for others."""
        name = peer.name
        if not peer.path.established:
            hop = self._hop(name)
            if hop is None:
                self.counters["not_established"] += 1
                return
            self.counters["by_relay"] += 1
            peer = hop
        limit = peer.path.limit
        if length - ETHERNET_BYTES > limit:
            self._too_big(peer, length, df)
            return
        waiting, room = peer.waiting[df], HEADER_BYTES + ETHERNET_BYTES + limit
        if waiting and len(waiting) + FRAME_HEADER_BYTES + length > room:
            self._flush(peer, df)
        _TARGET.pack_into(self._out, 2 * NAME_BYTES, name, length)
        end = HEADER_BYTES + length
        if waiting:
            waiting += self._out_view[NAME_BYTES:end]
        elif room - end < ROOM_WORTH_WAITING_BYTES:
            self._send(peer, self._out_view[:end], df)
        else:
            waiting += self._out_view[:end]
        self.counters["frames_sent"] += 1

    def _hop(self, name: bytes) -> Peer | None:
        """The neighbour by which a peer is reached; None where nobody knows a way."""
        found = self.peers.get((self.hops or {}).get(name, b""))
        return found if found is not None and found.path.established else None

    def _too_big(self, peer: Peer, length: int, df: bool) -> None:
        """With DF the sender is told; without, the underlay fragments if that was proved to work, else we do."""
        self.counters["too_big"] += 1
        frame = self._frame_view[:length]
        packet = frame[ETHERNET_BYTES:]
        is_ip = int.from_bytes(frame[12:14], "big") == ETH_P_IP and len(packet) >= packets.IPV4_HEADER_BYTES
        if df:
            answer = packets.icmp_unreachable(packet, bytes(packet[16:20]), code=packets.ICMP_FRAGMENTATION_NEEDED,
                                              next_hop_mtu=peer.path.limit, ttl=ICMP_TTL)
            if answer is not None:
                self.counters["icmp_sent"] += 1
                self._to_bridge(bytes(frame[6:12]) + bytes(frame[:6]) + b"\x08\x00" + answer)
        elif peer.path.can_fragment:
            if peer.waiting[df]:
                self._flush(peer, df)
            self._send_frame(peer, frame, df)
        elif is_ip:
            for part in packets.fragments(packet, peer.path.limit) or ():
                self.counters["fragmented"] += 1
                self._send_frame(peer, bytes(frame[:ETHERNET_BYTES]) + part, df)

    def _send_frame(self, peer: Peer, frame: bytes | memoryview, df: bool) -> None:
        self._send(peer, self.name + encode(self.name, peer.name, frame), df)

    def _flush(self, peer: Peer, df: bool) -> None:
        self._send(peer, peer.waiting[df], df)
        peer.waiting[df].clear()

    def _send(self, peer: Peer, datagram: bytes | bytearray | memoryview, df: bool) -> None:
        """A datagram, which begins with our name."""
        try:
            peer.send[df](datagram)
            self.counters["datagrams_sent"] += 1
        except OSError as error:
            self.counters["send_failed"] += 1
            if error.errno == errno.EMSGSIZE and df:
                peer.path.too_big()

    # -- from a peer to the bridge ----------------------------------------------------------------------------------

    def peer_to_bridge(self, peer: Peer, read: Read, now: float) -> None:
        """Datagrams from this peer's address to the bridge, until there are none or the other side has waited enough."""
        buffer, came = self._in, 0
        self._now = now
        for _ in range(BURST):
            length = read(buffer)
            if length is None:
                break
            came += 1
            self._received(peer, length)
        self.counters["datagrams_received"] += came

    def _received(self, peer: Peer, length: int) -> None:
        if length >= NAME_BYTES and self._in.startswith(peer.name):
            self._split(peer, length)
        else:
            self.counters["wrong_sender"] += 1

    def _split(self, peer: Peer, length: int) -> None:
        """The frames of the datagram in the buffer."""
        buffer, view, macs, counters, frame_at = self._in, self._in_view, self._macs, self.counters, _FRAME.unpack_from
        now = self._now
        offset = NAME_BYTES
        while offset < length:
            source_peer, target_peer, size, target, source = frame_at(buffer, offset)
            start = offset + FRAME_HEADER_BYTES
            offset = start + size
            if offset > length:
                counters["truncated"] += 1
            elif source_peer != peer.name or target_peer != self.name:
                self._astray(peer, source_peer, target_peer, start, offset)
            elif size < ETHERNET_BYTES:
                counters["too_short"] += 1
            elif target == ZERO and source == ZERO:
                self._control(peer, view[start:offset])
            else:
                known = macs.get(source)
                if known is not None and known.peer is peer:
                    known.seen = now
                else:
                    self._learn(source, peer)
                counters["frames_received"] += 1
                self._to_bridge(view[start:offset])

    def _astray(self, peer: Peer, source_peer: bytes, target_peer: bytes, start: int, end: int) -> None:
        """A frame of another than who sent the datagram, or for another than us: it was relayed, or is to be.

        Both names stay what they are; only the datagram's sender changes (weaveworks/weave router/network_router.go).
        """
        frame = self._in_view[start:end]
        if source_peer == self.name:
            self.counters["own_frame"] += 1
        elif self.hops is None or len(frame) < ETHERNET_BYTES or frame[:12] == ZERO + ZERO or source_peer not in self.peers:
            self.counters["not_for_us"] += 1
        elif target_peer == self.name:
            self._learn(bytes(frame[6:12]), self.peers[source_peer])
            self.counters["frames_received"] += 1
            self._to_bridge(frame)
        else:
            self._pass_on(peer, target_peer, self._in_view[start - FRAME_HEADER_BYTES:end])

    def _pass_on(self, came_from: Peer, target_peer: bytes, framed: memoryview) -> None:
        """A frame with its header, to the next peer on its way; never back to where it came from."""
        target = self.peers.get(target_peer)
        hop = target if target is not None and target.path.established else self._hop(target_peer)
        if hop is None or hop is came_from:
            self.counters["not_for_us"] += 1
        elif len(framed) - FRAME_HEADER_BYTES - ETHERNET_BYTES > hop.path.limit:
            self.counters["too_big"] += 1
        else:
            self.counters["relayed"] += 1
            self._send(hop, self.name + bytes(framed), True)

    def _to_bridge(self, frame: bytes | memoryview) -> None:
        try:
            self._inject(frame)
            self.counters["injected"] += 1
        except OSError:  # larger than the device takes, or the device is down
            self.counters["inject_failed"] += 1

    # -- what the relay knows ---------------------------------------------------------------------------------------

    def _control(self, peer: Peer, frame: memoryview) -> None:
        self.counters["control_received"] += 1
        try:
            peer.path.heard(frame, self._now)
        except ValueError:
            self.counters["control_ignored"] += 1

    def _learn(self, mac: bytes, peer: Peer | None) -> None:
        """A new address, or one that has moved. The longest known makes room if there are too many."""
        if mac[0] & 1 or mac == ZERO:
            return  # a group address is never a sender
        if mac not in self._macs and len(self._macs) >= MACS_AT_MOST:
            del self._macs[next(iter(self._macs))]
        self._macs[mac] = Known(peer, self._now)

    def due(self) -> float:
        """When :meth:`tick` has something to do next."""
        return min([self._next_ageing, *(peer.path.due() for peer in self.peers.values())])

    def tick(self, now: float) -> None:
        """Heartbeats and tests that are due; addresses that were not seen for long are forgotten."""
        self._now = now
        if now >= self._next_ageing:
            self._next_ageing = now + min(AGEING_S, self._mac_age_s)
            for mac in [mac for mac, known in self._macs.items() if now - known.seen > self._mac_age_s]:
                del self._macs[mac]
        for peer in self.peers.values():
            peer.path.tick(now)

    def statistics(self) -> dict[str, Any]:
        """The counters, and of each peer whether it is reached and which packet of a pod (bytes) is proved to pass."""
        return self.counters | {
            "hops": {name.hex(":"): hop.hex(":") for name, hop in (self.hops or {}).items()},
            "peers": {peer.name.hex(":"): {"established": peer.path.established, "limit_bytes": peer.path.limit,
                                           "limit_is_proved": peer.path.limit_is_proved,
                                           "can_fragment": peer.path.can_fragment}
                      for peer in self.peers.values()},
        }
