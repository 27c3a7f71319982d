"""Results and modes in, Markdown and SVG out: a pure function.

Fragments go to ``generated/`` and are pulled into the hand-written pages by ``--8<-- "<mode>-<part>.md"``; the parts
are ``facts``, ``path``, ``headers``, ``transcript``, ``measured``, ``reproduce`` and ``sources``. Whole pages, one a
campaign, go to ``docs/results/``. Everything is HTML blocks made by Jinja with autoescape: text from a result file stays text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from experiments import limits
from experiments.catalog import CAVEATS, Mode
from experiments.results import fields, verdict
from experiments.results.comparison import Comparison, compare
from experiments.results.model import Campaign, Deployment, ModeResult, TranscriptStep, Trial
from experiments.results.reported_model import Reported
from experiments.results.store import Stored, mode_path
from experiments.results.summary import Cell, Estimate, cells, key_of
from experiments.site import figures, limit_model, tables
from experiments.site import published as published_tables

LINES_OF_OUTPUT = 40  # of one command, on a mode's page
HEX_A_LINE = 16
HOME_LINK_BPS = 1_000_000_000  # the network of the 2018 note


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

    campaign: Campaign
    result: ModeResult
    local: bool
    page: str
    rows: tuple[Row, ...]
    plots: tuple[Any, ...]

    @property
    def anchor(self) -> str:
        """Where it stands on the mode's page."""
        return f"measured-{self.campaign.id}-{self.result.kernel}"

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


def environment(templates: Path) -> jinja2.Environment:
    """Jinja as every template here uses it: escaping by default, no silent blanks."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )


def render(
    modes: Mapping[str, Mode], reference: Sequence[Stored], local: Sequence[Stored], reported: Sequence[Reported],
    templates: Path,
) -> dict[str, str]:
    """All rendered files, path below the project's root -> text; ``reported`` is what others published."""
    jinja = environment(templates)
    found: dict[str, str] = {}
    note = next(one for one in reported if one.id == "note-2018")
    found |= {f"generated/{name}": text for name, text in published_tables.fragments(jinja, reported).items()}
    found |= {f"generated/{name}": text for name, text in limit_model.fragments(jinja, modes, note).items()}
    everything: list[Entry] = []
    for mode in modes.values():
        entries = [*_entries(jinja, mode, reference, local=False), *_entries(jinja, mode, local, local=True)]
        everything += entries
        for part, text in _fragments(jinja, mode, entries).items():
            found[f"generated/{mode.name}-{part}.md"] = text
        found |= _table_files(f"docs/results/tables/{mode.name}", tables.as_rows(tables.compared(entries, {})))
    titles = {mode.name: mode.short_title for mode in modes.values()}
    lines = tables.compared(everything, titles)
    found |= _table_files("docs/results/tables/compare", tables.as_rows(lines))
    found["generated/compare.md"] = jinja.get_template("compare.md.j2").render(
        lines=lines, views=list(dict.fromkeys(line.view for line in lines)),
        modes=list(dict.fromkeys((line.mode, line.title) for line in lines)),
        kernels=list(dict.fromkeys(line.kernel for line in lines)),
        campaigns=list(dict.fromkeys(line.campaign for line in lines)),
    )
    found["generated/format.md"] = jinja.get_template("format.md.j2").render(objects=list(fields.OBJECTS.items()))
    found["generated/home-plot.md"] = _home_plot(jinja, modes, reference)
    for stored, is_local in (*((s, False) for s in reference), *((s, True) for s in local)):
        found[f"docs/results/{stored.campaign.id}.md"] = _campaign_page(jinja, stored, is_local)
        found |= _table_files(f"docs/results/tables/{stored.campaign.id}-trials",
                              tables.trial_rows(stored.campaign, stored.results))
    groups = (("Reference campaigns", list(reversed(reference))), ("This machine", list(reversed(local))))
    found["docs/results/feed.xml"] = jinja.get_template("feed.xml.j2").render(
        campaigns=[stored.campaign for stored in reversed(reference)]
    )
    found["docs/results/index.md"] = jinja.get_template("results.md.j2").render(groups=groups)
    return found


