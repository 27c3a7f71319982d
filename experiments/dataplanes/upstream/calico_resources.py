"""What Calico's daemons are told: resources in the datastore, the environment of a node, the CNI plugin's configuration. Pure.

Resources: projectcalico/calico v3.32.1, api/pkg/apis/projectcalico/v3. Environment: node/pkg/lifecycle/startup/startup.go and
felix/config/config_params.go. The plugin's: cni-plugin/pkg/types/types.go.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from experiments.catalog import Mode
from experiments.labs.base import Node, Pod
from experiments.labs.fabric import bird
from experiments.labs.fabric.peering import Peering

POOL = bird.Speaker.pool  # the class's default: what our own recipe's filters speak of
VERSION = "projectcalico.org/v3"
RACK = "rack"  # the label by which a BGPPeer finds its nodes, as in Calico's documentation of top-of-rack peering
NETWORK = "podpath"


def resources(mode: Mode, peering: Peering) -> str:
    """The pool, who peers with whom, and each node's AS number and label, for ``calicoctl apply``."""
    mesh = not peering.routers
    found = [
        _resource("IPPool", "pods", {
            "cidr": POOL, "blockSize": 26, "ipipMode": "Always" if mode.encapsulation.name == "ipip" else "Never",
            "vxlanMode": "Never", "natOutgoing": False, "nodeSelector": "all()",
        }),
        _resource("BGPConfiguration", "default", {
            "nodeToNodeMeshEnabled": mesh, "asNumber": bird.CALICO_AS, "logSeverityScreen": "Warning",
        }),
        *(_node(node, peering) for node in peering.nodes),
        *(_peer(router, peering) for router in peering.routers),
    ]
    return json.dumps(found, indent=1) + "\n"


def _resource(kind: str, name: str, spec: dict[str, Any], labels: dict[str, str] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, **({"labels": labels} if labels else {})}
    return {"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def _node(node: Node, peering: Peering) -> dict[str, Any]:
    bgp: dict[str, Any] = {"ipv4Address": f"{node.address}/{node.prefix_length}"}
    if peering.racks:
        bgp["asNumber"] = peering.asn(node)
    return _resource("Node", node.name, {"bgp": bgp}, {RACK: str(node.rack)} if node.rack else None)


def _peer(router: Node, peering: Peering) -> dict[str, Any]:
    """A reflector is everybody's peer; a top-of-rack router that of the nodes with its rack's label."""
    if router.role == "reflector":
        return _resource("BGPPeer", router.name, {"peerIP": router.address, "asNumber": peering.asn(router)})
    gateway = next(node.gateway for node in peering.nodes if node.rack == router.index)
    return _resource("BGPPeer", router.name, {
        "peerIP": gateway, "asNumber": peering.asn(router), "nodeSelector": f"{RACK} == '{router.index}'"})


def environment(node: Node, etcd: str, path: str) -> str:
    """The environment of a node's daemons, an assignment a line; ``etcd`` is the datastore, ``path`` where programs are."""
    values = {
        "PATH": path, "HOME": "/", "NODENAME": node.name, "DATASTORE_TYPE": "etcdv3", "ETCD_ENDPOINTS": etcd,
        "CALICO_NETWORKING_BACKEND": "bird", "CLUSTER_TYPE": "podpath,bgp",
        "IP": f"{node.address}/{node.prefix_length}", "IP6": "none",
        "NO_DEFAULT_POOLS": "true", "CALICO_MANAGE_CNI": "false", "CALICO_DISABLE_FILE_LOGGING": "true",
        "BGP_LOGSEVERITYSCREEN": "warning",
        "FELIX_FELIXHOSTNAME": node.name, "FELIX_DATASTORETYPE": "etcdv3", "FELIX_ETCDENDPOINTS": etcd,
        "FELIX_LOGSEVERITYSCREEN": "warning", "FELIX_HEALTHENABLED": "true",
        # As in Calico's own manifest.
        "FELIX_IPV6SUPPORT": "false", "FELIX_DEFAULTENDPOINTTOHOSTACTION": "ACCEPT",
        # Nobody outside is told of this node. The XDP and BPF programs that felix would clean up it has not made; a build
        # without cgo cannot look for them (felix/bpf, stubs).
        "FELIX_USAGEREPORTINGENABLED": "false", "FELIX_XDPENABLED": "false", "FELIX_DebugSkipCTLBCleanup": "true",
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def cni(node: Node, etcd: str, mtu_bytes: int) -> str:
    """What the CNI plugin reads."""
    return json.dumps({
        "cniVersion": "0.3.1", "name": NETWORK, "type": "calico", "log_level": "warning", "datastore_type": "etcdv3",
        "etcd_endpoints": etcd, "nodename": node.name, "mtu": mtu_bytes,
        "ipam": {"type": "calico-ipam", "assign_ipv4": "true", "assign_ipv6": "false"},
    }, indent=1) + "\n"


def cni_request(pod: Pod, network: str, plugins: str) -> Sequence[str]:
    """What the plugin is asked by its environment (CNI specification 0.3.1): the pod's own address too.

    The end of the container's id becomes the end of the link's name: ``cali`` and ``pod1``.
    """
    return ("CNI_COMMAND=ADD", f"CNI_CONTAINERID={pod.name}", f"CNI_NETNS={network}", "CNI_IFNAME=eth0",
            f"CNI_PATH={plugins}", f"CNI_ARGS=IP={pod.address}")
