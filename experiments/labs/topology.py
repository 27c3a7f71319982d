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
from experiments.errors import UserError

IMAGE = "podpath-lab:1"
DEVICE = "eth1"  # eth0 is containerlab's own, for management
FEWEST, MOST = 2, 98  # nodes; from 101 on the segment's addresses belong to route reflectors

HEADER = """\
# The underlay of {name} with two nodes, for `containerlab deploy`. Made by experiments/labs/topology.py, which a test holds
# equal to this file. The image: `docker build --tag {image} experiments/labs/image`.
"""


def topology(mode: Mode, nodes: int = 2, name: str = "") -> dict[str, Any]:
    """The topology as containerlab reads it; ``name`` is the lab's, unique on a machine.

    Raises:
        UserError: the number of nodes is out of range.
    """
    if not FEWEST <= nodes <= MOST:
        raise UserError(f"{nodes} nodes cannot be built.", f"Between {FEWEST} and {MOST}.")
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
    members = {f"node{i}": f"172.31.0.{i}/24" for i in range(1, nodes + 1)}
    reflectors = sum(router.startswith("rr") for router in mode.underlay.routers)
    members |= {f"rr{i}": f"172.31.0.{100 + i}/24" for i in range(1, reflectors + 1)}
    places = {name: _host(address) for name, address in members.items()}
    links = [(f"{name}:{DEVICE}", f"underlay:eth{port}") for port, name in enumerate(members, 1)]
    return {"underlay": _bridge(len(members)), **places}, links


def _routed(nodes: int) -> Fabric:
    """A rack a node: node, ToR, spine segment. The fabric routes the racks' networks itself."""
    racks = range(1, nodes + 1)
    places: dict[str, list[str]] = {"underlay": _bridge(nodes)}
    links = []
    for i in racks:
        others = [f"ip route add 172.31.{j}.0/24 via 172.31.255.{j}" for j in racks if j != i]
        places[f"tor{i}"] = _host(f"172.31.255.{i}/24", f"ip address add 172.31.{i}.1/24 dev eth2", "ethtool -K eth2 tx on",
                                  *others)
        places[f"node{i}"] = _host(f"172.31.{i}.10/24", *(f"ip route add 172.31.{j}.0/24 via 172.31.{i}.1" for j in racks
                                                         if j != i), f"ip route add 172.31.255.0/24 via 172.31.{i}.1")
        links += [(f"tor{i}:{DEVICE}", f"underlay:eth{i}"), (f"node{i}:{DEVICE}", f"tor{i}:eth2")]
    return places, links
