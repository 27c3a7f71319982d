"""The kernel's Open vSwitch datapath with its two ports, by generic netlink: used by the miss handler in ``odp``."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

from experiments.dataplanes.built.relays import netlink
from experiments.dataplanes.built.relays.netlink import attribute, by_kind, nested
from experiments.dataplanes.built.relays.odp_flows import FLOW, FLOW_ACTIONS, FLOW_KEY, FLOW_VERSION, TUNNEL_ID
from experiments.dataplanes.built.relays.sleeve_wire import name_bytes

PORT = 6784
SHORT_ID_BITS = 12
TUNNEL_TTL = 64

# linux/openvswitch.h
DATAPATH, VPORT, PACKET = "ovs_datapath", "ovs_vport", "ovs_packet"
VERSIONS = {DATAPATH: 2, VPORT: 1, FLOW: FLOW_VERSION, PACKET: 1}
NEW, DEL = 1, 2
MISS, EXECUTE = 1, 3
DP_NAME, DP_UPCALL_PID = 1, 2
VPORT_PORT_NO, VPORT_TYPE, VPORT_NAME, VPORT_OPTIONS, VPORT_UPCALL_PID = 1, 2, 3, 4, 5
VPORT_NETDEV, VPORT_VXLAN = 1, 4
TUNNEL_OPTION_DST_PORT = 1
FLOW_MASK = 7
PACKET_PACKET, PACKET_KEY, PACKET_ACTIONS = 1, 2, 3
KEY_IN_PORT = 3
TUNNEL_SRC, TUNNEL_DST, TUNNEL_TOS, TUNNEL_TTL_ATTR, TUNNEL_DF = 1, 2, 3, 4, 5
ACTION_OUTPUT = 1


@dataclass
class Peer:
    """Another node."""

    name: bytes
    short_id: int
    address: bytes
    acknowledged: bool = False
    next_heartbeat: float = 0.0
    last_heard: float = 0.0


def tunnel_id(source: int, target: int) -> int:
    """The VNI of a frame between two peers, by their short ids."""
    return target << SHORT_ID_BITS | source


def peer_of(text: str) -> Peer:
    """``NAME/SHORTID=ADDRESS`` as the command line has it."""
    identity, _, address = text.partition("=")
    name, _, short_id = identity.partition("/")
    return Peer(name_bytes(name), int(short_id), socket.inet_aton(address))


def tunnel_key(identity: int, source: bytes, target: bytes) -> bytes:
    """The outer header of a frame between two addresses, as the kernel's attributes."""
    return (attribute(TUNNEL_ID, identity.to_bytes(8, "big")) + attribute(TUNNEL_SRC, source)
            + attribute(TUNNEL_DST, target) + attribute(TUNNEL_TOS, b"\0")
            + attribute(TUNNEL_TTL_ATTR, bytes([TUNNEL_TTL])))


class Datapath:
    """The kernel's datapath and its two ports."""

    def __init__(self, name: str, device: str) -> None:
        self.netlink = netlink.Socket()
        made = self._request(DATAPATH, NEW, 0, attribute(DP_NAME, name.encode() + b"\0")
                             + attribute(DP_UPCALL_PID, struct.pack("=I", self.netlink.port)), echo=True)
        self.index: int = struct.unpack_from("=i", made)[0]
        self.bridge = self._port(device, VPORT_NETDEV)
        self.tunnel = self._port(f"vxlan-{PORT}", VPORT_VXLAN,
                                 nested(VPORT_OPTIONS, attribute(TUNNEL_OPTION_DST_PORT, struct.pack("=H", PORT))))

    def _request(self, family: str, command: int, index: int, body: bytes, *, echo: bool = False) -> bytes:
        return self.netlink.request(family, command, VERSIONS[family], struct.pack("=i", index) + body, echo=echo)

    def _port(self, name: str, kind: int, options: bytes = b"") -> int:
        body = (attribute(VPORT_NAME, name.encode() + b"\0") + attribute(VPORT_TYPE, struct.pack("=I", kind)) + options
                + attribute(VPORT_UPCALL_PID, struct.pack("=I", self.netlink.port)))
        answer = self._request(VPORT, NEW, self.index, body, echo=True)
        return int(struct.unpack("=I", by_kind(answer[4:])[VPORT_PORT_NO])[0])

    def execute(self, frame: bytes, key: bytes, actions: bytes) -> None:
        """Carry one frame out."""
        body = attribute(PACKET_PACKET, frame) + nested(PACKET_KEY, key) + nested(PACKET_ACTIONS, actions)
        self._request(PACKET, EXECUTE, self.index, body)

    def install(self, key: bytes, mask: bytes, actions: bytes) -> None:
        """Let the kernel answer the next one itself."""
        self._request(FLOW, NEW, self.index, nested(FLOW_KEY, key) + nested(FLOW_MASK, mask) + nested(FLOW_ACTIONS, actions))

    def clear(self) -> None:
        """Remove all flows."""
        self._request(FLOW, DEL, self.index, b"")
