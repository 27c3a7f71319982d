"""Calico in a cluster: pools say whether packets are wrapped, BGP says who told whom, routes and ``tunl0`` show it.

BIRD is asked in calico-node's own container, by the socket that its image uses (projectcalico/calico v3.32.1,
node/filesystem/etc/service/available/bird/run).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from experiments.catalog import Mode
from experiments.dataplanes.found import calico_peers
from experiments.dataplanes.found.cluster_objects import CniPods, Json, Reader, mapping
from experiments.dataplanes.found.cni import UNDERLAY, CniInCluster, Evidence, Features, node_addresses
from experiments.dataplanes.found.findings import CLUSTER, LINKS, OBJECTS, PROCESSES, Finding, found, hidden
from experiments.dataplanes.found.kubernetes import FoundRecipe, over_routers
from experiments.dataplanes.found.node_view import NodeView
from experiments.dataplanes.recipe import expect
from experiments.evidence import Check
from experiments.labs.base import Node
from experiments.labs.fabric import bird
from experiments.probes import mtu

# The second holds the objects themselves where Calico runs without its own API server (native v3 CRDs).
GROUPS = ("crd.projectcalico.org", "projectcalico.org")
KINDS = ("ippools", "bgpconfigurations", "bgppeers", "felixconfigurations")
KNOWN = "known"  # the pools, or that no object is to be had
NODE_NOTE = "projectcalico.org/IPv4Address"
TUNNEL = "tunl0"
FORWARDING = {"bpfEnabled": "eBPF", "wireguardEnabled": "WireGuard"}  # FelixConfiguration: who forwards, if not Linux alone
ENVIRONMENT = {"FELIX_BPFENABLED": "eBPF", "FELIX_WIREGUARDENABLED": "WireGuard"}  # the same, as the operator sets it
FORWARDING_LINKS = {"bpfin.cali": "eBPF", "bpfout.cali": "eBPF", "wireguard.cali": "WireGuard"}  # and the devices they make
DAEMONS = frozenset({"calico-node", "felix", "confd", "bird"})
SHOW_PROTOCOLS = ("birdcl", "-s", "/var/run/calico/bird.ctl", "show", "protocols")
FELIX_READY = ("calico-node", "-felix-ready")  # what the readiness probe of Calico's own manifest asks
CROSS_SUBNET = "CrossSubnet"


@dataclass(frozen=True)
class CalicoEvidence:
    """What was seen of Calico's objects; None: it could not be seen."""

    ip_pools: tuple[Json, ...] | None = None  # their specs
    bgp: Json | None = None  # spec of the BGPConfiguration `default`; empty where there is none
    peers: tuple[Json, ...] | None = None  # specs of the BGPPeers
    felix: Json | None = None  # spec of the FelixConfiguration `default`
    environment: Mapping[str, str] | None = None  # of the container `calico-node`


