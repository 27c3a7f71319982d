"""Who stands on the underlay with which address: the same in every lab that we build ourselves."""

from __future__ import annotations

from experiments.errors import UserError
from experiments.labs.base import Node, Underlay

# The modes carry IPv4. Where IPv6 is on, the kernel sends reports and solicitations of its own over every device, which are
# then counted beside what was sent. Of "all" the kernel makes the default for devices to come too (ipv6/addrconf.c,
# addrconf_disable_ipv6); a kernel without IPv6 has no such setting, and -e passes it over.
WITHOUT_IPV6 = ("sysctl", "-qew", "net.ipv6.conf.all.disable_ipv6=1")

FEWEST, MOST = 2, 98  # nodes; on the segment, addresses from 101 on belong to route reflectors


def check(nodes: int) -> None:
    """Whether so many nodes have addresses.

    Raises:
        UserError: they do not.
    """
    if not FEWEST <= nodes <= MOST:
        raise UserError(f"{nodes} node{'s' if nodes != 1 else ''} cannot be built.", f"Between {FEWEST} and {MOST}.")


def plan(nodes: int, underlay: Underlay, reflectors: int) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """The nodes, and the routers beside them: reflectors on the segment, or a top-of-rack router for each node.

    Raises:
        UserError: there are not so many addresses.
    """
    check(nodes)
    numbers = range(1, nodes + 1)
    if underlay == "l2":
        return (tuple(Node(f"node{i}", i, f"172.31.0.{i}") for i in numbers),
                tuple(Node(f"rr{i}", 100 + i, f"172.31.0.{100 + i}", role="reflector") for i in range(1, reflectors + 1)))
    return (tuple(Node(f"node{i}", i, f"172.31.{i}.10", gateway=f"172.31.{i}.1", rack=i) for i in numbers),
            tuple(Node(f"tor{i}", i, f"172.31.255.{i}", role="tor", device="spine") for i in numbers))


def rack(node: Node) -> str:
    """The network of the node's, or the router's, rack."""
    return f"172.31.{node.index}.0/24"
