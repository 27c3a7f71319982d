"""The comparison at a glance: for one campaign, lab and kernel a panel for each view, in each a row for each mode.

A panel shows absolute figures where the headers set a limit (wire, link), and the ratio to each deployment's own baseline
elsewhere. An order of modes is drawn only where the view's noise floor allows one (:mod:`experiments.results.floors`) and the
exact tests were not withheld (:mod:`experiments.results.comparison`); otherwise modes stand in the catalogue's order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import jinja2
from markupsafe import Markup

from experiments.labs.table import LABS
from experiments.results import distribution_free, floors, questions, words
from experiments.results.comparison import Comparison, compare
from experiments.results.floors import ViewFloor
from experiments.results.model import Campaign, ModeResult
from experiments.results.summary import Aggregate, aggregates
from experiments.site import figures
from experiments.site.cells import first_trial, limit, what
from experiments.site.entries import Entry
from experiments.site.figures import Given
from experiments.variant import HOST, Variant

# What a panel asks, where that is not the trial's own name.
ASKED = {"wire": "payload on 1 Gbit/s", "link": "TCP over an emulated link"}
FEWEST = 2  # modes of a group: one alone is on its own page


@dataclass(frozen=True)
class Panel:
    """One view of a group, drawn."""

    view: str
    floor: ViewFloor
    ranked: bool  # whether the rows stand in an order that means something
    withheld: str  # why not, where the floor would allow one
    drawing: Markup


@dataclass(frozen=True)
class Group:
    """All panels of one campaign, lab and kernel: what may be seen side by side."""

    campaign: Campaign
    at: Variant  # lab and kernel; the mode is left empty
    anchor: str
    local: bool
    modes: int
    deployments: int  # of the mode that has the fewest
    panels: tuple[Panel, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return f"{self.campaign.id}, {self.at.place}"

    @property
    def withheld(self) -> str:
        """Why modes stand in no order though the floor allows one: the same for all panels."""
        return next((panel.withheld for panel in self.panels if panel.withheld), "").partition(" `")[0]

    @property
    def floors(self) -> list[tuple[str, str]]:
        """What each floor is, and the views that it is the floor of."""
        found: dict[str, list[str]] = {}
        for panel in self.panels:
            found.setdefault(panel.floor.how, []).append(questions.view(panel.view).lower())
        return [(how, ", ".join(views)) for how, views in found.items()]


def groups(jinja: jinja2.Environment, entries: Sequence[Entry]) -> list[Group]:
    """Every group of the entries that pages show in full, the one to be seen first in front.

    That is a reference of the embedded lab on the host's kernel, the newest of those with most modes, if there is one.
    """

    def place(entry: Entry) -> tuple[str, str, str, bool]:
        return (entry.campaign.id, entry.result.lab, entry.result.kernel, entry.local)

    found = [_group(jinja, list(own)) for _, own in groupby(sorted(entries, key=place), key=place)]
    found.sort(key=lambda group: group.campaign.started_at, reverse=True)
    found.sort(key=lambda group: (group.local, list(LABS).index(group.at.lab), group.at.kernel != HOST, -group.modes))
    return [group for group in found if group.modes >= FEWEST and group.panels]


def _group(jinja: jinja2.Environment, entries: Sequence[Entry]) -> Group:
    first = entries[0]
    result = first.result
    place = Variant("", result.lab, result.kernel)
    anchor = f"panels-{first.campaign.id}-{place.anchor}"
    return Group(first.campaign, place, anchor, first.local, len(entries), min(one.deployments for one in entries),
                 tuple(_panels(jinja, entries, anchor)))


def _panels(jinja: jinja2.Environment, entries: Sequence[Entry], anchor: str) -> Iterator[Panel]:
    """A panel for the first question of each view: the others stand in the table."""
    asked = {one.view: one.key for entry in reversed(entries) for one in reversed(aggregates(entry.result))
             if one.path == "pod-pod" and one.values}
    results = [entry.result for entry in entries]
    campaign, result = entries[0].campaign, results[0]
    views = list(dict.fromkeys(one.view for entry in entries for one in aggregates(entry.result)))
    for view in (one for one in views if one in asked):
        key = asked[view]
        floor = floors.of_question(results, campaign.noise_floor, key, lab=result.lab, kernel=result.kernel)
        panel = _panel(jinja, entries, key, floor, f"{anchor}-{view}")
        if panel is not None:
            yield panel


def _panel(jinja: jinja2.Environment, entries: Sequence[Entry], key: str, floor: ViewFloor, identity: str) -> Panel | None:
    cells = {entry.result.variant.sample: (entry, cell) for entry in entries if (cell := _cell(entry.result, key)) is not None}
    if not cells:
        return None
    every = [cell for _, cell in cells.values()]
    measure = every[0].shown
    absolute = any(_limit(entry, cell) for entry, cell in cells.values()) or not all(cell.ratios for cell in every)
    comparison = compare([entry.result for entry, _ in cells.values()], key, measure, ratio=not absolute,
                         lab=entries[0].result.lab, kernel=entries[0].result.kernel, floor=floor.ratio or 0.0)
    ranked = floor.ranks and not comparison.withheld
    names = [name for name in comparison.names if name in cells] if ranked else list(cells)
    rows = [_row(*cells[name], absolute, comparison.letters.get(name, "") if ranked else "") for name in names]
    rows = [row for row in rows if row.samples]
    if not rows:
        return None
    reference = _baseline(entries, every[0], measure) if absolute else 1.0
    title = f"{questions.view(every[0].view)}: {_asked(every[0])}"
    unit, better = (figures.unit(measure) if absolute else "ratio"), figures.better(measure)
    plot = figures.plot(title, unit, better, rows, beside=True, reference=reference, floor=floor)
    drawing = jinja.get_template("plot.svg.j2").render(
        plot=plot, identity=identity, kind="", heading=questions.view(every[0].view),
        caption=caption(plot, floor, comparison, _asked(every[0])))
    return Panel(every[0].view, floor, ranked, comparison.withheld if floor.ranks else "", Markup(drawing))


def caption(plot: figures.Plot, floor: ViewFloor, comparison: Comparison, asked: str) -> str:
    """What has to be known to read a panel: its question, its axis, its floor, and whether its order means anything."""
    said = [f"{asked[0].upper()}{asked[1:]}.", plot.axis.sentence(plot.unit)]
    if floor.ratio is None:
        said.append(f"The floor of this view here is not known, because {floor.how}: no order of modes can be read from it.")
    elif not floor.ranks:
        said.append(f"The floor of this view here is {words.percent(floor.ratio)}: no order of modes can be read from it.")
    else:
        said.append(f"The floor is {words.percent(floor.ratio)}.")
        said.append("No order is claimed." if comparison.withheld else
                    f"{comparison.apart} of {words.counted(len(comparison.pairs), 'pair')} can be told apart.")
    return " ".join(one for one in said if one)


def _asked(cell: Aggregate) -> str:
    return ASKED.get(cell.view) or what(cell)


def _cell(result: ModeResult, key: str) -> Aggregate | None:
    return next((one for one in aggregates(result) if one.key == key and one.values), None)


def _limit(entry: Entry, cell: Aggregate) -> float | None:
    return limit(entry.mode, cell, first_trial(entry.result, cell)[1])


def _row(entry: Entry, cell: Aggregate, absolute: bool, letter: str) -> Given:
    taken = cell.values if absolute else cell.ratios
    return Given(entry.mode.short_title, list(taken.get(cell.shown, {}).values()), _limit(entry, cell) if absolute else None,
                 entry.badge, letter)


def _baseline(entries: Iterable[Entry], cell: Aggregate, measure: str) -> float | None:
    """The median of the baselines of all deployments."""
    key = cell.baseline or cell.key.replace("/pod-pod/", "/host-host/")
    values = [value for entry in entries if (base := _cell(entry.result, key)) is not None
              for value in base.values.get(measure, {}).values()]
    return distribution_free.median(values) if values else None
