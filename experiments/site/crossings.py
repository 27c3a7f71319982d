"""Where one packet leaves the kernel and comes back, drawn from the hops of ``mode.yml``. Pure; units are those of the drawing.

Modes whose packets cross at the same doors share a drawing, so a changed hop is a changed drawing, or one more of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from experiments.catalog import Hop, Mode

WIDTH, HEIGHT = 320, 148
NODES = ("client node", "server node")
NODE_WIDTH = 152.0
PAD, GAP = 5.0, 14.0  # inside a node's frame, and between its boxes
USER, KERNEL = 24.0, 98.0  # upper edges of the boxes of either space
BOX_HEIGHT = 34.0
LONGEST = 9  # letters of a device's name that fit into a box in one line

# What a packet passes between kernel and process: words on the way out of the kernel, and on the way back into it.
UDP_SOCKET = ("received from the UDP socket", "sent by the UDP socket")
DOORS = {"tun": ("read from the TUN device", "written to the TUN device"),
         "packet-socket": ("captured by the packet socket", "written to the packet socket")}
OTHER_DOOR = ("handed to the process", "handed back by the process")


@dataclass(frozen=True)
class Box:
    """A device in the kernel or a process: ``x`` and ``y`` are its left upper corner."""

    lines: tuple[str, ...]
    user: bool
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        """From left to right."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Crossing:
    """One passage between kernel and process; it copies the packet, and on the way out it may have to wake the process."""

    number: int
    at: str
    device: str  # on the kernel's side
    door: str
    out: bool  # of the kernel
    x: float


@dataclass(frozen=True)
class Crossed:
    """The drawing of all modes that cross alike."""

    modes: tuple[Mode, ...]
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    crossings: tuple[Crossing, ...]
    frames: tuple[tuple[str, float], ...] = ((NODES[0], 1.0), (NODES[1], WIDTH - NODE_WIDTH - 1.0))

    @property
    def about(self) -> str:
        """Its text alternative."""
        ways = ", then ".join(f"{one.at}: {one.door}, {one.device}" for one in self.crossings)
        return f"{len(self.crossings)} crossings. {ways}" if ways else "No crossing: both nodes forward in the kernel"


def drawings(modes: Iterable[Mode]) -> tuple[Crossed, ...]:
    """One drawing for each way of crossing; the fewest crossings first."""
    groups: dict[tuple[tuple[str, str, str], ...], list[Mode]] = {}
    for mode in modes:
        key = tuple((one.at, one.device, one.door) for one in _draw((mode,)).crossings)
        groups.setdefault(key, []).append(mode)
    return tuple(_draw(tuple(group)) for _, group in sorted(groups.items(), key=lambda item: len(item[0])))


def _draw(modes: tuple[Mode, ...]) -> Crossed:
    mode = modes[0]
    placed: list[tuple[Hop, Box]] = []
    for place, left in ((NODES[0], 1.0), (NODES[1], WIDTH - NODE_WIDTH - 1.0)):
        placed += _node(_doors([hop for hop in mode.path if hop.at == place]), left)
    crossings: list[Crossing] = []
    lines: list[str] = []
    for (hop, box), (following, next_box) in pairwise(placed):
        lines.append(_line(box, next_box))
        if hop.space != following.space:
            out, kernel = following.space == "user", following if hop.space == "user" else hop
            kernel_box = next_box if hop.space == "user" else box
            crossings.append(Crossing(len(crossings) + 1, hop.at, kernel.device, _door(mode, hop, out), out, kernel_box.middle))
    return Crossed(modes, tuple(box for _, box in placed), tuple(lines), tuple(crossings))


def _doors(hops: Sequence[Hop]) -> list[Hop]:
    """Of a node's hops those that a crossing touches; where there is none, the first and the last."""
    near = {place for number, hop in enumerate(hops) if hop.space == "user" for place in (number - 1, number, number + 1)}
    return [hop for number, hop in enumerate(hops) if number in (near or {0, len(hops) - 1})]


def _door(mode: Mode, before: Hop, out: bool) -> str:
    """By UDP where the packet is, or has just been, wrapped; else by what the mode needs of the kernel."""
    if mode.encapsulation.udp_port is not None and f"UDP {mode.encapsulation.udp_port}" in before.headers:
        return UDP_SOCKET[not out]
    return next((words for need, words in DOORS.items() if need in mode.needs.kernel), OTHER_DOOR)[not out]


def _node(hops: Sequence[Hop], left: float) -> list[tuple[Hop, Box]]:
    """The boxes of one node: the kernel's side by side, a process over the border between its two."""
    count = sum(hop.space == "kernel" for hop in hops) or 1
    width = round((NODE_WIDTH - 2 * PAD - GAP * (count - 1)) / count, 1)
    found, column = [], 0
    for hop in hops:
        x = left + PAD + column * (width + GAP)
        if hop.space == "user":
            whole = NODE_WIDTH - 2 * PAD
            found.append((hop, Box((hop.device, "(a process)"), True, left + PAD, USER, whole)))
        else:
            found.append((hop, Box(_lines(hop.device), False, round(x, 1), KERNEL, width)))
            column += 1
    return found


def _lines(device: str) -> tuple[str, ...]:
    first, hyphen, rest = device.partition("-")
    return (first + hyphen, rest) if len(device) > LONGEST and rest else (device,)


def _line(a: Box, b: Box) -> str:
    if a.user == b.user:
        y = a.y + BOX_HEIGHT / 2
        return f"M{round(a.x + a.width, 1)} {y}H{b.x - 2}"
    x = a.middle if b.user else b.middle
    return f"M{x} {KERNEL}V{USER + BOX_HEIGHT + 2}" if b.user else f"M{x} {USER + BOX_HEIGHT}V{KERNEL - 2}"
