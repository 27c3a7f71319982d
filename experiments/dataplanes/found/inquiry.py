"""Asks a cluster that exists what it runs: its API, and both nodes as far as they may be asked. It only reads.

Before anything is made, nodes are asked in the container of the CNI's own daemon, which is on the nodes' network; later by
the lab's own pods there. Or all of it was saved before (:mod:`experiments.dataplanes.found.saved`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from experiments import catalog
from experiments.catalog import Mode
from experiments.dataplanes.found.cluster_objects import CniPods, Json, Reader, mapping
from experiments.dataplanes.found.cni import CniInCluster, evidence, node_addresses
from experiments.dataplanes.found.node_view import QUESTIONS, Ask, NotSeen, look
from experiments.dataplanes.found.recognise import Verdict, recognise
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import commands
from experiments.labs.base import Lab, Node, run
from experiments.labs.kubernetes.base import TIMEOUT_S, Kubectl, KubernetesLab, is_name, items

# Small, and without the pods' settings; a container's name is never empty, so lines always have seven words.
COLUMNS = ("NODE:.spec.nodeName,NAMESPACE:.metadata.namespace,NAME:.metadata.name,PHASE:.status.phase,"
           "IPS:.status.podIPs[*].ip,HOST:.spec.hostNetwork,CONTAINERS:.spec.containers[*].name")
PODS = ("get", "pods", "--all-namespaces", "--output", f"custom-columns={COLUMNS}")


@dataclass(frozen=True)
class PodRow:
    """A pod of the cluster, as :data:`PODS` prints it."""

    node: str
    phase: str
    addresses: tuple[str, ...]
    on_host: bool

    @property
    def address(self) -> str:
        """Its IPv4 address; empty where it has none of its own."""
        for text in () if self.on_host else self.addresses:
            try:
                return str(ipaddress.IPv4Address(text))
            except ValueError:
                continue
        return ""


def pod_rows(text: str) -> list[PodRow]:
    """The pods of a listing; lines of another form are left out."""
    rows = [line.split() for line in text.splitlines()[1:]]
    return [PodRow(row[0], row[3], tuple(row[4].split(",")), row[5] == "true") for row in rows
            if len(row) == 7 and is_name(row[0])]


@dataclass(frozen=True)
class AskedNode:
    """One of the two nodes: its name in the cluster, and its address."""

    name: str
    address: str


# Makes, from a node's name and the CNI's pods, what answers questions about that node.
Asker = Callable[[str, Mapping[str, CniPods]], Ask]


def of_cluster(
    kubectl: Kubectl, members: tuple[AskedNode, AskedNode], nodes: Sequence[Json], cnis: Mapping[str, CniInCluster],
    asker: Asker | None = None,
) -> Verdict:
    """What a cluster runs between two of its nodes; ``nodes`` are the objects of all.

    Raises:
        UserError: an answer is broken, or of another cluster; the message names it.
    """
    reader = Reader(kubectl)
    asker = asker or in_daemons(kubectl)
    by_name = {str(mapping(node.get("metadata")).get("name")): node for node in nodes}
    seen, daemons = evidence(reader, [by_name[member.name] for member in members], cnis)
    pods = _pods(reader)
    addresses = {name: next((row.address for row in pods if row.node == name and row.phase == "Running" and row.address), "")
                 for name in by_name}
    first, second = members
    own = _questions(cnis, daemons)
    views = tuple(look(one.name, one.address, other.address, addresses[other.name], asker(one.name, daemons), own)
                  for one, other in ((first, second), (second, first)))
    return recognise(
        replace(seen, nodes=tuple(nodes), addresses=node_addresses(nodes), pod=addresses[second.name],
                views=views),
        {**catalog.load(), **catalog.variants()}, cnis)


def _questions(cnis: Mapping[str, CniInCluster], daemons: Mapping[str, CniPods]) -> dict[str, Sequence[str]]:
    """The CNIs' own questions: of those that are there, or of all where none was seen."""
    return {file: argv for name, cni in cnis.items() if name in daemons or not daemons for file, argv in cni.questions.items()}


def _pods(reader: Reader) -> list[PodRow]:
    try:
        return pod_rows(reader.kubectl.text(*PODS))
    except ExperimentFailed as failure:
        reader.unseen["pods"] = failure.problem[-200:]
        return []


def in_daemons(kubectl: Kubectl) -> Asker:
    """Ask nodes in the container of the CNI's own daemon, which is on the nodes' network."""

    def asker(member: str, daemons: Mapping[str, CniPods]) -> Ask:
        return lambda file, argv: _in_daemon(kubectl, daemons, member, argv)

    return asker


def _in_daemon(kubectl: Kubectl, daemons: Mapping[str, CniPods], member: str, argv: Sequence[str]) -> str:
    for pods in daemons.values():
        if member in pods.on:
            done = commands.run(kubectl.inside(pods.namespace, pods.on[member], pods.container, argv), TIMEOUT_S)
            if done.returncode:
                raise NotSeen((done.stderr.strip().splitlines() or ["no answer"])[-1])
            return done.stdout
    raise NotSeen("no running pod of a CNI that is known here is on the node")


# -- in the lab -------------------------------------------------------------------------------------------------------


def require_running(mode: Mode, lab: Lab, cnis: Mapping[str, CniInCluster]) -> None:
    """See to it that a cluster which is somebody's runs the mode; ``cnis`` are all that are known.

    Raises:
        UserError: it runs another one; what was recognised is named, with the evidence.
    """
    if not lab.foreign:
        return
    found = of_lab(cast(KubernetesLab, lab), cnis)  # only a lab in Kubernetes is built by a CNI
    if mode.name not in found.candidates:
        raise UserError(f"This cluster does not run {mode.name}, but {found.sentence}.",
                        "`invoke experiment auto --lab cluster` measures what it runs.")


def of_lab(lab: KubernetesLab, cnis: Mapping[str, CniInCluster]) -> Verdict:
    """What the cluster runs, by its objects, and by what both nodes show where pods of ours may look at them."""
    reader = Reader(lab.kubectl)
    pods = lab.pods()
    every = tuple(mapping(node) for node in items(lab.kubectl.json("get", "nodes")))
    by_name = {str(mapping(node.get("metadata")).get("name")): node for node in every}
    seen, daemons = evidence(reader, [by_name.get(lab.members[node.name], {}) for node in lab.nodes], cnis)
    own = _questions(cnis, daemons)
    views = () if lab.refused else tuple(
        look(node.name, node.address, other.address, pod.address, _by_pod(lab, node, daemons), own)
        for node, other, pod in zip(lab.nodes, reversed(lab.nodes), reversed(pods), strict=True))
    seen = replace(seen, nodes=every, addresses=node_addresses(every), pod=pods[1].address, views=views)
    return recognise(seen, {**catalog.load(), **catalog.variants()}, cnis)


def _by_pod(lab: KubernetesLab, node: Node, daemons: Mapping[str, CniPods]) -> Ask:
    """Ask a node by the lab's pod on its own network, and the CNI's daemon for what only that can tell."""

    def ask(file: str, argv: Sequence[str]) -> str:
        if file not in QUESTIONS:
            return _in_daemon(lab.kubectl, daemons, lab.members[node.name], argv)
        done = run(lab, node.name, argv, check=False, record=False)
        if done.exit_code:
            raise NotSeen((done.stderr.strip().splitlines() or ["no answer"])[-1])
        return done.stdout

    return ask
