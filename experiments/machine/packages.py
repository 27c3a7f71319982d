"""Tools, the packages they come from on each distribution, and why a lab needs them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A package by its names, the programs it brings, and what for. An empty name: not packaged there."""

    debian: str
    fedora: str
    arch: str
    programs: tuple[str, ...]
    why: str
    wanted_for: str = "lab"  # lab | capsule | tests | upstream: never installed by itself, as Debian starts its service


PACKAGES = (
    Package("util-linux", "util-linux", "util-linux", ("unshare", "nsenter", "setpriv", "taskset"),
            "makes the private namespaces of the embedded lab and enters them"),
    Package("iproute2", "iproute", "iproute2", ("ip", "bridge", "tc", "ss"),
            "makes links, bridges, tunnels and routes"),
    Package("procps", "procps-ng", "procps-ng", ("sysctl",), "switches on forwarding inside the lab"),
    Package("iputils-ping", "iputils", "iputils", ("ping",), "shows TTL and MTU at the pod"),
    Package("iperf3", "iperf3", "iperf3", ("iperf3",), "measures TCP goodput"),
    Package("sockperf", "sockperf", "", ("sockperf",), "measures round-trip times as real percentiles"),
    Package("ethtool", "ethtool", "ethtool", ("ethtool",), "reads and sets offloads"),
    Package("bird2", "bird", "bird", ("bird", "birdc"), "speaks BGP in the Calico modes"),
    Package("user-mode-linux", "", "", ("linux.uml",),
            "a kernel with ipip and openvswitch, for machines whose own kernel lacks them", "capsule"),
    Package("kmod", "kmod", "kmod", ("modprobe",), "loads that kernel's modules", "capsule"),
    Package("etcd-server", "etcd", "etcd", ("etcd",), "keeps flanneld's subnets, with --daemon upstream", "upstream"),
    Package("etcd-client", "etcd", "etcd", ("etcdctl",), "writes flanneld's configuration, with --daemon upstream", "upstream"),
    Package("iptables", "iptables-nft", "iptables", ("iptables",), "is called by weaver, with --daemon upstream", "upstream"),
    Package("tcpdump", "tcpdump", "tcpdump", ("tcpdump",), "reads a capture of ours in the tests", "tests"),
    Package("chromium", "chromium", "chromium", ("chromium",), "opens the built site in the tests", "tests"),
)


def providing(program: str) -> Package | None:
    """The package that brings a program."""
    return next((package for package in PACKAGES if program in package.programs), None)
