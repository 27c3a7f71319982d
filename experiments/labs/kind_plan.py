"""A mode in Kubernetes as a plan: the files and the commands, in order. Pure; ``--dry-run`` prints it.

kind makes the cluster without a CNI. containerlab joins its containers to a fabric of their own, with the addresses of the
other labs, so that the CNI's packets do not cross Docker's bridge. Then the CNI's own manifest is applied, with the edits
of the mode.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from experiments.catalog import Mode
from experiments.labs import addresses, kind_cluster, manifest, pods, topology
from experiments.labs.base import Node

DEVICE = "eth1"  # eth0 is Docker's, and leads to the API server
NAMESPACE = "podpath"
READY_TIMEOUT = "180s"
# The plugin that Flannel delegates to, which kind's node image does not have (kubernetes-sigs/kind issue 1340).
BRIDGE_PLUGIN = "/usr/lib/cni/bridge"
DAEMON_SETS = {"calico": ("kube-system", "calico-node"), "flannel": ("kube-flannel", "kube-flannel-ds"),
               "weave": ("kube-system", "weave-net")}
FIRST_RACK_AS = 64513  # each rack an AS of its own, else a rack would refuse another rack's routes as a loop


@dataclass(frozen=True)
class Step:
    """One command; ``why`` stands above it."""

    why: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What is written into the lab's folder, and what is typed there; then what takes it down."""

    files: Mapping[str, str]
    up: tuple[Step, ...]
    down: tuple[Step, ...]


def plan(mode: Mode, name: str, routers: Mapping[str, str]) -> Plan:
    """The plan for a cluster called ``name``; ``routers`` are the BIRD configurations of the fabric's routers by name.

    Raises:
        UserError: the mode's kind.yml is broken.
    """
    kubernetes = manifest.kubernetes(mode.name)
    source = manifest.source(kubernetes.cni)
    nodes, _ = addresses.plan(kind_cluster.NODES, mode.underlay.kind, mode.underlay.reflectors)
    files = {
        "cluster.kind.yml": yaml.safe_dump(kind_cluster.cluster(mode, kubernetes), sort_keys=False, width=120),
        "fabric.clab.yml": yaml.safe_dump(fabric(mode, name), sort_keys=False, width=120),
        "pods.yml": yaml.safe_dump_all(pods.manifest(NAMESPACE, name, [kind_cluster.container(name, node) for node in nodes[:2]]),
                                       sort_keys=False),
        **{f"{router}.bird.conf": text for router, text in routers.items()},
    }
    if kubernetes.objects:
        files["objects.yml"] = yaml.safe_dump_all([dataclasses.asdict(one) for one in kubernetes.objects], sort_keys=False)
    kubectl = ("kubectl", "--kubeconfig", "kubeconfig")
    namespace, daemon_set = DAEMON_SETS[kubernetes.cni]
    steps = [
        Step("The cluster; without a CNI its nodes cannot be ready, so nothing waits for them.",
             ("kind", "create", "cluster", "--name", name, "--config", "cluster.kind.yml", "--kubeconfig", "kubeconfig")),
        Step("The fabric, and the nodes' addresses on it.", ("containerlab", "deploy", "--topo", "fabric.clab.yml")),
    ]
    if kubernetes.cni == "flannel":
        steps += [Step("Flannel delegates to a plugin that kind's image lacks; the lab's image has Debian's.",
                       ("docker", "cp", "bridge", f"{kind_cluster.container(name, node)}:/opt/cni/bin/bridge"))
                  for node in nodes]
        steps.insert(0, Step("The plugin, out of the lab's image.",
                             ("docker", "run", "--rm", "--volume", ".:/out", topology.IMAGE, "cp", BRIDGE_PLUGIN,
                              "/out/bridge")))
    if mode.underlay.kind == "routed":
        steps += [Step("The node's own AS number, before Calico starts.",
                       (*kubectl, "annotate", "node", kind_cluster.container(name, node),
                        f"projectcalico.org/ASNumber={FIRST_RACK_AS - 1 + node.index}")) for node in nodes]
    steps += [
        Step(f"The CNI: {source.file} (SHA-256 {source.sha256[:12]}…) with {', '.join(kubernetes.edits)}.",
             (*kubectl, "apply", "--server-side", "--filename", "manifest.yml")),
        *([Step("Who peers with whom.", (*kubectl, "apply", "--server-side", "--filename", "objects.yml"))]
          if kubernetes.objects else []),
        Step("Nodes are ready when the CNI has written its configuration.",
             (*kubectl, "wait", "--for=condition=Ready", "nodes", "--all", f"--timeout={READY_TIMEOUT}")),
        Step("And the data plane's daemon runs on each.",
             (*kubectl, "--namespace", namespace, "rollout", "status", f"daemonset/{daemon_set}",
              f"--timeout={READY_TIMEOUT}")),
        Step("The lab's image as an archive: a name with a digest cannot be loaded.",
             ("docker", "save", "--output", "lab-image.tar", topology.IMAGE)),
        Step("The nodes get it.", ("kind", "load", "image-archive", "lab-image.tar", "--name", name)),
        Step("The measuring pods, one a worker, and their twins on the host's network for the baseline.",
             (*kubectl, "apply", "--filename", "pods.yml")),
        Step("They run.", (*kubectl, "--namespace", NAMESPACE, "wait", "--for=condition=Ready", "pods", "--all",
                           f"--timeout={READY_TIMEOUT}")),
    ]
    down = (
        Step("The fabric.", ("containerlab", "destroy", "--topo", "fabric.clab.yml", "--cleanup")),
        Step("The cluster.", ("kind", "delete", "cluster", "--name", name, "--kubeconfig", "kubeconfig")),
    )
    return Plan(files, tuple(steps), down)


