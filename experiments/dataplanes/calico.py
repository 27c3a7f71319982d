"""Calico: every pod a /32 on its node, blocks of addresses told from node to node by BGP.

One recipe for four modes. What differs between them is who peers with whom (each other, two route reflectors, the
rack's router) and whether the route to another node's block leads through ``tunl0``; all of it is said by ``mode.yml``.
How a pod is attached: projectcalico/calico v3.31.0, cni-plugin/pkg/dataplane/linux/dataplane_linux.go and
felix/dataplane/linux/endpoint_mgr.go.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

from experiments.catalog import Mode
from experiments.dataplanes import bird
from experiments.dataplanes.base import (
    Daemon,
    expect,
    ip_json,
    placeholder_names,
    pods_for,
    wait_for,
    wait_for_pods,
)
from experiments.errors import ExperimentFailed
from experiments.labs import netns
from experiments.labs.base import Lab, Node, Pod, run
from experiments.probes import mtu
from experiments.results.model import Check

LINK_LOCAL_GATEWAY = "169.254.1.1"
HOST_SIDE_MAC = "ee:ee:ee:ee:ee:ee"
TOR_AS = 64600  # tor1 is AS 64601, tor2 AS 64602, …


def block(node: Node) -> str:
    """The node's /26 of pod addresses."""
    return f"192.168.{node.index}.0/26"


