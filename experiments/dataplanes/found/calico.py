"""Calico in a cluster: pools say whether packets are wrapped, BGP says who told whom, routes and ``tunl0`` show it.

BIRD is asked in calico-node's own container, by the socket that its image uses (projectcalico/calico v3.32.1,
node/filesystem/etc/service/available/bird/run).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from experiments.catalog import Mode
from experiments.dataplanes.found.cluster_objects import CniPods, Json, Reader, mapping
from experiments.dataplanes.found.cni import Cni, Evidence, Features
from experiments.dataplanes.found.kubernetes import FoundRecipe, over_routers
from experiments.dataplanes.recipe import expect
from experiments.evidence import Check
from experiments.labs.base import Node
from experiments.labs.fabric import bird
from experiments.labs.kubernetes import manifest
from experiments.probes import mtu

GROUP = "crd.projectcalico.org"
TUNNEL = "tunl0"
TUNNELS = {TUNNEL: "ipip", "vxlan.calico": "vxlan"}  # Calico's devices
FORWARDING = {"bpfEnabled": "eBPF", "wireguardEnabled": "WireGuard"}  # FelixConfiguration: who forwards, if not Linux alone
SHOW_PROTOCOLS = ("birdcl", "-s", "/var/run/calico/bird.ctl", "show", "protocols")
# Sessions by their names in Calico's configuration of BIRD (confd/etc/calico/confd/templates/bird.cfg.template).
SESSIONS = {"mesh": "Mesh", "global": "Global", "node": "Node"}
CROSS_SUBNET = "CrossSubnet"


@dataclass(frozen=True)
class CalicoEvidence:
    """What was seen of Calico's objects; None: it could not be seen."""

    ip_pools: tuple[Json, ...] | None = None  # their specs
    bgp: Json | None = None  # spec of the BGPConfiguration `default`; empty where there is none
    peers: tuple[Json, ...] | None = None  # specs of the BGPPeers
    felix: Json | None = None  # spec of the FelixConfiguration `default`


