"""The embedded lab: nodes and pods as network namespaces inside one private process tree.

Commands enter by ``nsenter``, in about 1 ms each. What happens at the end of a runner, however it
ends, is said in :mod:`experiments.labs.private`: nothing of a lab outlives it.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from experiments.catalog import Mode
from experiments.labs import private
from experiments.labs.backend import NO_MEANS, Backend, InCapsule, Means, Paper, Tell
from experiments.labs.base import Node, Pod, Transcript, TypedLab, Underlay, run
from experiments.labs.fabric import addresses
from experiments.labs.netns import needs_embedded
from experiments.machine import Machine, Missing
from experiments.paths import ROOT
from experiments.variant import CAPSULE, EMBEDDED, HOST


class NetnsLab(TypedLab):
    """A running embedded lab; satisfies :class:`experiments.labs.base.Lab`. Made by :func:`up`."""

    name = EMBEDDED
    paper = False
    python: tuple[str, ...] = (sys.executable,)
    source = str(ROOT)

    def __init__(self, enter: Sequence[str], kernel: str) -> None:
        self.enter = list(enter)
        self.kernel = kernel
        self.nodes: tuple[Node, ...] = ()
        self.routers: tuple[Node, ...] = ()
        self.pods: tuple[Pod, ...] = ()
        self.transcript = Transcript(phase="up")

    def command(self, place: str, argv: Sequence[str], *, devices: bool = False) -> list[str]:
        """As :meth:`experiments.labs.base.Lab.command`; the empty place is the lab itself."""
        return [*(private.into(self.enter, place, devices=devices) if place else self.enter), *argv]

    def network_of(self, place: str) -> str:
        """As :meth:`experiments.labs.base.Lab.network_of`."""
        return private.network(place)

    def add_pod(self, pod: Pod) -> None:
        """Create the pod's network namespace."""
        run(self, "", ["ip", "netns", "add", pod.name])
        run(self, pod.name, addresses.WITHOUT_IPV6)
        run(self, pod.name, ["ip", "link", "set", "lo", "up"])
        self.pods += (pod,)


class PaperLab(NetnsLab):
    """A lab on paper: every command is recorded, none is run."""

    paper = True

    def command(self, place: str, argv: Sequence[str], *, devices: bool = False) -> list[str]:
        """A command that does nothing."""
        return ["true"]


@contextlib.contextmanager
def up(
    *, nodes: int = 2, underlay: Underlay = "l2", reflectors: int = 0, mtu_bytes: int = 1500, kernel: str = "host"
) -> Iterator[NetnsLab]:
    """Bring up ``nodes`` nodes on an underlay; take everything down at the end of the block, whatever happens in it.

    ``underlay`` ``l2`` is one Ethernet segment (a bridge); ``routed`` gives each node a rack of its own with a
    top-of-rack router between it and the others.

    Raises:
        UserError: user namespaces are not allowed here, or a tool is missing.
        ExperimentFailed: the lab did not come up.
    """
    with private.namespaces() as enter:
        lab = NetnsLab(enter, kernel)
        _underlay(lab, nodes, underlay, reflectors, mtu_bytes)
        yield lab


def on_paper(*, nodes: int = 2, underlay: Underlay = "l2", reflectors: int = 0, mtu_bytes: int = 1500) -> NetnsLab:
    """The same lab, of which only the commands are written down: what ``--dry-run`` shows."""
    lab = PaperLab((), "host")
    _underlay(lab, nodes, underlay, reflectors, mtu_bytes)
    return lab


def _underlay(lab: NetnsLab, nodes: int, underlay: Underlay, reflectors: int, mtu_bytes: int) -> None:
    if underlay == "l2":
        _l2(lab, nodes, reflectors, mtu_bytes)
    else:
        _routed(lab, nodes, mtu_bytes)
    lab.transcript.phase = "build"


def _add_namespace(lab: NetnsLab, name: str, *, forwarding: bool) -> None:
    run(lab, "", ["ip", "netns", "add", name])
    run(lab, name, addresses.WITHOUT_IPV6)
    run(lab, name, ["ip", "link", "set", "lo", "up"])
    if forwarding:
        run(lab, name, ["sysctl", "-qw", "net.ipv4.ip_forward=1"])


