"""Times that can be true together: nothing before there was a Podpath, and one machine measures one thing at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from experiments.results import times
from experiments.results.checks.report import File
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.results.plain import Key

FIRST = "2026-01-01T00:00:00Z"  # no version of Podpath measured before that year
ROUNDED_S = 1.0  # times are written in whole seconds


def campaign(file: File[Campaign], value: Campaign) -> None:
    """The campaign's own time."""
    if value.started_at < FIRST:
        file.error(("started_at",), f"is before there was a Podpath; allowed: from {FIRST}")


def deployments(modes: Sequence[tuple[File[ModeResult], ModeResult]]) -> None:
    """No deployment begins while another one of the campaign is measured; trials follow each other."""
    found: list[tuple[float, float, File[ModeResult], Key, str]] = []
    for file, result in modes:
        for d, deployment in enumerate(result.deployments):
            if deployment.status == "ok" and deployment.started_at is None:
                file.error(("deployments", d, "started_at"), "is missing; what was measured has a time")
            begun = _seconds(deployment.started_at)
            if begun is not None:
                end = _trials(file, ("deployments", d), deployment, begun)
                found.append((begun, end, file, ("deployments", d, "started_at"), f"{result.variant.name} {deployment.n}"))
    found.sort(key=lambda one: one[:2])
    for (_, end, _, _, name), (begun, _, file, key, _) in pairwise(found):
        if begun + ROUNDED_S < end:
            file.error(key, f"is while deployment {name} was measured; one machine measures one at a time")


def _trials(file: File[ModeResult], key: Key, deployment: Deployment, begun: float) -> float:
    """When the last trial ended, at the earliest; two in turn begin together, and last as long as both."""
    end, before = begun, None
    for t, trial in enumerate(deployment.trials):
        started = _seconds(trial.started_at)
        if started is None:
            if trial.status in ("ok", "discarded"):
                file.error((*key, "trials", t, "started_at"), "is missing; what was measured has a time")
            continue
        if before is not None and _in_turn(before, trial):
            end += trial.duration_s or 0.0
        else:
            if started + ROUNDED_S < end:
                file.error((*key, "trials", t, "started_at"), "is before what stands in front of it had ended")
            end = max(end, started + (trial.duration_s or 0.0))
        before = trial
    return end


def _in_turn(first: Trial, second: Trial) -> bool:
    """Whether two trials are a mode's and its baseline's, measured in slices or runs of each in turn.

    One whose numbers could not be right has none, not that of its pairs either.
    """
    alike = second.status == "failed" or first.pairs == second.pairs
    return (first.pairs is not None and alike and first.started_at == second.started_at
            and (first.view, first.path, second.path) == (second.view, "host-host", "pod-pod"))


def _seconds(when: str | None) -> float | None:
    return None if when is None else times.seconds(when)
