"""Which mode of the catalogue a cluster runs: from the CNI's objects, and from links and routes where they could be seen.

A pure function over evidence that was collected before. What a mode looks like is not written here: it is in the
catalogue (``mode.yml``: ``cni``, ``encapsulation``, ``signs``; ``kind.yml``: who peers with whom). What could not be seen
contradicts nothing; what was seen and differs excludes a mode.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.catalog import Mode
from experiments.labs.kind.kind_plan import DAEMON_SETS
from experiments.labs.kubernetes import manifest

CNIS = {daemon_set: cni for cni, (_, daemon_set) in DAEMON_SETS.items()}
# Daemon sets of other CNIs, by the names in their makers' manifests: they explain why a cluster is none of ours.
OTHERS = {"cilium": "Cilium", "canal": "Canal (Flannel's packets, Calico's policies)", "kube-router": "kube-router",
          "antrea-agent": "Antrea", "ovnkube-node": "OVN-Kubernetes", "aws-node": "Amazon VPC CNI", "kindnet": "kindnet",
          "azure-cns": "Azure CNI"}
BACKEND = "flannel.alpha.coreos.com/backend-type"  # an annotation of nodes: flannel-io/flannel pkg/subnet/kube/annotations.go
WITHOUT_DATAPATH_BYTES = 65535  # weaveworks/weave net/bridge.go: the pods' MTU with --no-fastdp …
WITH_DATAPATH_BYTES = 1376  # … and else
FORWARDING = {"bpfEnabled": "eBPF", "wireguardEnabled": "WireGuard"}  # FelixConfiguration: who forwards, if not Linux alone
TUNNELS = {"tunl0": "ipip", "vxlan.calico": "vxlan"}  # Calico's devices
UNDERLAY = "underlay"

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What was seen of a cluster's network. None: it could not be seen, which is not the same as nothing being there."""

    daemon_sets: tuple[str, ...] = ()
    ip_pools: tuple[Json, ...] | None = None  # Calico's, their specs
    bgp: Json | None = None  # spec of the BGPConfiguration `default`; empty where there is none
    peers: tuple[Json, ...] | None = None  # specs of the BGPPeers
    felix: Json | None = None  # spec of the FelixConfiguration `default`
    flannel: Json | None = None  # net-conf.json of the config map
    backends: tuple[str, ...] = ()  # of the two nodes, by flanneld's annotation
    weave: Mapping[str, str] | None = None  # environment of the container `weave`
    overlays: tuple[str, ...] | None = None  # of weave's connection between the two nodes, seen from each
    links: tuple[Json, ...] | None = None  # of the client's node, as `ip -json -details link` prints them
    route: Json | None = None  # from the client's node to the server's pod, as `ip -json route` prints it
    pod: str = ""  # address of the server's pod
    underlay_device: str = ""


@dataclass(frozen=True)
class Recognised:
    """The modes that nothing seen contradicts, and what was seen, in words."""

    candidates: tuple[str, ...]
    evidence: tuple[str, ...]

    @property
    def mode(self) -> str:
        """The one mode that is left; empty where none or several are."""
        return self.candidates[0] if len(self.candidates) == 1 else ""

    @property
    def sentence(self) -> str:
        """What was recognised, with the evidence."""
        seen = "; ".join(self.evidence)
        if not self.candidates:
            return f"none of ours: {seen}"
        return f"{' or '.join(self.candidates)}: {seen}"


def recognise(seen: Evidence, modes: Mapping[str, Mode]) -> Recognised:
    """The modes of the catalogue that the evidence leaves."""
    found, words = _found(seen)
    features, more = _kernel(seen, {mode.signs.device for mode in modes.values()})
    found |= features
    left = [name for name, mode in modes.items()
            if all(found.get(feature, value) == value for feature, value in _wanted(mode).items())
            and _has_device(seen, mode)]
    return Recognised(tuple(left) if "cni" in found else (), (*words, *more))


