"""A packet's path as a picture: where every station stands, in two drawings, and what each step of it shows.

The wide drawing has the nodes side by side and a lane each for pods, user space and the kernel; the tall one, for
narrow screens, runs downwards. Both are drawn by one template from the hops of ``mode.yml``: nothing here knows a mode.
Pure; the units are those of the drawings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from experiments.catalog import Hop, Mode
from experiments.evidence import TranscriptStep
from experiments.site import stacks

WIDE, TALL = 760, 340  # widths
MARGIN = 8
LANE_ROOM = 18  # at the right edge of the wide drawing, for the names of its lanes
BOX_HEIGHT = 48
LANES = {"pod": 76, "user": 170, "kernel": 264}  # middles of the wide drawing's lanes
WIDE_HEIGHT = 326
ROW = 88  # from one station of the tall drawing to the next
INDENT = {"pod": 0, "kernel": 14, "user": 44}  # of the tall drawing's stations
STACK_HEIGHT = 10
PROGRAM_WIDTH = 76
LETTER = 8.0  # width of a letter of a label, with what a box has at its edges
LANE_NAMES = {"pod": "pods", "user": "user space", "kernel": "kernel"}

# Where the commands of a hop are typed, in every lab's transcript.
TYPED_AT = {"client pod": "pod1", "client node": "node1", "client ToR": "tor1", "wire": "underlay",
            "server ToR": "tor2", "server node": "node2", "server pod": "pod2"}
# What is kept of an answer in JSON: who leads where, and what a tunnel's device is.
TELLING = {"dst", "gateway", "dev", "protocol", "flags", "lladdr", "state", "mac", "ifname", "mtu", "linkinfo", "master"}
# Options that change how an answer is written, not what is asked.
OUTPUT_OPTIONS = re.compile(r" -(?:json|j|details|d|brief|br)\b")


@dataclass(frozen=True)
class Station:
    """One hop in a drawing: ``x`` and ``y`` are the left upper corner of its box."""

    number: int
    hop: Hop
    lane: str
    x: float
    y: float
    width: float
    stack: tuple[stacks.Block, ...]
    stack_x: float
    stack_y: float

    @property
    def middle(self) -> float:
        """From left to right."""
        return round(self.x + self.width / 2, 1)

    @property
    def label(self) -> str:
        """Its number and its device."""
        return f"{self.number} {'wire' if self.hop.at == 'wire' else self.hop.device}"

    @property
    def long(self) -> bool:
        """Whether the label is wider than the box at its usual size."""
        return len(self.label) * LETTER > self.width


@dataclass(frozen=True)
class Frame:
    """What several stations stand in: a node, a rack's router."""

    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """Everything of one drawing; ``lines`` are the ways from station to station, as paths of SVG."""

    kind: str  # wide | tall
    width: int
    height: int
    stations: tuple[Station, ...]
    frames: tuple[Frame, ...]
    lines: tuple[str, ...]
    lanes: tuple[tuple[str, int], ...]  # name and middle
    programs: tuple[Frame, ...]  # what keeps the entries up to date
    sessions: tuple[str, ...]  # what those speak with each other, and where they write, as paths
    box_height: int = BOX_HEIGHT
    stack_height: int = STACK_HEIGHT

    @property
    def borders(self) -> tuple[float, ...]:
        """Where one lane ends and the next begins."""
        return tuple((above + below) / 2 for (_, above), (_, below) in pairwise(self.lanes))


@dataclass(frozen=True)
class PathStep:
    """One hop in words: the stack at its full width, and the commands whose answers decide here."""

    number: int
    hop: Hop
    stack: tuple[stacks.Block, ...]
    shown_by: tuple[TranscriptStep, ...]


def drawings(mode: Mode) -> tuple[Drawing, Drawing]:
    """The wide and the tall drawing of a mode's path."""
    return _wide(mode), _tall(mode)


