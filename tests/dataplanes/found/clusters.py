"""Clusters that were never started, as `invoke recognise --collect` would have saved them; built from few words each.

The shapes are those of kubectl (Kubernetes' and the CNIs' own objects), of `ip -json` and `bridge -json` (iproute2), of
/proc/net/tcp and of BIRD's and Weave's own listings, written by hand from their documentation and the published manifests.
"""

from __future__ import annotations

import copy
import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NODES = {"n1": "10.0.0.1", "n2": "10.0.0.2", "n3": "10.0.0.3"}
PODS = {"n1": "192.168.1.2", "n2": "192.168.2.2", "n3": "192.168.3.2"}
FLANNEL = "flannel.alpha.coreos.com"
CALICO = "projectcalico.org/IPv4Address"
DEFAULT = {"dst": "default", "gateway": "10.0.0.254", "dev": "eth0", "protocol": "static"}
SUBNET = {"dst": "10.0.0.0/24", "dev": "eth0", "protocol": "kernel", "scope": "link"}
COLUMNS = "NODE NAMESPACE NAME PHASE IPS HOST CONTAINERS\n"

Files = dict[str, Any]  # a list: Kubernetes' objects, or what `ip -json` lists; else a file's text


@dataclass(frozen=True)
class Cluster:
    """A saved cluster, by its files."""

    files: Files

    def write(self, folder: Path) -> Path:
        """Save it; the folder."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            listed = {"apiVersion": "v1", "kind": "List", "items": content} if "/" not in name else content
            path.write_text(content if isinstance(content, str) else json.dumps(listed))
        return folder

    def reduced(self) -> Iterator[tuple[str, Cluster]]:
        """The cluster without one of its files, and without one of its objects, links, routes or entries."""
        for name, content in self.files.items():
            yield name, Cluster({key: value for key, value in self.files.items() if key != name})
            for number in range(len(content) if isinstance(content, list) else 0):
                yield f"{name} {number}", Cluster({**self.files, name: content[:number] + content[number + 1:]})



def with_files(cluster: Cluster, changed: Mapping[str, Any]) -> Cluster:
    """The cluster with other files; None takes one away."""
    merged = {**copy.deepcopy(cluster.files), **changed}
    return Cluster({name: content for name, content in merged.items() if content is not None})


# -- the API ----------------------------------------------------------------------------------------------------------


def node(name: str, notes: Mapping[str, str] | None = None, **status: Any) -> dict[str, Any]:
    """A node's object."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "annotations": dict(notes or {})}, "spec": {},
            "status": {"conditions": [{"type": "Ready", "status": "True"}],
                       "addresses": [{"type": "InternalIP", "address": NODES.get(name, "10.0.0.9")}],
                       "nodeInfo": {"operatingSystem": "linux", "architecture": "amd64"}, **status}}


def daemon_set(
    name: str, *containers: tuple[str, str], namespace: str = "kube-system", env: Mapping[str, str] | None = None,
    volume: str = "",
) -> dict[str, Any]:
    """A daemon set; containers are names and images, of which the first has the environment."""
    made: list[dict[str, Any]] = [{"name": one, "image": image} for one, image in containers or [(name, f"{name}:1")]]
    made[0]["env"] = [{"name": key, "value": value} for key, value in (env or {}).items()]
    volumes = [{"name": "cni", "hostPath": {"path": volume}}] if volume else []
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "namespace": namespace}, "spec": {
        "selector": {"matchLabels": {"k8s-app": name}}, "template": {"spec": {"containers": made, "volumes": volumes}}}}


def _object(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, "spec": dict(spec)}


PROXY = daemon_set("kube-proxy")


def api(sets: Sequence[Mapping[str, Any]], notes: Mapping[str, Mapping[str, str]] | None = None) -> Files:
    """Three nodes, with pods on each, and the daemon sets."""
    rows = [f"{name} default web-{name} Running {address} <none> web\n" for name, address in PODS.items()]
    rows += [f"{name} kube-system kube-proxy-{name} Running {address} true kube-proxy\n" for name, address in NODES.items()]
    return {"nodes.json": [node(name, (notes or {}).get(name, {})) for name in NODES],
            "daemonsets.apps.json": [*sets, PROXY], "pods.txt": COLUMNS + "".join(rows)}


# -- the nodes --------------------------------------------------------------------------------------------------------


