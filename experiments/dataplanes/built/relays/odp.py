"""Our miss handler for Weave's fast data path: the kernel's Open vSwitch datapath asks it about frames it has no flow for.

As weaver does it (weaveworks/weave router/fastdp.go, weaveworks/go-odp): the datapath gets a port for the bridge's far end
and one VXLAN port; each port's misses come to one netlink socket. A miss is answered twice: the frame itself is carried
out, and a flow is installed, which matches the ingress port, both MAC addresses and, from the tunnel, its id and addresses;
everything else is wildcarded. So the process sees the first frame of each pair of MAC addresses and then no more.

The tunnel id names both ends: the destination peer's short id in the upper 12 bits, the source's in the lower. Broadcasts
are replicated here at the head end, one copy a peer, and get a flow too; unknown addresses are flooded without one. When a
MAC address turns up behind another peer, all flows go. Heartbeats are frames with zero addresses, padded to the data path's
MTU and sent with DF: their acknowledgement proves the way and its MTU.

With ``--gossip`` the handlers tell each other which of them reach each other (``gossip``). Frames for a peer that is not
reached go to the next one on the way, whose kernel passes them on from the tunnel's port to the same: both ends stay in the
tunnel id, only the outer addresses change. Whenever ways change, all flows go.

What is not weaver's: peers and short ids come from the command line, a broadcast is sent to each peer and not along a tree,
the acknowledgement travels as a frame instead of over TCP, and idle flows are not collected.

Where the time goes: nowhere, once the flows stand; frames do not pass here. A miss costs one ``recv`` and two ``send``.
"""

from __future__ import annotations

import argparse
import select
import socket
import struct
import time
from collections.abc import Mapping

from experiments.dataplanes.built.relays import odp_flows
from experiments.dataplanes.built.relays.gossip import Gossip
from experiments.dataplanes.built.relays.netlink import attribute, by_kind, nested
from experiments.dataplanes.built.relays.odp_datapath import (
    ACTION_OUTPUT,
    KEY_IN_PORT,
    MISS,
    PACKET,
    PACKET_KEY,
    PACKET_PACKET,
    SHORT_ID_BITS,
    TUNNEL_DF,
    TUNNEL_DST,
    TUNNEL_SRC,
    TUNNEL_TOS,
    TUNNEL_TTL_ATTR,
    Datapath,
    Peer,
    peer_of,
    tunnel_id,
    tunnel_key,
)
from experiments.dataplanes.built.relays.odp_flows import (
    ACTION_SET,
    KEY_ETHERNET,
    KEY_TUNNEL,
    TUNNEL_ID,
)
from experiments.dataplanes.built.relays.process import Stopped, fail, prepare

HEARTBEAT_FAST_S, HEARTBEAT_SLOW_S = 0.5, 10.0
LOST_AFTER_S = 6 * HEARTBEAT_SLOW_S  # as for sleeve
MACS_AT_MOST = 4096
ETHERNET_BYTES = 14
CONTROL = bytes(ETHERNET_BYTES)
HEARTBEAT, HEARTBEAT_ACK = 0, 1
_CONTROL_BODY = struct.Struct(">BHQ")  # kind, length of the heartbeat, connection

COUNTERS = ("misses", "executed", "flows_installed", "flows_refused", "flows_cleared", "flooded", "from_unknown_peer",
            "not_for_us", "relayed", "too_short", "heartbeats_sent", "heartbeats_received", "heartbeats_acknowledged",
            "peers_acknowledged")


