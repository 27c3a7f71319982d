"""``invoke show``: a stored result again, or two by their ratios."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.cli.columns import print_table
from experiments.cli.progress import say
from experiments.cli.result import show_campaign, show_result, what
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results.lookup import find
from experiments.results.model import ModeResult
from experiments.results.store import Stored
from experiments.results.summary import Aggregate, aggregates
from experiments.results.words import figures, span

ROOTS = (ROOT / "data" / "local", ROOT / "data" / "campaigns")


def run_show(result: str = "", other: str = "") -> None:
    """Print a result, the newest by default; with ``other`` both, by their ratios to their own baselines.

    Each is a folder, a campaign's id, a file, or a mode's name, which means its newest result.

    Raises:
        UserError: there is no such result, or what is named fits several, or the two have nothing in common.
    """
    first = find(result, ROOTS)
    if other:
        _compare(first, find(other, ROOTS))
    elif len(first.results) == 1:
        say(f"{first.campaign.id}, {first.campaign.started_at}, profile {first.campaign.protocol['profile']}")
        show_result(first.results[0], first.folder)
    else:
        show_campaign(first.campaign, first.results, first.folder)


def _compare(a: Stored, b: Stored) -> None:
    """Each question that both answer, as ratios to the baseline."""
    pairs = _pairs(a, b)
    for one, other in pairs:
        say(f"A: {one.variant.name} of {a.campaign.id}, {_conditions(a, one)}")
        say(f"B: {other.variant.name} of {b.campaign.id}, {_conditions(b, other)}")
        rows = list(_rows(one, other))
        if not rows:
            raise UserError("The two answer no question in common that has a baseline.",
                            "Measure both with the profile quick or standard.")
        print_table(("ratio to the baseline", "A", "B", "B/A"), rows)
    say("Only ratios are compared, each to the baseline of its own deployments, host to host on the same two nodes. Absolute "
        "figures of two machines or two kernels say nothing about two modes, so none stand here.")
    ids = {str(stored.campaign.protocol.get("id")) for stored in (a, b)}
    if len(ids) > 1:
        say(f"The two were measured by different protocols ({', '.join(sorted(ids))}).")
    if any(len(result.good) < 2 for pair in pairs for result in pair):
        say("One deployment does not tell how far another one would differ: `invoke campaign` measures 6 of each mode.")


def _pairs(a: Stored, b: Stored) -> list[tuple[ModeResult, ModeResult]]:
    """One result with the one other; of campaigns with several, each mode with itself."""
    if len(a.results) == len(b.results) == 1:
        return [(a.results[0], b.results[0])]
    found = [(one, other) for one in a.results for other in b.results if one.variant == other.variant]
    if found:
        return found
    said = [f"{stored.campaign.id}: {', '.join(result.variant.name for result in stored.results) or 'none'}"
            for stored in (a, b)]
    raise UserError("The two campaigns have no mode in common on the same kernel.", f"Modes: {'; '.join(said)}.")


def _conditions(stored: Stored, result: ModeResult) -> str:
    return f"{result.variant.place}, profile {stored.campaign.protocol['profile']}"


def _rows(one: ModeResult, other: ModeResult) -> Iterator[tuple[str, ...]]:
    theirs = {aggregate.key: aggregate for aggregate in aggregates(other)}
    for aggregate in aggregates(one):
        beside = theirs.get(aggregate.key)
        if beside is None or aggregate.path != "pod-pod":
            continue
        a, b = aggregate.ratio(aggregate.shown), beside.ratio(aggregate.shown)
        if a and b:
            yield what(aggregate), _ratio(aggregate), _ratio(beside), figures(b.median / a.median) if a.median else ""


def _ratio(aggregate: Aggregate) -> str:
    """The median ratio, and the range where there is more than one deployment."""
    found = aggregate.ratio(aggregate.shown)
    if found is None:
        return ""
    return figures(found.median) + (f" ({span(found.low, found.high, 'ratio')})" if found.n > 1 else "")
