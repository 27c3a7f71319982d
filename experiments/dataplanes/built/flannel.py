"""Flannel: a /24 of pod addresses and a bridge ``cni0`` on every node; between them VXLAN, or UDP through a TUN device.

VXLAN: flannel-io/flannel pkg/backend/vxlan/vxlan.go and vxlan_network.go (three permanent entries for each other node,
in the order neighbour, FDB, route, so that the kernel never has to ask). UDP: pkg/backend/udp/; the relay is ours.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any, cast

from experiments.catalog import Mode
from experiments.dataplanes.built.relay_process import RelayProcess
from experiments.dataplanes.recipe import (
    Daemon,
    Running,
    expect,
    ip_json,
    placeholder_names,
    pods_for,
    wait_for_pods,
)
from experiments.evidence import Check
from experiments.labs.base import Lab, Node, Pod, run

NETWORK = "10.244.0.0/16"  # the default of kube-flannel.yml
BRIDGE = "cni0"


def subnet(node: Node) -> str:
    """The node's /24 of pod addresses."""
    return f"10.244.{node.index}.0/24"


def gateway(node: Node) -> str:
    """The bridge's address and mask."""
    return f"10.244.{node.index}.1/24"


class Flannel:
    """What both backends share: the bridge and the pods on it; see :class:`experiments.dataplanes.recipe.Recipe`."""

    device = ""

    def __init__(self, lab: Lab, mode: Mode) -> None:
        self.lab = lab
        self.mode = mode
        self.mtu = str(mode.mtu.pod_bytes)
        self.pods: tuple[Pod, ...] = pods_for(lab, lambda node: f"10.244.{node.index}.2")
        self.processes: list[Running] = []

    def build(self) -> None:
        """Bridge and pod on every node, then the backend's device, then what leads to the other nodes."""
        for node, pod in zip(self.lab.nodes, self.pods, strict=True):
            self._bridge(node)
            self._attach(node, pod)
            self._backend(node)
        for node, other in permutations(self.lab.nodes, 2):
            self._peer(node, other)

    def _bridge(self, node: Node) -> None:
        run(self.lab, node.name, ["ip", "link", "add", BRIDGE, "mtu", self.mtu, "type", "bridge"])
        run(self.lab, node.name, ["ip", "address", "add", gateway(node), "dev", BRIDGE])
        run(self.lab, node.name, ["ip", "link", "set", BRIDGE, "up"])

    def _attach(self, node: Node, pod: Pod) -> None:
        """What the bridge and host-local plugins do, at the flannel plugin's request."""
        self.lab.add_pod(pod)
        veth = f"veth{pod.name}"
        run(self.lab, node.name, ["ip", "link", "add", veth, "mtu", self.mtu, "type", "veth", "peer", "name", "eth0",
                                  "mtu", self.mtu, "netns", pod.name])
        run(self.lab, node.name, ["ip", "link", "set", veth, "master", BRIDGE, "up"])
        run(self.lab, pod.name, ["ip", "address", "add", f"{pod.address}/24", "dev", "eth0"])
        run(self.lab, pod.name, ["ip", "link", "set", "eth0", "up"])
        run(self.lab, pod.name, ["ip", "route", "add", "default", "via", f"10.244.{node.index}.1"])

    def _backend(self, node: Node) -> None:
        raise NotImplementedError

    def _peer(self, node: Node, other: Node) -> None:
        raise NotImplementedError

    def wait_ready(self, timeout_s: float) -> None:
        """Each pod reaches each other pod; nothing has to converge, flannel's entries are static."""
        wait_for_pods(self.lab, self.pods, timeout_s)

    def attest(self) -> list[Check]:
        """The backend's device and what leads to each other node."""
        raise NotImplementedError

    def _device(self, node: Node) -> dict[str, Any]:
        links = ip_json(self.lab, node.name, "-details", "link", "show", "dev", self.device)
        return links[0] if links else {}

    def names(self) -> dict[str, str]:
        """Addresses for the placeholders of the declared header fields."""
        return placeholder_names(self.lab, self.pods)

    def daemons(self) -> list[Daemon]:
        """The relays, if the backend has any."""
        return [process.daemon() for process in self.processes]

    def implementation(self) -> dict[str, str]:
        """The kernel's own devices, configured by the commands of the transcript instead of flanneld."""
        return {"control plane": "static entries, typed as flanneld installs them", "data plane": "Linux vxlan"}