def link(name: str, kind: str = "", **more: Any) -> dict[str, Any]:
    """A link as `ip -json -details address show` prints it."""
    told = {"linkinfo": {"info_kind": kind, **more}} if kind else {}
    return {"ifname": name, "flags": ["UP"], "mtu": 1500, "addr_info": [], **told}


def tcp(address: str, partners: Sequence[str]) -> str:
    """/proc/net/tcp of a node that has dialled these to port 179."""
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    words = [f"   {number}: {_hex(address)}:C350 {_hex(to)}:00B3 01 00000000:00000000 00:00000000 00000000 0 0 1\n"
             for number, to in enumerate(partners)]
    return head + "".join(words)


def _hex(address: str) -> str:
    return ipaddress.IPv4Address(address).packed[::-1].hex().upper()


def kernel(
    links: Sequence[Mapping[str, Any]], route: Mapping[str, Any], *, partners: Mapping[str, Sequence[str]] | None = None,
    own: Mapping[str, Mapping[str, str]] | None = None, entries: bool = False, device: str = "",
) -> Files:
    """What n1 and n2 show. In ``route`` and ``own`` GATEWAY is the other node, BLOCK the block of its pods."""
    files: Files = {}
    for one, other in (("n1", "n2"), ("n2", "n1")):
        eth0 = {**link("eth0"), "addr_info": [{"family": "inet", "local": NODES[one], "prefixlen": 24}]}
        block = PODS[other].rpartition(".")[0] + ".0/24"
        filled = {key: value.replace("GATEWAY", NODES[other]).replace("BLOCK", block) if isinstance(value, str) else value
                  for key, value in route.items()}
        files[f"{one}/links.json"] = [link("lo"), eth0, *map(dict, links)]
        files[f"{one}/routes.json"] = [DEFAULT, SUBNET, *([filled] if filled else [])]
        files[f"{one}/tcp.txt"] = tcp(NODES[one], (partners or {}).get(one, ()))
        if entries:
            files[f"{one}/fdb.json"] = [{"mac": "02:00:00:00:00:01", "ifname": device, "dst": NODES[other]}]
        files |= {f"{one}/{file}": text.replace("GATEWAY", NODES[other]) for file, text in (own or {}).get(one, {}).items()}
    return files


def both(text: str, file: str) -> dict[str, dict[str, str]]:
    """The same answer of both nodes, in which GATEWAY is the other node."""
    return {name: {file: text} for name in ("n1", "n2")}


# -- CNIs -------------------------------------------------------------------------------------------------------------

MESH = {name: [address for other, address in NODES.items() if other != name] for name in NODES}
REFLECTOR = {"n1": ["10.0.0.3"], "n2": ["10.0.0.3"]}  # n3, a node of the cluster
OUTSIDE = {"n1": ["10.0.9.1", "10.0.9.2"], "n2": ["10.0.9.1", "10.0.9.2"]}
PLAIN_ROUTE = {"dst": "BLOCK", "gateway": "GATEWAY", "dev": "eth0", "protocol": "bird"}
IPIP_ROUTE = {"dst": "BLOCK", "gateway": "GATEWAY", "dev": "tunl0", "protocol": "bird", "flags": ["onlink"]}
CALI, TUNL0 = link("cali1234", "veth"), link("tunl0", "ipip")
NODE_IMAGE = ("calico-node", "docker.io/calico/node:v3.32.1")


def sessions(*names: str) -> str:
    """BIRD's own listing of BGP sessions that are established."""
    rows = [f"{name} BGP      ---    up     2026-11-26 11:49:34  Established\n" for name in names]
    return "BIRD ready.\nName       Proto      Table      State  Since         Info\n" + "".join(rows)


