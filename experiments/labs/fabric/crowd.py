"""Hundreds of BGP speakers on one kernel: who they are, how each is attached, what it is told. Pure.

A mode's lab has room for 98 nodes, and types its commands one by one. Here nodes have numbers up to 201, the commands come as
batches for ``ip``, and no pod is attached: routes are what is looked at, and no packet follows them.

The mesh and the reflectors stand on one segment, as in the mode's lab. All namespaces of a kernel share one table of
neighbours with 1,024 places (``gc_thresh3``), which a mesh of 33 nodes fills; so the neighbours are typed beforehand:
permanent entries are not counted (Linux, net/core/neighbour.c, neigh_alloc). Racks hold up to 30 nodes each, with a router
that peers with all of them and, over the spine, with every other rack's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from experiments import catalog
from experiments.catalog import Mode
from experiments.errors import UserError, echoed
from experiments.labs.base import Node
from experiments.labs.fabric.peering import Peering

Shape = Literal["mesh", "reflectors", "racks"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
BGP = "BGP"  # by this word in its protocol a control plane is known that can be grown here
FEWEST, MOST = 2, 200  # nodes; one more joins
RACK = 30  # nodes in one
REFLECTORS = 2
# What Calico has a speaker wait before it dials: projectcalico/calico v3.31.0,
# confd/etc/calico/confd/templates/bird.cfg.template, line 140.
CONNECT_DELAY_S = 2
MTU = "1500"
UNDERLAY, BRIDGE = "underlay", "br0"
# What a daemon of BIRD 2.0.12 holds at most, as `invoke scale` found it at 2 to 200 nodes; only to refuse what cannot fit.
DAEMON_BYTES, PEER_BYTES = 4_000_000, 30_000


def grows(mode: Mode) -> bool:
    """Whether a mode has a control plane of its own that can be grown here."""
    return BGP in mode.control_plane.protocol and mode.encapsulation.name == "none"


def shape_of(mode: Mode) -> Shape:
    """How a mode's speakers are joined.

    Raises:
        UserError: it has none, or they are joined as those of another mode.
    """
    if BGP not in mode.control_plane.protocol:
        able = [name for name, one in catalog.load().items() if grows(one)]
        raise UserError(f"{mode.name} has no control plane that runs in this lab: its entries are typed by the recipe.",
                        f"Modes that can be grown: {', '.join(able)}.")
    if not grows(mode):
        raise UserError(f"{mode.name} has the mesh of calico-bgp; the tunnel changes where routes lead, not how they come.",
                        "`invoke scale calico-bgp` shows it.")
    if mode.underlay.kind == "routed":
        return "racks"
    return "reflectors" if mode.underlay.reflectors else "mesh"


def check(nodes: int) -> None:
    """Whether so many nodes have addresses.

    Raises:
        UserError: they do not.
    """
    if not FEWEST <= nodes <= MOST:
        raise UserError(f"{echoed(nodes)} node{'s' if nodes != 1 else ''} cannot be built.", f"Between {FEWEST} and {MOST}.")


def racks(nodes: int) -> int:
    """The racks that hold so many nodes."""
    return -(-nodes // RACK)


def speakers(shape: Shape, nodes: int) -> int:
    """The daemons of so many nodes."""
    return nodes + {"mesh": 0, "reflectors": REFLECTORS, "racks": racks(nodes)}[shape]


def sessions(shape: Shape, nodes: int) -> int:
    """The BGP sessions of so many nodes, each counted once."""
    if shape == "mesh":
        return nodes * (nodes - 1) // 2
    if shape == "reflectors":
        return REFLECTORS * nodes + REFLECTORS * (REFLECTORS - 1) // 2
    return nodes + racks(nodes) * (racks(nodes) - 1) // 2


def told_of_one_more(shape: Shape, nodes: int) -> int:
    """The speakers that are started or get another configuration when a node joins ``nodes`` others, or leaves them."""
    if shape == "mesh":
        return nodes + 1
    if shape == "reflectors":
        return 1 + REFLECTORS
    # The router of its rack; where it is the first in a new one, that router and all others.
    return 1 + (1 if racks(nodes + 1) == racks(nodes) else racks(nodes + 1))


def memory_bytes(shape: Shape, nodes: int) -> int:
    """What the daemons will hold at most, an estimate."""
    return speakers(shape, nodes) * DAEMON_BYTES + 2 * sessions(shape, nodes) * PEER_BYTES


@dataclass(frozen=True)
class Crowd:
    """All speakers of one size and shape."""

    shape: Shape
    nodes: tuple[Node, ...]
    routers: tuple[Node, ...]
    more_blocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def speakers(self) -> tuple[Node, ...]:
        """Nodes, then the reflectors or routers beside them."""
        return (*self.nodes, *self.routers)

    @property
    def peering(self) -> Peering:
        """Who peers with whom."""
        return Peering(self.nodes, self.routers, more_blocks=self.more_blocks, connect_delay_s=CONNECT_DELAY_S)

    def configurations(self) -> dict[str, str]:
        """The ``bird.conf`` of each speaker, by its name."""
        peering = self.peering
        return {speaker.name: peering.configuration(speaker) for speaker in self.speakers}

    def batch(self, speaker: Node) -> list[str]:
        """What ``ip -batch`` is given in a speaker's namespace to attach it, a command a line."""
        if speaker.role == "tor":
            return [f"link add rack mtu {MTU} type bridge stp_state 0", f"address add {_gateway(speaker.index)}/24 dev rack",
                    "link set rack up", *_veth("spine", speaker, f"port{speaker.index}", UNDERLAY),
                    f"address add {speaker.address}/24 dev spine"]
        where = f"tor{speaker.rack}" if speaker.rack else UNDERLAY
        lines = _veth(speaker.device, speaker, f"port{speaker.index}", where)
        return [*lines, f"address add {speaker.address}/{speaker.prefix_length} dev {speaker.device}"]

    def ports(self, new: Sequence[Node]) -> dict[str, list[str]]:
        """What joins the other ends of new speakers to their segments: batches by namespace."""
        found: dict[str, list[str]] = {}
        for speaker in new:
            where, bridge = (f"tor{speaker.rack}", "rack") if speaker.rack else (UNDERLAY, BRIDGE)
            found.setdefault(where, []).append(f"link set port{speaker.index} master {bridge} up")
        return found

    def neighbours(self, new: Sequence[Node]) -> dict[str, list[str]]:
        """The permanent neighbour entries that new speakers bring, theirs and their peers': batches by namespace."""
        if self.shape == "racks":
            return {}
        names = {speaker.name for speaker in new}
        by_address = {speaker.address: speaker for speaker in self.speakers}
        found: dict[str, list[str]] = {}
        peering = self.peering
        for speaker in self.speakers:
            for peer in peering.peers(speaker):
                other = by_address[peer.address]
                if speaker.name in names or other.name in names:
                    found.setdefault(speaker.name, []).append(
                        f"neigh add {other.address} lladdr {_mac(other)} dev {speaker.device} nud permanent")
        return found


