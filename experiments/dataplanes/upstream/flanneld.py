"""Flannel by upstream's own daemon: flanneld on every node, with etcd as the store of subnets (``--daemon upstream``).

What flanneld does in Kubernetes with Node objects it does here with etcd, which is its other store (flannel-io/flannel
Documentation/configuration.md). Each node's subnet is reserved beforehand (Documentation/reservations.md), so that the lab's
addresses are those of the other recipes. From the file that flanneld writes the bridge and the pod are made, as its CNI plugin
would do it. Masquerading and the accepting rules of the packet filter are off: they do not stand on the path that is
measured here, with our processes or with upstream's.
"""

from __future__ import annotations

import json
import re

from experiments.catalog import Mode
from experiments.dataplanes.built.flannel import NETWORK, Flannel, FlannelUdp, FlannelVxlan, gateway, subnet
from experiments.dataplanes.recipe import ip_json
from experiments.dataplanes.upstream.daemon_process import DaemonProcess, version_of
from experiments.dataplanes.upstream.etcd import Etcd
from experiments.errors import ExperimentFailed
from experiments.evidence import Check
from experiments.labs.base import Lab, Node, run

PREFIX = "/coreos.com/network"  # flanneld's default (main.go, --etcd-prefix)


class SubnetStore(Etcd):
    """The subnets of the nodes, as flanneld reads them."""

    def begin(self, mode: Mode) -> None:
        """Start etcd, and write the network's configuration and a reservation for each node.

        Raises:
            ExperimentFailed: it did not start, or refused.
        """
        self.start()
        backend = {"Type": mode.encapsulation.name}  # both are called as in mode.yml
        self._put("config", {"Network": NETWORK, "SubnetLen": 24, "Backend": backend})
        for node in self.lab.nodes:
            self._put(f"subnets/{subnet(node).replace('/', '-')}", {"PublicIP": node.address})

    def _put(self, key: str, value: object) -> None:
        run(self.lab, self.place, self.control("put", f"{PREFIX}/{key}", json.dumps(value)))


class ByFlanneld(Flannel):
    """What both backends share when flanneld configures them."""

    def __init__(self, lab: Lab, mode: Mode) -> None:
        super().__init__(lab, mode)
        self.store = SubnetStore(lab)

    def build(self) -> None:
        """The store, flanneld on every node, then bridge and pod from what flanneld has written."""
        self.store.begin(self.mode)
        for node in self.lab.nodes:
            self._start(node)
        for node, pod in zip(self.lab.nodes, self.pods, strict=True):
            self.mtu = self._given(node)["FLANNEL_MTU"]
            self._bridge(node)
            self._attach(node, pod)

    def _start(self, node: Node) -> None:
        argv = ["flanneld", "--etcd-endpoints", self.store.endpoint, "--iface", node.device, "--subnet-file", _file(node),
                "--ip-masq=false", "--iptables-forward-rules=false"]
        flanneld = DaemonProcess(self.lab, node.name, argv, "flanneld")
        self.processes.append(flanneld)
        flanneld.wait_until(lambda: self._written(node), f"to write {_file(node)}")

    def _written(self, node: Node) -> bool:
        return run(self.lab, node.name, ["test", "-s", _file(node)], check=False, record=False).exit_code == 0

    def _given(self, node: Node) -> dict[str, str]:
        """What flanneld gives the CNI plugin: the node's subnet, as the bridge's address, and the MTU.

        Raises:
            ExperimentFailed: it is not what was reserved; the bridge would contradict the pods' addresses.
        """
        if self.lab.paper:
            return {"FLANNEL_SUBNET": gateway(node), "FLANNEL_MTU": str(self.mode.mtu.pod_bytes)}
        text = run(self.lab, node.name, ["cat", _file(node)]).stdout
        given = dict(re.findall(r"^(FLANNEL_\w+)=(\S+)$", text, re.MULTILINE))
        if given.get("FLANNEL_SUBNET") != gateway(node) or not given.get("FLANNEL_MTU", "").isdigit():
            raise ExperimentFailed(
                f"flanneld on {node.name} wrote {given.get('FLANNEL_SUBNET')} and MTU {given.get('FLANNEL_MTU')}; reserved was "
                f"{gateway(node)}.", "Try the release that the mode's page names.")
        return given

    def implementation(self) -> dict[str, str]:
        """flanneld and its store, by their own word."""
        version = version_of(self.lab, self.lab.nodes[0].name, "flanneld")
        return {"control plane": f"flanneld {version}, etcd {self.store.version()}", "data plane": self._carried_by(version)}

    def _carried_by(self, version: str) -> str:
        raise NotImplementedError


class VxlanByFlanneld(ByFlanneld, FlannelVxlan):
    """The vxlan backend."""

    def _mac(self, node: Node) -> str:
        """The address that flanneld has drawn for the node's VTEP."""
        links = ip_json(self.lab, node.name, "link", "show", "dev", self.device, record=False)
        return str(links[0].get("address", "")) if links else "no such device"

    def attest(self) -> list[Check]:
        """Also: flanneld, which has to go on watching for other nodes."""
        return [*super().attest(), *(check for process in self.processes for check in process.checks())]

    def _carried_by(self, version: str) -> str:
        return "Linux vxlan"


class UdpByFlanneld(ByFlanneld, FlannelUdp):
    """The udp backend: flanneld itself carries every packet, in a thread of C."""

    def _carried_by(self, version: str) -> str:
        return f"flanneld {version} (its proxy in C)"


def _file(node: Node) -> str:
    """Where flanneld tells the CNI plugin; usually /run/flannel/subnet.env, but here the nodes share one /run."""
    return f"/run/podpath/{node.name}.subnet.env"
