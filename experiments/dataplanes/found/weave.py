"""Weave Net in a cluster: what its connections between the two nodes say, and the nodes' devices.

Weave falls back from the fast data path to sleeve in silence, for all connections or for one, so both ends are asked:
``weave --local status connections`` prints ``-> 10.0.0.2:6783 established fastdp 5a:…(name) mtu=1376``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from experiments.catalog import Mode, sizes
from experiments.dataplanes.found.cluster_objects import CniPods, Json, Reader
from experiments.dataplanes.found.cni import CniInCluster, Evidence, Features, link_kind
from experiments.dataplanes.found.findings import CLUSTER, OBJECTS, PROCESSES, Finding, found, hidden
from experiments.dataplanes.found.kubernetes import FoundRecipe
from experiments.dataplanes.found.node_view import NodeView
from experiments.dataplanes.recipe import expect, ip_json
from experiments.evidence import Check
from experiments.labs.base import Node
from experiments.labs.kubernetes.base import KubernetesLab

BRIDGE = "weave"
WEAVE = "/home/weave/weave"  # in the image of weave-kube: prog/weave-kube/launch.sh calls it there
CONNECTIONS_FILE = "weave.txt"
WITHOUT_DATAPATH_BYTES = 65535  # weaveworks/weave net/bridge.go: the pods' MTU with --no-fastdp …
WITH_DATAPATH_BYTES = 1376  # … and else
OVERLAYS = {"vxlan": "fastdp", "sleeve": "sleeve"}  # as weave calls what mode.yml calls by its encapsulation
_CONNECTION = re.compile(
    r"^(?:->|<-)\s*(?P<address>[\d.]+):\d+\s+(?P<state>\S+)\s+(?:(?:un)?encrypted\s+)?(?P<overlay>fastdp|sleeve)\b", re.M)
# The whole report also tells the cluster's address ranges, and whose each is, as "Token": no result needs to say that.
PEERS = '{{range .Router.Peers}}{{.Name}} {{.ShortID}}{{"\\n"}}{{end}}'  # a Go template: prog/weaver/http.go, mesh's status.go
_SHORT_ID = re.compile(r"^(?P<peer>[0-9a-f:]{17}) (?P<id>[0-9]{1,4})$", re.M)


def connections(text: str) -> dict[str, str]:
    """Address of the other peer -> ``established fastdp``, from ``weave status connections``."""
    return {found["address"]: f"{found['state']} {found['overlay']}" for found in _CONNECTION.finditer(text)}


def short_ids(text: str) -> dict[str, int]:
    """Peer name -> short id (12 bits), from ``weave report -f`` with :data:`PEERS`.

    The tunnel's id is made of them (router/fastdp.go).
    """
    return {found["peer"]: int(found["id"]) for found in _SHORT_ID.finditer(text)}


def _bytes(text: str, otherwise: int) -> int:
    """A size out of somebody's settings; ``otherwise`` where it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else otherwise


@dataclass(frozen=True)
class WeaveEvidence:
    """What was seen of Weave's settings; None: it could not be seen."""

    environment: Mapping[str, str] | None = None  # of the container `weave`


class FoundWeave(FoundRecipe):
    """Both data paths."""

    daemon = "weave"
    seen: WeaveEvidence

    def __init__(self, cni: CniInCluster, lab: KubernetesLab, mode: Mode) -> None:
        self.ids: dict[str, int] = {}
        self.peers: tuple[str, ...] = ()
        super().__init__(cni, lab, mode)

    def _pod_bytes(self, mode: Mode) -> int:
        """Weave does not look at the underlay: 1376, unless it was told; without a datapath what sleeve leaves of it."""
        if mode.mtu.device_bytes:
            return self.underlay_bytes - mode.overhead_bytes
        return _bytes((self.seen.environment or {}).get("WEAVE_MTU", ""), WITH_DATAPATH_BYTES)

    def _device_bytes(self) -> int:
        return self.mode.mtu.pod_device_bytes

    def _with_settings(self, mode: Mode) -> Mode:
        """Peer names are the bridges' addresses; short ids are random. What may not be read is not compared."""
        if not self.lab.refused:
            self.peers = tuple(str(self._link(node, BRIDGE, record=False).get("address", "")) for node in self.lab.nodes)
        if mode.encapsulation.name == "vxlan":
            done = self._inside(self.lab.nodes[0], WEAVE, "--local", "report", "-f", PEERS)
            self.ids = short_ids(done.stdout) if done else {}
            if not all(peer in self.ids for peer in self.peers or ("",)):
                self.reader.unseen["the tunnel's id"] = "weave report does not tell the peers' short ids"
                return sizes.without_field(mode, "vxlan", "vni")
        return mode

    def _daemon_checks(self) -> list[Check]:
        return [check for node in self.lab.nodes for check in self._connection_checks(node)]

    def _connection_checks(self, node: Node) -> list[Check]:
        done = self._inside(node, WEAVE, "--local", "status", "connections")
        if done is None:
            return []
        observed = connections(done.stdout).get(self._other(node).address, "no such connection")
        wanted = f"established {OVERLAYS[self.mode.encapsulation.name]}"
        checks = [expect("weave.connection", node.name, wanted, observed, done.command)]
        return checks + (self._worked_check(node) if self.process else [])

    def _node_checks(self, node: Node) -> list[Check]:
        links = ip_json(self.lab, node.name, "link", "show", "master", BRIDGE)
        ports = {str(link.get("ifname")) for link in links if "UP" in link.get("flags", [])}
        observed = "vethwe-bridge" if "vethwe-bridge" in ports else ", ".join(sorted(ports)) or "no port"
        return [expect("bridge.way_out", node.name, "vethwe-bridge", observed, f"ip -json link show master {BRIDGE}")]

    def names(self) -> dict[str, str]:
        """Also the peers' names, and the tunnel's id from the client's node to the server's."""
        client, server = self.peers or ("", "")
        ids = self.ids.get(client, 0), self.ids.get(server, 0)
        return super().names() | {"client_peer": client, "server_peer": server, "tunnel_id": str(ids[1] << 12 | ids[0])}


