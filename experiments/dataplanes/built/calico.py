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
from experiments.dataplanes.recipe import (
    Daemon,
    expect,
    ip_json,
    placeholder_names,
    pods_for,
    wait_for,
    wait_for_pods,
)
from experiments.errors import ExperimentFailed
from experiments.evidence import Check
from experiments.labs.base import Lab, Node, Pod, run
from experiments.labs.fabric import bird, peering
from experiments.labs.fabric.peering import Peering, block
from experiments.probes import mtu

LINK_LOCAL_GATEWAY = "169.254.1.1"
HOST_SIDE_MAC = "ee:ee:ee:ee:ee:ee"
# What Felix gives the node's end of a pod. It looks at the way back by a rule of the packet filter, so the kernel need not.
SETTINGS = {
    "net.ipv4.conf.{}.proxy_arp": "1", "net.ipv4.neigh.{}.proxy_delay": "0", "net.ipv4.conf.{}.forwarding": "1",
    "net.ipv4.conf.{}.route_localnet": "1", "net.ipv4.conf.{}.rp_filter": "0",
}


class Calico:
    """The recipe; see :class:`experiments.dataplanes.recipe.Recipe`."""

    def __init__(self, lab: Lab, mode: Mode) -> None:
        self.lab = lab
        self.mode = mode
        self.pods: tuple[Pod, ...] = pods_for(lab, lambda node: f"192.168.{node.index}.2")
        self.tunnel = peering.tunnel(mode)
        self.peering = Peering(lab.nodes, lab.routers, self.tunnel)

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
        run(lab, node.name, ["sysctl", "-qw", *(f"{name.format(device)}={value}" for name, value in SETTINGS.items())])
        run(lab, node.name, ["ip", "route", "add", f"{pod.address}/32", "dev", device, "scope", "link",
                             "metric", str(bird.ROUTE_METRIC)])

    def _start_bird(self, node: Node) -> None:
        path = f"/run/podpath/{node.name}.bird"
        self.lab.write_file(node.name, f"{path}.conf", self.peering.configuration(node))
        argv = ["bird", "-c", f"{path}.conf", "-s", f"{path}.ctl", "-P", f"{path}.pid"]
        done = run(self.lab, node.name, argv, check=False)
        if done.exit_code != 0:
            raise ExperimentFailed(
                f"On {node.name}: `{done.command}` ended with {done.exit_code}: {(done.stderr or done.stdout).strip()}",
                bird.TUNNEL_WANTS if self.tunnel else "")

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
        for node, pod in zip(self.lab.nodes, self.pods, strict=True):
            checks += self._pod_checks(node, pod)
        if self.tunnel:
            checks += [check for node in self.lab.nodes for check in self._tunnel_checks(node)]
        if self.peering.racks:
            checks += self._tor_checks()
        return checks

    def _show_protocols(self, speaker: Node) -> list[str]:
        return ["birdc", "-s", f"/run/podpath/{speaker.name}.bird.ctl", "show", "protocols"]

    def _states(self, speaker: Node) -> dict[str, str]:
        done = run(self.lab, speaker.name, self._show_protocols(speaker), check=False, record=False)
        return bird.sessions(done.stdout)

    def _sessions(self, speaker: Node) -> list[Check]:
        done = run(self.lab, speaker.name, self._show_protocols(speaker), check=False)
        found = bird.sessions(done.stdout)
        observed = {peer.name: found.get(peer.name, done.stderr.strip() or "no such session")
                    for peer in self.peering.peers(speaker)}
        checks = [expect(f"bgp.session.{name}", speaker.name, "Established", state, done.command)
                  for name, state in observed.items()]
        checks.append(expect("bgp.sessions.count", speaker.name, len(observed), len(found), done.command))
        return checks

    def _route_checks(self, node: Node, other: Node) -> list[Check]:
        route = self._route(node, other)
        evidence = f"ip -json route show {block(other)}"
        device = self.tunnel or node.device
        # A reflected route keeps the originating node as next hop; behind a ToR the ToR is the next hop.
        next_hop = node.gateway if self.peering.racks else other.address
        metric = bird.METRIC_OF_ANOTHER_AS if self.peering.racks else bird.ROUTE_METRIC
        checks = [
            expect("route.gateway", node.name, next_hop, route.get("gateway", "no route"), evidence),
            expect("route.device", node.name, device, route.get("dev", "no route"), evidence),
            expect("route.protocol", node.name, "bird", route.get("protocol", "no route"), evidence),
            expect("route.metric", node.name, metric, route.get("metric", 0), evidence),
        ]
        if self.tunnel:
            flags = ",".join(route.get("flags", []))
            checks.append(expect("route.onlink", node.name, "onlink", flags, evidence))
        return checks

    def _pod_checks(self, node: Node, pod: Pod) -> list[Check]:
        """The node's own end of a pod: its route, the block around it, and the settings of its device."""
        device = f"cali{pod.name}"
        own, around = (next(iter(ip_json(self.lab, node.name, "route", "show", prefix)), {})
                       for prefix in (pod.address, block(node)))
        evidence = f"ip -json route show {pod.address}"
        done = run(self.lab, node.name, ["sysctl", *(name.format(device) for name in SETTINGS)], check=False)
        expected = "; ".join(f"{name.format(device)} = {value}" for name, value in SETTINGS.items())
        return [
            expect("pod.route.device", node.name, device, own.get("dev", "no route"), evidence),
            expect("pod.route.metric", node.name, bird.ROUTE_METRIC, own.get("metric", 0), evidence),
            expect("block.route", node.name, "blackhole", around.get("type", "no route"), f"ip -json route show {block(node)}"),
            expect("pod.device", node.name, expected, "; ".join(done.stdout.splitlines()), done.command),
        ]

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
        return [self._own_bird(speaker) for speaker in (*self.lab.nodes, *self.lab.routers)]

    def _own_bird(self, speaker: Node) -> Daemon:
        done = run(self.lab, speaker.name, ["cat", f"/run/podpath/{speaker.name}.bird.pid"], record=False)
        return Daemon("bird", speaker.name, int(done.stdout))

    def implementation(self) -> dict[str, str]:
        """BIRD's version as the running daemon gives it, and the kernel that forwards."""
        return {"control plane": self._own_version(self.lab.nodes[0].name), "data plane": self._data_plane()}

    def _own_version(self, place: str) -> str:
        """What the BIRD that we have started there says of itself: ``BIRD 2.0.12``.

        Raises:
            ExperimentFailed: it does not say it.
        """
        answer = run(self.lab, place, ["birdc", "-s", f"/run/podpath/{place}.bird.ctl", "show", "status"], record=False)
        version = next((line for line in answer.stdout.splitlines() if line.startswith("BIRD")), "")
        if not version:
            raise ExperimentFailed(f"On {place}: BIRD did not say its version.")
        return version.removesuffix(" ready.")

    def _data_plane(self) -> str:
        return "Linux ipip tunnel and routing" if self.tunnel else "Linux routing"
