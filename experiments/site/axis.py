"""The axis of a drawing: where it begins, which marks it has, and what a reader has to know of it. Pure.

A place on an axis is read, not an area, so it need not begin at zero; but one that does not makes small differences large.
So it begins at zero wherever the smallest value is below half of the largest, and where it does not, it says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from experiments.results.words import figures

MOST_STEPS = 5
LEAST_ROOM = 0.02  # of the largest value: what lies nearer together is not drawn as if it lay apart
FAR_APART = 20.0  # largest over smallest, from which only a logarithmic axis shows both


@dataclass(frozen=True)
class Axis:
    """Marks in rising order; the first and the last are its ends."""

    ticks: tuple[float, ...]
    logarithmic: bool = False

    @property
    def begins(self) -> float:
        """Its lower end."""
        return self.ticks[0]

    @property
    def ends(self) -> float:
        """Its upper end."""
        return self.ticks[-1]

    def share(self, value: float) -> float:
        """Where a value stands, from 0 to 1; what lies outside stands at the end."""
        held = min(max(value, self.begins), self.ends)
        if self.logarithmic:
            return math.log(held / self.begins) / math.log(self.ends / self.begins)
        return (held - self.begins) / (self.ends - self.begins)

    def sentence(self, unit: str = "") -> str:
        """What has to be known to read it rightly; empty where it begins at zero."""
        if self.logarithmic:
            return "The axis is logarithmic: each mark is a multiple of the one before."
        return f"The axis begins at {label(self.begins)}{f' {unit}' if unit else ''}, not at zero." if self.begins else ""


def label(tick: float) -> str:
    """A mark as it is written: as short as it can be, thousands apart."""
    return f"{tick:,.10g}"


def linear(values: Iterable[float]) -> Axis:
    """An axis for values of 0 and more: from zero, or, where all lie near each other, from the last mark below them."""
    given = [*values]
    least, largest = min(given, default=0.0), max(given, default=0.0)
    if largest <= 0:
        return Axis((0.0, 1.0))
    begins = least if least >= largest / 2 else 0.0
    step = _nice(max(largest - begins, LEAST_ROOM * largest) / (MOST_STEPS - 1))
    first = math.floor(begins / step + 1e-9)
    if begins and first * step > begins - step / 10 and first > 0:
        first -= 1  # the smallest does not stand on the edge
    last = math.ceil(largest / step - 1e-9)
    if largest > last * step - step / 10 and begins:
        last += 1
    return Axis(tuple(_cut(step * number) for number in range(first, last + 1)))


def logarithmic(values: Iterable[float]) -> Axis:
    """An axis whose marks are 1, 2 and 5 of each decade; linear where the values lie near each other, or one is not above 0."""
    given = [*values]
    if not given or min(given) <= 0 or max(given) / min(given) < FAR_APART:
        return linear(given)
    low, high = math.floor(math.log10(min(given))), math.ceil(math.log10(max(given)))
    marks = [_cut(part * 10.0**decade) for decade in range(low, high + 1) for part in (1, 2, 5)]
    first = max(number for number, mark in enumerate(marks) if mark <= min(given))
    last = min(number for number, mark in enumerate(marks) if mark >= max(given))
    chosen = marks[first:last + 1]
    if len(chosen) > 2 * MOST_STEPS:  # whole decades are enough
        chosen = [10.0**decade for decade in range(low, high + 1)]
    return Axis(tuple(chosen), logarithmic=True)


def _nice(step: float) -> float:
    """The next larger of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next((part * power for part in (1.0, 2.0, 2.5, 5.0) if part * power >= step * (1 - 1e-9)), 10 * power)


def _cut(value: float) -> float:
    return float(figures(value, 12))