class Handler:
    """The decisions on misses."""

    def __init__(self, datapath: Datapath, own: Peer, peers: list[Peer], mtu: int) -> None:
        self._datapath = datapath
        self._own = own
        self.peers = {peer.short_id: peer for peer in peers}
        self._mtu = mtu
        self._macs: dict[bytes, int] = {}  # MAC -> short id
        self._by_name = {peer.name: peer for peer in peers}
        # The neighbour by which each peer is reached, as gossip has it; None where nobody gossips: then all reach each other.
        self.hops: Mapping[bytes, bytes] | None = None
        self._hops_in_force: Mapping[bytes, bytes] | None = None
        self.counters = dict.fromkeys(COUNTERS, 0)

    def miss(self, body: bytes) -> None:
        """A frame that the kernel has no flow for."""
        self.counters["misses"] += 1
        given = by_kind(body[4:])
        frame, key = given.get(PACKET_PACKET, b""), given.get(PACKET_KEY, b"")
        if len(frame) < ETHERNET_BYTES:
            self.counters["too_short"] += 1
            return
        parts = by_kind(key)
        port = struct.unpack("=I", parts.get(KEY_IN_PORT, bytes(4)))[0]
        if port == self._datapath.bridge:
            self._from_bridge(frame, key)
        elif port == self._datapath.tunnel and KEY_TUNNEL in parts:
            self._from_tunnel(frame, key, by_kind(parts[KEY_TUNNEL]))

    def _from_bridge(self, frame: bytes, key: bytes) -> None:
        destination, source = frame[:6], frame[6:12]
        self._learn(source, self._own.short_id)
        known = self._macs.get(destination)
        if known == self._own.short_id:
            return  # the bridge has delivered it already
        targets = [self.peers[known]] if known is not None else list(self.peers.values())
        actions = b"".join(self._towards(peer) for peer in targets)
        if not actions:
            return  # nobody is reached: a flow would drop what comes after one is
        self._carry_out(frame, key, actions)
        if known is not None or destination[0] & 1:
            self._install(self._datapath.bridge, frame, b"", b"", actions)
        else:
            self.counters["flooded"] += 1

    def _from_tunnel(self, frame: bytes, key: bytes, tunnel: Mapping[int, bytes]) -> None:
        identity = int.from_bytes(tunnel.get(TUNNEL_ID, b""), "big")
        sender, target = identity & ((1 << SHORT_ID_BITS) - 1), identity >> SHORT_ID_BITS
        peer, came_from = self.peers.get(sender), tunnel.get(TUNNEL_SRC, b"")
        if peer is None or (came_from != peer.address and not self._is_a_neighbour(came_from)):
            self.counters["from_unknown_peer"] += 1
        elif frame[:12] == CONTROL[:12]:
            if target == self._own.short_id and came_from == peer.address:
                self._control(peer, frame)
        elif target == self._own.short_id:
            self._learn(frame[6:12], sender)
            actions = attribute(ACTION_OUTPUT, struct.pack("=I", self._datapath.bridge))
            self._from_tunnel_to(frame, key, identity, came_from, actions)
        else:
            self._relay(frame, key, identity, came_from)

    def _is_a_neighbour(self, address: bytes) -> bool:
        """Whether gossip runs, and a peer has this address: then it may have passed on what another sent."""
        return self.hops is not None and any(peer.address == address for peer in self.peers.values())

    def _relay(self, frame: bytes, key: bytes, identity: int, came_from: bytes) -> None:
        """What is for another goes on with its tunnel id, never back to where it came from."""
        target = self.peers.get(identity >> SHORT_ID_BITS)
        hop = self._hop(target) if target is not None and self.hops is not None else None
        if hop is None or hop.address == came_from:
            self.counters["not_for_us"] += 1
            return
        self.counters["relayed"] += 1
        self._from_tunnel_to(frame, key, identity, came_from, self._by_tunnel(identity, hop))

    def _from_tunnel_to(self, frame: bytes, key: bytes, identity: int, came_from: bytes, actions: bytes) -> None:
        self._carry_out(frame, key, actions)
        wanted = tunnel_key(identity, came_from, self._own.address)
        mask = nested(KEY_TUNNEL, attribute(TUNNEL_ID, b"\xff" * 8), attribute(TUNNEL_SRC, b"\xff" * 4),
                      attribute(TUNNEL_DST, b"\xff" * 4), attribute(TUNNEL_TOS, b"\0"), attribute(TUNNEL_TTL_ATTR, b"\0"))
        self._install(self._datapath.tunnel, frame, nested(KEY_TUNNEL, wanted), mask, actions)

    def _hop(self, peer: Peer) -> Peer | None:
        """Who gets what is for a peer: itself, or the next one on the way; None where nobody knows a way."""
        if self.hops is None or peer.acknowledged:
            return peer
        return self._by_name.get(self.hops.get(peer.name, b""))

    def _towards(self, peer: Peer) -> bytes:
        """Actions that send a frame to a peer, on whichever way; none where there is no way."""
        hop = self._hop(peer)
        return b"" if hop is None else self._by_tunnel(tunnel_id(self._own.short_id, peer.short_id), hop)

    def _by_tunnel(self, identity: int, hop: Peer) -> bytes:
        """Actions: set the tunnel (DF, no UDP checksum), put out on the VXLAN port."""
        tunnel = tunnel_key(identity, self._own.address, hop.address)
        return (nested(ACTION_SET, nested(KEY_TUNNEL, tunnel + attribute(TUNNEL_DF, b"")))
                + attribute(ACTION_OUTPUT, struct.pack("=I", self._datapath.tunnel)))

    def _carry_out(self, frame: bytes, key: bytes, actions: bytes) -> None:
        self._datapath.execute(frame, key, actions)
        self.counters["executed"] += 1

    def _install(self, port: int, frame: bytes, tunnel: bytes, tunnel_mask: bytes, actions: bytes) -> None:
        # On the wire the destination comes first, in the kernel's key the source.
        key = tunnel + attribute(KEY_IN_PORT, struct.pack("=I", port)) + attribute(KEY_ETHERNET, frame[6:12] + frame[:6])
        mask = tunnel_mask + attribute(KEY_IN_PORT, b"\xff" * 4) + attribute(KEY_ETHERNET, b"\xff" * 12)
        try:
            self._datapath.install(key, mask, actions)
            self.counters["flows_installed"] += 1
        except OSError:
            self.counters["flows_refused"] += 1

    def _learn(self, mac: bytes, short_id: int) -> None:
        if mac[0] & 1 or mac == bytes(6):
            return
        if mac in self._macs and self._macs[mac] != short_id:
            self._datapath.clear()
            self.counters["flows_cleared"] += 1
        if mac not in self._macs and len(self._macs) >= MACS_AT_MOST:
            self._macs.pop(next(iter(self._macs)))
        self._macs[mac] = short_id

    # -- heartbeat --------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Send the heartbeats that are due; notice who has fallen silent, and that ways have changed."""
        if self.hops != self._hops_in_force:
            self._hops_in_force = self.hops
            self._datapath.clear()
            self.counters["flows_cleared"] += 1
        for peer in self.peers.values():
            if peer.acknowledged and now >= peer.last_heard + LOST_AFTER_S:
                peer.acknowledged = False
                peer.next_heartbeat = now
                self.counters["peers_acknowledged"] -= 1
            if now >= peer.next_heartbeat:
                size = self._mtu + ETHERNET_BYTES
                self._tell(peer, HEARTBEAT, size, size)
                self.counters["heartbeats_sent"] += 1
                peer.next_heartbeat = now + (HEARTBEAT_SLOW_S if peer.acknowledged else HEARTBEAT_FAST_S)

    def _tell(self, peer: Peer, kind: int, length: int, size: int) -> None:
        body = CONTROL + _CONTROL_BODY.pack(kind, length, self._own.short_id)
        frame = body + bytes(max(0, size - len(body)))
        key = attribute(KEY_IN_PORT, struct.pack("=I", self._datapath.bridge)) + attribute(KEY_ETHERNET, bytes(12))
        self._datapath.execute(frame, key, self._by_tunnel(tunnel_id(self._own.short_id, peer.short_id), peer))

    def _control(self, peer: Peer, frame: bytes) -> None:
        if len(frame) < ETHERNET_BYTES + _CONTROL_BODY.size:
            self.counters["too_short"] += 1
            return
        kind, length, _ = _CONTROL_BODY.unpack_from(frame, ETHERNET_BYTES)
        peer.last_heard = time.monotonic()
        if kind == HEARTBEAT and length == len(frame):
            self.counters["heartbeats_received"] += 1
            self._tell(peer, HEARTBEAT_ACK, length, 60)
        elif kind == HEARTBEAT_ACK and length == self._mtu + ETHERNET_BYTES:
            self.counters["heartbeats_acknowledged"] += 1
            if not peer.acknowledged:
                peer.acknowledged = True
                self.counters["peers_acknowledged"] += 1