def _link(lab: NetnsLab, place: str, device: str, peer_place: str, peer_device: str, mtu_bytes: int) -> None:
    """A veth pair between two namespaces, both ends up."""
    mtu = str(mtu_bytes)
    run(
        lab, place,
        ["ip", "link", "add", device, "mtu", mtu, "type", "veth", "peer", "name", peer_device, "mtu", mtu,
         "netns", peer_place],
    )
    run(lab, place, ["ip", "link", "set", device, "up"])
    run(lab, peer_place, ["ip", "link", "set", peer_device, "up"])


def _segment(lab: NetnsLab, mtu_bytes: int) -> None:
    """The Ethernet segment: a bridge in a namespace of its own, without spanning tree."""
    _add_namespace(lab, "underlay", forwarding=False)
    run(lab, "underlay", ["ip", "link", "add", "br0", "mtu", str(mtu_bytes), "type", "bridge", "stp_state", "0"])
    run(lab, "underlay", ["ip", "link", "set", "br0", "up"])


def _attach(lab: NetnsLab, node: Node, port: str, mtu_bytes: int) -> None:
    """Join a namespace to the segment by ``node.device`` and give it its address."""
    _link(lab, node.name, node.device, "underlay", port, mtu_bytes)
    run(lab, "underlay", ["ip", "link", "set", port, "master", "br0"])
    run(lab, node.name, ["ip", "address", "add", f"{node.address}/{node.prefix_length}", "dev", node.device])


def _l2(lab: NetnsLab, nodes: int, reflectors: int, mtu_bytes: int) -> None:
    _segment(lab, mtu_bytes)
    lab.nodes, lab.routers = addresses.plan(nodes, "l2", reflectors)
    for node in (*lab.nodes, *lab.routers):
        _add_namespace(lab, node.name, forwarding=True)
        _attach(lab, node, f"port{node.index}", mtu_bytes)
        # Any real node has a default route, and proxy ARP answers only for addresses that have one. Nobody is there.
        run(lab, node.name, ["ip", "route", "add", "default", "dev", node.device])


def _routed(lab: NetnsLab, nodes: int, mtu_bytes: int) -> None:
    """A rack a node: node -- ToR -- spine segment. The fabric routes the racks' networks itself (static routes)."""
    _segment(lab, mtu_bytes)
    members, tors = addresses.plan(nodes, "routed", 0)
    for tor, node in zip(tors, members, strict=True):
        _add_namespace(lab, tor.name, forwarding=True)
        _attach(lab, tor, f"port{tor.index}", mtu_bytes)
        _add_namespace(lab, node.name, forwarding=True)
        _link(lab, node.name, node.device, tor.name, "rack", mtu_bytes)
        run(lab, tor.name, ["ip", "address", "add", f"{node.gateway}/24", "dev", "rack"])
        run(lab, node.name, ["ip", "address", "add", f"{node.address}/24", "dev", node.device])
        run(lab, node.name, ["ip", "route", "add", "default", "via", node.gateway])
    for tor in tors:
        for other in tors:
            if other != tor:
                run(lab, tor.name, ["ip", "route", "add", addresses.rack(other), "via", other.address])
    lab.nodes, lab.routers = members, tors


class Embedded(Backend):
    """The embedded lab, for the table of labs."""

    name = EMBEDDED
    kernels = (HOST, CAPSULE)
    upstream = True
    typed_when_made = ("ip netns add underlay",)

    def needs(self, mode: Mode, kernel: str, machine: Machine) -> tuple[Missing, ...]:
        """As :meth:`Backend.needs`."""
        return (needs_embedded.in_capsule if kernel == CAPSULE else needs_embedded.on_host)(mode, machine)

    def up(
        self, mode: Mode, *, nodes: int = 2, kernel: str = HOST, means: Means = NO_MEANS, tell: Tell = lambda _: None
    ) -> contextlib.AbstractContextManager[NetnsLab]:
        """As :meth:`Backend.up`."""
        return up(nodes=nodes, kernel=kernel, **_fabric(mode))

    def on_paper(self, mode: Mode | None, *, nodes: int = 2, means: Means = NO_MEANS) -> Paper:
        """The underlay's own commands are part of what is shown."""
        assert mode is not None
        return Paper(lab=on_paper(nodes=nodes, **_fabric(mode)))

    def in_capsule(self) -> InCapsule:
        """Nothing more than the modes need."""
        return InCapsule()


def _fabric(mode: Mode) -> dict[str, Any]:
    return {"underlay": mode.underlay.kind, "reflectors": mode.underlay.reflectors, "mtu_bytes": mode.mtu.underlay_bytes}
