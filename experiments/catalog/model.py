"""The catalogue of modes: reads and checks ``experiments/modes/<mode>/mode.yml``.

A mode is data. Adding one is a folder with a ``mode.yml`` (and, if its data plane is new, a recipe): there is no list
elsewhere to edit. The dataclasses below are the format: a key that they lack is an error, a missing one too unless
it has a default. What types cannot say (sizes that must add up, names that must be known) is checked in
``experiments.catalog.rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

KernelFeature = Literal[
    "veth", "bridge", "ipv4-forwarding", "vxlan", "ipip", "tun", "openvswitch", "packet-socket", "dummy", "bridge-netfilter",
    "iptables", "ipset",
]
Tool = Literal[
    "ip", "bridge", "ping", "iperf3", "sockperf", "ethtool", "bird", "tc", "unshare", "nsenter", "etcd", "etcdctl", "iptables",
    "ipset", "birdc",
]
Place = Literal["client pod", "client node", "client ToR", "wire", "server ToR", "server node", "server pod"]
Layer = Literal["ethernet", "ipv4", "udp", "vxlan", "sleeve", "sealed", "sealed-frame", "tcp"]
Space = Literal["kernel", "user"]
Caveat = Literal["single-host", "typed-entries", "own-relay", "no-policy", "bird-2"]

# What a figure of this lab does not say; a mode names the ones that hold for it.
CAVEATS: Mapping[Caveat, str] = {
    "single-host": "Both nodes share one machine: its CPU serves sender, receiver and the network between them.",
    "typed-entries": "Routes, neighbours, forwarding entries are typed by the recipe; upstream's daemon does not run.",
    "own-relay": "The process that carries the packets is Podpath's own, written in Python; it is not upstream's.",
    "no-policy": "No network policy, no service rules and no masquerading stand on the path, as they do in a cluster.",
    "bird-2": "The routing daemon is stock BIRD 2; Calico ships its own branch of BIRD 1.6 with a patch for tunnels.",
}


@dataclass(frozen=True)
class Cni:
    """The product a mode belongs to."""

    name: str
    title: str
    upstream: str  # version that the page speaks of
    maintenance: str  # one sentence
    status: Literal["maintained", "archived"] = "maintained"
    fork: str = ""  # where maintenance goes on, if its makers have stopped


@dataclass(frozen=True)
class UnderlayNeeds:
    """How the nodes are joined: one Ethernet segment, or a routed fabric; and who else must be there."""

    kind: Literal["l2", "routed"]
    routers: tuple[str, ...] = ()  # rr1, rr2: route reflectors; tor1, tor2: top-of-rack routers

    @property
    def reflectors(self) -> int:
        """How many route reflectors there are."""
        return sum(router.startswith("rr") for router in self.routers)


@dataclass(frozen=True)
class Encapsulation:
    """What is put around a pod's packet between nodes, and who does it."""

    name: Literal["none", "ipip", "vxlan", "udp", "sleeve"]
    title: str
    handled_in: Space
    overhead_bytes: int = 0  # between the Ethernet header and the pod's IP packet
    outer: str = ""  # outer protocol and port in words
    ip_protocol: int | None = None  # of the outer IPv4 header (IANA)
    udp_port: int | None = None  # destination port
    vni: str = ""  # VXLAN network identifier, or the rule by which it is made


@dataclass(frozen=True)
class MtuVariant:
    """Another MTU that the same mode has in other circumstances (bytes)."""

    pod_bytes: int
    packet_bytes: int  # the largest packet of a pod that fits the underlay in one piece
    when: str


@dataclass(frozen=True)
class Mtu:
    """The largest IP packet of a pod that passes in one piece, and the underlay's (bytes)."""

    pod_bytes: int
    underlay_bytes: int = 1500
    rule: str = ""
    variants: tuple[MtuVariant, ...] = ()
    device_bytes: int = 0  # MTU of the pod's device where it is larger: the pod learns of pod_bytes by ICMP

    @property
    def pod_device_bytes(self) -> int:
        """The MTU of the pod's device."""
        return self.device_bytes or self.pod_bytes


