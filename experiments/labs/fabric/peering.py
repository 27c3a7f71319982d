"""Who peers with whom by BGP, from the address plan alone: a mesh, route reflectors, or a router in each rack. Pure.

Names of sessions, and which side waits to be dialled, are Calico's (projectcalico/calico v3.31.0,
confd/etc/calico/confd/templates/bird.cfg.template).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from experiments.catalog import Mode
from experiments.labs.base import Node
from experiments.labs.fabric import addresses, bird

TOR_AS, TORS = 64600, 100  # tor1 is AS 64601, tor2 AS 64602, …; so many numbers are the routers'
TUNNEL = "tunl0"  # the device of Linux' ipip module, which Calico uses


def block(node: Node) -> str:
    """Return the node's /26 of pod addresses."""
    return f"192.168.{node.index}.0/26"


def tunnel(mode: Mode) -> str:
    """Return the device that the routes to other nodes' blocks use; empty where packets are not wrapped."""
    return TUNNEL if mode.encapsulation.name == "ipip" else ""


@dataclass(frozen=True)
class Peering:
    """The speakers of an underlay: nodes, and the reflectors or top-of-rack routers beside them."""

    nodes: Sequence[Node]
    routers: Sequence[Node]
    tunnel: str = ""
    more_blocks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of a node beside its first, by its name
    connect_delay_s: int = bird.CONNECT_DELAY_S

    @property
    def racks(self) -> bool:
        """Whether each node has a rack of its own, with a router."""
        return any(router.role == "tor" for router in self.routers)

    @property
    def _reflectors(self) -> list[Node]:
        return [router for router in self.routers if router.role == "reflector"]

    def asn(self, node: Node) -> int:
        """Return a speaker's AS number."""
        if node.role == "tor":
            return TOR_AS + node.index
        if not self.racks:
            return bird.CALICO_AS
        # Behind ToRs each node is an AS of its own, else one would refuse another's routes as a loop.
        own = bird.CALICO_AS + node.index
        return own if own <= TOR_AS else own + TORS

    def configuration(self, node: Node) -> str:
        """Return the ``bird.conf`` of a speaker."""
        log = f"/run/podpath/{node.name}.bird.log"
        return bird.configuration(self._speaker(node)).replace("/run/podpath/bird.log", log)

    def _speaker(self, node: Node) -> bird.Speaker:
        return bird.Speaker(
            # The router id; ToRs are known by their address on the spine.
            node.address, self.asn(node), tuple(self.peers(node)),
            block(node) if node.role == "node" else "", tunnel=self.tunnel if node.role == "node" else "",
            more_blocks=self.more_blocks.get(node.name, ()), connect_delay_s=self.connect_delay_s,
        )

    def peers(self, node: Node) -> list[bird.BgpPeer]:
        """Return a speaker's BGP neighbours."""
        if node.role == "reflector":
            clients = [bird.BgpPeer(bird.peer_name("Node", n.address), n.address, bird.CALICO_AS, reflector_client=True,
                                 passive=True) for n in self.nodes]
            others = [bird.BgpPeer(bird.peer_name("Global", r.address), r.address, bird.CALICO_AS,
                                passive=bird.mesh_is_passive(node.address, r.address))
                      for r in self._reflectors if r != node]
            return clients + others
        if node.role == "tor":
            own = [bird.BgpPeer(bird.peer_name("Node", n.address), n.address, self.asn(n), passive=True, direct=True,
                                local=n.gateway) for n in self.nodes if n.rack == node.index]
            fabric = [bird.BgpPeer(bird.peer_name("Spine", t.address), t.address, self.asn(t), direct=True,
                                passive=bird.mesh_is_passive(node.address, t.address))
                      for t in self.routers if t != node]
            return own + fabric
        if self.racks:
            tor = next(router for router in self.routers if router.index == node.rack)
            return [bird.BgpPeer(bird.peer_name("Node", node.gateway), node.gateway, self.asn(tor), direct=True)]
        if self._reflectors:
            return [bird.BgpPeer(bird.peer_name("Global", r.address), r.address, bird.CALICO_AS) for r in self._reflectors]
        return [bird.BgpPeer(bird.peer_name("Mesh", n.address), n.address, bird.CALICO_AS,
                          passive=bird.mesh_is_passive(node.address, n.address)) for n in self.nodes if n != node]


def routers(mode: Mode, nodes: int) -> dict[str, str]:
    """Return the BIRD configurations of an underlay's own routers by name, for labs whose nodes the CNI configures itself."""
    members, beside = addresses.plan(nodes, mode.underlay.kind, mode.underlay.reflectors)
    peering = Peering(members, beside, tunnel(mode))
    return {router.name: peering.configuration(router) for router in beside}
