"""The measuring pods as Kubernetes reads them, in a namespace of their own; nothing is written anywhere else.

A place of the lab and its pod have the same name. ``pod1`` and ``pod2`` are on the cluster's network, which is what is
measured. ``node1`` and ``node2`` are on the network of the same two nodes: for the baseline, the underlay's counters and
captures, and for what can be seen of links and routes. They have no access to a node's files or processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.labs.containerlab import topology
from experiments.paths import ROOT

CONTAINER = "lab"
ACCOUNT = "podpath"
SCRIPTS_MAP = "podpath-scripts"
LAB_LABEL = "podpath-lab"
# The program's own scripts that run inside; the paths are those below the program's folder.
SCRIPTS = ("experiments/labs/kubernetes/attached.py",
           *(f"experiments/probes/{name}.py" for name in ("count_device", "echo", "sniffer")))
# ping and the capture need raw sockets. Offloads and the emulated link are settings of the node's network; and where the
# kernel's own congestion control is another than ours, only who may administer a network can choose (tcp(7)).
CAPABILITIES = ["NET_ADMIN", "NET_RAW"]
TTL_S = 4 * 3600  # Kubernetes ends the pods then, should nobody be left to remove them


def manifest(
    namespace: str, lab: str, nodes: Sequence[str], *, image: str = topology.IMAGE, pull_policy: str = "Never",
    host_network: bool = True, ttl_s: int = TTL_S,
) -> list[dict[str, Any]]:
    """All objects, in the order in which they are made; ``nodes`` are Kubernetes' names of the two that measure.

    ``host_network``: with the pods on the nodes' own network, which a cluster may refuse.
    """
    wanted = [(f"pod{index}", node, False) for index, node in enumerate(nodes, 1)]
    wanted += [(f"node{index}", node, True) for index, node in enumerate(nodes, 1) if host_network]
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": {
            LAB_LABEL: lab,
            # Pods on a node's network are refused by stricter levels; it holds for this namespace only.
            "pod-security.kubernetes.io/enforce": "privileged"}}},
        # An account of its own, without rights: the namespace's default one is made a moment after the namespace.
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(ACCOUNT, namespace, lab),
         "automountServiceAccountToken": False},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(SCRIPTS_MAP, namespace, lab),
         "data": {Path(script).name: (ROOT / script).read_text() for script in SCRIPTS}},
        *(_pod(name, namespace, lab, node, on_node, image, pull_policy, ttl_s) for name, node, on_node in wanted),
    ]


def _metadata(name: str, namespace: str, lab: str) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": {LAB_LABEL: lab}}


def _pod(
    name: str, namespace: str, lab: str, node: str, on_node: bool, image: str, pull_policy: str, ttl_s: int
) -> dict[str, Any]:
    container: Mapping[str, Any] = {
        "name": CONTAINER, "image": image, "imagePullPolicy": pull_policy, "command": ["sleep", "infinity"],
        "securityContext": {"capabilities": {"add": CAPABILITIES}},
        "volumeMounts": [{"name": "scripts", "mountPath": topology.SOURCE, "readOnly": True}],
    }
    items = [{"key": Path(script).name, "path": script} for script in SCRIPTS]
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": _metadata(name, namespace, lab),
        "spec": {
            "nodeName": node, "hostNetwork": on_node, "restartPolicy": "Never", "serviceAccountName": ACCOUNT,
            "automountServiceAccountToken": False, "enableServiceLinks": False, "activeDeadlineSeconds": ttl_s,
            "terminationGracePeriodSeconds": 0, "containers": [container],
            "volumes": [{"name": "scripts", "configMap": {"name": SCRIPTS_MAP, "items": items}}],
        },
    }