def _table_files(path: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A table as CSV and as JSON."""
    return {f"{path}.csv": tables.as_csv(rows), f"{path}.json": tables.as_json(rows)}


def _home_plot(jinja: jinja2.Environment, modes: Mapping[str, Mode], reference: Sequence[Stored]) -> str:
    """All modes of the newest complete reference campaign over the emulated link of 1 Gbit/s, beside their limits."""
    complete = [s for s in reference if s.campaign.status == "complete"]
    stored = next((s for s in reversed(complete) if s.campaign.purpose == "reference"), complete[-1] if complete else None)
    rows = []
    for result in sorted(stored.results, key=lambda r: r.mode) if stored else ():
        mode = modes.get(result.mode)
        for cell in cells(result) if mode else ():
            _, trial = _first_trial(result, cell)
            samples = tuple(cell.values.get("goodput_bps", {}).values())
            if cell.view == "link" and cell.path == "pod-pod" and samples and trial and trial.link_rate_bps == HOME_LINK_BPS:
                rows.append((mode.short_title if mode else "", samples, _limit(mode, cell, trial)))
    if stored is None or not rows:
        return ""
    plot = figures.plot("TCP goodput from pod to pod over an emulated link of 1 Gbit/s", "goodput_bps", "higher is better",
                        rows)
    drawing = jinja.get_template("plot.svg.j2").render(plot=plot, identity="home")
    return jinja.get_template("home-plot.md.j2").render(drawing=Markup(drawing), campaign=stored.campaign)


def _fragments(jinja: jinja2.Environment, mode: Mode, entries: Sequence[Entry]) -> dict[str, str]:
    """The parts of a mode's page that come from data."""
    boxes, height = figures.path_boxes(mode)
    shown = next((e for e in entries if _packet(e.result)), None)
    packet = _packet(shown.result) if shown else None
    typed = next((e for e in entries if e.result.transcript), None)
    values: dict[str, Mapping[str, Any]] = {
        "facts": {"entries": entries, "limit": figures.shown("goodput_bps", limits.goodput_limit_bps(mode))},
        "path": {"boxes": boxes, "height": height},
        "headers": {"entry": shown, "packet": packet, "titles": _titles(mode, packet),
                    "hex": _hex_lines(packet.hex) if packet else []},
        "transcript": {"entry": typed, "phases": _phases(typed.result.transcript) if typed else []},
        "measured": {"entries": entries},
        "reproduce": {"caveats": CAVEATS},
        "sources": {},
    }
    return {part: jinja.get_template("path.svg.j2" if part == "path" else f"{part}.md.j2").render(mode=mode, **named)
            for part, named in values.items()}


def _packet(result: ModeResult) -> Any:
    return next((d.packet for d in result.deployments if d.packet and d.status == "ok"), None)


def _titles(mode: Mode, packet: Any) -> list[str]:
    """The declared titles where the stack is the declared one, else the plain names of the layers."""
    if packet is None:
        return []
    layers = [header.layer for header in packet.headers]
    if layers == [header.layer for header in mode.headers]:
        return [header.title for header in mode.headers]
    return layers


def _hex_lines(text: str) -> list[str]:
    data = bytes.fromhex(text)
    return [f"{i:04x}  {data[i:i + HEX_A_LINE].hex(' ')}" for i in range(0, len(data), HEX_A_LINE)]


def _phases(steps: Iterable[TranscriptStep]) -> list[tuple[str, list[TranscriptStep]]]:
    """Steps by phase in order, each output cut to what a page can carry."""
    return [(phase, [_cut(step) for step in group]) for phase, group in groupby(steps, key=lambda step: step.phase)]


def _cut(step: TranscriptStep) -> TranscriptStep:
    lines = step.output.splitlines()
    if len(lines) <= LINES_OF_OUTPUT:
        return step
    rest = len(lines) - LINES_OF_OUTPUT
    output = "\n".join([*lines[:LINES_OF_OUTPUT], f"… {rest} more lines in the result file"])
    return TranscriptStep(step.phase, step.at, step.command, output, step.exit_code)


def _entries(jinja: jinja2.Environment, mode: Mode, stored: Sequence[Stored], *, local: bool) -> list[Entry]:
    """A mode's results, the newest first."""
    found = []
    for item in reversed(stored):
        for result in item.results:
            if result.mode == mode.name:
                all_cells = cells(result)
                rows = tuple(_row(mode, item, result, cell, all_cells) for cell in all_cells if cell.path == "pod-pod")
                found.append(Entry(item.campaign, result, local, f"../results/{item.campaign.id}.html", rows,
                                   tuple(_plots(jinja, mode, item, result, all_cells))))
    return found


def _row(mode: Mode, stored: Stored, result: ModeResult, cell: Cell, all_cells: Sequence[Cell]) -> Row:
    measure = _shown_measure(cell)
    whole, ratio = cell.estimate(measure), cell.ratio(measure)
    base = next((other for other in all_cells if other.key == cell.baseline), None)
    baseline = base.estimate(measure) if base else None
    where, trial = _first_trial(result, cell)
    file = mode_path(stored.folder, result).name
    value = whole.median if whole else None
    return Row(
        view=cell.view, what=_what(cell), anchor=trial.id if trial else "",
        source=f"{stored.campaign.id}/{file}#{where if whole and whole.n == 1 else f'summary.{cell.key}'}.{measure}",
        value="" if value is None else repr(value), shown=figures.shown(measure, value), unit=figures.unit(measure),
        range=_range(measure, whole),
        baseline=figures.shown(measure, baseline.median if baseline else None),
        ratio=f"{ratio.median:.3f}" if ratio else "",
        limit=figures.shown(measure, _limit(mode, cell, trial)), measure=measure,
    )


def _range(measure: str, whole: Estimate | None) -> str:
    """Smallest to largest, where there is more than one value."""
    if whole is None or whole.n < 2:
        return ""
    return f"{figures.shown(measure, whole.low)} to {figures.shown(measure, whole.high)}"


def _shown_measure(cell: Cell) -> str:
    """The wire view is shown in the unit of its limit, the others by their headline."""
    return "wire_goodput_bps" if cell.view == "wire" else cell.headline


def _first_trial(result: ModeResult, cell: Cell) -> tuple[str, Trial | None]:
    """The first trial of a cell and its place in the file."""
    for d, deployment in enumerate(result.deployments):
        for t, trial in enumerate(deployment.trials):
            if deployment.status == "ok" and trial.status == "ok" and key_of(trial) == cell.key:
                return f"deployments[{d}].trials[{t}]", trial
    return "", None


def _what(cell: Cell) -> str:
    if cell.view == "latency":
        return "round trip, beside a stream at half of the goodput" if cell.load_ratio else "round trip, idle"
    if cell.view == "cost":
        return "CPU time at a fixed load"
    streams = f"{cell.streams} stream" + ("s" if cell.streams != 1 else "")
    return streams if cell.mss in (None, "native") else f"{streams}, {cell.mss} segments"


def _limit(mode: Mode | None, cell: Cell, trial: Trial | None) -> float | None:
    if cell.view == "wire":
        return limits.goodput_limit_bps(mode)
    if cell.view == "link" and trial is not None and trial.link_rate_bps:
        return limits.goodput_limit_bps(mode, trial.link_rate_bps)
    return None


def _plots(
    jinja: jinja2.Environment, mode: Mode, stored: Stored, result: ModeResult, all_cells: Sequence[Cell]
) -> Iterable[str]:
    """A strip plot for each view that has a limit or a baseline in the same unit."""
    for view, title in (("wire", "What the wire leaves for payload"), ("link", "TCP goodput over an emulated link"),
                        ("speed", "TCP goodput without a limit")):
        rows = []
        for cell in (c for c in all_cells if c.view == view):
            _, trial = _first_trial(result, cell)
            samples = tuple(cell.values.get(_shown_measure(cell), {}).values())
            label = f"{'host to host' if cell.path == 'host-host' else mode.short_title}, {_what(cell)}"
            if samples:
                rows.append((label, samples, _limit(mode if cell.path == "pod-pod" else None, cell, trial)))
        if rows:
            measure = "wire_goodput_bps" if view == "wire" else "goodput_bps"
            plot = figures.plot(f"{mode.title}: {title}", measure, "higher is better", rows)
            identity = f"{mode.name}-{stored.campaign.id}-{result.kernel}-{view}"
            drawing = jinja.get_template("plot.svg.j2").render(plot=plot, identity=identity)
            yield Markup(drawing)


def _campaign_page(jinja: jinja2.Environment, stored: Stored, local: bool) -> str:
    """Every trial, attestation and fact of a campaign."""
    campaign = stored.campaign
    files = ["campaign.yml", *(mode_path(stored.folder, result).name for result in stored.results)]
    facts = [(f"{group}: {name}", _flat(value))
             for group, values in (("host", campaign.host), ("network", campaign.network),
                                   ("software", campaign.software), ("protocol", campaign.protocol),
                                   ("generator", campaign.generator))
             for name, value in values.items()]
    return jinja.get_template("campaign.md.j2").render(
        campaign=campaign, results=stored.results, files=files, environment=facts, local=local,
        floor=[(name, entry) for name, entry in campaign.noise_floor.items()
               if isinstance(entry, Mapping) and "measure" in entry],
        drift=campaign.noise_floor.get("drift"), compared=_compared(stored.results), figure=_figure,
        unit=lambda trial: figures.unit(_measure(trial)),
    )


def _compared(results: Sequence[ModeResult]) -> list[Comparison]:
    """The campaign's modes by each question that two of them answered on the same kernel."""
    asked = [(result.kernel, cell.key) for result in results for cell in cells(result) if cell.path == "pod-pod"]
    return [compare(results, key, kernel=kernel) for kernel, key in dict.fromkeys(asked) if asked.count((kernel, key)) > 1]


def _measure(trial: Trial) -> str:
    return {"wire": "wire_goodput_bps", "cost": "core_s_per_gbit", "latency": "p50_us"}.get(trial.view, "goodput_bps")


def _figure(trial: Trial) -> str:
    value = getattr(trial, _measure(trial))
    return figures.shown(_measure(trial), value) if trial.status in ("ok", "discarded") else ""


def _flat(value: Any) -> str:
    """A fact as one line of text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_flat(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return " ".join(_flat(inner) for inner in value)
    return str(value)
