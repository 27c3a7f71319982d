"""A mode's result as a page shows it: rows of figures beside baseline and limit, plots, and the link to where each is from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import jinja2

from experiments.catalog import Mode
from experiments.evidence import TranscriptStep
from experiments.labs import table
from experiments.results import cost_fit, questions, verdict, words
from experiments.results.model import Campaign, Deployment, ModeResult
from experiments.results.standing import Record
from experiments.results.store import Stored, mode_path
from experiments.results.summary import Aggregate, Estimate, aggregates
from experiments.site import badges, figures, plots, remarks
from experiments.site.cells import first_trial, limit, what
from experiments.variant import Variant

LINES_OF_OUTPUT = 40  # of one command; the file holds the rest
# Phases of a deployment as a transcript names them, and what a reader finds there.
PHASES: Mapping[str, str] = {
    "up": "Nodes and underlay", "build": "The mode", "ready": "Until it was ready", "attest": "Evidence",
    "measure": "Measurements", "down": "Removal"}


@dataclass(frozen=True)
class Row:
    """A line of the table of measured figures."""

    view: str
    title: str  # the view's
    what: str
    anchor: str
    source: str
    value: str
    shown: str
    unit: str  # that ``value``, ``low`` and ``high`` are stored in; what is shown has its own
    low: float | None
    high: float | None
    range: str
    baseline: str
    ratio: str
    limit: str
    measure: str
    caveats: tuple[str, ...] = ()  # what has been found out about this figure since it was stored


@dataclass(frozen=True)
class Entry:
    """One mode's result of one campaign, as a mode's page shows it."""

    mode: Mode
    campaign: Campaign
    result: ModeResult
    local: bool
    page: str
    rows: tuple[Row, ...]
    plots: tuple[Any, ...]
    remarks: tuple[str, ...] = ()  # what has been found out about the whole result

    @property
    def anchor(self) -> str:
        """Where it stands on the mode's page."""
        own = f"-{self.mode.name}" if self.mode.variant_of else ""
        return f"measured-{self.campaign.id}-{self.result.variant.anchor}{own}"

    @property
    def badge(self) -> str:
        """Whose program moved the packets, where it was not the kernel alone, set up by our commands."""
        return badges.badge(self.mode, self.result)

    @property
    def from_elsewhere(self) -> bool:
        """Whether what was measured is another machine than the one that measured."""
        return table.LABS[self.result.lab].foreign

    @property
    def cost_line(self) -> str:
        """What a packet costs and what its bytes add, in a sentence; empty where one size only was measured."""
        ours, below = cost_fit.fit(self.result), cost_fit.fit(self.result, "host-host")
        if ours is None or below is None:
            return ""
        return (f"Cost as a line through both sizes: {_line(ours)}. Between the nodes themselves: {_line(below)}. Medians of "
                "the deployments, with the smallest and the largest.")

    @property
    def warnings(self) -> list[str]:
        """What to know before believing the figures."""
        return verdict.warnings(self.result)

    @property
    def deployments(self) -> int:
        """How many deployments gave numbers."""
        return len(self.result.good)

    @property
    def failures(self) -> list[Deployment]:
        """Deployments without numbers."""
        return [deployment for deployment in self.result.deployments if deployment.status != "ok"]


def _line(found: cost_fit.Fit) -> str:
    """A packet's own part, and that of its bytes."""
    own, bytes_ = (words.span(low, high, "µs") for low, high in (found.a_range_us, found.b_range_us_per_kib))
    return (f"{words.quantity(found.a_us, 'µs')} of the processor for a packet ({own}) and "
            f"{words.quantity(found.b_us_per_kib, 'µs')} more for each KiB in it ({bytes_})")


def page_name(campaign: str, variant: Variant) -> str:
    """The page of a mode's result, below ``results/`` and without ``.html``; a dot stands in no part of it."""
    return ".".join([campaign, variant.mode, *variant.unusual])


