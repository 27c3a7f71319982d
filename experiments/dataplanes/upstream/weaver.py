"""Weave Net by upstream's own daemon: weaver on every node, without Docker and without its CNI plugin (``--daemon upstream``).

weaver makes the bridge, the way out of it, and everything behind. The pods are attached by the recipe, as the CNI plugin
would do it. Short ids, which we choose, weaver draws; they are read from its report. The kernel needs a dummy device, which
weaver makes for a moment to raise its bridge's MTU (net/bridge.go), and tables of the packet filter.
"""

from __future__ import annotations

import json
from typing import Any

from experiments.catalog import Mode
from experiments.dataplanes.built.weave import ALLOCATION, BRIDGE, PASSWORD, FastDataPath, Sleeve, Weave, peer_name
from experiments.dataplanes.recipe import Reporting, ip_json
from experiments.dataplanes.upstream.daemon_process import DaemonProcess, version_of
from experiments.errors import ExperimentFailed
from experiments.labs.base import Lab, Node, run

HTTP = "127.0.0.1:6784"  # weaver's own default in Kubernetes (prog/weave-kube/launch.sh)
FLOWS = "experiments.dataplanes.built.relays.odp_flows"
# It answers 400 to whoever does not say that JSON is welcome.
_ASK = ("import sys, urllib.request as ask; wanted = ask.Request(sys.argv[1], headers={'Accept': 'application/json'});"
        " sys.stdout.write(ask.urlopen(wanted, timeout=5).read().decode())")


class Weaver(DaemonProcess):
    """weaver on one node, whose report is told in the words of our own processes."""

    source = f"weaver's report (http://{HTTP}/report)"

    def __init__(self, lab: Lab, node: Node, mode: Mode, *, fast: bool) -> None:
        # Nobody outside is asked for a newer version, and the password stands in no list of processes' arguments.
        environment = ["CHECKPOINT_DISABLE=1", *([f"WEAVE_PASSWORD={PASSWORD}"] if mode.password else [])]
        others = [other.address for other in lab.nodes if other != node]
        # It leaves a file (restart.sentinel) where it is started, and one that finds another's ignores its peers.
        own = f"/run/podpath/{node.name}.weaver"
        run(lab, node.name, ["mkdir", "-p", own])
        super().__init__(lab, node.name, [
            "env", f"--chdir={own}", *environment, "weaver",
            "--port", "6783", "--name", peer_name(node), "--nickname", node.name, *([] if fast else ["--no-fastdp"]),
            "--datapath", "datapath", "--mtu", str(mode.mtu.pod_device_bytes),
            "--ipalloc-range", ALLOCATION, "--ipalloc-init", f"consensus={len(lab.nodes)}", "--no-dns", "--docker-api", "",
            "--http-addr", HTTP, "--db-prefix", f"/run/podpath/{node.name}.weave", "--host-root", "/", *others,
        ], "weaver")
        self._overlay = "fastdp" if fast else "sleeve"

    def report(self) -> dict[str, Any]:
        """What weaver says of itself, its peers and connections; nothing where it does not answer."""
        done = run(self.lab, self.place, [*self.lab.python, "-c", _ASK, f"http://{HTTP}/report"], check=False, record=False)
        try:
            return dict(json.loads(done.stdout)["Router"])
        except (ValueError, KeyError, TypeError):
            return {}

    def connections(self) -> list[dict[str, Any]]:
        """The attributes of the established connections that use the overlay which is to be measured."""
        found = self.report().get("Connections") or []
        return [connection["Attrs"] for connection in found if connection.get("State") == "established"
                and (connection.get("Attrs") or {}).get("name") == self._overlay]

    def statistics(self) -> dict[str, Any]:
        """Peers with what their path is proved to carry, and the kernel's flows: as our processes say it."""
        connections = self.connections()
        said: dict[str, Any] = {
            "peers": {str(number): {"established": True, "limit_is_proved": True, "limit_bytes": attributes.get("mtu", 0)}
                      for number, attributes in enumerate(connections)},
            "peers_acknowledged": len(connections),  # the fast data path is established by an acknowledged heartbeat
        }
        if self._overlay == "fastdp":
            argv = ["env", f"PYTHONPATH={self.lab.source}", "PYTHONDONTWRITEBYTECODE=1", *self.lab.python, "-m", FLOWS]
            done = run(self.lab, self.place, [*argv, "datapath"], check=False, record=False)
            said["flows"] = json.loads(done.stdout) if done.exit_code == 0 else []
        return said

    def short_id(self, name: str) -> int:
        """The short id of the peer of that name.

        Raises:
            ExperimentFailed: weaver does not know the peer.
        """
        for peer in self.report().get("Peers") or []:
            if peer.get("Name") == name:
                return int(peer["ShortID"])
        raise ExperimentFailed(f"weaver on {self.place} does not know the peer {name}.")


class ByWeaver(Weave):
    """What both overlays share when weaver makes them."""

    fast = False

    def _bridge(self, node: Node) -> None:
        weaver = Weaver(self.lab, node, self.mode, fast=self.fast)
        self.processes.append(weaver)
        weaver.wait_until(lambda: self._has_way_out(node), f"to make {BRIDGE}")

    def _has_way_out(self, node: Node) -> bool:
        links = ip_json(self.lab, node.name, "link", "show", "master", BRIDGE, record=False)
        return any(link["ifname"] == "vethwe-bridge" and "UP" in link.get("flags", []) for link in links)

    def wait_ready(self, timeout_s: float) -> None:
        """Also: every weaver has a connection to each other by the overlay that is to be measured."""
        for weaver in self.processes:
            weaver.wait_until(lambda weaver=weaver: self._has_peers(weaver), "to reach every peer")  # type: ignore[misc]
        super().wait_ready(timeout_s)

    def _has_peers(self, weaver: Reporting) -> bool:
        return bool(weaver.statistics()["peers_acknowledged"] == len(self.lab.nodes) - 1)

    def _version(self) -> str:
        return version_of(self.lab, self.lab.nodes[0].name, "weaver")


class SleeveByWeaver(ByWeaver, Sleeve):
    """``--no-fastdp``: every frame through weaver."""

    def _way_out(self, node: Node) -> None:
        # weaver has made its own; of a pod's device, its CNI plugin switches this off (net/veth.go).
        pod = self.pods[self.lab.nodes.index(node)]
        run(self.lab, pod.name, ["ethtool", "-K", "eth0", "tx", "off"])

    def implementation(self) -> dict[str, str]:
        """weaver, by its own word."""
        sealed = ", encrypted" if self.mode.password else ""
        return {"control plane": f"weaver {self._version()}", "data plane": f"weaver {self._version()} (sleeve{sealed})"}


class FastDataPathByWeaver(ByWeaver, FastDataPath):
    """The default: the kernel's Open vSwitch datapath, whose misses weaver answers."""

    fast = True

    def __init__(self, lab: Lab, mode: Mode) -> None:
        super().__init__(lab, mode)
        self._short_ids: dict[str, int] = {}

    def _way_out(self, node: Node) -> None:
        """weaver has made its own."""

    def _short_id(self, node: Node) -> int:
        """As weaver has drawn it."""
        weaver = self.processes[0]
        assert isinstance(weaver, Weaver)
        if node.name not in self._short_ids:
            self._short_ids[node.name] = weaver.short_id(peer_name(node))
        return self._short_ids[node.name]

    def implementation(self) -> dict[str, str]:
        """weaver, by its own word; the kernel's datapath."""
        return {"control plane": f"weaver {self._version()}", "data plane": "Linux openvswitch and vxlan"}