def calico(
    *, ipip: str = "Never", vxlan: str = "Never", mesh: bool | None = None, peers: Sequence[Mapping[str, Any]] = (),
    felix: Mapping[str, Any] | None = None, group: str = "crd.projectcalico.org", sets: Sequence[Mapping[str, Any]] = (),
    links: Sequence[Mapping[str, Any]] = (CALI,), route: Mapping[str, Any] = PLAIN_ROUTE,
    partners: Mapping[str, Sequence[str]] = MESH, own: Mapping[str, Mapping[str, str]] | None = None,
    pools: Sequence[Mapping[str, Any]] = (),
) -> Cluster:
    """Calico as its manifest or its operator installs it; ``mesh`` None leaves BGPConfiguration out."""
    notes = {name: {CALICO: f"{address}/24"} for name, address in NODES.items()}
    bgp = [] if mesh is None else [_object("BGPConfiguration", "default", {"nodeToNodeMeshEnabled": mesh, "asNumber": 64512})]
    pool = [{"cidr": "192.168.0.0/16", "ipipMode": ipip, "vxlanMode": vxlan}]
    objects: Files = {} if not group else {
        f"ippools.{group}.json": [_object("IPPool", f"pool-{n}", spec) for n, spec in enumerate(pools or pool)],
        f"bgpconfigurations.{group}.json": bgp,
        f"bgppeers.{group}.json": [_object("BGPPeer", f"peer-{n}", spec) for n, spec in enumerate(peers)],
        f"felixconfigurations.{group}.json": [_object("FelixConfiguration", "default", felix or {"logSeverityScreen": "Info"})]}
    return Cluster({**api(sets or [daemon_set("calico-node", NODE_IMAGE)], notes), **objects,
                    **kernel(links, route, partners=partners, own=own)})


VXLAN_ROUTE = {"dst": "BLOCK", "gateway": "BLOCK", "dev": "flannel.1", "flags": ["onlink"]}
CNI0 = link("cni0", "bridge")
FLANNEL_IMAGE = ("kube-flannel", "ghcr.io/flannel-io/flannel:v0.28.9")


def flannel(
    backend: str = "vxlan", *, conf: Mapping[str, Any] | None = None, notes: Mapping[str, str] | None = None,
    sets: Sequence[Mapping[str, Any]] | None = None, device: str = "flannel.1", kind: str = "vxlan",
    route: Mapping[str, Any] | None = None, entries: bool = True, links: Sequence[Mapping[str, Any]] | None = None,
) -> Cluster:
    """Flannel; ``notes`` are its backends by node, where they differ."""
    told = {name: {f"{FLANNEL}/backend-type": (notes or {}).get(name, "" if backend == "udp" else backend),
                   f"{FLANNEL}/public-ip": address} for name, address in NODES.items()}
    if sets is None:
        sets = [daemon_set("kube-flannel-ds", FLANNEL_IMAGE, namespace="kube-flannel")]
    config: Files = {}
    if any(one["metadata"]["name"] == "kube-flannel-ds" for one in sets):
        text = json.dumps({"Network": "192.168.0.0/16", "Backend": conf or {"Type": backend}})
        config = {"configmap.kube-flannel-cfg.json": [{"kind": "ConfigMap", "data": {"net-conf.json": text},
                                                       "metadata": {"name": "kube-flannel-cfg", "namespace": "kube-flannel"}}]}
    shown = [CNI0, link(device, kind)] if links is None else links
    leads = {**VXLAN_ROUTE, "dev": device} if route is None else route
    return Cluster({**api(sets, told), **config, **kernel(shown, leads, entries=entries, device=device)})


TUN = link("flannel0", "tun", info_data={"type": "tun"})
UDP_ROUTE = {"dst": "192.168.0.0/16", "dev": "flannel0"}
WEAVE_ROUTE = {"dst": "192.168.0.0/16", "dev": "weave", "protocol": "kernel"}
FAST_LINKS = (link("weave", "bridge"), link("datapath", "openvswitch"), link("vxlan-6784", "vxlan"))
SLEEVE_LINKS = (link("weave", "bridge"), link("vethwe-pcap", "veth"))


def weave(
    *states: str, env: Mapping[str, str] | None = None, links: Sequence[Mapping[str, Any]] = FAST_LINKS
) -> Cluster:
    """Weave; ``states`` are those of the connection, seen from n1 and from n2."""
    own = {name: {"weave.txt": f"-> GATEWAY:6783      established {state} 02:00:00:00:00:01(peer) mtu=1376\n"}
           for name, state in zip(("n1", "n2"), states, strict=False)}
    sets = [daemon_set("weave-net", ("weave", "rajchaudhuri/weave-kube:2.9.0"), env=env or {"CHECKPOINT_DISABLE": "1"})]
    return Cluster({**api(sets), **kernel(links, WEAVE_ROUTE, own=own)})


def other(
    *sets: Mapping[str, Any], links: Sequence[Mapping[str, Any]] = (), route: Mapping[str, Any] | None = None,
    notes: Mapping[str, Mapping[str, str]] | None = None,
) -> Cluster:
    """A CNI that is no mode here."""
    return Cluster({**api(sets, notes), **kernel(links, route or {})})
