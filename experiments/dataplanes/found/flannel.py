"""Flannel in a cluster: the backend of its config map and of the nodes' annotations, and the kernel's side of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from experiments.catalog import Mode, sizes
from experiments.dataplanes.found.cluster_objects import CniPods, Json, Reader, mapping
from experiments.dataplanes.found.cni import UNDERLAY, CniInCluster, Evidence, Features, link_kind
from experiments.dataplanes.found.findings import CLUSTER, ENTRIES, NOTES, OBJECTS, Finding, found, hidden, note
from experiments.dataplanes.found.kubernetes import FoundRecipe
from experiments.dataplanes.found.node_view import NodeView
from experiments.dataplanes.recipe import expect
from experiments.evidence import Check
from experiments.labs.base import Node, run

BACKEND = "flannel.alpha.coreos.com/backend-type"  # annotations of nodes: flannel-io/flannel pkg/subnet/kube/annotations.go
DATA = "flannel.alpha.coreos.com/backend-data"
CONFIG, NET_CONF = "kube-flannel-cfg", "net-conf.json"  # the config map of its manifest, and the key in it
VXLAN_DEVICE = "flannel.1"  # as mode.yml calls it
VNI, PORT = 1, 8472  # pkg/backend/vxlan/vxlan.go: the default, and the kernel's default for a port that is not given


@dataclass(frozen=True)
class FlannelEvidence:
    """What was seen of Flannel's settings; None: it could not be seen."""

    net_conf: Json | None = None  # net-conf.json of the config map
    backends: tuple[str, ...] = ()  # of the two nodes, by flanneld's annotation


class FoundFlannel(FoundRecipe):
    """What both backends share."""

    daemon = "kube-flannel"
    seen: FlannelEvidence
    kind = ""  # of the device

    @property
    def settings(self) -> dict[str, Any]:
        """``Backend`` of net-conf.json."""
        return mapping((self.seen.net_conf or {}).get("Backend"))

    def _pod_bytes(self, mode: Mode) -> int:
        """``Backend.MTU`` stands for the underlay's (pkg/backend/vxlan/vxlan_network.go)."""
        given = self.settings.get("MTU")
        return (given if isinstance(given, int) and given > 0 else self.underlay_bytes) - mode.overhead_bytes

    def _object_checks(self) -> list[Check]:
        wanted, checks = self.mode.encapsulation.name, []
        if self.seen.net_conf is not None:
            checks.append(expect("backend.type", "cluster", wanted, self.settings.get("Type") or "udp",
                                 "kubectl get configmap kube-flannel-cfg: net-conf.json"))
        checks += [expect("node.backend_type", node.name, wanted, backend_of(kind), "kubectl get node: flanneld's annotation")
                   for node, kind in zip(self.lab.nodes, self.seen.backends, strict=False)]
        return checks

    def _device_checks(self, node: Node, device: str) -> tuple[list[Check], dict[str, Any]]:
        link = self._link(node, device)
        evidence = f"ip -json -details link show dev {device}"
        return [
            expect("device.kind", node.name, self.kind, link_kind(link) or "no such device", evidence),
            expect("device.mtu_bytes", node.name, self.mode.mtu.pod_bytes, link.get("mtu", 0), evidence),
            expect("device.up", node.name, True, "UP" in link.get("flags", []), evidence),
        ], mapping(mapping(link.get("linkinfo")).get("info_data"))


