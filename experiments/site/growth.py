"""The page about growing control planes: curves over the number of nodes, a table of medians, and every build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import jinja2

from experiments.catalog import Mode
from experiments.results import fields, growth, growth_rules, words
from experiments.results.growth import Size
from experiments.results.growth_fit import Power
from experiments.results.growth_model import Growth
from experiments.site import axis
from experiments.site.axis import Axis

PANELS = (
    ("sessions", "Sessions"), ("converge_s", "Time until the last route"), ("cpu_s", "Processor time of all daemons"),
    ("memory_bytes", "Memory of all daemons"), ("underlay_bytes", "Bytes sent until all sessions stood"),
)
CHANGE_PANELS = (("join", "Time until all tables have a new node"), ("leave", "Time until a node that left is gone"))
COLUMNS = ("sessions", "routes", "build_s", "converge_s", "cpu_s", "memory_bytes", "underlay_bytes")


@dataclass(frozen=True)
class Curve:
    """One mode's line: its medians, and the range at each."""

    label: str
    points: tuple[tuple[float, float], ...]
    ranges: tuple[tuple[float, float, float], ...]  # place, upper end, lower end
    said: str


@dataclass(frozen=True)
class Curves:
    """A drawing with both axes logarithmic: in it a power of the number of nodes is a straight line."""

    name: str
    title: str
    unit: str
    lines: tuple[Curve, ...]
    axis: Axis
    columns: tuple[tuple[int, float], ...]  # a number of nodes, and where it stands
    height: int = 268
    left: int = 74
    width: int = 268
    top: int = 14
    bottom: int = 210

    def y(self, value: float) -> float:
        """Where a value stands from top to bottom."""
        return round(self.bottom - (self.bottom - self.top) * self.axis.share(value), 1)


def fragments(jinja: jinja2.Environment, grown: Sequence[Growth], modes: Mapping[str, Mode]) -> dict[str, str]:
    """The rendered parts of the page by the name of their file in ``generated/``; of the newest file but for the builds."""
    newest = grown[-1] if grown else None
    found = growth.sizes(newest) if newest else []
    titles = {name: mode.short_title for name, mode in modes.items()}
    return {
        "growth-curves.md": jinja.get_template("growth-curves.md.j2").render(
            growth=newest, drawings=drawings(found, titles), exponents=_exponents(found), titles=titles,
            panels=dict(PANELS)),
        "growth-table.md": jinja.get_template("growth-table.md.j2").render(growth=newest, lines=_lines(found, newest, titles),
                                                                           columns=_columns()),
        "growth-builds.md": jinja.get_template("growth-builds.md.j2").render(
            every=[(one, _builds(one, titles)) for one in reversed(grown)], columns=_columns()),
    }


def rows(grown: Sequence[Growth]) -> list[dict[str, Any]]:
    """Every build as a line of a table of data, its changes beside it."""
    found = []
    for one in grown:
        for point in one.points:
            changes = {str(change.what): change for change in point.changes}
            found.append({
                "file": one.id, "mode": point.mode, "nodes": point.nodes, "n": point.n, "status": point.status,
                **{name: getattr(point, name) for name in ("daemons", *COLUMNS, "updates", "underlay_packets")},
                **{f"{what}_{name}": getattr(changes.get(what), name, None) for what in growth_rules.CHANGES
                   for name in ("touched", "converge_s", "underlay_bytes")}})
    return found


def drawings(found: Sequence[Size], titles: Mapping[str, str]) -> list[Curves]:
    """A drawing for each measure, then for joining and leaving; none where there are fewer than two sizes."""
    if len({size.nodes for size in found}) < 2:
        return []
    shown = [_curves(name, title, growth.unit(name), [(size, size.values(name)) for size in found], titles)
             for name, title in PANELS]
    for what, title in CHANGE_PANELS:
        values = [(size, [change.converge_s for _, point in size.points for change in point.changes if change.what == what])
                  for size in found]
        shown.append(_curves(what, title, "s", values, titles))
    return shown


