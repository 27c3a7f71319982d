"""A mode's result as a page shows it: rows of figures beside baseline and limit, plots, and the link to where each is from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import jinja2
from markupsafe import Markup

from experiments.catalog import Mode, limits
from experiments.evidence import TranscriptStep
from experiments.labs import table
from experiments.results import verdict
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.results.store import Stored, mode_path
from experiments.results.summary import ONLY_OF_SLICES, Cell, Estimate, cells, key_of
from experiments.site import figures
from experiments.variant import EMBEDDED, Variant

LINES_OF_OUTPUT = 40  # of one command; the file holds the rest


@dataclass(frozen=True)
class Row:
    """A line of the table of measured figures."""

    view: str
    what: str
    anchor: str
    source: str
    value: str
    shown: str
    unit: str
    range: str
    baseline: str
    ratio: str
    limit: str
    measure: str


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

    @property
    def anchor(self) -> str:
        """Where it stands on the mode's page."""
        return f"measured-{self.campaign.id}-{self.result.variant.anchor}"

    @property
    def from_elsewhere(self) -> bool:
        """Whether what was measured is another machine than the one that measured."""
        return table.LABS[self.result.lab].foreign

    @property
    def warnings(self) -> list[str]:
        """What to know before believing the figures."""
        return verdict.warnings(self.result)

    @property
    def deployments(self) -> int:
        """How many deployments gave numbers."""
        return sum(deployment.status == "ok" for deployment in self.result.deployments)

    @property
    def failures(self) -> list[Deployment]:
        """Deployments without numbers."""
        return [deployment for deployment in self.result.deployments if deployment.status != "ok"]


def page_name(campaign: str, variant: Variant) -> str:
    """The page of a mode's result, below ``results/`` and without ``.html``; a dot stands in no part of it."""
    return ".".join([campaign, variant.mode, *variant.unusual])


def entries(jinja: jinja2.Environment, mode: Mode, stored: Sequence[Stored], *, local: bool) -> list[Entry]:
    """A mode's results: lab by lab, the embedded one first; ours before upstream's, the host's kernel before the capsule's."""
    found = []
    for item in reversed(stored):
        for result in item.results:
            if result.mode == mode.name:
                page = f"../results/{page_name(item.campaign.id, result.variant)}.html"
                found.append(Entry(mode, item.campaign, result, local, page, rows(mode, item, result),
                                   tuple(_plots(jinja, mode, item, result))))
    labs = list(table.LABS)
    return sorted(found, key=lambda entry: (labs.index(entry.result.lab), entry.result.daemon or "", entry.result.kernel))


def rows(mode: Mode, stored: Stored, result: ModeResult) -> tuple[Row, ...]:
    """A row for each question that a mode's result answers from pod to pod."""
    all_cells = cells(result)
    return tuple(_row(mode, stored, result, cell, all_cells) for cell in all_cells if cell.path == "pod-pod")


def _row(mode: Mode, stored: Stored, result: ModeResult, cell: Cell, all_cells: Sequence[Cell]) -> Row:
    measure = cell.shown
    whole, ratio = cell.estimate(measure), cell.ratio(measure)
    base = next((other for other in all_cells if other.key == cell.baseline), None)
    baseline = base.estimate(measure) if base else None
    where, trial = first_trial(result, cell)
    file = mode_path(stored.folder, result).name
    value = whole.median if whole else None
    return Row(
        view=cell.view, what=_what(cell), anchor=trial.id if trial else "",
        source=f"{stored.campaign.id}/{file}#{where if whole and whole.n == 1 else f'summary.{cell.key}'}.{measure}",
        value="" if value is None else repr(value), shown=figures.shown(measure, value), unit=figures.unit(measure),
        range=_range(measure, whole),
        baseline=figures.shown(measure, baseline.median if baseline else None),
        ratio=f"{ratio.median:.3f}" if ratio else "",
        limit=figures.shown(measure, limit(mode, cell, trial)), measure=measure,
    )


