"""The cluster lab: a Kubernetes that exists, through the current kubectl context, measured between two of its nodes.

Everything is in one namespace of its own, which is removed at the end; nothing else is written. Pods end by themselves
after some hours, should nobody be left to remove them. The cluster's CNI is measured as it is found; its nodes' network
cards, routes and settings are looked at and never changed. What has to be removed is written down before it is made
(:mod:`experiments.labs.leftovers`): the namespace with its uid, and by what the cluster is known, but no name of the
context or of a node.

Pods on the nodes' own network give the baseline and show links and routes. A cluster may refuse them; then the lab goes
without, and the result says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from experiments.catalog import Mode
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import leftovers
from experiments.labs.backend import NO_MEANS, Backend, Means, Paper, Tell
from experiments.labs.base import Node, run
from experiments.labs.cluster import fit_nodes, measuring_pods, needs_cluster
from experiments.labs.cluster.fit_nodes import Member
from experiments.labs.containerlab import topology
from experiments.labs.kubernetes import pods
from experiments.labs.kubernetes.base import Kubectl, KubernetesLab, dig, items
from experiments.machine import Machine, Missing
from experiments.variant import HOST

REMOVE_TIMEOUT_S = 180.0
# What is asked for before anything is made: verb, resource, part of it, and whether it is asked inside the namespace.
RIGHTS = (
    ("create", "namespaces", "", False), ("get", "namespaces", "", False), ("delete", "namespaces", "", False),
    ("list", "nodes", "", False), ("create", "pods", "", True), ("get", "pods", "", True), ("list", "pods", "", True),
    ("create", "pods", "exec", True), ("create", "configmaps", "", True), ("create", "serviceaccounts", "", True),
)


@dataclass(frozen=True)
class Target:
    """A cluster and the two nodes that would measure. ``context`` is for the person's eyes, and is stored nowhere."""

    kubectl: Kubectl
    context: str
    id: str  # says nothing, and is the same for the same cluster
    members: tuple[Member, Member]
    nodes: tuple[Any, ...]  # the objects of all nodes

    @property
    def others(self) -> tuple[str, ...]:
        """The names of all other nodes: what must not stand in a result either."""
        chosen = {member.name for member in self.members}
        return tuple(name for node in self.nodes if (name := str(dig(node, "metadata", "name"))) not in chosen)

    def without_names(self, text: str) -> str:
        """A text with our names of the two nodes in place of theirs."""
        for number, member in enumerate(self.members, 1):
            text = text.replace(member.name, f"node{number}")
        return text


class ClusterLab(KubernetesLab):
    """The measuring pods in somebody's cluster. Made by :func:`up`."""

    foreign = True


def target(on: str = "", *, measuring: bool = True) -> Target:
    """The cluster of the current kubectl context, and two of its nodes: those named ``on``, else the first that are fit.

    Without ``measuring`` they are only asked about.

    Raises:
        UserError: there is no context, the cluster does not answer, or has not two fit nodes.
    """
    found = Kubectl().run("config", "current-context")
    context = found.stdout.strip()
    if found.returncode != 0 or not context:
        raise UserError("kubectl has no current context, so no cluster is meant.",
                        "Choose one: `kubectl config get-contexts`, `kubectl config use-context NAME`.")
    kubectl = Kubectl(context=context)
    try:
        nodes = kubectl.json("get", "nodes")
    except ExperimentFailed as failure:
        raise UserError(f"The cluster of the context {context} does not tell its nodes: {failure.problem}",
                        "Try `kubectl get nodes`.") from None
    members = fit_nodes.choose(nodes, on, measuring=measuring)
    return Target(kubectl, context, cluster_id(kubectl), members, tuple(items(nodes)))


def cluster_id(kubectl: Kubectl) -> str:
    """``c`` and six digits: a hash of the uid of kube-system, which is random and lasts as long as the cluster.

    Raises:
        ExperimentFailed: the cluster does not answer, or does not tell it.
    """
    uid = str(dig(kubectl.json("get", "namespace", "kube-system"), "metadata", "uid") or "")
    if not uid:
        raise ExperimentFailed("The cluster does not tell the uid of its namespace kube-system.")
    return "c" + hashlib.sha256(f"podpath {uid}".encode()).hexdigest()[:6]


