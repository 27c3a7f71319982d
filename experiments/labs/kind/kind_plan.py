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
from experiments.labs.base import Node
from experiments.labs.containerlab import topology
from experiments.labs.fabric import addresses
from experiments.labs.kind import kind_cluster
from experiments.labs.kubernetes import manifest, pods

MEASURING = 2  # of the three nodes; the third is the control plane
EXTERNAL = "ext-container"  # containerlab's kind of a node that it neither makes nor removes
DEVICE = "eth1"  # eth0 is Docker's, and leads to the API server
NAMESPACE = "podpath"
KUBECONFIG, CLUSTER_FILE, FABRIC_FILE, MANIFEST_FILE = "kubeconfig", "cluster.kind.yml", "fabric.clab.yml", "manifest.yml"
ARCHIVE_FILE, IMAGES_FILE = "lab-image.tar", "cni-images.tar"
CREATE_S = 900.0  # kind pulls its node image, about 300 MB, if Docker does not have it
DEPLOY_S = 180.0
IMAGE_S = 300.0
READY_S = 180.0  # the CNI's images are pulled by the nodes
SLACK_S = 20.0
PLUGINS, NODE_PLUGINS = "/usr/lib/cni", "/opt/cni/bin"  # where the lab's image has Debian's, and where a node looks
FIRST_RACK_AS = 64513  # each rack an AS of its own, else a rack would refuse another rack's routes as a loop


@dataclass(frozen=True)
class Step:
    """One command, typed in the lab's folder; ``why`` stands above it.

    ``limit_s`` is how long it may take, ``asks`` what it waits for (``nodes``, ``pods``): they are asked why, if it fails.
    """

    why: str
    argv: tuple[str, ...]
    limit_s: float = 60.0
    asks: str = ""


@dataclass(frozen=True)
class Plan:
    """What is written into the lab's folder, and what is typed there; then what takes it down."""

    files: Mapping[str, str]
    up: tuple[Step, ...]
    down: tuple[Step, ...]


def plan(
    mode: Mode, name: str, routers: Mapping[str, str], *, image: str = kind_cluster.IMAGE, archived: bool = False
) -> Plan:
    """The plan for a cluster called ``name``; ``routers`` are the BIRD configurations of the fabric's routers by name.

    ``image`` is that of kind's nodes; ``archived``: the CNI's images lie in the folder, so that no registry is asked for them.

    Raises:
        UserError: the mode's kind.yml is broken.
    """
    wanted = manifest.installation(mode.name)
    source = manifest.source(wanted.cni)
    nodes, _ = addresses.plan(kind_cluster.NODES, mode.underlay.kind, mode.underlay.reflectors)
    files = {
        CLUSTER_FILE: yaml.safe_dump(kind_cluster.cluster(mode, wanted, image), sort_keys=False, width=120),
        FABRIC_FILE: yaml.safe_dump(fabric(mode, name), sort_keys=False, width=120),
        "pods.yml": yaml.safe_dump_all(
            pods.manifest(NAMESPACE, name, [kind_cluster.container(name, node) for node in nodes[:MEASURING]]),
            sort_keys=False),
        **{f"{router}.bird.conf": text for router, text in routers.items()},
    }
    if wanted.objects:
        files["objects.yml"] = yaml.safe_dump_all([dataclasses.asdict(one) for one in wanted.objects], sort_keys=False)
    archive = [Step("The CNI's images, so that no registry is asked for them.",
                    ("kind", "load", "image-archive", IMAGES_FILE, "--name", name), IMAGE_S)] if archived else []
    steps = (*_cluster(mode, name, source.plugins, nodes), *archive, *_network(wanted, source), *_pods(name))
    return Plan(files, steps, down(name))


def _kubectl(*arguments: str) -> tuple[str, ...]:
    return ("kubectl", "--kubeconfig", KUBECONFIG, *arguments)


def _cluster(mode: Mode, name: str, plugins: tuple[str, ...], nodes: tuple[Node, ...]) -> list[Step]:
    """The nodes and the fabric between them, up to what the CNI finds when it starts."""
    steps = [
        Step("The cluster; without a CNI its nodes cannot be ready, so nothing waits for them.",
             # Retained if it fails, for its logs; it is removed in any case.
             ("kind", "create", "cluster", "--name", name, "--config", CLUSTER_FILE, "--kubeconfig", KUBECONFIG, "--retain"),
             CREATE_S),
        Step("The fabric, and the nodes' addresses on it.", ("containerlab", "deploy", "--topo", FABRIC_FILE), DEPLOY_S),
    ]
    for plugin in plugins:
        steps.append(Step(f"{mode.cni.title} delegates to a plugin that kind's image lacks; the lab's image has Debian's.",
                          ("docker", "cp", f"{fabric_container(name, 'underlay')}:{PLUGINS}/{plugin}", plugin)))
        steps += [Step("A node gets it.",
                       ("docker", "cp", plugin, f"{kind_cluster.container(name, node)}:{NODE_PLUGINS}/{plugin}"))
                  for node in nodes]
    if mode.underlay.kind == "routed":
        steps += [Step("The node's own AS number, before Calico starts.",
                       _kubectl("annotate", "node", kind_cluster.container(name, node),
                                f"projectcalico.org/ASNumber={FIRST_RACK_AS - 1 + node.index}")) for node in nodes]
    return steps