def fabric(mode: Mode, name: str) -> dict[str, Any]:
    """containerlab's topology that joins kind's containers: the mode's own underlay, with kind's nodes as its nodes."""
    made = topology.topology(mode, kind_cluster.NODES, name)
    members, routers = addresses.plan(kind_cluster.NODES, mode.underlay.kind, mode.underlay.reflectors)
    containers = {node.name: kind_cluster.container(name, node) for node in members}
    places: dict[str, Any] = {}
    for place, node in made["topology"]["nodes"].items():
        if place in containers:
            places[containers[place]] = {"kind": "ext-container", "exec": _on_kind_node(mode, _named(members, place), routers)}
        elif place == "underlay":
            places[place] = node
        else:
            configuration = f"/run/podpath/{place}.bird"
            places[place] = {**node, "binds": [f"{place}.bird.conf:{configuration}.conf:ro"],
                             "exec": [*node["exec"], f"bird -c {configuration}.conf -s {configuration}.ctl"]}
    defaults = {key: value for key, value in made["topology"]["defaults"].items() if key != "binds"}
    links = [{**link, "endpoints": [_end(end, containers) for end in link["endpoints"]]} for link in made["topology"]["links"]]
    return {**made, "topology": {"defaults": defaults, "nodes": places, "links": links}}


def _named(nodes: tuple[Node, ...], name: str) -> Node:
    return next(node for node in nodes if node.name == name)


def _end(end: str, containers: Mapping[str, str]) -> str:
    """An end of a link; kind's nodes have another device, for eth0 is taken."""
    place, device = end.split(":")
    return f"{containers[place]}:{DEVICE}" if place in containers else f"{place}:{device}"


def _on_kind_node(mode: Mode, node: Node, routers: tuple[Node, ...]) -> list[str]:
    """The node's address on the fabric. Two networks: strict filtering by the return path would drop packets in silence."""
    commands = [f"sysctl -qw net.ipv4.conf.{DEVICE}.rp_filter=2", "sysctl -qw net.ipv4.conf.all.rp_filter=0",
                f"ethtool -K {DEVICE} tx on", f"ip address add {node.address}/{node.prefix_length} dev {DEVICE}"]
    if mode.underlay.kind == "routed":
        commands += [f"ip route add {addresses.rack(tor)} via {node.gateway}" for tor in routers if tor.index != node.index]
    return commands
