"""kind's cluster of a mode, as kind reads it: one control plane, two workers, no CNI of its own.

The workers are the nodes between which is measured. Every node's address is the one on the fabric, so that the CNI's
packets cross the fabric and not Docker's bridge: the first worker is node1 of the address plan, the second node2, the
control plane node3. The API server calls the nodes by their names instead, which Docker's DNS leads over Docker's bridge:
what `kubectl exec` carries would else be counted on the fabric, 0.1 % of a transfer.
"""

from __future__ import annotations

from typing import Any

import yaml

from experiments.catalog import Mode
from experiments.labs.base import Node
from experiments.labs.fabric import addresses
from experiments.labs.kubernetes.manifest import Installation

# Kubernetes 1.34 runs on hosts with cgroup v1 as well; from 1.35 on the kubelet refuses them.
IMAGE = "kindest/node:v1.34.8@sha256:02722c2dedddcfc00febf5d27fbeb9b7b2c14294c82109ff4a85d89ac9ba3256"
TAG = IMAGE.partition("@")[0]
NODES = 3
RACK_LABEL = "podpath-rack"
# kubeadm's own order begins with InternalIP (cmd/kubeadm/app/phases/controlplane/manifests.go).
BY_NAME = {"kind": "ClusterConfiguration",
           "apiServer": {"extraArgs": {"kubelet-preferred-address-types": "Hostname,InternalIP"}}}


def cluster(mode: Mode, wanted: Installation, image: str = IMAGE) -> dict[str, Any]:
    """kind's configuration (kind.x-k8s.io/v1alpha4)."""
    members, _ = addresses.plan(NODES, mode.underlay.kind, mode.underlay.reflectors)
    *workers, control_plane = members
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {"disableDefaultCNI": True, "podSubnet": wanted.pod_subnet},
        "kubeadmConfigPatches": [yaml.safe_dump(BY_NAME, sort_keys=False)],
        "nodes": [_node("control-plane", control_plane, "InitConfiguration", image),
                  *(_node("worker", worker, "JoinConfiguration", image) for worker in workers)],
    }


def _node(role: str, node: Node, configuration: str, image: str) -> dict[str, Any]:
    patch = {"kind": configuration, "nodeRegistration": {"kubeletExtraArgs": {"node-ip": node.address}}}
    return {"role": role, "image": image, "labels": {RACK_LABEL: str(node.index)},
            "kubeadmConfigPatches": [yaml.safe_dump(patch, sort_keys=False)]}


def container(cluster_name: str, node: Node) -> str:
    """The name of a node's container, as kind gives it: the second worker has a number, the first has none."""
    return {1: f"{cluster_name}-worker", 2: f"{cluster_name}-worker2", 3: f"{cluster_name}-control-plane"}[node.index]


HEADER = """\
# kind's cluster of {name}, for `kind create cluster --config`. Made by
# experiments/labs/kind/kind_cluster.py, which a test holds equal to this file.
# The CNI comes after it: kind.yml beside this file says which manifest, with which edits.
"""


def text(mode: Mode, wanted: Installation) -> str:
    """The file as it stands in the mode's folder."""
    return HEADER.format(name=mode.name) + yaml.safe_dump(cluster(mode, wanted), sort_keys=False, width=120)