def can_i(right: tuple[str, str, str, bool], namespace: str) -> list[str]:
    """kubectl's arguments that ask for one of the rights."""
    verb, resource, part, inside = right
    return ["auth", "can-i", verb, resource, *([f"--subresource={part}"] if part else []),
            *(["--namespace", namespace] if inside else [])]


def deletion(namespace: str) -> list[str]:
    """kubectl's arguments that remove the namespace with everything in it."""
    return ["delete", "namespace", namespace, "--wait=true", f"--timeout={REMOVE_TIMEOUT_S:g}s"]


def missing_rights(kubectl: Kubectl, namespace: str) -> list[str]:
    """What this person may not do there, of what the lab has to do; all of it at once.

    Raises:
        ExperimentFailed: the cluster does not say.
    """
    missing = []
    for right in RIGHTS:
        verb, resource, part, _ = right
        done = kubectl.run(*can_i(right, namespace))
        answer = done.stdout.strip().split()[:1]
        if answer not in (["yes"], ["no"]):
            last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
            raise ExperimentFailed(f"The cluster does not say whether one may {verb} {resource}: {last}")
        if answer == ["no"]:
            missing.append(f"{verb} {resource}{f'/{part}' if part else ''}")
    return missing


@contextlib.contextmanager
def up(*, on: str = "", image: str = "") -> Iterator[ClusterLab]:
    """Make the namespace and the pods in it; the namespace is removed at the end of the block, whatever happens in it.

    ``image`` is the lab's image in a registry that the cluster can pull from.

    Raises:
        UserError: no context, no rights, no two nodes, no image, or pods that are not let in.
        ExperimentFailed: the pods did not come up, or the namespace did not go.
    """
    found = target(on)
    mark = secrets.token_hex(4)
    name, namespace = f"pp{mark}", f"podpath-{mark}"
    if missing := missing_rights(found.kubectl, namespace):
        raise UserError(f"In the cluster of the context {found.context} you may not: {', '.join(missing)}.",
                        "Ask whoever runs it for these rights, in a namespace of its own; nothing was made.")
    leftovers.begin(name, Cluster.name)
    leftovers.note(name, namespace=namespace, cluster=found.id)
    try:
        lab = _made(found, name, namespace, image or topology.IMAGE)
        try:
            yield lab
        finally:
            lab.close()
    finally:
        remove(name, found.kubectl)


def _made(found: Target, name: str, namespace: str, image: str) -> ClusterLab:
    """Namespace, pods, and the lab on them.

    Raises:
        UserError, ExperimentFailed: as :func:`up`; nodes have our names in the message, which can become part of a result.
    """
    try:
        objects = pods.manifest(namespace, name, [member.name for member in found.members], image=image,
                                pull_policy="IfNotPresent")
        made = measuring_pods.create(found.kubectl, objects[:1])
        leftovers.note(name, uid=str(dig(made, "metadata", "uid") or ""))
        on_node = [one for one in objects[1:] if dig(one, "spec", "hostNetwork")]
        measuring_pods.create_measuring(found.kubectl, [one for one in objects[1:] if one not in on_node])
        refused = found.without_names(measuring_pods.create_on_nodes(found.kubectl, on_node))
        # Where one of them was refused, the lab goes without all of them.
        wanted = [str(dig(one, "metadata", "name")) for one in objects if dig(one, "kind") == "Pod"
                  and not (refused and one in on_node)]
        measuring_pods.wait_ready(found.kubectl, namespace, image, wanted)
        return _lab(found, namespace, refused)
    except ExperimentFailed as failure:
        raise ExperimentFailed(found.without_names(failure.problem), failure.advice) from None


def _lab(found: Target, namespace: str, refused: str) -> ClusterLab:
    """The lab on pods that run; the underlay's device is the one that leads to the other node."""
    nodes = tuple(Node(f"node{number}", number, member.address, device="") for number, member in enumerate(found.members, 1))
    names = {node.name: member.name for node, member in zip(nodes, found.members, strict=True)}
    facts = {f"machine of node{number}": member.sentence for number, member in enumerate(found.members, 1)}
    lab = ClusterLab(Cluster.name, found.kubectl, namespace, nodes, names, facts=facts)
    lab.refused = refused
    lab.hidden = {**dict.fromkeys(found.others, "node"), **{real: ours for ours, real in names.items()}}
    if not refused:
        try:
            lab.nodes = tuple(Node(node.name, node.index, node.address, device=_device(lab, node)) for node in nodes)
        except BaseException:
            lab.close()
            raise
    return lab