def serve(handler: Handler, datapath: Datapath) -> None:
    """Answer misses until stopped."""
    poll = select.poll()
    poll.register(datapath.netlink.socket, select.POLLIN)
    packets = datapath.netlink.family(PACKET)
    while True:
        handler.tick(time.monotonic())
        if not datapath.netlink.waiting:
            poll.poll(HEARTBEAT_FAST_S * 1000)
        for family, command, body in datapath.netlink.messages():
            if family == packets and command == MISS:
                handler.miss(body)


def main() -> None:
    """The program: make the datapath, answer misses until SIGTERM."""
    parser = argparse.ArgumentParser(description="Podpath's miss handler for Weave's fast data path.")
    parser.add_argument("--datapath", required=True, help="name of the datapath to make")
    parser.add_argument("--port", required=True, help="the far end of the bridge's veth pair")
    parser.add_argument("--own", required=True, metavar="NAME/SHORTID=ADDRESS")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME/SHORTID=ADDRESS", help="repeatable")
    parser.add_argument("--mtu", type=int, required=True, help="the data path's MTU, which heartbeats prove")
    parser.add_argument("--gossip", action="store_true", help="agree with the peers on ways round a connection that is cut")
    parser.add_argument("--pid-file", default="")
    parser.add_argument("--statistics", default="", help="file for the counters, on SIGUSR1 and at the end")
    given = parser.parse_args()
    try:
        datapath = Datapath(given.datapath, given.port)
        own, peers = peer_of(given.own), [peer_of(peer) for peer in given.peer]
        handler = Handler(datapath, own, peers, given.mtu)
        if given.gossip:
            _gossip(handler, own, peers).start()
    except (OSError, ValueError) as error:
        fail(str(error))
        return
    write_counters = prepare(given.pid_file, given.statistics,
                             lambda: {**handler.counters, "flows": odp_flows.carried(datapath.index)})
    try:
        serve(handler, datapath)
    except Stopped:
        write_counters()


def _gossip(handler: Handler, own: Peer, peers: list[Peer]) -> Gossip:
    handler.hops = {}
    at = {peer.name: socket.inet_ntoa(peer.address) for peer in (own, *peers)}
    return Gossip(own.name, at.pop(own.name), at, lambda: [peer.name for peer in peers if peer.acknowledged],
                  lambda hops: setattr(handler, "hops", hops))


if __name__ == "__main__":
    main()