def steps(mode: Mode, transcript: Sequence[TranscriptStep], width: float) -> tuple[PathStep, ...]:
    """The steps of a mode's path; what decides at each is looked for in the transcript of a result."""
    return tuple(PathStep(number, hop, stacks.stack(mode, hop.headers, width / stacks.largest(mode), payload=0),
                      tuple(_answers(hop, transcript)))
                 for number, hop in enumerate(mode.path, 1))


def _answers(hop: Hop, transcript: Iterable[TranscriptStep]) -> Iterable[TranscriptStep]:
    """For each command of a hop the transcript's first step that begins with it, at the hop's place; attested ones first."""
    there = sorted((step for step in transcript if step.at == TYPED_AT[hop.at]), key=lambda step: step.phase != "attest")
    for command in hop.shown_by:
        found = next((step for step in there if OUTPUT_OPTIONS.sub("", step.command).startswith(command)), None)
        if found is not None:
            yield replace(found, output=_short(found.output))


def _short(output: str) -> str:
    """An answer in JSON without what nobody decides by; anything else as it is."""
    try:
        answer = json.loads(output)
        objects = [{key: value for key, value in one.items() if key in TELLING} for one in answer]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return output
    left_out = " …" if objects != answer else ""
    return "\n".join(json.dumps(one) + left_out for one in objects)


# -- the wide drawing -----------------------------------------------------------------------------------------------


def _lane(hop: Hop) -> str:
    return "pod" if hop.at.endswith("pod") else "user" if hop.space == "user" else "kernel"


def _columns(path: Sequence[Hop]) -> list[float]:
    """The column of each hop: kernel hops one after the other, a pod over its node's, user space between two."""
    lanes = [_lane(hop) for hop in path]
    columns: list[float] = []
    kernel = -1
    for place, lane in enumerate(lanes):
        if lane == "kernel":
            kernel += 1
            columns.append(kernel)
        elif lane == "user":
            columns.append(kernel + 0.5)
        else:
            columns.append(max(kernel, 0) if place else 0)
    return columns


def _wide(mode: Mode) -> Drawing:
    columns = _columns(mode.path)
    step = (WIDE - 2 * MARGIN - LANE_ROOM) / (max(columns) + 1)
    width = round(min(104.0, step - 14), 1)
    scale = (width - stacks.PAYLOAD_UNITS) / stacks.largest(mode)
    stations = []
    for number, (hop, column) in enumerate(zip(mode.path, columns, strict=True), 1):
        lane = _lane(hop)
        middle = MARGIN + step * (column + 0.5)
        x, y = round(middle - width / 2, 1), LANES[lane] - BOX_HEIGHT // 2
        below = lane == "kernel"
        stations.append(Station(
            number, hop, lane, x, y, width, stacks.stack(mode, hop.headers, scale), x,
            y + BOX_HEIGHT + 6 if below else y - STACK_HEIGHT - 6))
    lines = tuple(_wide_line(a, b) for a, b in pairwise(stations))
    frames = tuple(_around(stations, place, top=14 if "node" in place else LANES["user"] - 40, bottom=WIDE_HEIGHT - 8, pad=5)
                   for place in _places(mode))
    programs = _programs(mode, stations)
    return Drawing("wide", WIDE, WIDE_HEIGHT, tuple(stations), frames, lines,
                   tuple((LANE_NAMES[lane], y) for lane, y in LANES.items()), programs, _sessions(mode, programs))


def _wide_line(a: Station, b: Station) -> str:
    """From box to box: along the lane, or up and down where the boxes overlap."""
    if a.lane == b.lane:
        return f"M{a.x + a.width} {a.y + BOX_HEIGHT / 2}H{b.x - 2}"
    x = round((max(a.x, b.x) + min(a.x + a.width, b.x + b.width)) / 2, 1)
    return f"M{x} {a.y + BOX_HEIGHT}V{b.y - 2}" if b.y > a.y else f"M{x} {a.y}V{b.y + BOX_HEIGHT + 2}"


