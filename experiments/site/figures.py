"""Numbers and drawings: how figures are written, and where everything in a drawing stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
    "core_packets_per_s": (1e-3, 1, "thousand packets/s of one core"),
    "loss_ratio": (100, 3, "% lost"),
    "transactions_per_core_s": (1e-3, 1, "thousand/s of one core"),
}


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
    begins: float = 0.0  # where the axis does
    whole: int = 360  # width of the drawing

    def x(self, value: float) -> float:
        """Where a value stands from left to right."""
        return round(self.left + self.width * (max(value, self.begins) - self.begins) / (self.top - self.begins), 1)


def plot(
    title: str, measure: str, direction: str, rows: Sequence[tuple[str, Sequence[float], float | None]], *,
    beside: bool = False, wide: bool = False,
) -> Plot:
    """A strip plot of rows (label, samples, limit), in the stored unit of the measure.

    Labels stand above the rows, or ``beside`` them where they are short; ``wide`` is for a page's whole width. The axis
    begins at zero, or, beside labels, at the last mark below all samples: the plot says so.
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
        least = min(sample for strip in strips for sample in strip.samples)
        ticks = tuple(tick for tick in ticks if tick >= least - step)
        left, width, whole = (170, 490, 700) if wide else (152, 190, 360)
        height = 10 + 30 * len(rows) + 56
        return Plot(title, name, direction, strips, ticks, ticks[-1], height, left, width, -5, ticks[0], whole)
    return Plot(title, name, direction, strips, ticks, ticks[-1], 30 + 50 * len(rows) + 60, 14, 332, 18)