def _has_device(seen: Evidence, mode: Mode) -> bool:
    """Whether the mode's device is among the links, where these were seen."""
    # The fallback sleeve has no device of its own: its frames come out of the datapath as upcalls.
    if seen.links is None or not mode.signs.device or mode.encapsulation.name == "sleeve":
        return True
    kinds = {str(link.get("ifname")): link_kind(link) for link in seen.links}
    return kinds.get(mode.signs.device) == mode.signs.device_kind


# -- what the catalogue says of a mode --------------------------------------------------------------------------------


def _wanted(mode: Mode) -> dict[str, str]:
    """A mode's features by name; those it does not care about are left out."""
    wanted = {"cni": mode.cni.name, "encapsulation": mode.encapsulation.name, **_signs(mode.signs.route)}
    if mode.cni.name == "calico":
        wanted |= {"peers": peering_of(mode), "forwarding": "Linux"}
    if mode.cni.name == "weave":
        wanted |= {"sealed": str(mode.password), "pods": _pods(mode.mtu.pod_device_bytes)}
    return wanted


def _signs(route: str) -> dict[str, str]:
    """Of a route as mode.yml shows it, the device (the underlay's is called eth0 there) and who put it there."""
    words = route.split()
    found = {}
    if "dev" in words:
        device = words[words.index("dev") + 1]
        found["route"] = UNDERLAY if device == "eth0" else device
    if "proto" in words:
        found["protocol"] = words[words.index("proto") + 1]
    return found


def _pods(device_bytes: int) -> str:
    return "as large as they come" if device_bytes == WITHOUT_DATAPATH_BYTES else "of the datapath's size"


def peering_of(mode: Mode) -> str:
    """Who peers with whom in a mode of Calico, by the objects of its kind.yml."""
    objects = manifest.kubernetes(mode.variant_of or mode.name).objects
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


# -- what the cluster shows -------------------------------------------------------------------------------------------


def _found(seen: Evidence) -> tuple[dict[str, str], list[str]]:
    """The cluster's features as far as they were seen, and in words where each was read."""
    ours = sorted({CNIS[name] for name in seen.daemon_sets if name in CNIS})
    others = sorted({OTHERS[name] for name in seen.daemon_sets if name in OTHERS})
    words = [f"daemon set {name}" for name in seen.daemon_sets if name in CNIS or name in OTHERS]
    if not ours and not others and seen.backends:
        kinds = ", ".join(map(backend_of, seen.backends))
        ours, words = ["flannel"], [f"node annotation {BACKEND}: {kinds}, and no daemon set of flannel's"]
    if not ours and not others:
        return {}, [f"no daemon set of a CNI that is known here ({', '.join(CNIS)})"]
    found = {"cni": " and ".join([*ours, *others])}
    if found["cni"] in _READERS:
        features, more = _READERS[found["cni"]](seen)
        found |= features
        words += more
    return found, words


def _calico(seen: Evidence) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    words: list[str] = []
    if seen.ip_pools is None:
        words.append("IPPools could not be read")
    else:
        kinds = {_wrapping(pool) for pool in pools_of(seen.ip_pools, seen.pod)}
        words += [f"IPPool {pool.get('cidr')}: ipipMode {pool.get('ipipMode', 'Never')}, vxlanMode "
                  f"{pool.get('vxlanMode', 'Never')}" for pool in pools_of(seen.ip_pools, seen.pod)]
        if "by route" in kinds:
            if seen.route is None:
                words.append("whether packets are wrapped here depends on the nodes' networks; the route was not seen")
            else:
                kinds = kinds - {"by route"} | {TUNNELS.get(str(seen.route.get("dev")), "none")}
        if "by route" not in kinds:
            found["encapsulation"] = " and ".join(sorted(kinds)) or "no pool"
    if seen.bgp is None or seen.peers is None:
        words.append("who peers with whom could not be read")
    else:
        found["peers"] = peering(seen.bgp, seen.peers)
        words.append({"mesh": "nodes peer with each other (nodeToNodeMeshEnabled)"}.get(
            found["peers"], f"no mesh; BGPPeers: {found['peers']} ({len(seen.peers)})"))
    if seen.felix is not None:
        switched = [switch for switch in FORWARDING if seen.felix.get(switch) is True]
        found["forwarding"] = FORWARDING[switched[0]] if switched else "Linux"
        words += [f"FelixConfiguration: {switch}" for switch in switched]
    return found, words


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


