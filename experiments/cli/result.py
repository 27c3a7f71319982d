"""A result as a person reads it in the terminal: one mode's, a campaign's, two of them side by side."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from experiments import catalog
from experiments.cli.columns import print_table
from experiments.cli.findings import show_findings
from experiments.cli.progress import console, say
from experiments.errors import ExperimentFailed
from experiments.results import fields, rules, store
from experiments.results.model import Campaign, ModeResult, Trial
from experiments.results.outputs import as_shown
from experiments.results.summary import Aggregate, aggregates, key_of
from experiments.results.validate import Report
from experiments.results.verdict import reason_in_words
from experiments.results.words import counted, figures, quantity

HEADLINES = ("wire/pod-pod/1/native", "link/pod-pod/1/native", "speed/pod-pod/1/native", "cost/pod-pod/1/native",
             "latency/pod-pod/idle")


def show_result(result: ModeResult, folder: Path) -> None:
    """One mode's result: each question's median beside that of the baseline, the ratio of the two, and the limit."""
    known = {**catalog.load(), **catalog.variants()}
    title = known[result.mode].title if result.mode in known else result.mode
    say(f"{title}: {result.variant.place}; {len(result.good)} of {counted(len(result.deployments), 'deployment')} gave numbers")
    for name, value in result.implementation.items() if result.daemon else ():
        say(as_shown(f"{name}: {value}"))
    if rows := list(_rows(result, known)):
        print_table(("what", "mode", "host to host", "ratio", "limit"), rows)
    for line in dict.fromkeys(_reasons(result)):
        say(as_shown(line), indent="  ")
    say(f"Stored: {store.mode_path(folder, result)}")


def _rows(result: ModeResult, known: Mapping[str, catalog.Mode]) -> Iterator[tuple[str, ...]]:
    """A row for each question from pod to pod; where no deployment gave a value, what became of the trial."""
    found = {aggregate.key: aggregate for aggregate in aggregates(result)}
    asked = {key_of(trial): trial for deployment in result.deployments for trial in deployment.trials
             if trial.path == "pod-pod"}
    for key, trial in asked.items():
        limit = rules.ceiling_bps(trial, result.mode) if result.mode in known else None
        aggregate = found.get(key)
        base = found.get(aggregate.baseline or "") if aggregate else None
        yield (what(trial), median(aggregate) if aggregate else trial.status.replace("-", " "), median(base) if base else "",
               ratio(aggregate) if aggregate else "", quantity(limit, "bit/s") if limit else "")


def _reasons(result: ModeResult, *, but: str = "") -> Iterator[str]:
    """Why deployments and trials have no number that counts; trials of the status ``but`` are left out."""
    for deployment in result.deployments:
        if deployment.reason:
            yield f"deployment {deployment.n} {deployment.status}: {deployment.reason.splitlines()[0]}"
        for trial in deployment.trials:
            if trial.reason and trial.status != but:
                yield f"{what(trial)}, {trial.path}: {reason_in_words(trial)}"


def what(asked: Trial | Aggregate) -> str:
    """The question that a trial or an aggregate answers, in few words."""
    if asked.view == "latency":
        return "latency, loaded" if asked.load_ratio else "latency, burst" if asked.burst_bytes else "latency, idle"
    if asked.view == "packets":
        return f"packets, {asked.datagram_bytes} bytes"
    streams = f", {counted(asked.streams or 1, 'stream')}" if asked.view == "speed" else ""
    return asked.view + streams + ("" if asked.mss in (None, "native") else f", {asked.mss} MSS")


def median(aggregate: Aggregate) -> str:
    """The median of what an aggregate shows, with its unit; empty where there is none."""
    found = aggregate.estimate(aggregate.shown)
    return quantity(found.median, fields.get("Trial", aggregate.shown).unit) if found else ""


def ratio(aggregate: Aggregate) -> str:
    """The median ratio to the baseline; empty where there is none."""
    found = aggregate.ratio(aggregate.shown)
    return figures(found.median) if found else ""


def show_campaign(campaign: Campaign, results: Sequence[ModeResult], folder: Path) -> None:
    """The headline figures of each mode: medians over the deployments, and their ratios to the baseline."""
    status = "refused by `validate`" if campaign.status == "aborted" else campaign.status
    say(f"Campaign {campaign.id}: {status}, profile {campaign.protocol['profile']}")
    rows = []
    for result in results:
        name, found = result.variant.name, {aggregate.key: aggregate for aggregate in aggregates(result)}
        lines = [(what(aggregate), median(aggregate), ratio(aggregate)) for key in HEADLINES if (aggregate := found.get(key))]
        for number, line in enumerate(lines or [("no figure", "", "")]):
            first = (name, f"{len(result.good)} of {len(result.deployments)}") if number == 0 else ("", "")
            rows.append((first[0], *line, first[1]))
    if rows:
        print_table(("mode", "what", "median", "ratio", "good"), rows, words=2)
        say("Ratios are to the baseline: the same two nodes without the mode.")
    for result in results:
        for reason in dict.fromkeys(_reasons(result, but="discarded")):
            say(as_shown(f"{result.variant.name}: {reason}"), indent="  ")
    discarded = [t for result in results for d in result.deployments for t in d.trials if t.status == "discarded"]
    if discarded:
        say(f"{counted(len(discarded), 'trial')} discarded because of what the machine did meanwhile, and measured again; "
            "`invoke show MODE` says what that was.")
    say(f"Stored: {folder}")


def close(report: Report, folder: Path, *, shown_on_site: bool) -> None:
    """Say what the validation found, and what to do next.

    Raises:
        ExperimentFailed: it found errors.
    """
    show_findings(report)
    if report.errors:
        raise ExperimentFailed(f"Not valid: {report.counted}.",
                               f"It is kept in {folder}, and marked as aborted; each line above says what is allowed there.")
    say(f"Validated: {report.counted}.")
    if shown_on_site:
        say("Next: `invoke serve` shows it on the pages, `invoke show` here again, `invoke submit` makes its pull request.")
    else:
        say("Next, to see it again:")
        console.print(f"  {shlex.join(['invoke', 'show', str(folder)])}", markup=False)