class FoundCalico(FoundRecipe):
    """IPIP, and the three ways of BGP without encapsulation."""

    daemon = "calico-node"
    seen: CalicoEvidence

    def _ask(self) -> None:
        """Also for the addresses of all nodes: a session with one of them is one with a reflector."""
        super()._ask()
        self.addresses = node_addresses(self.reader.items("nodes") or self.objects)

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
            vxlan = str(pool.get("vxlanMode") or "Never")
            # By the nodes' networks: then the routes decide, and are looked at below.
            open_ipip, open_vxlan = (mode == CROSS_SUBNET and not self.lab.refused for mode in (ipip, vxlan))
            wanted = CROSS_SUBNET if open_ipip else "Always" if self.wraps else "Never"
            checks += [expect("ippool.ipipMode", "cluster", wanted, ipip, evidence),
                       expect("ippool.vxlanMode", "cluster", CROSS_SUBNET if open_vxlan and not self.wraps else "Never", vxlan,
                              evidence)]
        if self.seen.bgp is not None and self.seen.peers is not None:
            checks.append(expect("bgp.peering", "cluster", calico_peers.of_mode(self.mode),
                                 calico_peers.peering(self.seen.bgp, self.seen.peers, self.addresses),
                                 "kubectl get bgpconfigurations,bgppeers (crd.projectcalico.org) -o json"))
        return checks

    def _daemon_checks(self) -> list[Check]:
        return [check for node in self.lab.nodes for check in (*self._felix(node), *self._sessions(node))]

    def _felix(self, node: Node) -> list[Check]:
        """Whether Felix says that what it was told is in the kernel: BIRD's sessions stay Established without it."""
        done = self._inside(node, *FELIX_READY)
        if done is None:
            return []
        observed = "ready" if done.exit_code == 0 else " ".join(done.stdout.split())[:200]
        return [expect("felix", node.name, "ready", observed, done.command)]

    def _sessions(self, node: Node) -> list[Check]:
        """In the mesh the session with the other node; else all those with the common, or the node's own, peers."""
        done = self._inside(node, *SHOW_PROTOCOLS)
        if done is None:
            return []
        sessions = bird.sessions(done.stdout)
        kind = calico_peers.of_mode(self.mode)
        names = [name for name in sessions if calico_peers.kind_of(name, self.addresses) == kind]
        if kind == "mesh":
            names = [bird.peer_name("Mesh", self._other(node).address)]
        return [expect(f"bgp.session.{name}", node.name, "Established", sessions.get(name, "no such session"), done.command)
                for name in names or [f"{kind}_…"]]

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
        if calico_peers.of_mode(self.mode) == "node":
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


class CalicoCni(CniInCluster):
    """Calico, of which the objects say most, if they are in the API: with etcd as its datastore they are not."""

    name = "calico"
    evidence = CalicoEvidence
    recipes: ClassVar = {"none": FoundCalico, "ipip": FoundCalico}
    questions: ClassVar = {calico_peers.SESSIONS_FILE: SHOW_PROTOCOLS}
    pod_links = r"cali"
    objects = tuple(f"{kind}.{group}" for group in GROUPS for kind in KINDS)
    devices: ClassVar = {TUNNEL: "ipip", "vxlan.calico": "vxlan", UNDERLAY: "none"}
    decided = frozenset({"cni", "encapsulation", "pools", "peers", "forwarding"})
    confirmed = frozenset({"route", "peers"})

    def ask(self, reader: Reader, pods: CniPods | None, nodes: Sequence[Json]) -> CalicoEvidence:
        """As :meth:`CniInCluster.ask`."""
        if pods is None:
            return CalicoEvidence()
        group = reader.group("ippools", GROUPS)
        return CalicoEvidence(
            ip_pools=reader.specs(f"ippools.{group}", ("cidr", "ipipMode", "vxlanMode", "disabled")),
            bgp=reader.spec(f"bgpconfigurations.{group}", "default", ("nodeToNodeMeshEnabled", "asNumber")),
            peers=reader.specs(f"bgppeers.{group}", ("node", "nodeSelector", "peerIP", "peerSelector", "asNumber")),
            felix=reader.spec(f"felixconfigurations.{group}", "default", ("bpfEnabled", "wireguardEnabled")),
            environment=pods.environment("calico-node"),
        )

    def wants(self, mode: Mode) -> Features:
        """As :meth:`CniInCluster.wants`."""
        return {"peers": calico_peers.of_mode(mode), "forwarding": "Linux", "daemon": "bird", "pools": KNOWN}

    def noted(self, node: Json) -> str:
        """As :meth:`CniInCluster.noted`."""
        notes = mapping(mapping(node.get("metadata")).get("annotations"))
        return f"node annotation {NODE_NOTE}" if NODE_NOTE in notes else ""

    def read(self, own: CalicoEvidence, seen: Evidence) -> list[Finding]:
        """As :meth:`CniInCluster.read`."""
        views = [one for view in seen.views for one in (*calico_peers.by_node(view, seen.addresses), *_forwarding(view))]
        return [*_pools(own, seen), *self.by_route(seen), *calico_peers.by_objects(own.bgp, own.peers, seen.addresses),
                *_felix(own), *views]


