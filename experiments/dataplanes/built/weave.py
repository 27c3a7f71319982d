"""Weave Net: all pods of all nodes on one Ethernet segment, carried by the kernel (fast data path) or by a process.

The bridge ``weave`` of every node is joined to the others by one of two things. Fast data path: the kernel's Open
vSwitch datapath and one VXLAN port, with a flow for every pair of MAC addresses (weaveworks/weave router/fastdp.go).
Sleeve: a process that reads frames from ``vethwe-pcap`` and sends them in UDP (router/sleeve.go, net/bridge.go). Both
processes here are ours, in the package ``relays``; how they differ from weaver is said there.
"""

from __future__ import annotations

from experiments.catalog import Mode
from experiments.dataplanes.built.relay_process import RelayProcess
from experiments.dataplanes.recipe import (
    Daemon,
    Reporting,
    expect,
    ip_json,
    placeholder_names,
    pods_for,
    wait_for_pods,
)
from experiments.evidence import Check
from experiments.labs.base import Lab, Node, Pod, run

BRIDGE = "weave"
CARRIED = "a flow that has carried packets"
PASSWORD = "podpath"  # of a lab: it proves that sealing works, and costs what it costs
ALLOCATION = "10.32.0.0/12"  # weave's default range; every pod's mask covers all of it, so that no packet is routed


def peer_name(node: Node) -> str:
    """The node's peer name, which is also its bridge's MAC address (prog/weaver/main.go)."""
    return f"02:77:65:61:76:{node.index:02x}"


def pod_address(index: int) -> str:
    """The pod's address; the first of the range stay free, as weave keeps them for bridges."""
    return f"10.32.{index}.2"


class Weave:
    """What both data paths share: the bridge and the pods on it; see :class:`experiments.dataplanes.recipe.Recipe`."""

    inner_device = ""  # the far end of the veth pair that leads out of the bridge
    gossip = False  # whether the processes agree on ways round a cut connection; all reach each other where nothing is cut

    def __init__(self, lab: Lab, mode: Mode) -> None:
        self.lab = lab
        self.mode = mode
        self.mtu = str(mode.mtu.pod_device_bytes)
        self.pods: tuple[Pod, ...] = pods_for(lab, lambda node: pod_address(node.index))
        self.processes: list[Reporting] = []

    def build(self) -> None:
        """Bridge, way out and pod on every node, then the process that carries the frames."""
        for node, pod in zip(self.lab.nodes, self.pods, strict=True):
            self._bridge(node)
            self._attach(node, pod)
            self._way_out(node)

    def _bridge(self, node: Node) -> None:
        # weaver attaches a dummy link for a moment to raise the bridge's MTU; kernels take it as an option since 4.17
        run(self.lab, node.name, ["ip", "link", "add", BRIDGE, "address", peer_name(node), "mtu", self.mtu,
                                  "type", "bridge"])
        run(self.lab, node.name, ["ip", "link", "set", BRIDGE, "up"])
        run(self.lab, node.name, ["ip", "link", "add", "vethwe-bridge", "mtu", self.mtu, "type", "veth", "peer", "name",
                                  self.inner_device, "mtu", self.mtu])
        run(self.lab, node.name, ["ip", "link", "set", "vethwe-bridge", "master", BRIDGE, "up"])
        run(self.lab, node.name, ["ip", "link", "set", self.inner_device, "up"])

    def _attach(self, node: Node, pod: Pod) -> None:
        """net/veth.go and plugin/net/cni.go."""
        self.lab.add_pod(pod)
        veth = f"vethwepl{pod.name}"
        run(self.lab, node.name, ["ip", "link", "add", veth, "mtu", self.mtu, "type", "veth", "peer", "name", "eth0",
                                  "mtu", self.mtu, "netns", pod.name])
        run(self.lab, node.name, ["ip", "link", "set", veth, "master", BRIDGE, "up"])
        run(self.lab, node.name, ["bridge", "link", "set", "dev", veth, "hairpin", "on"])
        run(self.lab, pod.name, ["ip", "address", "add", f"{pod.address}/{ALLOCATION.split('/')[1]}", "dev", "eth0"])
        run(self.lab, pod.name, ["ip", "link", "set", "eth0", "up"])

    def _way_out(self, node: Node) -> None:
        raise NotImplementedError

    def _peers(self, node: Node) -> list[str]:
        return [argument for other in self.lab.nodes if other != node
                for argument in ("--peer", f"{peer_name(other)}={other.address}")] + self._gossip()

    def _gossip(self) -> list[str]:
        return ["--gossip"] if self.gossip else []

    def wait_ready(self, timeout_s: float) -> None:
        """Each pod reaches each other pod: ARP has crossed, MAC addresses are learned."""
        wait_for_pods(self.lab, self.pods, timeout_s)

    def attest(self) -> list[Check]:
        """The bridge with its ports, and the process."""
        checks = []
        for node, process in zip(self.lab.nodes, self.processes, strict=True):
            links = ip_json(self.lab, node.name, "link", "show", "master", BRIDGE)
            up = sorted(link["ifname"] for link in links if "UP" in link.get("flags", []))
            ports = sorted(["vethwe-bridge", f"vethweplpod{node.index}"])
            checks.append(expect("bridge.ports", node.name, ports, up, f"ip -json link show master {BRIDGE}"))
            checks += process.checks()
        return checks

    def names(self) -> dict[str, str]:
        """Addresses and peer names for the placeholders of the declared header fields."""
        client, server = self.lab.nodes[0], self.lab.nodes[1]
        return placeholder_names(self.lab, self.pods) | {
            "client_peer": peer_name(client), "server_peer": peer_name(server),
        }

    def daemons(self) -> list[Daemon]:
        """The processes that carry frames, or set up the kernel to do it."""
        return [process.daemon() for process in self.processes]

    def implementation(self) -> dict[str, str]:
        """What really ran."""
        raise NotImplementedError