class Calico:
    """The recipe; see :class:`experiments.dataplanes.base.Recipe`."""

    def __init__(self, lab: Lab, mode: Mode) -> None:
        self.lab = lab
        self.mode = mode
        self.pods: tuple[Pod, ...] = pods_for(lab, lambda node: f"192.168.{node.index}.2")
        self.tunnel = "tunl0" if mode.encapsulation.name == "ipip" else ""

    # -- build ------------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Attach the pods, bring up the tunnel where there is one, start BIRD everywhere."""
        for node, pod in zip(self.lab.nodes, self.pods, strict=True):
            if self.tunnel:
                self._tunnel(node)
            self._attach(node, pod)
        for speaker in (*self.lab.nodes, *self.lab.routers):
            self._start_bird(speaker)

    def _tunnel(self, node: Node) -> None:
        """``tunl0`` is the ipip module's own device in every network namespace; Felix gives it MTU and address."""
        mtu = str(self.mode.mtu.pod_bytes)
        run(self.lab, node.name, ["ip", "link", "set", self.tunnel, "mtu", mtu, "up"])
        run(self.lab, node.name, ["ip", "address", "add", f"192.168.{node.index}.1/32", "dev", self.tunnel])

    def _attach(self, node: Node, pod: Pod) -> None:
        lab, device, mtu = self.lab, f"cali{pod.name}", str(self.mode.mtu.pod_bytes)
        lab.add_pod(pod)
        run(lab, node.name, ["ip", "link", "add", device, "address", HOST_SIDE_MAC, "mtu", mtu, "type", "veth",
                             "peer", "name", "eth0", "mtu", mtu, "netns", pod.name])
        run(lab, node.name, ["ip", "link", "set", device, "up"])
        run(lab, pod.name, ["ip", "address", "add", f"{pod.address}/32", "dev", "eth0"])
        run(lab, pod.name, ["ip", "link", "set", "eth0", "up"])
        run(lab, pod.name, ["ip", "route", "add", LINK_LOCAL_GATEWAY, "dev", "eth0", "scope", "link"])
        run(lab, pod.name, ["ip", "route", "add", "default", "via", LINK_LOCAL_GATEWAY])
        run(lab, node.name, ["sysctl", "-qw", f"net.ipv4.conf.{device}.proxy_arp=1",
                             f"net.ipv4.neigh.{device}.proxy_delay=0", f"net.ipv4.conf.{device}.forwarding=1"])
        run(lab, node.name, ["ip", "route", "add", f"{pod.address}/32", "dev", device, "scope", "link"])

    def bird_configuration(self, node: Node) -> str:
        """The ``bird.conf`` of a node or router."""
        log = f"/run/podpath/{node.name}.bird.log"
        return bird.configuration(self._speaker(node)).replace("/run/podpath/bird.log", log)

    def _start_bird(self, node: Node) -> None:
        path = f"/run/podpath/{node.name}.bird"
        self.lab.write_file(node.name, f"{path}.conf", self.bird_configuration(node))
        run(self.lab, node.name, ["bird", "-c", f"{path}.conf", "-s", f"{path}.ctl", "-P", f"{path}.pid"])

    # -- who peers with whom ----------------------------------------------------------------------------------------

    def _asn(self, node: Node) -> int:
        if node.role == "tor":
            return TOR_AS + node.index
        # Behind ToRs each rack is an AS of its own, else a rack would refuse another rack's routes as a loop.
        return bird.CALICO_AS + node.index if self._racks else bird.CALICO_AS

    @property
    def _racks(self) -> bool:
        return self.mode.underlay.kind == "routed"

    @property
    def _reflectors(self) -> tuple[Node, ...]:
        return tuple(router for router in self.lab.routers if router.role == "reflector")

    def _speaker(self, node: Node) -> bird.Speaker:
        return bird.Speaker(
            # The router id; ToRs are known by their address on the spine.
            node.address, self._asn(node), tuple(self._peers(node)),
            block(node) if node.role == "node" else "", tunnel=self.tunnel if node.role == "node" else "",
        )

    def _peers(self, node: Node) -> list[bird.Peer]:
        lab = self.lab
        if node.role == "reflector":
            clients = [bird.Peer(bird.peer_name("Node", n.address), n.address, bird.CALICO_AS, reflector_client=True,
                                 passive=True) for n in lab.nodes]
            others = [bird.Peer(bird.peer_name("Global", r.address), r.address, bird.CALICO_AS,
                                passive=bird.mesh_is_passive(node.address, r.address))
                      for r in self._reflectors if r != node]
            return clients + others
        if node.role == "tor":
            rack = lab.nodes[node.index - 1]
            own = bird.Peer(bird.peer_name("Node", rack.address), rack.address, self._asn(rack), passive=True,
                            direct=True, local=rack.gateway)
            fabric = [bird.Peer(bird.peer_name("Spine", t.address), t.address, self._asn(t), direct=True,
                                passive=bird.mesh_is_passive(node.address, t.address))
                      for t in lab.routers if t != node]
            return [own, *fabric]
        if self._racks:
            tor = lab.routers[node.index - 1]
            return [bird.Peer(bird.peer_name("Node", node.gateway), node.gateway, self._asn(tor), direct=True)]
        if self._reflectors:
            return [bird.Peer(bird.peer_name("Global", r.address), r.address, bird.CALICO_AS) for r in self._reflectors]
        return [bird.Peer(bird.peer_name("Mesh", n.address), n.address, bird.CALICO_AS,
                          passive=bird.mesh_is_passive(node.address, n.address)) for n in lab.nodes if n != node]

    # -- readiness and evidence -------------------------------------------------------------------------------------

    def wait_ready(self, timeout_s: float) -> None:
        """All sessions stand, every node has a route to every other node's block, each pod reaches each other pod."""
        for speaker in (*self.lab.nodes, *self.lab.routers):
            wait_for(lambda speaker=speaker: set(self._states(speaker).values()) == {"Established"},  # type: ignore[misc]
                     f"all BGP sessions of {speaker.name} to be Established", timeout_s)
        for node, other in permutations(self.lab.nodes, 2):
            wait_for(lambda node=node, other=other: bool(self._route(node, other, record=False)),  # type: ignore[misc]
                     f"{node.name}'s route to {block(other)}, the block of {other.name}", timeout_s)
        wait_for_pods(self.lab, self.pods, timeout_s)

    def _route(self, node: Node, other: Node, *, record: bool = True) -> dict[str, Any]:
        found = ip_json(self.lab, node.name, "route", "show", block(other), record=record)
        return found[0] if found else {}

    def attest(self) -> list[Check]:
        """BGP sessions, the peers' blocks in the routing tables, and the devices that the routes use."""
        checks = [check for speaker in (*self.lab.nodes, *self.lab.routers) for check in self._sessions(speaker)]
        for node, other in permutations(self.lab.nodes, 2):
            checks += self._route_checks(node, other)
        if self.tunnel:
            checks += [check for node in self.lab.nodes for check in self._tunnel_checks(node)]
        if self._racks:
            checks += self._tor_checks()
        return checks

    def _states(self, speaker: Node) -> dict[str, str]:
        done = run(self.lab, speaker.name, _show_protocols(speaker), check=False, record=False)
        return bird.sessions(done.stdout)

    def _sessions(self, speaker: Node) -> list[Check]:
        done = run(self.lab, speaker.name, _show_protocols(speaker), check=False)
        found = bird.sessions(done.stdout)
        observed = {peer.name: found.get(peer.name, done.stderr.strip() or "no such session")
                    for peer in self._peers(speaker)}
        checks = [expect(f"bgp.session.{name}", speaker.name, "Established", state, done.command)
                  for name, state in observed.items()]
        checks.append(expect("bgp.sessions.count", speaker.name, len(observed), len(found), done.command))
        return checks

    def _route_checks(self, node: Node, other: Node) -> list[Check]:
        route = self._route(node, other)
        evidence = f"ip -json route show {block(other)}"
        device = self.tunnel or node.device
        # A reflected route keeps the originating node as next hop; behind a ToR the ToR is the next hop.
        next_hop = node.gateway if self._racks else other.address
        checks = [
            expect("route.gateway", node.name, next_hop, route.get("gateway", "no route"), evidence),
            expect("route.device", node.name, device, route.get("dev", "no route"), evidence),
            expect("route.protocol", node.name, "bird", route.get("protocol", "no route"), evidence),
        ]
        if self.tunnel:
            flags = ",".join(route.get("flags", []))
            checks.append(expect("route.onlink", node.name, "onlink", flags, evidence))
        return checks

    def _tunnel_checks(self, node: Node) -> list[Check]:
        links = ip_json(self.lab, node.name, "-details", "link", "show", "dev", self.tunnel)
        link = links[0] if links else {}
        evidence = f"ip -json -details link show dev {self.tunnel}"
        kind = link.get("linkinfo", {}).get("info_kind", "no such device")
        return [
            expect("tunnel.kind", node.name, "ipip", kind, evidence),
            expect("tunnel.mtu_bytes", node.name, self.mode.mtu.pod_bytes, link.get("mtu", 0), evidence),
            expect("tunnel.up", node.name, True, "UP" in link.get("flags", []), evidence),
        ]

    def _tor_checks(self) -> list[Check]:
        """Each ToR holds its own rack's block via the node, and the other racks' blocks via the other ToRs."""
        checks = []
        for tor in self.lab.routers:
            for node in self.lab.nodes:
                found = ip_json(self.lab, tor.name, "route", "show", block(node))
                observed = found[0].get("gateway", "none") if found else "no route"
                via = node.address if node.index == tor.index else self.lab.routers[node.index - 1].address
                checks.append(expect("tor.route", tor.name, via, observed, f"ip -json route show {block(node)}"))
        client, server = self.pods[0], self.pods[1]
        expected = [self.lab.nodes[0].gateway, self.lab.routers[1].address]
        checks.append(expect("path.tors", client.name, expected, mtu.hops(self.lab, client.name, server.address, (2, 3)),
                             f"ping -c 1 -t 2|3 {server.address}"))
        return checks

    # -- facts ------------------------------------------------------------------------------------------------------

    def names(self) -> dict[str, str]:
        """Addresses for the placeholders of the declared header fields."""
        return placeholder_names(self.lab, self.pods)

    def daemons(self) -> list[Daemon]:
        """The BIRD of every speaker."""
        found = []
        for speaker in (*self.lab.nodes, *self.lab.routers):
            done = run(self.lab, speaker.name, ["cat", f"/run/podpath/{speaker.name}.bird.pid"], record=False)
            found.append(Daemon("bird", speaker.name, int(done.stdout)))
        return found

    def implementation(self) -> dict[str, str]:
        """BIRD's version as the running daemon gives it, and the kernel that forwards."""
        node = self.lab.nodes[0].name
        answer = run(self.lab, node, ["birdc", "-s", f"/run/podpath/{node}.bird.ctl", "show", "status"], record=False)
        version = next((line for line in answer.stdout.splitlines() if line.startswith("BIRD")), "")
        if not version:
            raise ExperimentFailed(f"On {node}: BIRD did not say its version.")
        data_plane = "Linux ipip tunnel and routing" if self.tunnel else "Linux routing"
        return {"control plane": version.removesuffix(" ready."), "data plane": data_plane}


def _show_protocols(speaker: Node) -> list[str]:
    return ["birdc", "-s", f"/run/podpath/{speaker.name}.bird.ctl", "show", "protocols"]


def routers(mode: Mode, nodes: int) -> dict[str, str]:
    """The BIRD configurations of an underlay's own routers by name, for labs whose nodes the CNI configures itself."""
    lab = netns.on_paper(nodes=nodes, underlay=mode.underlay.kind, reflectors=mode.underlay.reflectors)
    calico = Calico(lab, mode)
    return {router.name: calico.bird_configuration(router) for router in lab.routers}


def recipe(lab: Lab, mode: Mode) -> Calico:
    """The recipe of this module."""
    return Calico(lab, mode)