def backend_of(annotation: str) -> str:
    """The backend that flanneld's annotation of a node means: only udp's lease has no name (pkg/backend/udp/udp_amd64.go)."""
    return annotation or "udp"


def _flannel(seen: Evidence) -> tuple[dict[str, str], list[str]]:
    kinds = {backend_of(one) for one in seen.backends}
    words = [f"node annotation {BACKEND}: {one or 'empty, as udp leaves it'}" for one in sorted(set(seen.backends))]
    if seen.flannel is not None:
        backend = _mapping(seen.flannel.get("Backend"))
        kind = str(backend.get("Type") or "udp")  # pkg/subnet/config.go: what a config without a backend means
        kinds.add(kind)
        words.append(f"net-conf.json: Backend.Type {kind}")
        if backend.get("DirectRouting") is True:
            kinds.add("plain routes inside one network")
            words.append("net-conf.json: DirectRouting")
    return ({"encapsulation": " and ".join(sorted(kinds))} if kinds else {}), words


def _weave(seen: Evidence) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    words: list[str] = []
    if seen.weave is not None:
        without = bool(seen.weave.get("WEAVE_NO_FASTDP"))
        size = seen.weave.get("WEAVE_MTU") or str(WITHOUT_DATAPATH_BYTES if without else WITH_DATAPATH_BYTES)
        found["sealed"] = str("WEAVE_PASSWORD" in seen.weave)
        found["pods"] = _pods(int(size) if size.isdigit() else 0)
        if without:
            found["encapsulation"] = "sleeve"
        words += [f"{name} is set" for name in ("WEAVE_NO_FASTDP", "WEAVE_PASSWORD", "WEAVE_MTU") if seen.weave.get(name)]
    if seen.overlays is not None:
        # It falls back to sleeve in silence: what the connection says counts, not what was asked for.
        kinds = {{"fastdp": "vxlan"}.get(one, one) for one in seen.overlays}
        found["encapsulation"] = " and ".join(sorted(kinds)) or "no connection"
        words.append(f"connection between the nodes: {', '.join(seen.overlays) or 'none'}")
    return found, words


_READERS = {"calico": _calico, "flannel": _flannel, "weave": _weave}


def _kernel(seen: Evidence, devices: set[str]) -> tuple[dict[str, str], list[str]]:
    """What the client's node itself shows; ``devices`` are those that are a sign of some mode."""
    found: dict[str, str] = {}
    words: list[str] = []
    if seen.route is not None:
        device = str(seen.route.get("dev", "none"))
        found["route"] = UNDERLAY if device == seen.underlay_device else device
        found["protocol"] = str(seen.route.get("protocol", "none"))
        words.append(f"route {seen.route.get('dst')} dev {device} proto {found['protocol']}")
    for link in seen.links or ():
        if str(link.get("ifname")) in devices:
            words.append(f"link {link['ifname']} ({link_kind(link)})")
    return found, words


def link_kind(link: Json) -> str:
    """What a link is: ``vxlan``, ``ipip``, ``tun`` …; empty for a plain device."""
    about = _mapping(link.get("linkinfo"))
    kind = str(about.get("info_kind", ""))
    return str(_mapping(about.get("info_data")).get("type", kind)) if kind == "tun" else kind


def _mapping(value: object) -> Json:
    """What a cluster says may be anything."""
    return value if isinstance(value, Mapping) else {}