class Sleeve(Weave):
    """Every frame through a process: AF_PACKET on ``vethwe-pcap``, UDP 6783 between the nodes."""

    inner_device = "vethwe-pcap"

    def _way_out(self, node: Node) -> None:
        # Captured frames carry the checksum as the sender left it: with offload on, it would be unfinished.
        pod = self.pods[self.lab.nodes.index(node)]
        run(self.lab, pod.name, ["ethtool", "-K", "eth0", "tx", "off"])
        run(self.lab, node.name, ["ethtool", "-K", "vethwe-bridge", "tx", "off"])
        run(self.lab, node.name, ["ethtool", "-K", BRIDGE, "tx", "off"])
        arguments = ["--device", self.inner_device, "--name", peer_name(node), "--address", node.address, *self._peers(node)]
        if self.mode.password:
            path = f"/run/podpath/{node.name}.sleeve.password"
            self.lab.write_file(node.name, path, PASSWORD)
            arguments += ["--password-file", path]
        self.processes.append(RelayProcess(self.lab, node.name, "sleeve", arguments))

    def wait_ready(self, timeout_s: float) -> None:
        """Also: each relay has found out how large a packet passes to each peer."""
        for process in self.processes:
            process.wait_until(lambda process=process: self._proved(process) == self._expected(),  # type: ignore[misc]
                               "proves the path's MTU to every peer")
        super().wait_ready(timeout_s)

    def _expected(self) -> list[int]:
        room = self.mode.mtu.underlay_bytes - self.mode.overhead_bytes
        return [room] * (len(self.lab.nodes) - 1)

    def _proved(self, process: Reporting) -> list[int]:
        """The packets of pods (bytes) that are proved to pass to the peers that are reached."""
        return [peer["limit_bytes"] for peer in process.statistics().get("peers", {}).values()
                if peer["established"] and peer["limit_is_proved"]]

    def attest(self) -> list[Check]:
        """Also: heartbeats were acknowledged, and frames of the size that the headers leave room for."""
        checks = super().attest()
        for node, process in zip(self.lab.nodes, self.processes, strict=True):
            checks.append(expect("sleeve.proved_bytes", node.name, self._expected(), self._proved(process),
                                 f"{process.source}: acknowledged frames of that size"))
        return checks

    def implementation(self) -> dict[str, str]:
        """Our relay, under its own name."""
        sealed = ", libsodium's secretbox" if self.mode.password else ""
        return {"control plane": "peers given to the relay when it starts",
                "data plane": f"Podpath relay (Python{sealed})"}


class FastDataPath(Weave):
    """Frames switched by the kernel's Open vSwitch datapath; a process answers only the first of each pair of MACs."""

    inner_device = "vethwe-datapath"
    datapath = "datapath"

    def _short_id(self, node: Node) -> int:
        """12 bits; weaver draws them at random, fixed ones make the transcript readable."""
        return node.index

    def tunnel_id(self, source: Node, target: Node) -> int:
        """The VNI of a frame from ``source`` to ``target``: short ids, the target's in the upper 12 bits."""
        return self._short_id(target) << 12 | self._short_id(source)

    def _way_out(self, node: Node) -> None:
        # The process makes the datapath and its two ports, as weaver does, and answers its upcalls.
        peers = (argument for other in self.lab.nodes if other != node for argument in ("--peer", self._described(other)))
        self.processes.append(RelayProcess(
            self.lab, node.name, "odp",
            ["--datapath", self.datapath, "--port", self.inner_device, "--own", self._described(node), "--mtu", self.mtu,
             *peers, *self._gossip()],
        ))

    def _described(self, node: Node) -> str:
        return f"{peer_name(node)}/{self._short_id(node)}={node.address}"

    def wait_ready(self, timeout_s: float) -> None:
        """Twice: the first frame of a pair of addresses makes its flow, the second is the first one the flow carries."""
        super().wait_ready(timeout_s)
        super().wait_ready(timeout_s)

    def attest(self) -> list[Check]:
        """Also: flows with the right tunnel id in both directions, which have carried packets, and proved heartbeats."""
        checks = super().attest()
        for node, process in zip(self.lab.nodes, self.processes, strict=True):
            said = process.statistics()
            for other in (other for other in self.lab.nodes if other != node):
                for identity, outward in ((self.tunnel_id(node, other), 1), (self.tunnel_id(other, node), 0)):
                    carried = sum(flow["packets"] for flow in said.get("flows", [])
                                  if (flow["tunnel_id"], flow["outward"]) == (identity, outward))
                    observed = CARRIED if carried else "no such flow has carried packets"
                    way = "out" if outward else "in"
                    checks.append(expect(f"flow.tunnel_id.{identity:#x}.{way}", node.name, CARRIED, observed,
                                         "OVS_FLOW_CMD_GET: the datapath's flows with their counters"))
            checks.append(expect("heartbeat.peers", node.name, len(self.lab.nodes) - 1, said.get("peers_acknowledged", 0),
                                 f"{process.source}: heartbeats of {self.mtu} bytes that were acknowledged"))
        return checks

    def names(self) -> dict[str, str]:
        """Also the tunnel id of frames from the client's node to the server's."""
        client, server = self.lab.nodes[0], self.lab.nodes[1]
        return super().names() | {"tunnel_id": str(self.tunnel_id(client, server))}

    def implementation(self) -> dict[str, str]:
        """The kernel's datapath; our process for the misses."""
        return {"control plane": "Podpath miss handler (Python)", "data plane": "Linux openvswitch and vxlan"}