class FoundCalico(FoundRecipe):
    """IPIP, and the three ways of BGP without encapsulation."""

    daemon = "calico-node"
    seen: CalicoEvidence

    @property
    def wraps(self) -> bool:
        """Whether packets go through the tunnel."""
        return self.mode.encapsulation.name == "ipip"

    def _pod_bytes(self, mode: Mode) -> int:
        """``veth_mtu`` of the config map, unless it is 0, which means: by the underlay."""
        pods = self.daemon_pods
        if pods is not None and (data := self.reader.config(pods.namespace, "calico-config")) is not None:
            given = str(data.get("veth_mtu", "0"))
            if given.isdigit() and int(given):
                return int(given)
        for one in self.reader.items("installations.operator.tigera.io") or []:
            given = str(mapping(mapping(one.get("spec")).get("calicoNetwork")).get("mtu", "0"))
            if given.isdigit() and int(given):
                return int(given)
        return super()._pod_bytes(mode)

    def _with_settings(self, mode: Mode) -> Mode:
        """Without a tunnel each router between the nodes takes one of the TTL; in our own fabric mode.yml counted them."""
        if mode.encapsulation.name == "none" and self.lab.foreign and not self.lab.refused:
            return over_routers(self.lab, mode)
        return mode

    # -- objects and sessions -----------------------------------------------------------------------------------------

    def _object_checks(self) -> list[Check]:
        checks = []
        for pool in pools_of(self.seen.ip_pools or (), self.pods[1].address):
            evidence = f"kubectl get ippools.crd.projectcalico.org -o json: {pool.get('cidr')}"
            ipip = str(pool.get("ipipMode") or "Never")
            # By the nodes' networks: then the routes decide, and are looked at below.
            wanted = CROSS_SUBNET if ipip == CROSS_SUBNET and not self.lab.refused else "Always" if self.wraps else "Never"
            checks += [expect("ippool.ipipMode", "cluster", wanted, ipip, evidence),
                       expect("ippool.vxlanMode", "cluster", "Never", str(pool.get("vxlanMode") or "Never"), evidence)]
        if self.seen.bgp is not None and self.seen.peers is not None:
            checks.append(expect("bgp.peering", "cluster", peering_of(self.mode), peering(self.seen.bgp, self.seen.peers),
                                 "kubectl get bgpconfigurations,bgppeers (crd.projectcalico.org) -o json"))
        return checks

    def _daemon_checks(self) -> list[Check]:
        return [check for node in self.lab.nodes for check in self._sessions(node)]

    def _sessions(self, node: Node) -> list[Check]:
        """In the mesh the session with the other node; else all those with the common, or the node's own, peers."""
        done = self._inside(node, *SHOW_PROTOCOLS)
        if done is None:
            return []
        found = bird.sessions(done.stdout)
        kind = peering_of(self.mode)
        prefix = SESSIONS[kind]
        wanted = ([bird.peer_name(prefix, self._other(node).address)] if kind == "mesh"
                  else [name for name in found if name.startswith(f"{prefix}_")] or [f"{prefix}_…"])
        return [expect(f"bgp.session.{name}", node.name, "Established", found.get(name, "no such session"), done.command)
                for name in wanted]

    # -- what the node shows ------------------------------------------------------------------------------------------

    def _node_checks(self, node: Node) -> list[Check]:
        route, evidence = self._route(node)
        checks = [
            expect("route.device", node.name, TUNNEL if self.wraps else node.device, route.get("dev", "no route"), evidence),
            expect("route.protocol", node.name, "bird", route.get("protocol", "no route"), evidence),
        ]
        if (gateway := self._gateway(node)) is not None:
            checks.append(expect("route.gateway", node.name, gateway, route.get("gateway", "no route"), evidence))
        if self.wraps:
            checks += self._tunnel_checks(node)
        if self.lab.routers and node.gateway and node == self.lab.nodes[0]:
            checks.append(self._path_check(node))
        return checks

    def _gateway(self, node: Node) -> str | None:
        """A reflected route keeps the originating node; a rack's router stands on the way, known only in our own fabric."""
        if peering_of(self.mode) == "node":
            return node.gateway or None
        return self._other(node).address

    def _tunnel_checks(self, node: Node) -> list[Check]:
        link = self._link(node, TUNNEL)
        evidence = f"ip -json -details link show dev {TUNNEL}"
        kind = mapping(link.get("linkinfo")).get("info_kind", "no such device")
        return [expect("tunnel.kind", node.name, "ipip", kind, evidence),
                expect("tunnel.mtu_bytes", node.name, self.mode.mtu.pod_bytes, link.get("mtu", 0), evidence),
                expect("tunnel.up", node.name, True, "UP" in link.get("flags", []), evidence)]

    def _path_check(self, node: Node) -> Check:
        """Who answers that the time to live ran out: the racks' routers, in their order."""
        client, server = self.pods
        return expect("path.tors", client.name, [node.gateway, self.lab.routers[1].address],
                      mtu.hops(self.lab, client.name, server.address, (2, 3)), f"ping -c 1 -t 2|3 {server.address}")

    def _data_plane(self) -> str:
        return "ipip tunnel and routing" if self.wraps else "routing"


