"""Weave's three ways to connect pods with weaver, drawn. Pure; the MTUs are those of the modes, units those of the drawing.

The three and their devices: weaveworks/weave 8c847638, net/bridge.go, lines 22-52.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.catalog import Mode

FAST, CAPTURED = "weave-fastdp", "weave-sleeve-pcap"  # the modes that say what leaves with a datapath, and without one


@dataclass(frozen=True)
class Device:
    """One device of a node: ``y`` is the upper edge of its box."""

    name: str
    kind: str
    y: float


@dataclass(frozen=True)
class Link:
    """A pair of devices from one box to the next."""

    ends: tuple[str, str]
    y: float  # upper end


@dataclass(frozen=True)
class Layout:
    """One way: what stands below the pod, and where frames meet weaver."""

    title: str
    about: str
    devices: tuple[Device, ...]
    links: tuple[Link, ...]
    leaves_at: float  # upper edge of the box from which frames go to other nodes
    leaves: str  # how; empty where no mode says it
    packet_bytes: int | None  # the largest packet of a pod; None where no mode says it
    underlay_bytes: int | None  # the MTU on which that holds
    default: bool = False

    @property
    def height(self) -> float:
        """Of the drawing."""
        return self.devices[-1].y + BOX_HEIGHT + TOP

    @property
    def words(self) -> str:
        """Its text alternative: from the pod to weaver."""
        chain = ", then ".join(f"{device.name} ({device.kind})" for device in self.devices)
        at = next(device.name for device in self.devices if device.y == self.leaves_at)
        return f"{chain}; to other nodes from {at}{f' by {self.leaves}' if self.leaves else ''}"


ROW, TOP, BOX_HEIGHT = 76.0, 8.0, 36.0

POD = ("eth0", "in the pod")
BRIDGE = ("weave", "Linux bridge")
TO_BRIDGE = ("a pair of devices", "")
DATAPATH = "Open vSwitch datapath"
MISSES = ("weaver", "misses only")
NETLINK = ("netlink", "")


def layouts(modes: Mapping[str, Mode]) -> tuple[Layout, ...]:
    """The default first."""
    fast, captured = modes.get(FAST), modes.get(CAPTURED)
    return (
        _layout("Bridge and datapath", "The default: a pair of devices joins the two.", fast, 2,
                (POD, BRIDGE, ("datapath", DATAPATH), MISSES),
                (TO_BRIDGE, ("vethwe-bridge", "vethwe-datapath"), NETLINK), default=True),
        _layout("Bridge alone", "Without a datapath: weaver captures every frame.", captured, 2,
                (POD, BRIDGE, ("weaver", "every frame")), (TO_BRIDGE, ("vethwe-bridge", "vethwe-pcap"))),
        _layout("Datapath alone", "No Linux bridge: here weave is the datapath's name.", fast, 1,
                (POD, ("weave", DATAPATH), MISSES), (TO_BRIDGE, NETLINK)),
    )


def _layout(
    title: str, about: str, mode: Mode | None, leaves_row: int, devices: tuple[tuple[str, str], ...],
    links: tuple[tuple[str, str], ...], default: bool = False,
) -> Layout:
    """A layout whose frames are those of a mode; ``leaves_row`` is the device from which they go to other nodes."""
    leaves = f"UDP {mode.encapsulation.udp_port}" if mode and mode.encapsulation.udp_port else ""
    return Layout(title, about, tuple(Device(name, kind, TOP + ROW * row) for row, (name, kind) in enumerate(devices)),
                  tuple(Link(ends, TOP + BOX_HEIGHT + ROW * row) for row, ends in enumerate(links)), TOP + ROW * leaves_row,
                  leaves, mode.mtu.pod_bytes if mode else None, mode.mtu.underlay_bytes if mode else None, default)
