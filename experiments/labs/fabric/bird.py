"""BIRD 2 or 3 as Calico's routing daemon: configuration files as text, and reading what ``birdc`` answers.

The blocks follow what Calico's own templates say (projectcalico/calico v3.31.0,
confd/etc/calico/confd/templates/bird.cfg.template and bird_ipam.cfg.template), written for BIRD 2 instead of Calico's
patched BIRD 1.6: channels, ``onlink``/``ifname``/``gw`` in place of ``krt_tunnel``; ``krt_metric`` for what 3.32 programs. BIRD
3 takes the same blocks, but for the tunnel's: its filters cannot set ``onlink`` (3.1: "syntax error, unexpected ONLINK").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CALICO_AS = 64512  # projectcalico/calico v3.31.0: api/pkg/apis/projectcalico/v3/bgpconfig.go
TUNNEL_WANTS = ("Routes through a tunnel want BIRD 2: the filters of BIRD 3 cannot set `onlink`. Install BIRD 2 (Debian package"
                " bird2), should `bird --version` say 3.")
# Of the routes that Calico 3.32 puts into a node's kernel, Felix's to its pods and BIRD's to other nodes' blocks; a node's own
# block, the blackhole, has none. What BIRD learns has the metric that its local preference stands for, so the nodes of an AS
# tell each other theirs; a route of another AS has none, and gets BIRD's default. projectcalico/calico v3.32.1,
# confd/pkg/backends/calico/bgp_processor.go; seen with its own daemons.
ROUTE_METRIC = 1024
PREFERENCE_AND_METRIC = 2147483647  # their sum
DEFAULT_PREFERENCE = 100  # BIRD's default bgp_local_pref
METRIC_OF_ANOTHER_AS = PREFERENCE_AND_METRIC - DEFAULT_PREFERENCE
CLUSTER_ID = "244.0.0.1"  # the one that Calico's documentation uses in its route reflector example
# Calico waits 2 s before it dials; BIRD takes whole seconds. 1 s halves a lab's start and changes nothing on the wire.
CONNECT_DELAY_S = 1


@dataclass(frozen=True)
class BgpPeer:
    """One BGP neighbour as Calico names it: ``Mesh_…``, ``Global_…`` or ``Node_…``."""

    name: str
    address: str
    asn: int
    passive: bool = False
    reflector_client: bool = False
    direct: bool = False  # eBGP over a shared segment; otherwise the next hop is resolved recursively
    local: str = ""  # the own address of this session, where it is not the router id


@dataclass(frozen=True)
class Speaker:
    """All that one daemon's configuration depends on."""

    address: str
    asn: int
    peers: tuple[BgpPeer, ...]
    block: str = ""  # the pod addresses of this node; empty on reflectors and ToRs
    pool: str = "192.168.0.0/16"
    tunnel: str = ""  # the tunnel device that routes to other blocks use, if any
    more_blocks: tuple[str, ...] = ()  # that the node has got since
    connect_delay_s: int = CONNECT_DELAY_S


def configuration(speaker: Speaker) -> str:
    """The text of a ``bird.conf``."""
    parts = [
        f"router id {speaker.address};",
        "log \"/run/podpath/bird.log\" all;",
        _filters(speaker),
        "protocol device { scan time 2; }",
        # Without it no next hop on the underlay resolves.
        'protocol direct { ipv4; interface -"cali*", "*"; }',
    ]
    if speaker.block:
        parts.append(
            "# The node's own block: advertised as one route, and a dead end for addresses that no pod has.\n"
            "protocol static { ipv4; "
            + " ".join(f"route {block} blackhole;" for block in (speaker.block, *speaker.more_blocks)) + " }"
        )
    parts.append(
        "protocol kernel {\n"
        "  learn; persist; scan time 2; merge paths on; metric 0;\n"
        "  ipv4 { import all; export filter calico_kernel_programming; };\n"
        "}"
    )
    parts += [_peer(speaker, peer) for peer in speaker.peers]
    return "\n\n".join(parts) + "\n"


def _filters(speaker: Speaker) -> str:
    onto_tunnel = (
        f'  if (net ~ {speaker.pool}) && (source = RTS_BGP) then {{\n'
        "    # This order only: ifname clears the gateway, so gw comes last.\n"
        f'    onlink = true; ifname = "{speaker.tunnel}"; gw = bgp_next_hop; accept;\n'
        "  }\n"
        if speaker.tunnel
        else ""
    )
    metric = f"  if source = RTS_BGP then krt_metric = {PREFERENCE_AND_METRIC} - bgp_local_pref;\n" if speaker.block else ""
    own = "".join(f"  if net = {block} then {{ bgp_local_pref = {PREFERENCE_AND_METRIC} - {ROUTE_METRIC}; accept; }}\n"
                  for block in (speaker.block, *speaker.more_blocks) if block)
    # A reflector or a ToR hands on what it has learned; a node only announces its own block.
    others = "" if speaker.block else f"  if net ~ {speaker.pool} then accept;\n"
    return (
        "filter calico_kernel_programming {\n"
        "  if source = RTS_DEVICE then reject;\n"
        f"{metric}{onto_tunnel}"
        "  accept;\n"
        "}\n\n"
        "filter calico_export_to_bgp_peers {\n"
        f"{own}{others}"
        "  reject;\n"
        "}"
    )


def _peer(speaker: Speaker, peer: BgpPeer) -> str:
    lines = [
        f"local {peer.local or speaker.address} as {speaker.asn};",
        f"neighbor {peer.address} as {peer.asn};",
        f"connect delay time {speaker.connect_delay_s}; connect retry time 5; error wait time 5, 30;",
        "graceful restart on;",
    ]
    if peer.direct:
        lines.append("direct;")
    else:
        lines.append("multihop;")
    if peer.passive:
        lines.append("passive on;")
    if peer.reflector_client:
        lines.append(f"rr client; rr cluster id {CLUSTER_ID};")
    gateway = "direct" if peer.direct else "recursive"
    lines.append(f"ipv4 {{ import all; export filter calico_export_to_bgp_peers; gateway {gateway}; }};")
    return f"protocol bgp {peer.name} {{\n" + "".join(f"  {line}\n" for line in lines) + "}"


def peer_name(kind: str, address: str) -> str:
    """Calico's name of a session: ``Mesh_172_31_0_2``."""
    return f"{kind}_{address.replace('.', '_')}"


def mesh_is_passive(own: str, other: str) -> bool:
    """Whether this side waits to be dialled: Calico compares the addresses as strings, the smaller one is passive."""
    return own < other


# Mesh_172_31_0_2 BGP        ---        up     11:49:34.120  Established
# "since" is one word or two, as the configuration's timeformat says; the session's state is the next word that is one.
_SESSION = re.compile(r"^(?P<name>\S+)\s+BGP\s+\S+\s+\S+\s+(?P<since_and_info>.*)$")
# BIRD's bgp_state_names, and what bgp_state_dsc says beside them (proto/bgp/bgp.c; the same in 1.6, 2 and 3).
STATES = frozenset({"Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established", "Close", "Passive", "Down"})


def sessions(text: str) -> dict[str, str]:
    """BGP sessions and their states (``Established``, ``Active``, …) from the answer of ``birdc show protocols``."""
    matches = (_SESSION.match(line) for line in text.splitlines())
    return {m["name"]: next((word for word in m["since_and_info"].split() if word in STATES), "unknown")
            for m in matches if m}