class FoundFastDataPath(FoundWeave):
    """The kernel's datapath carries the frames."""

    def _node_checks(self, node: Node) -> list[Check]:
        found: list[tuple[str, str, dict[str, Any]]] = [
            (device, kind, self._link(node, device)) for device, kind in (("datapath", "openvswitch"), ("vxlan-6784", "vxlan"))]
        return [*super()._node_checks(node),
                *(expect(f"device.{device}", node.name, kind, link_kind(link) or "no such device",
                         f"ip -json -details link show dev {device}") for device, kind, link in found)]

    def _data_plane(self) -> str:
        return "openvswitch and vxlan"


class FoundSleeve(FoundWeave):
    """weaver carries the frames: captured from ``vethwe-pcap``, or as upcalls of the datapath where it is the fallback."""

    process = "weaver"

    def _data_plane(self) -> str:
        if (self.seen.environment or {}).get("WEAVE_NO_FASTDP"):
            return "bridge, and weaver (packet capture)"
        return "openvswitch's upcalls, and weaver (fallback from the fast data path)"


class WeaveCni(CniInCluster):
    """Weave Net, whose settings stand in its container's environment; what a connection uses only its daemon tells."""

    name = "weave"
    evidence = WeaveEvidence
    recipes: ClassVar = {"vxlan": FoundFastDataPath, "sleeve": FoundSleeve}
    questions: ClassVar = {CONNECTIONS_FILE: (WEAVE, "--local", "status", "connections")}
    pod_links = r"weave$"
    decided = frozenset({"cni", "encapsulation", "sealed", "pods"})
    confirmed = frozenset({"encapsulation", "pods' links"})

    def ask(self, reader: Reader, pods: CniPods | None, nodes: Sequence[Json]) -> WeaveEvidence:
        """As :meth:`CniInCluster.ask`."""
        return WeaveEvidence(environment=pods.environment("weave") if pods else None)

    def wants(self, mode: Mode) -> Features:
        """As :meth:`CniInCluster.wants`."""
        return {"sealed": str(mode.password), "pods": _pods(mode.mtu.pod_device_bytes)}

    def read(self, own: WeaveEvidence, seen: Evidence) -> list[Finding]:
        """As :meth:`CniInCluster.read`."""
        return [*_environment(own), *(one for view in seen.views for one in _connection(view))]


def _environment(own: WeaveEvidence) -> list[Finding]:
    given = own.environment
    if given is None:
        return [hidden(OBJECTS, CLUSTER, "Weave's settings (the environment of its container)")]
    without = bool(given.get("WEAVE_NO_FASTDP"))
    size = given.get("WEAVE_MTU") or str(WITHOUT_DATAPATH_BYTES if without else WITH_DATAPATH_BYTES)
    switched = [name for name in ("WEAVE_NO_FASTDP", "WEAVE_PASSWORD", "WEAVE_MTU") if given.get(name)]
    words = ", ".join(f"{name} is set" for name in switched) or "no setting of Weave's is changed"
    said = [found(OBJECTS, CLUSTER, words, "sealed", str("WEAVE_PASSWORD" in given)),
            found(OBJECTS, CLUSTER, words, "pods", _pods(_bytes(size, 0)))]
    return [*said, found(OBJECTS, CLUSTER, "WEAVE_NO_FASTDP is set", "encapsulation", "sleeve")] if without else said


def _connection(view: NodeView) -> list[Finding]:
    """It falls back to sleeve in silence: what the connection says counts, not what was asked for."""
    if view.blind:
        return []
    if CONNECTIONS_FILE not in view.own:
        return [hidden(PROCESSES, view.name, "Weave's connections", view.unseen.get(CONNECTIONS_FILE, ""))]
    state = connections(view.own[CONNECTIONS_FILE]).get(view.other, "none")
    used = {f"established {overlay}": kind for kind, overlay in OVERLAYS.items()}.get(state, "no connection")
    return [found(PROCESSES, view.name, f"connection between the nodes: {state}", "encapsulation", used)]


def _pods(device_bytes: int) -> str:
    return "as large as they come" if device_bytes == WITHOUT_DATAPATH_BYTES else "of the datapath's size"
