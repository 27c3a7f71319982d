"""What to doubt about a result, in whole sentences with the next step to take."""

from __future__ import annotations

import re

from experiments.results import questions
from experiments.results.model import ModeResult, Trial
from experiments.results.summary import aggregates
from experiments.results.words import counted, percent

FEW = 4  # as many figures are named; of more the worst is
UNSTEADY_RATIO = 0.10  # spread of deployments above which the range says more than the median
DRIFT_RATIO = 0.05  # between the baselines before and after; the protocol's limit


def warnings(result: ModeResult) -> list[str]:
    """What a reader should know before believing a mode's figures; empty where there is nothing."""
    return [*_failed(result), *_not_run(result), *_discarded(result), *_drifted(result), *_unsteady(result)]


def _failed(result: ModeResult) -> list[str]:
    found = [d for d in result.deployments if d.status != "ok"]
    said = [f"deployment {d.n} {d.status}: {(d.reason or '').splitlines()[0] if d.reason else ''}" for d in found]
    if not found:
        return []
    return [f"{len(found)} of {counted(len(result.deployments), 'deployment')} gave no number ({'; '.join(said)}). "
            "The evidence is in the result file."]


def _not_run(result: ModeResult) -> list[str]:
    """What a lab does not allow to be measured, or to be looked at."""
    reasons: dict[str, dict[str, None]] = {}
    for trial in (t for d in result.deployments for t in d.trials if t.status == "not-run"):
        what = trial.view if trial.path == "pod-pod" else f"{trial.view} ({trial.path})"
        reasons.setdefault(trial.reason or "not run", {})[what] = None
    said = [f"{', '.join(views)}: {reason}." for reason, views in reasons.items()]
    unseen = result.implementation.get("not looked at")
    return [*said, *([f"The attestation rests on what could be seen; not looked at: {unseen}."] if unseen else [])]


def _discarded(result: ModeResult) -> list[str]:
    every = [t for d in result.deployments for t in d.trials]
    found = [t for t in every if t.status == "discarded"]
    if not found:
        return []
    kinds = sorted({_KINDS.get((t.reason or "").split(" ")[0], "for another reason") for t in found})
    return [f"{counted(len(found), 'trial')} of {len(every)} discarded because of what the machine did meanwhile "
            f"({', '.join(kinds)}). Try again on an idle machine."]


# What the machine did, by the covariate that showed it.
_KINDS = {"canary_ratio": "a fixed loop took longer than usual", "steal_ratio": "its hypervisor kept processor time for others"}
# A covariate above its limit, as a discarded trial's reason names it (experiments.views), and what that means.
_ABOVE = re.compile(r"(canary_ratio|steal_ratio) ([\d.]+) > ([\d.]+)")


def reason_in_words(trial: Trial) -> str:
    """Why a trial has no number that counts, in words; empty if it has one."""
    if not trial.reason or trial.status == "not-run":
        return trial.reason or ""
    return f"{trial.status}: {_ABOVE.sub(_busy, trial.reason)}"


def _busy(above: re.Match[str]) -> str:
    name, value, limit = above[1], float(above[2]), float(above[3])
    if name == "canary_ratio":
        return f"the machine was busy: a fixed loop took {value:.2g} times its usual time; limit {limit:g}"
    return (f"the machine was busy: its hypervisor kept {percent(value)} of the processors' time for others; "
            f"limit {percent(limit)}")


def _drifted(result: ModeResult) -> list[str]:
    found = [d for d in result.deployments if d.drift_ratio is not None and d.drift_ratio > DRIFT_RATIO]
    if not found:
        return []
    numbers = ", ".join(str(d.n) for d in found)
    largest = max(d.drift_ratio or 0.0 for d in found)
    return [f"The baselines before and after differ by up to {percent(largest)} (deployment {numbers}): the machine was "
            "not steady. Read ratios to the baseline with that in mind, or measure again."]


def _unsteady(result: ModeResult) -> list[str]:
    known = [(whole.spread, questions.title(aggregate.key)) for aggregate in aggregates(result)
             if (whole := aggregate.estimate(aggregate.headline)) is not None and whole.n > 1]
    found = [(spread, title) for spread, title in known if spread > UNSTEADY_RATIO]
    if not found:
        return []
    spread, title = max(found)
    which = ("in: " + "; ".join(f"{title} ({percent(spread)})" for spread, title in found) if len(found) <= FEW else
             f"in {len(found)} of {len(known)} figures, most of all in {title} ({percent(spread)})")
    return [f"Deployments differ by more than {percent(UNSTEADY_RATIO)} {which}. "
            "More deployments narrow the interval; one deployment alone means little here."]
