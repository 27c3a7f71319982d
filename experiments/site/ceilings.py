"""The six figures of the note of 2018 on one axis with the limits that each may be held against. Pure; units of the drawing.

A bar is what a line of the model allows. A figure within it is possible there, one beyond its end is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments.catalog.limits import HISTORY, Limit
from experiments.results.reported_model import Reported
from experiments.site import axis, limit_model

WIDTH = 340
LEFT, RIGHT = 18.0, 322.0
ROW, HEADING, FOOT = 38.0, 46.0, 50.0
TOGETHER = 30.0  # figures nearer than this have their numbers side by side


@dataclass(frozen=True)
class Mark:
    """A figure on a bar."""

    mbit: int
    x: float
    possible: bool


@dataclass(frozen=True)
class Bar:
    """One line of the model; ``y`` is the middle of the bar."""

    title: str
    mbit: float
    x: float
    y: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Group:
    """A product: its figures, and the lines that can be meant; ``y`` is the base of its heading."""

    product: str
    y: float
    numbers: tuple[tuple[str, float], ...]  # words and their middle
    figures: tuple[tuple[int, float], ...]
    bars: tuple[Bar, ...]

    @property
    def bottom(self) -> float:
        """Where its last bar ends."""
        return self.bars[-1].y + 8


@dataclass(frozen=True)
class Drawing:
    """Everything that the template draws."""

    groups: tuple[Group, ...]
    axis: axis.Axis
    height: float

    def x(self, mbit: float) -> float:
        """Where a value stands."""
        return _x(self.axis, mbit)

    @property
    def about(self) -> str:
        """Its text alternative: what each figure excludes."""
        said = []
        for group in self.groups:
            for number, (mbit, _) in enumerate(group.figures):
                out = [bar.title for bar in group.bars if not bar.marks[number].possible]
                said.append(f"{group.product}, {mbit}: {'excludes ' + '; '.join(out) if out else 'excludes no line'}.")
        return " ".join(said)


def drawing(note: Reported, lines: Sequence[Limit] = HISTORY, products: Mapping[str, Sequence[str]] | None = None) -> Drawing:
    """The drawing of a note's figures, on 1 Gbit/s; ``products`` are the lines that can be meant by each product."""
    chosen = limit_model.NOTE_LINES if products is None else products
    figures = {product: sorted(round(f.goodput_bps / 1e6) for f in note.figures if f.setup.startswith(product))
               for product in chosen}
    meant = {product: sorted((line for line in lines if any(words in line.name for words in chosen[product])),
                             key=lambda line: -line.efficiency) for product in chosen}
    ruled = axis.linear([*(value for own in figures.values() for value in own),
                         *(line.goodput_bps() / 1e6 for own in meant.values() for line in own)])
    groups, y = [], 0.0
    for product in chosen:
        if figures[product] and meant[product]:
            groups.append(_group(product, y, figures[product], meant[product], chosen[product], ruled))
            y = groups[-1].bottom + 6
    return Drawing(tuple(groups), ruled, y + FOOT + 12)


def _group(
    product: str, top: float, figures: Sequence[int], lines: Sequence[Limit], words: Sequence[str], ruled: axis.Axis
) -> Group:
    bars = []
    for row, line in enumerate(lines):
        mbit = line.goodput_bps() / 1e6
        marks = tuple(Mark(figure, _x(ruled, figure), figure <= mbit) for figure in figures)
        bars.append(Bar(_title(line.name, product, words), mbit, _x(ruled, mbit), top + HEADING + ROW * row + 24, marks))
    places = tuple((figure, _x(ruled, figure)) for figure in figures)
    return Group(product, top + 18, _numbers(places), places, tuple(bars))


def _numbers(figures: Sequence[tuple[int, float]]) -> tuple[tuple[str, float], ...]:
    """Numbers over the axis; those that stand near each other share their place."""
    found: list[list[tuple[int, float]]] = []
    for one in figures:
        if found and one[1] - found[-1][-1][1] < TOGETHER:
            found[-1].append(one)
        else:
            found.append([one])
    return tuple((", ".join(str(mbit) for mbit, _ in near), round(sum(x for _, x in near) / len(near), 1)) for near in found)


def _title(name: str, product: str, words: Sequence[str]) -> str:
    """Of a line that several products share the part that is this one's, without what stands in brackets."""
    own = name[max(name.find(one) for one in words):].partition(" (")[0]
    short = own.removeprefix(f"{product.split()[0]} ")
    return short[:1].upper() + short[1:]


def _x(ruled: axis.Axis, mbit: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * ruled.share(mbit), 1)