def entries(
    jinja: jinja2.Environment, mode: Mode, stored: Sequence[Stored], records: Sequence[Record] = (), *, local: bool
) -> list[Entry]:
    """A mode's results, with what ``records`` say of them.

    Lab by lab, the embedded one first; ours before upstream's, the host's kernel before the capsule's.
    """
    found = []
    for item in reversed(stored):
        for result in item.results:
            if result.mode == mode.name:
                page = f"../results/{page_name(item.campaign.id, result.variant)}.html"
                about = [one for one in records if one.campaign == item.campaign.id and one.about(result.variant.name)]
                found.append(Entry(mode, item.campaign, result, local, page, rows(mode, item, result, about),
                                   tuple(plots.of_result(jinja, mode, item, result)),
                                   tuple(remarks.sentence(one) for one in about if not one.cells)))
    labs = list(table.LABS)
    return sorted(found, key=lambda entry: (labs.index(entry.result.lab), entry.result.daemon or "", entry.result.kernel))


def rows(mode: Mode, stored: Stored, result: ModeResult, records: Sequence[Record] = ()) -> tuple[Row, ...]:
    """A row for each question that a mode's result answers from pod to pod, with the caveats that the records have for it."""
    everything = aggregates(result)
    found = []
    for aggregate in (one for one in everything if one.path == "pod-pod"):
        caveats = remarks.about_cell(records, result.variant.name, aggregate.key)
        found.append(replace(_row(mode, stored, result, aggregate, everything), caveats=caveats))
    return tuple(found)


def _row(mode: Mode, stored: Stored, result: ModeResult, aggregate: Aggregate, everything: Sequence[Aggregate]) -> Row:
    measure = aggregate.shown
    whole, ratio = aggregate.estimate(measure), aggregate.ratio(measure)
    base = next((other for other in everything if other.key == aggregate.baseline), None)
    baseline = base.estimate(measure) if base else None
    where, trial = first_trial(result, aggregate)
    file = mode_path(stored.folder, result).name
    value = whole.median if whole else None
    return Row(
        view=aggregate.view, title=questions.view(aggregate.view), what=what(aggregate), anchor=trial.id if trial else "",
        source=f"{stored.campaign.id}/{file}#{where if whole and whole.n == 1 else f'summary.{aggregate.key}'}.{measure}",
        value="" if value is None else repr(value), shown=figures.shown(measure, value), unit=figures.unit(measure),
        low=whole.low if whole else None, high=whole.high if whole else None, range=_range(measure, whole),
        baseline=figures.shown(measure, baseline.median if baseline else None),
        ratio=words.figures(ratio.median) if ratio else "",
        limit=figures.shown(measure, limit(mode, aggregate, trial)), measure=measure,
    )


def _range(measure: str, whole: Estimate | None) -> str:
    """Smallest to largest in the unit of the median, which stands beside it; where there is more than one value."""
    if whole is None or whole.n < 2:
        return ""
    size, _ = words.scaled(abs(whole.median), figures.unit(measure))
    return f"{words.figures(whole.low / size)} to {words.figures(whole.high / size)}"


def phases(steps: Iterable[TranscriptStep]) -> list[tuple[str, str, list[TranscriptStep]]]:
    """Each phase in order, its title, and its steps, each output cut to what a page can carry."""
    return [(phase, PHASES.get(phase, phase), [_cut(step) for step in group])
            for phase, group in groupby(steps, key=lambda step: step.phase)]


def _cut(step: TranscriptStep) -> TranscriptStep:
    lines = step.output.splitlines()
    if len(lines) <= LINES_OF_OUTPUT:
        return step
    rest = len(lines) - LINES_OF_OUTPUT
    output = "\n".join([*lines[:LINES_OF_OUTPUT], f"… {rest} more lines in the result file"])
    return TranscriptStep(step.phase, step.at, step.command, output, step.exit_code)