def _curves(
    name: str, title: str, unit: str, found: Sequence[tuple[Size, list[float]]], titles: Mapping[str, str]
) -> Curves:
    unit, by = _unit(unit)
    size, shown_unit = words.scaled(max(by * value for _, values in found for value in values), unit)
    scale = axis.logarithmic(by * value / size for _, values in found for value in values if value > 0)
    numbers = sorted({one.nodes for one, _ in found})
    across = Axis((float(numbers[0]), float(numbers[-1])), logarithmic=True)
    empty = Curves(name, title, shown_unit, (), scale, ())
    places = {number: round(empty.left + 14 + (empty.width - 28) * across.share(number), 1) for number in numbers}
    lines = []
    for mode, own in groupby(found, key=lambda one: one[0].mode):
        held = [(places[one.nodes], sorted(by * value / size for value in values), one.nodes) for one, values in own]
        lines.append(Curve(
            titles[mode], tuple((x, empty.y(_middle(values))) for x, values, _ in held),
            tuple((x, empty.y(values[-1]), empty.y(values[0])) for x, values, _ in held),
            ", ".join(f"{nodes} nodes {words.quantity(_middle(values) * size, unit)}" for _, values, nodes in held)))
    return Curves(name, title, shown_unit, tuple(lines), scale, tuple(places.items()))


def _middle(values: Sequence[float]) -> float:
    """The median: of an even number, the lower of the two in the middle, so that it is a build's own value."""
    return sorted(values)[(len(values) - 1) // 2]


def _unit(stored: str) -> tuple[str, float]:
    """The unit by whose size readers are given a stored one, and what values are multiplied by for it."""
    return ("µs", 1e6) if stored in ("s", "core·s") else (stored if stored == "bytes" else "", 1.0)


def _shown(name: str, value: float) -> str:
    unit, by = _unit(growth.unit(name) if name in {field.name for field in fields.OBJECTS["GrowthPoint"]} else "s")
    if not unit:
        return f"{value:,.0f}"
    return words.quantity(by * value, unit)


def _columns() -> list[str]:
    own = [fields.get("GrowthPoint", name).header or name for name in COLUMNS]
    return [*own, "a node joins", "a second block", "it leaves"]


@dataclass(frozen=True)
class Cell:
    """A figure of the table, and where it is from."""

    shown: str
    value: float
    source: str
    anchor: str


def _lines(found: Sequence[Size], newest: Growth | None, titles: Mapping[str, str]) -> list[tuple[str, int, int, list[Cell]]]:
    """A line for each size of each mode: title, nodes, builds, its figures, each that of the build in the middle."""
    lines = []
    for size in found:
        assert newest is not None
        cells = []
        for name in COLUMNS:
            place, value = _of_middle([(place, float(getattr(point, name))) for place, point in size.points])
            cells.append(Cell(_shown(name, value), value, f"growth/{newest.id}.yml#points[{place}].{name}",
                              anchor(newest, place)))
        for number, what in enumerate(growth_rules.CHANGES):
            place, value = _of_middle([(place, point.changes[number].converge_s) for place, point in size.points])
            source = f"growth/{newest.id}.yml#points[{place}].changes[{number}].converge_s"
            cells.append(Cell(_shown(what, value), value, source, anchor(newest, place)))
        lines.append((titles[size.mode], size.nodes, len(size.points), cells))
    return lines


def _of_middle(values: Sequence[tuple[int, float]]) -> tuple[int, float]:
    return sorted(values, key=lambda one: one[1])[(len(values) - 1) // 2]


def anchor(grown: Growth, place: int) -> str:
    """Where a build stands on the page."""
    return f"build-{grown.id}-{place}"


def _builds(grown: Growth, titles: Mapping[str, str]) -> list[tuple[str, str, int, str, list[str]]]:
    """Every build of a file: its anchor, mode, nodes, reason where it failed, its figures."""
    found = []
    for place, point in enumerate(grown.points):
        figures = [_shown(name, float(value)) if (value := getattr(point, name)) is not None else "" for name in COLUMNS]
        figures += [_shown(change.what, change.converge_s) for change in point.changes]
        found.append((anchor(grown, place), titles.get(point.mode, point.mode), point.nodes, point.reason or "", figures))
    return found


def _exponents(found: Sequence[Size]) -> dict[str, dict[str, Power]]:
    """By measure and mode, the powers of the number of nodes."""
    return {name: fitted for name, _ in PANELS[1:] if (fitted := growth.exponents(found, name))}
