"""Numbers and drawings: how figures are written, and where everything in a drawing stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.catalog import Hop, Mode

# How a measure is shown: the factor from the stored unit, decimals, and the unit in words.
SHOWN: dict[str, tuple[float, int, str]] = {
    "wire_goodput_bps": (1e-6, 1, "Mbit/s"),
    "goodput_bps": (1e-6, 1, "Mbit/s"),
    "core_goodput_bps": (1e-6, 1, "Mbit/s of one core"),
    "wire_efficiency_ratio": (1, 5, "of the wire"),
    "link_share_ratio": (100, 1, "% of the link's rate"),
    "core_s_per_gbit": (1, 3, "core·s/Gbit"),
    "core_us_per_packet": (1, 3, "core·µs a packet"),
    "context_switches_per_packet": (1, 3, "a packet"),
    "p50_us": (1, 1, "µs"),
    "p90_us": (1, 1, "µs"),
    "p99_us": (1, 1, "µs"),
    "p999_us": (1, 1, "µs"),
    "max_us": (1, 1, "µs"),
}

LINE_CHARACTERS = 40  # that fit into a drawing 360 units wide at 14 units height
ROW = 24


def shown(measure: str, value: float | None) -> str:
    """A stored value as readers see it, without its unit; empty for none."""
    if value is None:
        return ""
    factor, digits, _ = SHOWN.get(measure, (1, 3, ""))
    return f"{value * factor:,.{digits}f}".replace(",", "\u202f")


def plain(measure: str, value: float) -> float:
    """A stored value in the unit that readers see, as a number."""
    factor, digits, _ = SHOWN.get(measure, (1, 3, ""))
    return round(value * factor, digits)


def unit(measure: str) -> str:
    """The unit of a shown value."""
    return SHOWN.get(measure, (1, 3, ""))[2]


@dataclass(frozen=True)
class Box:
    """A hop in the drawing of a path: where it stands and what is written in it."""

    hop: Hop
    y: int
    height: int
    lines: tuple[str, ...]
    headers: tuple[str, ...]
    first_of_place: bool


def path_boxes(mode: Mode) -> tuple[tuple[Box, ...], int]:
    """The boxes of a mode's path from top to bottom, and the height of the drawing."""
    boxes: list[Box] = []
    y, place = 8, ""
    for hop in mode.path:
        first = hop.at != place
        place = hop.at
        y += ROW if first else 6
        lines, headers = wrapped(hop.does), wrapped(hop.headers, " | ")
        height = ROW * (1 + len(lines) + len(headers)) + 8
        boxes.append(Box(hop, y, height, lines, headers, first))
        y += height + 10
    return tuple(boxes), y + 4


def wrapped(text: str, separator: str = " ", limit: int = LINE_CHARACTERS) -> tuple[str, ...]:
    """Lines of at most ``limit`` characters, broken at the separator."""
    lines: list[str] = []
    for word in text.split(separator) if text else []:
        if lines and len(lines[-1]) + len(separator) + len(word) <= limit:
            lines[-1] += separator + word
        else:
            lines.append(word)
    return tuple(lines)


@dataclass(frozen=True)
class Strip:
    """One row of a strip plot: every sample as a dot, the median as a stroke, a limit as a line. ``y`` is its middle."""

    label: str
    samples: tuple[float, ...]
    median: float
    limit: float | None
    y: int


@dataclass(frozen=True)
class Plot:
    """A strip plot ready to be drawn; values are already in shown units."""

    title: str
    unit: str
    direction: str
    rows: tuple[Strip, ...]
    ticks: tuple[float, ...]
    top: float
    height: int
    left: int
    width: int
    label_rise: int  # how far a label's baseline stands above the middle of its row

    def x(self, value: float) -> float:
        """Where a value stands from left to right."""
        return round(self.left + self.width * value / self.top, 1)


def plot(
    title: str, measure: str, direction: str, rows: Sequence[tuple[str, Sequence[float], float | None]], *, beside: bool = False
) -> Plot:
    """A strip plot of rows (label, samples, limit), in the stored unit of the measure; the axis begins at zero.

    Labels stand above the rows, or ``beside`` them where they are short.
    """
    factor, _, name = SHOWN[measure]
    largest = max(max([*samples, limit or 0]) for _, samples, limit in rows) * factor
    step = 10 ** math.floor(math.log10(largest)) if largest > 0 else 1.0
    while largest / step > 5:
        step *= 2
    while largest / step < 2:
        step /= 2
    count = math.ceil(largest / step)
    strips = tuple(
        Strip(label, tuple(s * factor for s in samples), sorted(samples)[len(samples) // 2] * factor,
              limit * factor if limit else None, (20 + 30 * number) if beside else (48 + 50 * number))
        for number, (label, samples, limit) in enumerate(rows)
    )
    ticks = tuple(step * i for i in range(count + 1))
    if beside:
        return Plot(title, name, direction, strips, ticks, ticks[-1], 10 + 30 * len(rows) + 56, 152, 190, -5)
    return Plot(title, name, direction, strips, ticks, ticks[-1], 30 + 50 * len(rows) + 60, 14, 332, 18)