def crowd(shape: Shape, nodes: int, more_blocks: Mapping[str, tuple[str, ...]] | None = None) -> Crowd:
    """The speakers of ``nodes`` nodes; those of a smaller crowd have the same names and addresses in it."""
    numbers = range(1, nodes + 1)
    if shape == "racks":
        members = tuple(_in_rack(i) for i in numbers)
        beside = tuple(Node(f"tor{r}", r, f"172.31.255.{r}", role="tor", device="spine") for r in range(1, racks(nodes) + 1))
    else:
        members = tuple(Node(f"node{i}", i, f"172.31.0.{i}", prefix_length=16) for i in numbers)
        count = REFLECTORS if shape == "reflectors" else 0
        beside = tuple(Node(f"rr{i}", 1000 + i, f"172.31.1.{i}", role="reflector", prefix_length=16)
                       for i in range(1, count + 1))
    return Crowd(shape, members, beside, more_blocks or {})


def second_block(node: Node) -> str:
    """The /26 after the node's first."""
    return f"192.168.{node.index}.64/26"


def _in_rack(number: int) -> Node:
    rack = racks(number)
    place = number - (rack - 1) * RACK
    return Node(f"node{number}", number, f"172.31.{100 + rack}.{10 + place}", gateway=_gateway(rack), rack=rack)


def _gateway(rack: int) -> str:
    return f"172.31.{100 + rack}.1"


def _mac(speaker: Node) -> str:
    """A locally administered address that says whose it is."""
    kind = {"node": 1, "reflector": 2, "tor": 3}[speaker.role]
    return f"02:00:00:{kind:02x}:{speaker.index // 256:02x}:{speaker.index % 256:02x}"


def _veth(device: str, speaker: Node, port: str, where: str) -> list[str]:
    return [f"link add {device} address {_mac(speaker)} mtu {MTU} type veth peer name {port} mtu {MTU} netns {where}",
            f"link set {device} up", "link set lo up"]
