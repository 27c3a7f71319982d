"""What is known of a CNI in a cluster, asked in one way: what to ask its API, how to read it, what its modes want.

Each CNI is an object of a subclass, in a file of its own; the list is in :mod:`experiments.dataplanes.table`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from experiments.catalog import Mode
from experiments.dataplanes.found.cluster_objects import CniPods, Json, Reader, cni_pods, daemon_sets, mapping
from experiments.dataplanes.recipe import Recipe
from experiments.labs.kubernetes import manifest

Features = dict[str, str]  # by name; what two modes have in common has the same value


@dataclass(frozen=True)
class Evidence:
    """What was seen of a cluster's network. None: it could not be seen, which is not the same as nothing being there."""

    daemon_sets: tuple[str, ...] = ()
    own: Mapping[str, Any] = field(default_factory=dict)  # the CNIs' own evidence, by their names
    links: tuple[Json, ...] | None = None  # of the client's node, as `ip -json -details link` prints them
    route: Json | None = None  # from the client's node to the server's pod, as `ip -json route` prints it
    pod: str = ""  # address of the server's pod
    underlay_device: str = ""


class Cni:
    """A CNI in a cluster. ``evidence`` is the dataclass of what is seen of it; without arguments: nothing was seen."""

    name: ClassVar[str]  # as mode.yml calls it
    evidence: ClassVar[type[Any]]
    recipes: ClassVar[Mapping[str, type[Any]]]  # by the encapsulation of the mode

    @cached_property
    def daemon_set(self) -> str:
        """The daemon set that its published manifest makes."""
        return manifest.source(self.name).daemon_set.name

    def recipe(self, lab: Any, mode: Mode) -> Recipe:
        """The recipe that looks at one of its modes."""
        made: Recipe = self.recipes[mode.encapsulation.name](self, lab, mode)
        return made

    def ask(self, reader: Reader, pods: CniPods | None, nodes: Sequence[Json]) -> Any:
        """What the API says of it; ``pods`` are its own where its daemon set is there, ``nodes`` the nodes' objects."""
        raise NotImplementedError

    def read(self, own: Any, seen: Evidence) -> tuple[Features, list[str]]:
        """The cluster's features as far as they were seen, and in words where each was read."""
        raise NotImplementedError

    def wants(self, mode: Mode) -> Features:
        """Features of a mode of its own that other CNIs do not have; those that it does not care about are left out."""
        return {}

    def without_daemon_set(self, own: Any) -> str:
        """By what it is known where no daemon set is, in words; empty where it is not."""
        return ""


def link_kind(link: Json) -> str:
    """What a link is: ``vxlan``, ``ipip``, ``tun`` …; empty for a plain device."""
    about = mapping(link.get("linkinfo"))
    kind = str(about.get("info_kind", ""))
    return str(mapping(about.get("info_data")).get("type", kind)) if kind == "tun" else kind


def evidence(reader: Reader, nodes: Sequence[Json], cnis: Mapping[str, Cni]) -> tuple[Evidence, CniPods | None]:
    """What the API says of the network between the given nodes (their objects), as far as one of the CNIs is concerned."""
    sets = daemon_sets(reader)
    pods = cni_pods(reader, sets, {cni.daemon_set: name for name, cni in cnis.items()})
    names = tuple(sorted(str(mapping(one.get("metadata")).get("name")) for one in sets))
    own = {name: cni.ask(reader, pods if pods and pods.cni == name else None, nodes) for name, cni in cnis.items()}
    return Evidence(daemon_sets=names, own=own), pods
