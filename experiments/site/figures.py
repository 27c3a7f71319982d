"""Numbers and drawings: how figures are written, and where everything in a drawing stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.results import distribution_free, fields, words
from experiments.results.floors import ViewFloor
from experiments.site import axis
from experiments.site.axis import Axis

DIRECTIONS = {"higher": "more is better", "lower": "less is better", "": ""}


def shown(measure: str, value: float | None) -> str:
    """A stored value as readers see it: three significant digits and the unit that its size asks for; empty for none."""
    return "" if value is None else words.quantity(value, unit(measure)) if unit(measure) != "ratio" else words.figures(value)


def unit(measure: str) -> str:
    """The unit that a measure is stored in."""
    return fields.get("Trial", measure).unit


def better(measure: str) -> str:
    """Which direction a reader should be glad about: ``higher``, ``lower``, or neither."""
    return fields.get("Trial", measure).better


@dataclass(frozen=True)
class Given:
    """What a row of a plot is drawn from, in the plot's stored unit: every deployment's value, and the limit of the headers."""

    label: str
    samples: Sequence[float]
    limit: float | None = None
    badge: str = ""  # whose program carried the packets
    letter: str = ""  # rows that share one cannot be told apart


@dataclass(frozen=True)
class Strip:
    """One row of a plot, its values as they are shown. ``y`` is its middle."""

    label: str
    badge: str
    letter: str
    samples: tuple[float, ...]
    median: float
    limit: float | None
    y: int

    @property
    def said(self) -> str:
        """The row in words, without its unit."""
        least, most = words.figures(min(self.samples)), words.figures(max(self.samples))
        between = f" ({least} to {most})" if len(self.samples) > 1 else ""
        limit = f", limit {words.figures(self.limit)}" if self.limit else ""
        return f"{words.figures(self.median)}{between}{limit}"


@dataclass(frozen=True)
class Plot:
    """A plot ready to be drawn: a row for each of several things; the range of its values as a line, their median as a dot."""

    title: str
    unit: str
    direction: str
    rows: tuple[Strip, ...]
    axis: Axis
    height: int
    left: int
    width: int
    whole: int  # width of the drawing
    beside: bool  # labels stand beside the rows, not above them
    reference: float | None = None  # what the rows are read against
    band: tuple[float, float] | None = None  # the noise floor around the reference
    muted: bool = False  # no order may be read from it

    def x(self, value: float) -> float:
        """Where a value stands from left to right."""
        return round(self.left + self.width * self.axis.share(value), 1)


ROW, ABOVE = 36, 50  # height of a row with its label beside it, and above it


def plot(
    title: str, stored_unit: str, better: str, rows: Sequence[Given], *, beside: bool = False, wide: bool = False,
    reference: float | None = None, floor: ViewFloor | None = None,
) -> Plot:
    """A plot of rows whose values are in a stored unit (``bit/s``, ``µs``, ``ratio``); ``better`` says which way is good.

    Labels stand above the rows, or ``beside`` them where they are short; ``wide`` is for a page's whole width. ``floor`` is
    drawn as a band around the ``reference``.
    """
    band = None
    if reference is not None and floor is not None and floor.ratio is not None:
        band = (reference * max(0.0, 1 - floor.ratio), reference * (1 + floor.ratio))
    of_rows = [value for row in rows for value in (*row.samples, *([row.limit] if row.limit else []))]
    largest = max([*of_rows, *([reference] if reference is not None else [])], default=0.0)
    size, name = words.scaled(largest, stored_unit)
    shown_band = None if band is None else (band[0] / size, band[1] / size)
    reaches = [value / size for value in (*of_rows, *([reference] if reference is not None else []))]
    if shown_band is not None and floor is not None and floor.ranks:  # a wide one may go beyond the drawing
        reaches += shown_band
    step, head = (ROW, 8) if beside else (ABOVE, 0)
    strips = tuple(
        Strip(row.label, row.badge, row.letter, tuple(value / size for value in row.samples),
              distribution_free.median(row.samples) / size, row.limit / size if row.limit else None,
              head + step * number + (step // 2 if beside else 36))
        for number, row in enumerate(rows))
    left, width, whole = ((170, 500, 700) if wide else (152, 186, 360)) if beside else (22, 316, 360)
    return Plot(title, name, DIRECTIONS[better], strips, axis.linear(reaches), head + step * len(rows) + 56, left, width, whole,
                beside, None if reference is None else reference / size, shown_band,
                floor is not None and not floor.ranks)


@dataclass(frozen=True)
class Line:
    """One line through percentiles: its label, its points on the drawing, and the values in words."""

    label: str
    points: tuple[tuple[float, float], ...]
    said: str


@dataclass(frozen=True)
class Percentiles:
    """Round trips by percentile, ready to be drawn: a line for each question."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    axis: Axis
    columns: tuple[tuple[str, float], ...]  # a percentile's name, and where it stands
    height: int = 268
    left: int = 50
    width: int = 280
    top: int = 14
    bottom: int = 210

    def y(self, value: float) -> float:
        """Where a value stands from top to bottom."""
        return round(self.bottom - (self.bottom - self.top) * self.axis.share(value), 1)


COLUMNS: Mapping[str, str] = {"p50_us": "50 %", "p90_us": "90 %", "p99_us": "99 %", "p999_us": "99.9 %"}


def percentiles(title: str, rows: Sequence[tuple[str, Mapping[str, float]]]) -> Percentiles | None:
    """A line for each row (label, percentile -> µs); None where no row has two percentiles."""
    held = [(label, {name: found[name] for name in COLUMNS if name in found}) for label, found in rows]
    held = [(label, found) for label, found in held if len(found) > 1]
    if not held:
        return None
    size, unit_name = words.scaled(max(value for _, found in held for value in found.values()), "µs")
    scale = axis.logarithmic(value / size for _, found in held for value in found.values())
    empty = Percentiles(title, unit_name, (), scale, ())
    places = {name: round(empty.left + 24 + number * (empty.width - 48) / (len(COLUMNS) - 1), 1)
              for number, name in enumerate(COLUMNS)}
    lines = tuple(
        Line(label, tuple((places[name], empty.y(value / size)) for name, value in found.items()),
             ", ".join(f"{COLUMNS[name]} {words.quantity(value, 'µs')}" for name, value in found.items()))
        for label, found in held)
    return Percentiles(title, unit_name, lines, scale, tuple((COLUMNS[name], place) for name, place in places.items()))