class FlannelVxlan(Flannel):
    """The vxlan backend."""

    device = "flannel.1"
    vni = 1
    port = 8472  # the kernel's default for a VXLAN device whose port is not given, which is what flannel asks for

    def _mac(self, node: Node) -> str:
        """The VTEP's address; flanneld draws one, a fixed one makes the transcript readable."""
        return f"02:00:00:00:00:{node.index:02x}"

    def _backend(self, node: Node) -> None:
        run(self.lab, node.name, ["ip", "link", "add", self.device, "address", self._mac(node), "mtu", self.mtu,
                                  "type", "vxlan", "id", str(self.vni), "dev", node.device, "local", node.address,
                                  "dstport", str(self.port), "nolearning"])
        run(self.lab, node.name, ["ip", "address", "add", f"10.244.{node.index}.0/32", "dev", self.device])
        run(self.lab, node.name, ["ip", "link", "set", self.device, "up"])

    def _peer(self, node: Node, other: Node) -> None:
        vtep, mac = f"10.244.{other.index}.0", self._mac(other)
        run(self.lab, node.name, ["ip", "neighbor", "replace", vtep, "lladdr", mac, "dev", self.device, "nud",
                                  "permanent"])
        run(self.lab, node.name, ["bridge", "fdb", "append", mac, "dev", self.device, "dst", other.address, "self",
                                  "permanent"])
        run(self.lab, node.name, ["ip", "route", "replace", subnet(other), "via", vtep, "dev", self.device, "onlink"])

    def attest(self) -> list[Check]:
        """The device's id, port and MTU; for each other node the neighbour, the FDB entry and the route."""
        checks = [check for node in self.lab.nodes for check in self._device_checks(node)]
        return checks + [check for pair in permutations(self.lab.nodes, 2) for check in self._peer_checks(*pair)]

    def _device_checks(self, node: Node) -> list[Check]:
        link = self._device(node)
        kind = link.get("linkinfo", {})
        vxlan = kind.get("info_data", {})
        evidence = f"ip -json -details link show dev {self.device}"
        return [
            expect("device.kind", node.name, "vxlan", kind.get("info_kind", "no such device"), evidence),
            expect("device.vni", node.name, self.vni, vxlan.get("id", 0), evidence),
            expect("device.port", node.name, self.port, vxlan.get("port", 0), evidence),
            expect("device.mtu_bytes", node.name, self.mode.mtu.pod_bytes, link.get("mtu", 0), evidence),
            expect("device.up", node.name, True, "UP" in link.get("flags", []), evidence),
        ]

    def _peer_checks(self, node: Node, other: Node) -> list[Check]:
        vtep, mac = f"10.244.{other.index}.0", self._mac(other)
        neighbours = ip_json(self.lab, node.name, "neighbor", "show", vtep, "dev", self.device)
        fdb_argv = ["bridge", "-json", "fdb", "show", "dev", self.device]
        entries = _json(run(self.lab, node.name, fdb_argv, check=False).stdout)
        destination = next((entry.get("dst", "none") for entry in entries if entry.get("mac") == mac), "no entry")
        routes = ip_json(self.lab, node.name, "route", "show", subnet(other))
        route = routes[0] if routes else {}
        return [
            expect("neighbour.mac", node.name, mac, neighbours[0].get("lladdr", "none") if neighbours else "no entry",
                   f"ip -json neighbor show {vtep} dev {self.device}"),
            expect("fdb.destination", node.name, other.address, destination, " ".join(fdb_argv)),
            expect("route.device", node.name, self.device, route.get("dev", "no route"),
                   f"ip -json route show {subnet(other)}"),
            expect("route.gateway", node.name, vtep, route.get("gateway", "no route"),
                   f"ip -json route show {subnet(other)}"),
        ]


class FlannelUdp(Flannel):
    """The udp backend: one route for the whole network into a TUN device, whose other end is a relay in user space."""

    device = "flannel0"
    port = 8285

    def __init__(self, lab: Lab, mode: Mode, program: Sequence[str] | None = None) -> None:
        super().__init__(lab, mode)
        self.program = program  # another relay than ours, for the benchmark

    def _backend(self, node: Node) -> None:
        others = [other for other in self.lab.nodes if other != node]
        relay = RelayProcess(
            self.lab, node.name, "flannel_udp",
            ["--tun", self.device, "--address", node.address, "--mtu", self.mtu,
             "--tunnel-address", f"10.244.{node.index}.0",
             *(argument for other in others for argument in ("--route", f"{subnet(other)}={other.address}"))],
            self.program,
        )
        self.processes.append(relay)
        relay.wait_until(lambda: bool(self._device(node)), f"to make {self.device}")
        run(self.lab, node.name, ["ip", "address", "add", f"10.244.{node.index}.0/32", "dev", self.device])
        run(self.lab, node.name, ["ip", "link", "set", self.device, "mtu", self.mtu, "up"])
        # udp_network_amd64.go: SCOPE_UNIVERSE; ip would choose link for a route without a gateway.
        run(self.lab, node.name, ["ip", "route", "add", NETWORK, "dev", self.device, "scope", "global"])

    def _peer(self, node: Node, other: Node) -> None:
        """Nothing to type: the relay was given the other nodes' subnets when it was started."""

    def attest(self) -> list[Check]:
        """The TUN device, the one route into it, and a living process behind it."""
        checks = []
        for node in self.lab.nodes:
            link = self._device(node)
            evidence = f"ip -json -details link show dev {self.device}"
            data = link.get("linkinfo", {}).get("info_data", {})
            routes = ip_json(self.lab, node.name, "route", "show", NETWORK)
            route = routes[0].get("dev", "none") if routes else "no route"
            checks += [
                expect("device.kind", node.name, "tun", data.get("type", "no such device"), evidence),
                expect("device.mtu_bytes", node.name, self.mode.mtu.pod_bytes, link.get("mtu", 0), evidence),
                expect("device.up", node.name, True, "UP" in link.get("flags", []), evidence),
                expect("route.device", node.name, self.device, route, f"ip -json route show {NETWORK}"),
            ]
        return [*checks, *(check for process in self.processes for check in process.checks())]

    def implementation(self) -> dict[str, str]:
        """Our relay, under its own name."""
        return {"control plane": "routes given to the relay when it starts", "data plane": "Podpath relay (Python)"}


def _json(text: str) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], json.loads(text or "[]"))