class FoundFlannelVxlan(FoundFlannel):
    """The vxlan backend."""

    kind = "vxlan"

    @property
    def vni(self) -> int:
        """The VXLAN network identifier."""
        found = self.settings.get("VNI", VNI)
        return found if isinstance(found, int) else VNI

    @property
    def port(self) -> int:
        """The UDP port; 0 in the settings means the kernel's."""
        found = self.settings.get("Port", PORT)
        return found if isinstance(found, int) and found else PORT

    def _with_settings(self, mode: Mode) -> Mode:
        return sizes.with_fields(mode, {"udp": {"destination_port": self.port}, "vxlan": {"vni": self.vni}})

    def _node_checks(self, node: Node) -> list[Check]:
        device = f"flannel.{self.vni}"
        checks, data = self._device_checks(node, device)
        evidence = f"ip -json -details link show dev {device}"
        route, shown = self._route(node)
        return [*checks,
                expect("device.vni", node.name, self.vni, data.get("id", 0), evidence),
                expect("device.port", node.name, self.port, data.get("port", 0), evidence),
                expect("route.device", node.name, device, route.get("dev", "no route"), shown),
                expect("route.onlink", node.name, True, "onlink" in route.get("flags", []), shown),
                self._entry_check(node, device)]

    def _entry_check(self, node: Node, device: str) -> Check:
        """The forwarding entry of the other node's tunnel end leads to the other node."""
        other = self._other(node)
        argv = ["bridge", "-json", "fdb", "show", "dev", device]
        entries = _json(run(self.lab, node.name, argv, check=False).stdout)
        mac = self._mac(other)
        found = [entry.get("dst", "none") for entry in entries if mac is None or entry.get("mac") == mac]
        observed = other.address if other.address in found else ", ".join(map(str, found)) or "no entry"
        return expect("fdb.destination", node.name, other.address, observed, " ".join(argv))

    def _mac(self, node: Node) -> str | None:
        """The MAC address of a node's tunnel end, as its flanneld told the others."""
        notes = mapping(mapping(self.objects[self.lab.nodes.index(node)].get("metadata")).get("annotations"))
        try:
            found = mapping(json.loads(str(notes.get(DATA, "")))).get("VtepMAC")
        except ValueError:
            return None
        return str(found) if found else None

    def _data_plane(self) -> str:
        return "vxlan"


class FoundFlannelUdp(FoundFlannel):
    """The udp backend: flanneld carries every packet."""

    kind = "tun"
    process = "flanneld"
    device = "flannel0"

    def _node_checks(self, node: Node) -> list[Check]:
        checks, _ = self._device_checks(node, self.device)
        route, shown = self._route(node)
        return [*checks, expect("route.device", node.name, self.device, route.get("dev", "no route"), shown)]

    def _daemon_checks(self) -> list[Check]:
        return [check for node in self.lab.nodes for check in self._worked_check(node)]

    def _data_plane(self) -> str:
        return "tun, and flanneld"


