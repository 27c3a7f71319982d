"""What Calico's daemons are told, without running any."""

from __future__ import annotations

import json
from typing import Any

import pytest

from experiments import catalog
from experiments.dataplanes.upstream import calico_resources
from experiments.labs.base import Node, Pod
from experiments.labs.fabric import addresses, peering
from experiments.labs.fabric.peering import Peering

ETCD = "http://172.31.0.1:2379"


def _resources(name: str, nodes: int = 2) -> dict[str, list[dict[str, Any]]]:
    mode = catalog.get(name)
    members, routers = addresses.plan(nodes, mode.underlay.kind, mode.underlay.reflectors)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(calico_resources.resources(mode, Peering(members, routers, peering.tunnel(mode)))):
        assert one["apiVersion"] == "projectcalico.org/v3"
        found.setdefault(one["kind"], []).append(one)
    return found


@pytest.mark.parametrize(("name", "mesh", "ipip"), [
    ("calico-bgp", True, "Never"), ("calico-ipip", True, "Always"), ("calico-bgp-global", False, "Never"),
    ("calico-bgp-node", False, "Never"),
])
def test_the_pool_and_the_mesh_are_those_of_the_mode(name: str, mesh: bool, ipip: str) -> None:
    found = _resources(name)
    assert [one["spec"]["nodeToNodeMeshEnabled"] for one in found["BGPConfiguration"]] == [mesh]
    assert [(one["spec"]["cidr"], one["spec"]["ipipMode"]) for one in found["IPPool"]] == [("192.168.0.0/16", ipip)]
    assert ("BGPPeer" in found) != mesh


def test_reflectors_are_everybody_s_peers() -> None:
    peers = [one["spec"] for one in _resources("calico-bgp-global")["BGPPeer"]]
    assert peers == [{"peerIP": "172.31.0.101", "asNumber": 64512}, {"peerIP": "172.31.0.102", "asNumber": 64512}]


def test_a_rack_s_router_is_the_peer_of_the_nodes_with_its_label() -> None:
    found = _resources("calico-bgp-node", 3)
    assert [(one["metadata"]["labels"], one["spec"]["bgp"]["asNumber"]) for one in found["Node"]] == [
        ({"rack": "1"}, 64513), ({"rack": "2"}, 64514), ({"rack": "3"}, 64515)]
    assert found["BGPPeer"][2]["spec"] == {"peerIP": "172.31.3.1", "asNumber": 64603, "nodeSelector": "rack == '3'"}


def test_a_value_with_blanks_stays_one_value() -> None:
    lines = calico_resources.environment(Node("node1", 1, "172.31.0.1"), ETCD, "/a folder:/bin").splitlines()
    assert "PATH='/a folder:/bin'" in lines
    assert "IP=172.31.0.1/24" in lines and f"FELIX_ETCDENDPOINTS={ETCD}" in lines


def test_the_plugin_is_asked_for_the_pod_s_own_address_and_size() -> None:
    told = json.loads(calico_resources.cni(Node("node1", 1, "172.31.0.1"), ETCD, 1480))
    assert (told["mtu"], told["nodename"], told["ipam"]["type"]) == (1480, "node1", "calico-ipam")
    asked = calico_resources.cni_request(Pod("pod1", "node1", "192.168.1.2"), "/run/netns/pod1", "/plugins")
    assert {"CNI_ARGS=IP=192.168.1.2", "CNI_NETNS=/run/netns/pod1", "CNI_PATH=/plugins"} <= set(asked)
