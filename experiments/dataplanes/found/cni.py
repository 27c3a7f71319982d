"""What is known of a CNI in a cluster, asked in one way: what to ask its API and its nodes, how to read it, what modes want.

Each CNI is an object of a subclass, in a file of its own; the list is in :mod:`experiments.dataplanes.table`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from experiments.catalog import Mode
from experiments.dataplanes.found import daemon_sets, findings
from experiments.dataplanes.found.cluster_objects import CniPods, Json, Reader, mapping, pods_of
from experiments.dataplanes.found.cluster_objects import daemon_sets as all_daemon_sets
from experiments.dataplanes.found.daemon_sets import DaemonSetSeen
from experiments.dataplanes.found.findings import Finding
from experiments.dataplanes.found.node_view import NodeView
from experiments.dataplanes.recipe import Recipe
from experiments.labs.kubernetes import manifest

Features = dict[str, str]  # by name; what two modes have in common has the same value
UNDERLAY = "underlay"


@dataclass(frozen=True)
class Evidence:
    """What was seen of a cluster's network. None: it could not be seen, which is not the same as nothing being there."""

    daemon_sets: tuple[DaemonSetSeen, ...] | None = None  # those of CNIs
    own: Mapping[str, Any] = field(default_factory=dict)  # the CNIs' own evidence, by their names
    nodes: tuple[Json, ...] = ()  # all nodes' objects
    addresses: frozenset[str] = frozenset()  # of all nodes
    pod: str = ""  # address of a pod on the second node
    views: tuple[NodeView, ...] = ()  # of the two nodes, as far as they could be asked
    unseen: Mapping[str, str] = field(default_factory=dict)  # parts of the API that could not be read, and why


class CniInCluster:
    """A CNI in a cluster. ``evidence`` is the dataclass of what is seen of it; without arguments: nothing was seen."""

    name: ClassVar[str]  # as mode.yml calls it
    evidence: ClassVar[type[Any]]
    recipes: ClassVar[Mapping[str, type[Any]]]  # by the encapsulation of the mode
    questions: ClassVar[Mapping[str, Sequence[str]]] = {}  # what its daemon's container is asked, by the answer's file
    pod_links: ClassVar[str] = ""  # a pattern of the links by which it attaches pods, or their bridge
    devices: ClassVar[Mapping[str, str]] = {}  # encapsulation by its device on a node; UNDERLAY for a plain route
    decided: ClassVar[frozenset[str]] = frozenset({"cni", "encapsulation"})  # what has to be seen for a verdict …
    confirmed: ClassVar[frozenset[str]] = frozenset({"route"})  # … and this on both nodes
    objects: ClassVar[Sequence[str]] = ()  # kinds that `ask` reads, and config maps, for who collects what is read
    config_maps: ClassVar[Sequence[str]] = ()

    @cached_property
    def published(self) -> manifest.DaemonSet:
        """The daemon set that its published manifest makes."""
        return manifest.source(self.name).daemon_set

    def recipe(self, lab: Any, mode: Mode) -> Recipe:
        """The recipe that looks at one of its modes."""
        made: Recipe = self.recipes[mode.encapsulation.name](self, lab, mode)
        return made

    def ask(self, reader: Reader, pods: CniPods | None, nodes: Sequence[Json]) -> Any:
        """What the API says of it; ``pods`` are its own where its daemon set is there, ``nodes`` the two nodes' objects."""
        raise NotImplementedError

    def read(self, own: Any, seen: Evidence) -> list[Finding]:
        """What its own evidence, and the nodes, say of the features in which its modes differ."""
        raise NotImplementedError

    def wants(self, mode: Mode) -> Features:
        """Features of a mode of its own that other CNIs do not have; those that it does not care about are left out."""
        return {}

    def noted(self, node: Json) -> str:
        """By which annotation of a node it is known, in words; empty where it is not."""
        return ""

    def canonical(self, device: str) -> str:
        """A device of its own under the name that it has in mode.yml: some hold a number that clusters choose."""
        return device

    def attaches(self, link: str) -> bool:
        """Whether a link of a node attaches pods as this CNI does it."""
        return bool(self.pod_links and re.match(self.pod_links, link))

    def by_route(self, seen: Evidence) -> list[Finding]:
        """What the routes to the other node's pod say of the encapsulation."""
        said = []
        for view in seen.views:
            if (route := view.route) is not None:
                device = str(route.get("dev", "none"))
                place = UNDERLAY if device == view.underlay else self.canonical(device)
                if place in self.devices:
                    said.append(findings.found(findings.ROUTES, view.name, route_words(route), "encapsulation",
                                               self.devices[place]))
        return said


# Who put a route there, where iproute2 has no name for it: include/uapi/linux/rtnetlink.h, RTPROT_BIRD.
PROTOCOLS = {"12": "bird"}


def route_protocol(route: Json) -> str:
    """Who put a route there."""
    protocol = str(route.get("protocol", "none"))
    return PROTOCOLS.get(protocol, protocol)


def route_words(route: Json) -> str:
    """A route in the words of `ip route`."""
    return f"route {route.get('dst')} dev {route.get('dev', 'none')} proto {route_protocol(route)}"


def link_kind(link: Json) -> str:
    """What a link is: ``vxlan``, ``ipip``, ``tun`` …; empty for a plain device."""
    about = link.get("linkinfo")
    kind = str(about.get("info_kind", "")) if isinstance(about, dict) else ""
    data = about.get("info_data") if isinstance(about, dict) else None
    return str(data.get("type", kind)) if kind == "tun" and isinstance(data, dict) else kind


def evidence(
    reader: Reader, nodes: Sequence[Json], cnis: Mapping[str, CniInCluster]
) -> tuple[Evidence, dict[str, CniPods]]:
    """What the API says of the network between two nodes (their objects), and the pods of those CNIs that it has."""
    listed = all_daemon_sets(reader)
    sets = None if listed is None else daemon_sets.of_cnis(listed, {name: cni.published for name, cni in cnis.items()})
    pods: dict[str, CniPods] = {}
    for one in sets or ():
        for name in sorted(one.cnis - set(pods)):
            if found := pods_of(reader, one.object, name, cnis[name].published.container):
                pods[name] = found
    own = {name: cni.ask(reader, pods.get(name), nodes) for name, cni in cnis.items()}
    return Evidence(daemon_sets=sets, own=own, nodes=tuple(nodes), unseen=reader.unseen), pods


def node_addresses(nodes: Iterable[Json]) -> frozenset[str]:
    """The addresses of all nodes, as Kubernetes and the CNIs' annotations tell them."""
    told: set[str] = set()
    for node in nodes:
        listed = mapping(node.get("status")).get("addresses")
        told |= {str(mapping(one).get("address")) for one in (listed if isinstance(listed, list) else [])}
        notes = mapping(mapping(node.get("metadata")).get("annotations"))
        told |= {str(value).partition("/")[0] for key, value in notes.items()
                 if key in ("projectcalico.org/IPv4Address", "flannel.alpha.coreos.com/public-ip")}
    return frozenset(told)