def _places(mode: Mode) -> list[str]:
    """What is framed: the two nodes, each with its pod, and the racks' routers."""
    return list(dict.fromkeys(hop.at.replace("pod", "node") for hop in mode.path if hop.at != "wire"))


def _around(stations: Sequence[Station], place: str, *, top: float, bottom: float, pad: float) -> Frame:
    inside = [station for station in stations if station.hop.at.replace("pod", "node") == place]
    left = min(station.x for station in inside) - pad
    right = max(station.x + station.width for station in inside) + pad
    return Frame(place, round(left, 1), top, round(right - left, 1), round(bottom - top, 1))


def _programs(mode: Mode, stations: Sequence[Station]) -> tuple[Frame, ...]:
    """The processes that keep the entries, in the user-space lane, from left to right; route reflectors in the middle.

    None where packets themselves pass a process: then that is the one.
    """
    name = mode.control_plane.program
    if not name or mode.encapsulation.handled_in == "user":
        return ()
    found = []
    for place in _places(mode):
        own = [station.middle for station in stations if station.lane == "kernel" and station.hop.at == place]
        near = own[:2] if place.startswith("client") else own[-2:]  # between the pod's device and the next
        found.append(_program(name, sum(near) / len(near)))
    if mode.underlay.reflectors:
        title = ", ".join(router for router in mode.underlay.routers if router.startswith("rr"))
        found.append(_program(title, (WIDE - LANE_ROOM) / 2))
    return tuple(sorted(found, key=lambda frame: frame.x))


def _program(title: str, middle: float) -> Frame:
    return Frame(title, round(middle - PROGRAM_WIDTH / 2, 1), LANES["user"] - 14, PROGRAM_WIDTH, 28)


def _sessions(mode: Mode, programs: Sequence[Frame]) -> tuple[str, ...]:
    """Each program writes into its kernel; neighbours speak with each other, if such programs do at all."""
    writes = [f"M{frame.x + frame.width / 2} {frame.y + frame.height}V{LANES['kernel'] - BOX_HEIGHT / 2 - 2}"
              for frame in programs if frame.title == mode.control_plane.program]
    y = LANES["user"]
    speak = [f"M{a.x + a.width} {y}H{b.x}" for a, b in pairwise(programs)]
    return (*writes, *(speak if mode.control_plane.session else ()))


# -- the tall drawing -----------------------------------------------------------------------------------------------


def _tall(mode: Mode) -> Drawing:
    stations: list[Station] = []
    frames: list[Frame] = []
    y, number = 4.0, 0
    room = TALL - 2 * MARGIN
    width = 150.0
    scale = (room - 2 * MARGIN - max(INDENT.values()) - width - 10 - stacks.PAYLOAD_UNITS) / stacks.largest(mode)
    for place, group in groupby(mode.path, key=lambda hop: hop.at.replace("pod", "node")):
        hops = list(group)
        top = y
        y += 24
        for hop in hops:
            number += 1
            x = MARGIN * 2 + INDENT[_lane(hop)]
            stations.append(Station(number, hop, _lane(hop), x, y, width, stacks.stack(mode, hop.headers, scale),
                                    x + width + 8, y + (BOX_HEIGHT - STACK_HEIGHT) / 2))
            y += ROW - 22
        if place != "wire":
            frames.append(Frame(place, MARGIN, top, room, y - top - 6))
        y += 10
    lines = tuple(f"M{MARGIN * 2 + 80} {a.y + BOX_HEIGHT}V{b.y - 2}" for a, b in pairwise(stations))
    return Drawing("tall", TALL, round(y), tuple(stations), tuple(frames), lines, (), (), ())


def programs_in_words(mode: Mode) -> str:
    """What the boxes beside the path are; empty where there are none."""
    plane = mode.control_plane
    if not plane.program or mode.encapsulation.handled_in == "user":
        return ""
    spoken = f", and speaks {plane.session} along the dotted line" if plane.session else ""
    return f"{plane.program} keeps the kernel's entries up to date{spoken}; no packet passes it"