def _json(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


class FlannelCni(CniInCluster):
    """Flannel, which may run inside another program (k3s): then only the nodes' annotations tell of it."""

    name = "flannel"
    evidence = FlannelEvidence
    recipes: ClassVar = {"vxlan": FoundFlannelVxlan, "udp": FoundFlannelUdp}
    pod_links = r"cni0$"
    config_maps = (CONFIG,)
    confirmed = frozenset({"route", "forwarding entry"})
    devices: ClassVar = {VXLAN_DEVICE: "vxlan", "flannel0": "udp", "flannel-wg": "wireguard", UNDERLAY: "host-gw"}

    def ask(self, reader: Reader, pods: CniPods | None, nodes: Sequence[Json]) -> FlannelEvidence:
        """As :meth:`CniInCluster.ask`."""
        backends = tuple(kind for node in nodes if (kind := _backend(node)) is not None)
        if pods is None:
            return FlannelEvidence(backends=backends)
        data = reader.config(pods.namespace, CONFIG)
        found_conf = net_conf(data)
        if data is not None and found_conf is not None:
            reader.record(f"kubectl --namespace {pods.namespace} get configmap {CONFIG} -o jsonpath="
                          r"'{.data.net-conf\.json}'", str(data[NET_CONF]).strip())
        return FlannelEvidence(found_conf, backends)

    def wants(self, mode: Mode) -> Features:
        """As :meth:`CniInCluster.wants`."""
        return {"forwarding entry": "to the other node"} if mode.encapsulation.name == "vxlan" else {}

    def noted(self, node: Json) -> str:
        """As :meth:`CniInCluster.noted`."""
        kind = _backend(node)
        return "" if kind is None else f"node annotation {BACKEND}: {backend_of(kind)}"

    def canonical(self, device: str) -> str:
        """Clusters with Windows nodes have another number than 1 (flannel-io/flannel issue 1128)."""
        return VXLAN_DEVICE if re.fullmatch(r"flannel\.\d{1,8}", device) else device

    def read(self, own: FlannelEvidence, seen: Evidence) -> list[Finding]:
        """As :meth:`CniInCluster.read`."""
        return [*_annotations(own, seen), *_config(own), *self.by_route(seen),
                *(one for view in seen.views for one in self._entries(view))]

    def _entries(self, view: NodeView) -> list[Finding]:
        """Whether one of the forwarding entries of its VXLAN device leads to the other node."""
        if view.entries is None:
            return []
        ours = {str(one.get("dst")) for one in view.entries if self.canonical(str(one.get("ifname"))) == VXLAN_DEVICE}
        if not ours and not any(self.canonical(name) == VXLAN_DEVICE for name in view.link_names):
            return []
        good = view.other in ours
        words = "a forwarding entry leads to the other node" if good else "no forwarding entry leads to the other node"
        return [found(ENTRIES, view.name, words, "forwarding entry", "to the other node" if good else "elsewhere")]


def _annotations(own: FlannelEvidence, seen: Evidence) -> list[Finding]:
    """What the two nodes' annotations say; and that nodes disagree, where they do."""
    said = [found(NOTES, CLUSTER, f"node annotation {BACKEND}: {kind or 'empty, as udp leaves it'}", "encapsulation",
                  backend_of(kind)) for kind in sorted(set(own.backends))]
    by_kind: dict[str, list[str]] = {}
    for node in seen.nodes:
        if (kind := _backend(node)) is not None:
            by_kind.setdefault(backend_of(kind), []).append(str(mapping(node.get("metadata")).get("name")))
    if len(by_kind) > 1:
        kinds = "; ".join(f"{kind} on {', '.join(sorted(names)[:5])}" for kind, names in sorted(by_kind.items()))
        said.append(note(NOTES, CLUSTER, f"nodes disagree: {kinds}. A backend that is changed needs flanneld restarted on "
                                         "every node (docs/symptoms.md)"))
    return said


def _config(own: FlannelEvidence) -> list[Finding]:
    if own.net_conf is None:
        return [hidden(OBJECTS, CLUSTER, "net-conf.json")]
    backend = mapping(own.net_conf.get("Backend"))
    kind = str(backend.get("Type") or "udp")  # pkg/subnet/config.go: what a config without a backend means
    if backend.get("DirectRouting") is True:
        return [found(OBJECTS, CLUSTER, f"net-conf.json: Backend.Type {kind}, DirectRouting: plain routes inside one network",
                      "encapsulation", kind, "host-gw")]
    return [found(OBJECTS, CLUSTER, f"net-conf.json: Backend.Type {kind}", "encapsulation", kind)]


def _backend(node: Json) -> str | None:
    """What flanneld wrote on a node as its backend's type; None where it wrote nothing."""
    notes = mapping(mapping(node.get("metadata")).get("annotations"))
    return str(notes[BACKEND])[:40] if BACKEND in notes else None


def backend_of(annotation: str) -> str:
    """The backend that flanneld's annotation of a node means: only udp's lease has no name (pkg/backend/udp/udp_amd64.go)."""
    return annotation or "udp"


def net_conf(data: Json | None) -> Json | None:
    """Flannel's configuration out of its config map; None where it is not there or no JSON."""
    if data is None or NET_CONF not in data:
        return None
    try:
        return mapping(json.loads(str(data[NET_CONF])))
    except ValueError:
        return None
