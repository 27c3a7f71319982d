"""containerlab topologies of the modes: a pure function, and the files in ``experiments/modes/*/topology.clab.yml``.

The same underlay as in the embedded lab, so that the same recipe runs on both: the same names of devices, the same
addresses, one Ethernet segment or racks behind ToRs. A node is a container of the lab image; the segment is one too, with a
bridge inside, so that nothing of the host's is touched. There is no management network: a second path between the nodes
could carry what is measured.

What containerlab does by itself and a measurement cannot have (srl-labs/containerlab v0.79.0, links/link_veth.go): links of
MTU 9500, so the MTU is written at each link; and transmit checksum offload switched off, so it is switched on again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from experiments.catalog import Mode
from experiments.labs.fabric import addresses

IMAGE = "podpath-lab:1"
SOURCE = "/opt/podpath"  # where a node finds this program's code: the relays and the capture run there
PREFIX = "podpath"

HEADER = """\
# The underlay of {name} with two nodes, for `containerlab deploy`. Made by
# experiments/labs/containerlab/topology.py, which a test holds equal to this file.
# The image: `docker build --tag {image} experiments/labs/containerlab/image`.
"""


def topology(mode: Mode, nodes: int = 2, name: str = "", source: str = "../../..") -> dict[str, Any]:
    """The topology as containerlab reads it.

    ``name`` is the lab's, unique on a machine; ``source`` this program's folder, relative to the topology's file.

    Raises:
        UserError: the number of nodes is out of range.
    """
    lab = name or mode.name
    fabric = _routed(nodes) if mode.underlay.kind == "routed" else _segment(mode, nodes)
    mtu = mode.mtu.underlay_bytes
    return {
        "name": lab,
        "prefix": PREFIX,
        "mgmt": {"network": f"{PREFIX}-{lab}", "skip-when-unused": True},
        "topology": {
            "defaults": {"kind": "linux", "image": IMAGE, "image-pull-policy": "Never", "network-mode": "none",
                         "binds": [f"{source}:{SOURCE}:ro"]},
            "nodes": {place: {"exec": commands} for place, commands in fabric[0].items()},
            "links": [{"endpoints": list(ends), "mtu": mtu} for ends in fabric[1]],
        },
    }


def text(mode: Mode) -> str:
    """The file for two nodes, as it stands in the mode's folder."""
    return HEADER.format(name=mode.name, image=IMAGE) + yaml.safe_dump(topology(mode), sort_keys=False, width=120)


Fabric = tuple[dict[str, list[str]], list[tuple[str, str]]]


def _device(name: str, address: str = "") -> list[str]:
    """A device that computes checksums again, with its address."""
    return [f"ethtool -K {name} tx on", *([f"ip address add {address} dev {name}"] if address else [])]


def _host(*devices: tuple[str, str]) -> list[str]:
    """What every node and router does: forward, and take its addresses."""
    return ["mkdir -p /run/podpath", " ".join(addresses.WITHOUT_IPV6), "sysctl -qw net.ipv4.ip_forward=1",
            *(command for name, address in devices for command in _device(name, address))]


def _bridge(ports: Sequence[str]) -> list[str]:
    return [" ".join(addresses.WITHOUT_IPV6), "ip link add br0 type bridge stp_state 0", "ip link set br0 up",
            *(command for port in ports for command in (*_device(port), f"ip link set {port} master br0"))]


def _segment(mode: Mode, nodes: int) -> Fabric:
    """All nodes, and the route reflectors, on one bridge."""
    members, reflectors = addresses.plan(nodes, "l2", mode.underlay.reflectors)
    everybody = (*members, *reflectors)
    # As in the embedded lab: a default route that leads to nobody, which proxy ARP asks for.
    places = {one.name: [*_host((one.device, f"{one.address}/{one.prefix_length}")),
                         f"ip route add default dev {one.device}"] for one in everybody}
    links = [(f"{one.name}:{one.device}", f"underlay:port{one.index}") for one in everybody]
    return {"underlay": _bridge([f"port{one.index}" for one in everybody]), **places}, links


def _routed(nodes: int) -> Fabric:
    """A rack a node: node, ToR, spine segment. The fabric routes the racks' networks itself."""
    members, tors = addresses.plan(nodes, "routed", 0)
    places: dict[str, list[str]] = {"underlay": _bridge([f"port{tor.index}" for tor in tors])}
    links = []
    for node, tor in zip(members, tors, strict=True):
        others = [other for other in tors if other != tor]
        places[tor.name] = [*_host((tor.device, f"{tor.address}/{tor.prefix_length}"), ("rack", f"{node.gateway}/24")),
                            *(f"ip route add {addresses.rack(other)} via {other.address}" for other in others)]
        places[node.name] = [*_host((node.device, f"{node.address}/24")), f"ip route add default via {node.gateway}"]
        links += [(f"{tor.name}:{tor.device}", f"underlay:port{tor.index}"), (f"{node.name}:{node.device}", f"{tor.name}:rack")]
    return places, links