def _pools(own: CalicoEvidence, seen: Evidence) -> list[Finding]:
    """What the pools of the pods' addresses say; one pool alone decides, of several the one that holds the pod."""
    if own.ip_pools is None:
        unseen = hidden(OBJECTS, CLUSTER, "IPPools", seen.unseen.get("ippools", ""))
        if any(one is not None for one in (own.bgp, own.peers, own.felix)):
            return [unseen]
        # With etcd as datastore no object is in the API, and the nodes decide; of some alone one could be missed.
        return [unseen, found(OBJECTS, CLUSTER, "none of Calico's objects is in the API", "pools", KNOWN)]
    pools = pools_of(own.ip_pools, seen.pod)
    words = [f"IPPool {pool.get('cidr')}: ipipMode {pool.get('ipipMode') or 'Never'}, vxlanMode "
            f"{pool.get('vxlanMode') or 'Never'}" for pool in pools]
    if not pools:
        return [hidden(OBJECTS, CLUSTER, "the IPPool of the pods", "none that is in use holds their address")]
    possible = frozenset[str]().union(*map(wrapping, pools))
    return [one for said in words for one in (found(OBJECTS, CLUSTER, said, "encapsulation", *possible),
                                              found(OBJECTS, CLUSTER, said, "pools", KNOWN))]


def pools_of(pools: tuple[Json, ...], pod: str) -> list[Json]:
    """The IPv4 pools that are in use: the one of the pod's address where that is known, else all."""
    used = [pool for pool in pools if not pool.get("disabled") and ":" not in str(pool.get("cidr", ""))]
    return [pool for pool in used if _inside(pod, str(pool.get("cidr", "")))] if pod else used


def _inside(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def wrapping(pool: Json) -> frozenset[str]:
    """What can be around a packet by a pool's words: with CrossSubnet also nothing, and the route decides which."""
    for key, kind in (("vxlanMode", "vxlan"), ("ipipMode", "ipip")):
        if (mode := str(pool.get(key) or "Never")) != "Never":
            return frozenset({kind} if mode == "Always" else {kind, "none"})
    return frozenset({"none"})


def _felix(own: CalicoEvidence) -> list[Finding]:
    """Who forwards by the settings; a cluster whose `default` is missing leaves it open."""
    words = [f"FelixConfiguration: {switch}" for switch in FORWARDING if (own.felix or {}).get(switch) is True]
    kinds = [kind for switch, kind in FORWARDING.items() if (own.felix or {}).get(switch) is True]
    for name, kind in ENVIRONMENT.items():
        if (own.environment or {}).get(name, "").lower() == "true":
            words.append(f"{name} is set")
            kinds.append(kind)
    if kinds:
        return [found(OBJECTS, CLUSTER, one, "forwarding", *kinds) for one in words]
    if not own.felix:
        return [hidden(OBJECTS, CLUSTER, "FelixConfiguration default")]
    return [found(OBJECTS, CLUSTER, "FelixConfiguration: neither eBPF nor WireGuard", "forwarding", "Linux")]


def _forwarding(view: NodeView) -> list[Finding]:
    """Who forwards by a node's devices, and whether Calico's BIRD runs there."""
    said = []
    if view.links is not None:
        devices = [(name, kind) for name, kind in FORWARDING_LINKS.items() if name in view.link_names]
        words = ", ".join(f"link {name}" for name, _ in devices) or "no device of eBPF or WireGuard"
        said.append(found(LINKS, view.name, words, "forwarding", *([kind for _, kind in devices] or ["Linux"])))
    if view.processes is not None and view.processes & DAEMONS:
        runs = "bird" in view.processes
        said.append(found(PROCESSES, view.name, "bird runs" if runs else "calico-node runs without bird", "daemon",
                          "bird" if runs else "no bird"))
    return said