def _network(wanted: manifest.Installation, source: manifest.Published) -> list[Step]:
    """The CNI, until its daemon runs on every node."""
    made = source.daemon_set
    wait = f"--timeout={READY_S:g}s"
    return [
        Step(f"The CNI: {source.file} (SHA-256 {source.sha256[:12]}…) with {', '.join(wanted.edits)}.",
             _kubectl("apply", "--server-side", "--filename", MANIFEST_FILE)),
        *([Step("Kubernetes knows the kinds of the objects that follow.",
                _kubectl("wait", "--for=condition=Established", *_definitions(wanted), wait), READY_S + SLACK_S),
           Step("Who peers with whom.", _kubectl("apply", "--server-side", "--filename", "objects.yml"))]
          if wanted.objects else []),
        Step("Nodes are ready when the CNI has written its configuration.",
             _kubectl("wait", "--for=condition=Ready", "nodes", "--all", wait), READY_S + SLACK_S, "nodes"),
        Step("And the data plane's daemon runs on each.",
             _kubectl("--namespace", made.namespace, "rollout", "status", f"daemonset/{made.name}", wait),
             READY_S + SLACK_S, "pods"),
    ]


def _definitions(wanted: manifest.Installation) -> list[str]:
    """The definitions of the objects' kinds, as Calico's manifest names them."""
    kinds = {(one.kind, one.apiVersion.partition("/")[0]) for one in wanted.objects}
    return sorted(f"customresourcedefinition/{kind.lower()}s.{group}" for kind, group in kinds)


def _pods(name: str) -> list[Step]:
    """The lab's image on the nodes, and the pods that measure."""
    return [
        Step("The lab's image as an archive: a name with a digest cannot be loaded.",
             ("docker", "save", "--output", ARCHIVE_FILE, topology.IMAGE), IMAGE_S),
        Step("The nodes get it.", ("kind", "load", "image-archive", ARCHIVE_FILE, "--name", name), IMAGE_S),
        Step("The measuring pods, one a worker, and their twins on the workers' own network for the baseline.",
             _kubectl("apply", "--filename", "pods.yml")),
        Step("They run.", _kubectl("--namespace", NAMESPACE, "wait", "--for=condition=Ready", "pods", "--all",
                                   f"--timeout={READY_S:g}s"), READY_S + SLACK_S, "pods"),
    ]


def down(name: str) -> tuple[Step, ...]:
    """What takes it down."""
    return (
        Step("The fabric.", ("containerlab", "destroy", "--topo", FABRIC_FILE, "--cleanup"), 120.0),
        Step("The cluster.", ("kind", "delete", "cluster", "--name", name, "--kubeconfig", KUBECONFIG), 120.0),
    )


def fabric_container(name: str, place: str) -> str:
    """The container of a node of the fabric that is not kind's."""
    return f"{topology.PREFIX}-{name}-{place}"


def network(name: str) -> str:
    """The management network that containerlab would make, if a node wanted one."""
    return f"{topology.PREFIX}-{name}"


def containers(made: Mapping[str, Any], name: str) -> dict[str, str]:
    """The containers of a fabric by their places in its file: kind's by their own names, the others by containerlab's."""
    return {place: place if node.get("kind") == EXTERNAL else fabric_container(name, place)
            for place, node in made["topology"]["nodes"].items()}


def fabric(mode: Mode, name: str) -> dict[str, Any]:
    """containerlab's topology that joins kind's containers: the mode's own underlay, with kind's nodes as its nodes."""
    made = topology.topology(mode, kind_cluster.NODES, name)
    members, routers = addresses.plan(kind_cluster.NODES, mode.underlay.kind, mode.underlay.reflectors)
    containers = {node.name: kind_cluster.container(name, node) for node in members}
    places: dict[str, Any] = {}
    for place, node in made["topology"]["nodes"].items():
        if place in containers:
            places[containers[place]] = {"kind": EXTERNAL, "exec": _on_kind_node(mode, _named(members, place), routers)}
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
