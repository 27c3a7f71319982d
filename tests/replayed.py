"""Shared by tests: deployments that were measured once, measured again by nobody: their clock, their machine, their outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from experiments.measure import campaign
from experiments.measure.deployment import Outcome
from experiments.measure.protocol import Profile
from experiments.paths import ROOT
from experiments.results.model import Campaign, Deployment, ModeResult
from experiments.results.protocols import FROZEN
from experiments.results.store import read_campaign, read_raw
from experiments.variant import Variant

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"
STANDARD = ROOT / "data" / "campaigns" / "2026-11-24-h86e3a3"


def measured(profile: str) -> tuple[Campaign, ModeResult]:
    """A campaign with one deployment of calico-bgp, by the profile smoke or quick."""
    whole, results = read_campaign(SAMPLE if profile == "smoke" else STANDARD)
    result = next(one for one in results if one.mode == "calico-bgp")
    first, *_ = result.deployments
    if profile == "quick":  # what it measures of what the profile standard did
        first = replace(first, trials=tuple(trial for trial in first.trials if trial.streams != 4))
    return whole, replace(result, deployments=(first,))


def place(monkeypatch: pytest.MonkeyPatch, profile: str = "smoke") -> None:
    """Let this be the machine, and the time, of that campaign: one campaign is begun, and then goes on to its end."""
    whole, _ = measured(profile)
    asked: list[None] = []

    def now() -> str:
        asked.append(None)
        return whole.started_at if len(asked) <= 2 else str(whole.finished_at)  # the folder's name and the beginning come first

    monkeypatch.setattr(campaign, "now", now)
    monkeypatch.setattr(Profile, "as_mapping", _as_p2)
    monkeypatch.setattr(campaign.environment, "host", lambda slug: {**whole.host, "slug": slug})
    monkeypatch.setattr(campaign.environment, "software", lambda: dict(whole.software))


def _as_p2(profile: Profile, seed: int, nodes: int) -> dict[str, Any]:
    """What a campaign says of the protocol by which the samples were measured."""
    name = f"p2-{profile.profile}"
    return {"id": name, **FROZEN[name].numbers, "seed": seed, "nodes": nodes}


def outcome(change: Callable[[Deployment], Deployment] = lambda deployment: deployment, profile: str = "smoke") -> Outcome:
    """The deployment as if it had been measured now, with what its tools printed."""
    _, result = measured(profile)
    deployment = result.deployments[0]
    folder = SAMPLE if profile == "smoke" else STANDARD
    raws: dict[str, tuple[str, str]] = {
        trial.id: (trial.raw["tool"], read_raw(folder, trial)) for trial in deployment.trials if trial.raw}
    trials = tuple(replace(trial, raw=None) for trial in deployment.trials)
    found: dict[str, Any] = dict(result.implementation)
    return Outcome(change(replace(deployment, n=1, trials=trials)), result.transcript, raws, found)


ONE = Variant("calico-bgp")