def _device(lab: ClusterLab, node: Node) -> str:
    other = next(one for one in lab.nodes if one.name != node.name)
    done = run(lab, node.name, ["ip", "-json", "route", "get", other.address], record=False)
    try:
        return str(json.loads(done.stdout)[0]["dev"])
    except (ValueError, LookupError, TypeError):
        raise ExperimentFailed(f"On {node.name}: the device that leads to {other.name} could not be read.") from None


def remove(name: str, kubectl: Kubectl | None = None) -> None:
    """Remove the namespace of a lab that :mod:`experiments.labs.leftovers` knows, and see to it that it is gone.

    Its uid has to be the one that was written down: a namespace that somebody else made under that name is left alone.

    Raises:
        UserError: kubectl is not installed.
        ExperimentFailed: the current context is another cluster's, or the namespace does not go; it stays written down.
    """
    kubectl = kubectl or Kubectl()
    namespace, uid = leftovers.noted(name, "namespace"), leftovers.noted(name, "uid")
    if namespace:
        if cluster_id(kubectl) != leftovers.noted(name, "cluster"):
            raise ExperimentFailed(f"The namespace {namespace} is in another cluster than the current context's.",
                                   "Switch with `kubectl config use-context NAME`, then run `invoke clean` again.")
        if _is_ours(_namespace(kubectl, namespace), name, uid):
            kubectl.text(*deletion(namespace), timeout_s=REMOVE_TIMEOUT_S + 30)
            if _is_ours(_namespace(kubectl, namespace), name, uid):
                raise ExperimentFailed(f"The namespace {namespace} is still there.", "Run `invoke clean` in a while.")
    leftovers.end(name)


def _namespace(kubectl: Kubectl, namespace: str) -> Any:
    """The namespace as the cluster has it; None where there is none."""
    return kubectl.json("get", "namespace", namespace, "--ignore-not-found")


def _is_ours(found: Any, name: str, uid: str) -> bool:
    """By its uid; a runner that was killed before it was told it is known by the label that it asked for."""
    if uid:
        return bool(dig(found, "metadata", "uid") == uid)
    return bool(dig(found, "metadata", "labels", pods.LAB_LABEL) == name)


class Cluster(Backend):
    """The cluster lab, for the table of labs."""

    name = "cluster"
    foreign = True
    makers = True
    measuring_nodes = 2
    whose_kernel = "its nodes' own kernels"
    sizes_of_catalogue = False
    told_in_results = ("machine of node1", "machine of node2")
    told_of_machines = fit_nodes.TOLD_OF_MACHINES

    def needs(self, mode: Mode, kernel: str, machine: Machine) -> tuple[Missing, ...]:
        """As :meth:`Backend.needs`."""
        return needs_cluster.needs(machine)

    def up(
        self, mode: Mode, *, nodes: int = 2, kernel: str = HOST, means: Means = NO_MEANS, tell: Tell = lambda _: None
    ) -> contextlib.AbstractContextManager[ClusterLab]:
        """As :meth:`Backend.up`."""
        return up(on=means.nodes, image=means.image)

    def on_paper(self, mode: Mode | None, *, nodes: int = 2, means: Means = NO_MEANS) -> Paper:
        """The commands; NODE-A and NODE-B stand for two nodes, and the mode is whatever the cluster runs."""
        namespace = "podpath-0123abcd"
        made = pods.manifest(namespace, "pp0123abcd", ["NODE-A", "NODE-B"], image=means.image or topology.IMAGE,
                             pull_policy="IfNotPresent")
        text = yaml.safe_dump_all(made, sort_keys=False)
        return Paper((
            "# what is asked for before anything is made",
            *(shlex.join(["kubectl", *can_i(right, namespace)]) for right in RIGHTS),
            "\n# up: a namespace of its own, and everything in it",
            f"{shlex.join(['kubectl', *measuring_pods.CREATE])} <<'END'\n{text}END",
            "\n# down", shlex.join(["kubectl", *deletion(namespace)]),
        ))

    def remove(self, name: str) -> None:
        """As :func:`remove`."""
        remove(name)
