"""The nodes of a cluster that exists: which two measure, with which addresses, and what the cluster tells about them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.errors import UserError
from experiments.labs.kubernetes.base import dig, is_name, items

# Where a CNI writes the address that it uses on the node, which need not be Kubernetes' own:
# projectcalico/calico libcalico-go/lib/backend/k8s/conversion, flannel-io/flannel pkg/subnet/kube/annotations.go.
ADDRESS_NOTES = ("projectcalico.org/IPv4Address", "flannel.alpha.coreos.com/public-ip")
REPELLING = ("NoSchedule", "NoExecute")
_MEMORY = re.compile(r"(\d+)(Ki|Mi|Gi|)")  # of Kubernetes' quantities, those that a kubelet reports
_FACTOR = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "": 1}


@dataclass(frozen=True)
class Member:
    """A node that measures: its name in the cluster, its address on the underlay, and what is told of it."""

    name: str
    address: str
    arch: str
    facts: Mapping[str, Any]
    object: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """What is told of it, in a line."""
        memory = self.facts.get("memory_bytes")
        return ", ".join([str(self.facts.get("os", "")), f"Linux {self.facts.get('kernel', '')}", self.arch,
                          f"{self.facts.get('cores', '?')} cores",
                          *([f"{memory / 2**30:.1f} GiB"] if isinstance(memory, int) else [])])


def choose(found: Any, on: str = "", *, measuring: bool = True) -> tuple[Member, Member]:
    """Two nodes of ``kubectl get nodes``: those named ``on`` (``a,b``), else the first two that are fit and alike.

    Without ``measuring`` they are only asked about, so that they need not be ready, nor let pods in; those that do come first.

    Raises:
        UserError: there are not two; the message says of each why not.
    """
    every = {name: node for node in items(found) if is_name(name := str(dig(node, "metadata", "name")))}
    if on:
        return _named(every, [name.strip() for name in on.split(",")], measuring)
    unfit = {name: reason for name, node in every.items() if (reason := why_not(node, measuring=measuring))}
    if every and len(unfit) > len(every) - 2 and any(_only_ipv6(node) for node in every.values()):
        alone = [name for name, node in every.items() if _only_ipv6(node)]
        raise UserError(f"These nodes have IPv6 addresses only: {', '.join(alone[:20])}. IPv6 is not measured here, only IPv4.",
                        "docs/scope.md says what of these pages holds for IPv6; a dual-stack cluster is measured by its IPv4.")
    asked = sorted((name for name in every if name not in unfit), key=lambda name: bool(why_not(every[name])))
    fit = [_member(name, every[name]) for name in asked]
    for first in fit:
        for second in fit:
            if first != second and first.arch == second.arch:
                return first, second
    said = [f"{name}: {reason}" for name, reason in unfit.items()] + [f"{one.name}: fit, {one.arch}" for one in fit]
    raise UserError(f"Two nodes of one architecture are needed, and are not there: {'; '.join(said) or 'no node is seen'}.",
                    "Name two with --on nodeA,nodeB, or use a cluster with more nodes.")


def _named(every: Mapping[str, Any], names: Sequence[str], measuring: bool) -> tuple[Member, Member]:
    if len(names) != 2 or names[0] == names[1] or not all(names):
        raise UserError(f"--on {','.join(names)} does not name two nodes.", "Two different names: --on nodeA,nodeB.")
    for name in names:
        if name not in every:
            raise UserError(f"There is no node {name}.", f"Nodes: {', '.join(list(every)[:20])}.")
        if reason := why_not(every[name], pinned=True, measuring=measuring):
            raise UserError(f"The node {name} cannot {'measure' if measuring else 'be asked about'}: {reason}.",
                            "Name another one.")
    first, second = (_member(name, every[name]) for name in names)
    if first.arch != second.arch:
        raise UserError(f"{names[0]} is {first.arch}, {names[1]} is {second.arch}: two different machines are compared then.",
                        "Name two of one architecture.")
    return first, second


def why_not(node: Any, *, pinned: bool = False, measuring: bool = True) -> str:
    """Why a node cannot carry the measuring pods; empty if it can. One that is named may be cordoned, or repel pods.

    Without ``measuring``: why it cannot be asked about.
    """
    conditions = dig(node, "status", "conditions")
    ready = [dig(one, "status") for one in (conditions if isinstance(conditions, list) else []) if dig(one, "type") == "Ready"]
    if measuring and ready != ["True"]:
        return "not ready"
    if (system := dig(node, "status", "nodeInfo", "operatingSystem")) != "linux":
        return f"its system is {str(system)[:40]}"
    if not _address(node):
        return "it has no IPv4 address"
    if not measuring:
        return ""
    taints = dig(node, "spec", "taints")
    effects = [dig(taint, "effect") for taint in (taints if isinstance(taints, list) else [])]
    if "NoExecute" in effects:
        return "a taint ends pods on it"
    if pinned:
        return ""
    if dig(node, "spec", "unschedulable"):
        return "it is cordoned"
    return "a taint keeps pods from it" if any(effect in REPELLING for effect in effects) else ""


def _only_ipv6(node: Any) -> bool:
    listed = dig(node, "status", "addresses")
    told = [str(dig(one, "address")) for one in (listed if isinstance(listed, list) else [])]
    return not _address(node) and any(":" in one for one in told)


def _address(node: Any) -> str:
    notes = dig(node, "metadata", "annotations")
    said = [str(notes.get(name, "")).partition("/")[0] for name in ADDRESS_NOTES] if isinstance(notes, dict) else []
    listed = dig(node, "status", "addresses")
    said += [str(dig(one, "address")) for one in (listed if isinstance(listed, list) else [])
             if dig(one, "type") == "InternalIP"]
    for text in said:
        try:
            return str(ipaddress.IPv4Address(text))
        except ValueError:
            continue
    return ""


# What only a cluster tells of its machines, and where.
_OF_CLUSTERS = {"kubelet": "kubeletVersion", "container_runtime": "containerRuntimeVersion"}
TOLD_OF_MACHINES = tuple(_OF_CLUSTERS)


def _member(name: str, node: Any) -> Member:
    about = dig(node, "status", "nodeInfo")
    told = about if isinstance(about, dict) else {}
    facts: dict[str, Any] = {ours: str(told[theirs])[:100] for ours, theirs in
                             (("kernel", "kernelVersion"), ("arch", "architecture"), ("os", "osImage"),
                              *_OF_CLUSTERS.items())
                             if told.get(theirs)}
    cores, memory = dig(node, "status", "capacity", "cpu"), dig(node, "status", "capacity", "memory")
    if str(cores).isdigit():
        facts["cores"] = int(str(cores))
    if size := _MEMORY.fullmatch(str(memory)):
        facts["memory_bytes"] = int(size[1]) * _FACTOR[size[2]]
    return Member(name, _address(node), str(told.get("architecture", "")), facts, node)


def host_facts(slug: str, members: Sequence[Member]) -> dict[str, Any]:
    """What a campaign says of its machine, for a cluster: of both nodes, where they differ in both versions."""
    found: dict[str, Any] = {"slug": slug}
    for name in dict.fromkeys(name for member in members for name in member.facts):
        values = [member.facts.get(name) for member in members]
        found[name] = values[0] if values[0] == values[1] else f"{values[0]} and {values[1]}"
    found["absent"] = dict.fromkeys(("cpu_model", "virtualisation", "governor"), "a cluster does not tell it")
    return found