class CalicoCni(Cni):
    """Calico, of which the objects say most."""

    name = "calico"
    evidence = CalicoEvidence
    recipes: ClassVar = {"none": FoundCalico, "ipip": FoundCalico}

    def ask(self, reader: Reader, pods: CniPods | None, nodes: Sequence[Json]) -> CalicoEvidence:
        """As :meth:`Cni.ask`."""
        if pods is None:
            return CalicoEvidence()
        return CalicoEvidence(
            ip_pools=reader.specs(f"ippools.{GROUP}", ("cidr", "ipipMode", "vxlanMode", "disabled")),
            bgp=reader.spec(f"bgpconfigurations.{GROUP}", "default", ("nodeToNodeMeshEnabled", "asNumber")),
            peers=reader.specs(f"bgppeers.{GROUP}", ("node", "nodeSelector", "peerIP", "peerSelector", "asNumber")),
            felix=reader.spec(f"felixconfigurations.{GROUP}", "default", ("bpfEnabled", "wireguardEnabled")),
        )

    def wants(self, mode: Mode) -> Features:
        """As :meth:`Cni.wants`."""
        return {"peers": peering_of(mode), "forwarding": "Linux"}

    def read(self, own: CalicoEvidence, seen: Evidence) -> tuple[Features, list[str]]:
        """As :meth:`Cni.read`."""
        found: Features = {}
        words: list[str] = []
        if own.ip_pools is None:
            words.append("IPPools could not be read")
        else:
            kinds = {_wrapping(pool) for pool in pools_of(own.ip_pools, seen.pod)}
            words += [f"IPPool {pool.get('cidr')}: ipipMode {pool.get('ipipMode', 'Never')}, vxlanMode "
                      f"{pool.get('vxlanMode', 'Never')}" for pool in pools_of(own.ip_pools, seen.pod)]
            if "by route" in kinds:
                if seen.route is None:
                    words.append("whether packets are wrapped here depends on the nodes' networks; the route was not seen")
                else:
                    kinds = kinds - {"by route"} | {TUNNELS.get(str(seen.route.get("dev")), "none")}
            if "by route" not in kinds:
                found["encapsulation"] = " and ".join(sorted(kinds)) or "no pool"
        if own.bgp is None or own.peers is None:
            words.append("who peers with whom could not be read")
        else:
            found["peers"] = peering(own.bgp, own.peers)
            words.append({"mesh": "nodes peer with each other (nodeToNodeMeshEnabled)"}.get(
                found["peers"], f"no mesh; BGPPeers: {found['peers']} ({len(own.peers)})"))
        if own.felix is not None:
            switched = [switch for switch in FORWARDING if own.felix.get(switch) is True]
            found["forwarding"] = FORWARDING[switched[0]] if switched else "Linux"
            words += [f"FelixConfiguration: {switch}" for switch in switched]
        return found, words


def peering_of(mode: Mode) -> str:
    """Who peers with whom in a mode of Calico, by the objects of its kind.yml."""
    objects = manifest.installation(mode.variant_of or mode.name).objects
    bgp = next((one.spec for one in objects if one.kind == "BGPConfiguration"), {})
    return peering(bgp, tuple(one.spec for one in objects if one.kind == "BGPPeer"))


def peering(bgp: Json, peers: tuple[Json, ...]) -> str:
    """Who peers with whom: each node with every other, with the same peers for all nodes, with peers of its own.

    Calico's documentation makes route reflectors in the cluster with the selector ``all()``: the same peers for all nodes.
    """
    if bgp.get("nodeToNodeMeshEnabled", True):
        return "mesh"
    kinds = {"node" if peer.get("node") or str(peer.get("nodeSelector", "")).strip() not in ("", "all()") else "global"
             for peer in peers}
    return " and ".join(sorted(kinds)) or "nobody"


def pools_of(pools: tuple[Json, ...], pod: str) -> list[Json]:
    """The IPv4 pools that are in use: the one of the pod's address where that is known, else all."""
    used = [pool for pool in pools if not pool.get("disabled") and ":" not in str(pool.get("cidr", ""))]
    holding = [pool for pool in used if pod and _inside(pod, str(pool.get("cidr", "")))]
    return holding or used


def _inside(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _wrapping(pool: Json) -> str:
    for key, kind in (("vxlanMode", "vxlan"), ("ipipMode", "ipip")):
        if (mode := str(pool.get(key) or "Never")) != "Never":
            return kind if mode == "Always" else "by route"
    return "none"
