"""Kernel features, each found by using it for a moment in a scratch namespace."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Runs a command in scratch namespaces of its own; None if that worked, else the last thing that was said.
Scratch = Callable[..., str | None]


@dataclass(frozen=True)
class Feature:
    """A feature of the kernel: the program by which it is tried, the trial, which says why not or None, and its module.

    An empty program: none is needed; an empty module: it is part of every kernel that has it.
    """

    program: str
    refused: Callable[[Scratch], str | None]
    module: str = ""

    @property
    def how(self) -> str:
        """What to do where the kernel in use lacks it."""
        return f"Load its module (`modprobe {self.module}`), or use another kernel." if self.module else (
            "Use another kernel.")


def _link(kind: str, *options: str) -> Feature:
    """A link of this kind can be made."""
    return Feature("ip", lambda scratch: scratch("ip", "link", "add", "probe0", "type", kind, *options), kind)


def _tun(scratch: Scratch) -> str | None:
    """Why /dev/net/tun cannot be opened."""
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        return f"/dev/net/tun: {error.strerror}"
    return None


def _openvswitch(scratch: Scratch) -> str | None:
    """Why the kernel has no Open vSwitch datapath: its generic netlink family is asked for."""
    found = scratch("genl", "ctrl", "get", "name", "ovs_datapath") is None
    return None if found else "openvswitch: the kernel has no netlink family ovs_datapath"


def _packet_socket(scratch: Scratch) -> str | None:
    """Why no packet socket can be opened."""
    return None if scratch("test", "-e", "/proc/net/packet") is None else "the kernel has no packet sockets"


def _bridge_netfilter(scratch: Scratch) -> str | None:
    """Why bridged packets cannot be shown to the packet filter."""
    switch = "/proc/sys/net/bridge/bridge-nf-call-iptables"
    return f"{switch} is not there" if scratch("test", "-e", switch) else None


def _iptables(scratch: Scratch) -> str | None:
    """Why the packet filter's tables cannot be read; its lock file lies in a /run that is not everybody's."""
    return scratch("--mount", "sh", "-c", "mount -t tmpfs tmpfs /run && iptables -t nat -S && iptables -t filter -S")


FEATURES: Mapping[str, Feature] = {
    "veth": _link("veth"),
    "bridge": _link("bridge"),
    "vxlan": _link("vxlan", "id", "1", "dstport", "8472"),
    "ipip": _link("ipip", "local", "192.0.2.1", "remote", "192.0.2.2"),
    "dummy": _link("dummy"),
    "ipv4-forwarding": Feature("sysctl", lambda scratch: scratch("sysctl", "-qw", "net.ipv4.ip_forward=1")),
    "tun": Feature("", _tun, "tun"),
    "openvswitch": Feature("genl", _openvswitch, "openvswitch"),
    "packet-socket": Feature("", _packet_socket, "af_packet"),
    "bridge-netfilter": Feature("", _bridge_netfilter, "br_netfilter"),
    "iptables": Feature("iptables", _iptables, "ip_tables"),
    "ipset": Feature("ipset", lambda scratch: scratch("ipset", "create", "probe0", "hash:net"), "ip_set"),
}
