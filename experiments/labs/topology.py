"""containerlab topologies of the modes: a pure function, and the files in ``experiments/modes/*/topology.clab.yml``.

The same underlay as in the embedded lab: the same addresses, one Ethernet segment or racks behind ToRs. A node is a
container of the lab image; the segment is one too, with a bridge inside, so that nothing of the host's is touched.

What containerlab does by itself and a measurement cannot have (srl-labs/containerlab v0.79.0, links/link_veth.go): links of
MTU 9500, so the MTU is written at each link; and transmit checksum offload switched off, so it is switched on again.
"""

from __future__ import annotations

from typing import Any

import yaml

from experiments.catalog import Mode
from experiments.labs import addresses

IMAGE = "podpath-lab:1"
DEVICE = "eth1"  # eth0 is containerlab's own, for management

HEADER = """\
# The underlay of {name} with two nodes, for `containerlab deploy`. Made by experiments/labs/topology.py, which a test holds
# equal to this file. The image: `docker build --tag {image} experiments/labs/image`.
"""


def topology(mode: Mode, nodes: int = 2, name: str = "") -> dict[str, Any]:
    """The topology as containerlab reads it; ``name`` is the lab's, unique on a machine.

    Raises:
        UserError: the number of nodes is out of range.
    """
    lab = name or mode.name
    fabric = _routed(nodes) if mode.underlay.kind == "routed" else _segment(mode, nodes)
    mtu = mode.mtu.underlay_bytes
    return {
        "name": lab,
        "prefix": "podpath",
        "mgmt": {"network": f"podpath-{lab}", "ipv4-subnet": "auto"},
        "topology": {
            "defaults": {"kind": "linux", "image": IMAGE, "image-pull-policy": "Never"},
            "nodes": {place: {"exec": commands} for place, commands in fabric[0].items()},
            "links": [{"endpoints": list(ends), "mtu": mtu} for ends in fabric[1]],
        },
    }


def text(mode: Mode) -> str:
    """The file for two nodes, as it stands in the mode's folder."""
    return HEADER.format(name=mode.name, image=IMAGE) + yaml.safe_dump(topology(mode), sort_keys=False, width=120)


Fabric = tuple[dict[str, list[str]], list[tuple[str, str]]]


def _host(address: str, *more: str) -> list[str]:
    """What every node and router does: forward, take its address, let its device compute checksums again."""
    return ["sysctl -qw net.ipv4.ip_forward=1", f"ip address add {address} dev {DEVICE}", f"ethtool -K {DEVICE} tx on", *more]


def _bridge(ports: int) -> list[str]:
    return ["ip link add br0 type bridge stp_state 0", "ip link set br0 up",
            *(command for port in range(1, ports + 1)
              for command in (f"ip link set eth{port} master br0", f"ethtool -K eth{port} tx on"))]


def _segment(mode: Mode, nodes: int) -> Fabric:
    """All nodes, and the route reflectors, on one bridge."""
    members, reflectors = addresses.plan(nodes, "l2", mode.underlay.reflectors)
    everybody = (*members, *reflectors)
    places = {one.name: _host(f"{one.address}/{one.prefix_length}") for one in everybody}
    links = [(f"{one.name}:{DEVICE}", f"underlay:eth{port}") for port, one in enumerate(everybody, 1)]
    return {"underlay": _bridge(len(everybody)), **places}, links


def _routed(nodes: int) -> Fabric:
    """A rack a node: node, ToR, spine segment. The fabric routes the racks' networks itself."""
    members, tors = addresses.plan(nodes, "routed", 0)
    places: dict[str, list[str]] = {"underlay": _bridge(nodes)}
    links = []
    for node, tor in zip(members, tors, strict=True):
        others = [other for other in tors if other != tor]
        places[tor.name] = _host(f"{tor.address}/{tor.prefix_length}", f"ip address add {node.gateway}/24 dev eth2",
                                 "ethtool -K eth2 tx on",
                                 *(f"ip route add {addresses.rack(other)} via {other.address}" for other in others))
        # Management has the default route here, so a node is told each network of the fabric.
        places[node.name] = _host(f"{node.address}/{node.prefix_length}",
                                  *(f"ip route add {addresses.rack(other)} via {node.gateway}" for other in others),
                                  f"ip route add 172.31.255.0/24 via {node.gateway}")
        links += [(f"{tor.name}:{DEVICE}", f"underlay:eth{tor.index}"), (f"{node.name}:{DEVICE}", f"{tor.name}:eth2")]
    return places, links
