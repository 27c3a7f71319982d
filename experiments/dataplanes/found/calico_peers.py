"""Who peers with whom in Calico: by its objects, by the sessions that BIRD names, and by a node's own TCP connections.

Three ways, and three modes: each node with every other (mesh), all with the same reflectors (global), each with the router
of its rack (node). Peers that are nodes of the cluster are reflectors, however a BGPPeer selects them.
"""

from __future__ import annotations

from functools import cache

from experiments.catalog import Mode
from experiments.dataplanes.found.cluster_objects import Json
from experiments.dataplanes.found.findings import CLUSTER, OBJECTS, PROCESSES, SOCKETS, Finding, found, hidden
from experiments.dataplanes.found.node_view import ESTABLISHED, NodeView
from experiments.labs.fabric import bird
from experiments.labs.kubernetes import manifest

SESSIONS_FILE = "bird.txt"
BGP_PORT = 179  # RFC 4271
MESH, GLOBAL, NODE, BOTH, NOBODY = "mesh", "global", "node", "global and node", "nobody"


def of_mode(mode: Mode) -> str:
    """Who peers with whom in a mode of Calico, by the objects of its kind.yml."""
    return _of_installation(mode.variant_of or mode.name)


@cache
def _of_installation(name: str) -> str:
    objects = manifest.installation(name).objects
    bgp = next((one.spec for one in objects if one.kind == "BGPConfiguration"), {})
    return peering(bgp, tuple(one.spec for one in objects if one.kind == "BGPPeer"), frozenset())


def peering(bgp: Json, peers: tuple[Json, ...], addresses: frozenset[str]) -> str:
    """Who peers with whom by the objects; ``addresses`` are those of the cluster's nodes."""
    return MESH if bgp.get("nodeToNodeMeshEnabled", True) else _kinds(peers, addresses)


def _kinds(peers: tuple[Json, ...], addresses: frozenset[str]) -> str:
    return " and ".join(sorted({_kind(peer, addresses) for peer in peers})) or NOBODY


def _kind(peer: Json, addresses: frozenset[str]) -> str:
    """``peerSelector`` selects nodes of the cluster; a peer for all nodes is a reflector, too."""
    if peer.get("peerSelector") or str(peer.get("peerIP")) in addresses:
        return GLOBAL
    return NODE if peer.get("node") or str(peer.get("nodeSelector") or "").strip() not in ("", "all()") else GLOBAL


def by_objects(bgp: Json | None, peers: tuple[Json, ...] | None, addresses: frozenset[str]) -> list[Finding]:
    """What BGPConfiguration and BGPPeers leave possible."""
    if bgp is None or peers is None:
        return [hidden(OBJECTS, CLUSTER, "who peers with whom (BGPConfiguration, BGPPeers)")]
    kind = peering(bgp, peers, addresses)
    count = f"BGPPeers: {_kinds(peers, addresses)} ({len(peers)})"
    if kind == MESH and not bgp and peers:
        # Mesh is the default; but these peers could as well be all, and the object that says so have been missed.
        return [found(OBJECTS, CLUSTER, f"no BGPConfiguration; {count}", "peers", MESH, _kinds(peers, addresses))]
    if kind == MESH:
        return [found(OBJECTS, CLUSTER, "nodes peer with each other (nodeToNodeMeshEnabled)", "peers", MESH)]
    return [found(OBJECTS, CLUSTER, f"no mesh; {count}", "peers", kind)]


def kind_of(session: str, addresses: frozenset[str]) -> str:
    """Who is at the other end of a session, by its name (confd/etc/calico/confd/templates/bird.cfg.template)."""
    prefix, _, rest = session.partition("_")
    if prefix == "Node":
        return GLOBAL if rest.replace("_", ".") in addresses else NODE
    return {"Mesh": MESH, "Global": GLOBAL}.get(prefix, "")


def by_node(view: NodeView, addresses: frozenset[str]) -> list[Finding]:
    """What a node's BIRD and its connections leave possible."""
    said = []
    if SESSIONS_FILE in view.own:
        states = bird.sessions(view.own[SESSIONS_FILE])
        kinds = sorted({kind for name in states if (kind := kind_of(name, addresses))})
        kind = MESH if MESH in kinds else " and ".join(kinds) or NOBODY  # others beside a mesh lead out of the cluster
        down = [f"{name} {state}" for name, state in states.items() if state != "Established"]
        words = f"BIRD's sessions: {kind}" + (f"; {', '.join(down[:3])}" if down else "")
        said.append(found(PROCESSES, view.name, words, "peers", kind))
    if view.blind:
        return []
    if view.tcp is None:
        return [*said, hidden(SOCKETS, view.name, "connections", view.unseen.get("tcp.txt", ""))]
    partners = {one.remote for one in view.tcp
                if one.state == ESTABLISHED and BGP_PORT in (one.local_port, one.remote_port)}
    if not partners:
        return [*said, found(SOCKETS, view.name, "no BGP session is established", "peers", NOBODY)]
    if view.other in partners:
        return [*said, found(SOCKETS, view.name, "a BGP session with the other node", "peers", MESH, GLOBAL, BOTH)]
    words = f"BGP sessions with {len(partners)} others, none with the other node"
    return [*said, found(SOCKETS, view.name, words, "peers", GLOBAL, BOTH, *(() if partners & addresses else (NODE,)))]