def _range(measure: str, whole: Estimate | None) -> str:
    """Smallest to largest, where there is more than one value."""
    if whole is None or whole.n < 2:
        return ""
    return f"{figures.shown(measure, whole.low)} to {figures.shown(measure, whole.high)}"


def first_trial(result: ModeResult, cell: Cell) -> tuple[str, Trial | None]:
    """The first trial of a cell and its place in the file."""
    for d, deployment in enumerate(result.deployments):
        for t, trial in enumerate(deployment.trials):
            if deployment.status == "ok" and trial.status == "ok" and key_of(trial) == cell.key:
                return f"deployments[{d}].trials[{t}]", trial
    return "", None


def _what(cell: Cell) -> str:
    if cell.view == "latency":
        if cell.burst_bytes:
            return "round trip, behind a burst"
        return "round trip, beside a stream at half of the goodput" if cell.load_ratio else "round trip, idle"
    if cell.view == "setup":
        return "connect, request, response, close"
    if cell.view == "cost":
        if ONLY_OF_SLICES["cost"] not in cell.values:
            return "CPU time at a fixed load"
        return "CPU time of packets as on a wire" + (", small segments" if cell.mss == "small" else "")
    streams = f"{cell.streams} stream" + ("s" if cell.streams != 1 else "")
    return streams if cell.mss in (None, "native") else f"{streams}, {cell.mss} segments"


def limit(mode: Mode | None, cell: Cell, trial: Trial | None) -> float | None:
    """What the headers leave of the wire, or of the emulated link (bit/s); None where nothing sets a limit."""
    if cell.view == "wire":
        return limits.goodput_limit_bps(mode)
    if cell.view == "link" and trial is not None and trial.link_rate_bps:
        return limits.goodput_limit_bps(mode, trial.link_rate_bps)
    return None


def _plots(
    jinja: jinja2.Environment, mode: Mode, stored: Stored, result: ModeResult
) -> Iterable[str]:
    """A strip plot for each view that has a limit or a baseline in the same unit."""
    all_cells = cells(result)
    for view, title in (("wire", "What the wire leaves for payload"), ("link", "TCP goodput over an emulated link"),
                        ("speed", "TCP goodput without a limit")):
        strips = []
        for cell in (c for c in all_cells if c.view == view):
            _, trial = first_trial(result, cell)
            samples = tuple(cell.values.get(cell.shown, {}).values())
            label = f"{'host to host' if cell.path == 'host-host' else mode.short_title}, {_what(cell)}"
            if samples:
                strips.append((label, samples, limit(mode if cell.path == "pod-pod" else None, cell, trial)))
        if strips:
            measure = next(c.shown for c in all_cells if c.view == view and c.values)
            where = "" if result.lab == EMBEDDED else f" ({result.lab} lab)"
            plot = figures.plot(f"{mode.title}: {title}{where}", measure, "higher is better", strips)
            identity = f"{mode.name}-{stored.campaign.id}-{result.variant.anchor}-{view}"
            drawing = jinja.get_template("plot.svg.j2").render(plot=plot, identity=identity)
            yield Markup(drawing)


def phases(steps: Iterable[TranscriptStep]) -> list[tuple[str, list[TranscriptStep]]]:
    """Steps by phase in order, each output cut to what a page can carry."""
    return [(phase, [_cut(step) for step in group]) for phase, group in groupby(steps, key=lambda step: step.phase)]


def _cut(step: TranscriptStep) -> TranscriptStep:
    lines = step.output.splitlines()
    if len(lines) <= LINES_OF_OUTPUT:
        return step
    rest = len(lines) - LINES_OF_OUTPUT
    output = "\n".join([*lines[:LINES_OF_OUTPUT], f"… {rest} more lines in the result file"])
    return TranscriptStep(step.phase, step.at, step.command, output, step.exit_code)