@dataclass(frozen=True)
class DeclaredHeader:
    """One header of a full-size TCP packet between nodes, outermost first; a capture is compared with ``fields``."""

    layer: Layer
    bytes: int
    title: str
    fields: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class ControlPlane:
    """Who tells a node where a pod is."""

    title: str
    protocol: str
    sessions: str  # for n nodes, in words or as a formula
    detects: str = ""  # how long a dead node stays unnoticed, and what happens then
    program: str = ""  # the process on each node that keeps its entries up to date and carries no packet: "BIRD"
    session: str = ""  # what such processes speak with each other: "BGP"; empty if they do not


@dataclass(frozen=True)
class Signs:
    """By what the mode is recognised on a node; the recipe's attestation looks for the same."""

    route: str  # what leads to another node's pods
    device: str = ""  # the tunnel's device, if there is one
    device_kind: str = ""  # as `ip -details link` names it
    process: str = ""  # upstream's process that every packet passes, if there is one


@dataclass(frozen=True)
class Needs:
    """What a machine must have to build the mode."""

    kernel: tuple[KernelFeature, ...]
    tools: tuple[Tool, ...]


@dataclass(frozen=True)
class Upstream:
    """Upstream's own daemon, which ``--daemon upstream`` runs on every node instead of what is ours."""

    program: str  # as it is called on PATH; the module of that name in experiments.dataplanes has its recipes
    version: str  # with which it was tried
    install: str  # how one gets it, in a sentence
    needs: Needs  # beyond the mode's
    parts: tuple[str, ...] = ()  # files that belong to it: below the folder that has the program, or one of the two above


@dataclass(frozen=True)
class Hop:
    """One station of the packet's path from the client's pod to the server's."""

    at: Place
    device: str
    does: str
    space: Space = "kernel"
    mtu_bytes: int | None = None
    ttl: int | None = None  # in the pod's IP header as the packet leaves this hop; the pod sends it with 64
    headers: str = ""  # the header stack as the packet leaves this hop, outermost first: "IP | UDP | IP"
    shown_by: tuple[str, ...] = ()  # commands of a transcript whose answers decide here, without output options


@dataclass(frozen=True)
class Fact:
    """One line of the fact box beyond what the rest of the file says, with its source."""

    name: str
    value: str
    source: str


@dataclass(frozen=True)
class Source:
    """Where a statement comes from: a file of a project at a version, an RFC, a page."""

    title: str
    where: str
    version: str = ""  # "owner/repository version" for a file
    url: str = ""

    @property
    def link(self) -> str:
        """The address to read it at; empty if it has none."""
        if self.url:
            return self.url
        if self.where.startswith("RFC "):
            return f"https://www.rfc-editor.org/rfc/rfc{self.where[4:]}"
        repository, _, version = self.version.partition(" ")
        return f"https://github.com/{repository}/blob/{version or 'master'}/{self.where}" if "/" in repository else ""


@dataclass(frozen=True)
class Mode:
    """One way of one CNI to move packets between nodes."""

    name: str
    title: str
    short_title: str
    summary: str
    cni: Cni
    underlay: UnderlayNeeds
    encapsulation: Encapsulation
    mtu: Mtu
    headers: tuple[DeclaredHeader, ...]
    ttl_at_pod: int  # of a packet that a pod sent with 64
    control_plane: ControlPlane
    needs: Needs
    signs: Signs
    path: tuple[Hop, ...]
    sources: tuple[Source, ...] = ()
    choose: str = ""  # for whom it is, in a few words
    passes: str = ""  # what has to lie between the nodes, in a few words
    nodes: str = ""  # how many it is good for, likewise
    explained_only: bool = False  # no recipe builds it: it has a page, and nothing of it is measured
    relay: bool = False  # every packet passes a process of ours: measured on the host's kernel only
    architectures: tuple[str, ...] = ()  # of upstream's own implementation; empty: all
    facts: tuple[Fact, ...] = ()
    history: tuple[str, ...] = ()  # earlier defaults, one sentence each
    caveats: tuple[Caveat, ...] = ()
    password: bool = False  # every packet is sealed with one
    daemon: Upstream | None = None  # where the mode has one that is not run anyway
    variant_of: str = ""  # the mode whose variant this is; its results are never pooled with that mode's

    @property
    def pod_packet(self) -> int:
        """The place of the pod's own IPv4 header among the headers: the innermost one."""
        return max(place for place, header in enumerate(self.headers) if header.layer == "ipv4")

    @property
    def overhead_bytes(self) -> int:
        """What stands on the wire between the Ethernet header and the pod's own IP packet."""
        return sum(header.bytes for header in self.headers[1:self.pod_packet])
