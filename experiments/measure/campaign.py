"""Campaigns: one host, one seed, one plan of deployments in random blocks, stored as they are measured.

Each block holds every mode once, in an order drawn from the seed, so that a slow hour of the machine meets all modes
alike. The plan stands in ``campaign.yml`` with the state of each cell; a campaign that was killed goes on where it was.
A single experiment is a campaign of one mode.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from experiments import __version__
from experiments.errors import UserError
from experiments.labs.backend import Tell
from experiments.measure import provenance
from experiments.measure.deployment import Job, Outcome, now
from experiments.measure.protocol import Protocol, profile
from experiments.measure.views import drifted
from experiments.probes import environment
from experiments.results import store, summary
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.variant import Variant

Purpose = Literal["reference", "contribution", "experiment"]
Deploy = Callable[[Job, Tell], Outcome]

SCHEMA = "podpath/campaign/1"
MODE_SCHEMA = "podpath/mode/1"


@dataclass(frozen=True)
class Request:
    """What a person asked for."""

    variants: tuple[Variant, ...]
    profile: str
    seed: int
    nodes: int = 2
    host: str = ""
    purpose: Purpose = "experiment"
    command: tuple[str, ...] = ()
    # Where the nodes are not this machine: what is told of them, and of the software there.
    machine: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, Any] = field(default_factory=dict)


def plan(request: Request) -> tuple[Mapping[str, Any], ...]:
    """The cells in order: as many blocks as the profile wants deployments, each a random order of all variants."""
    source = random.Random(request.seed)
    cells: list[Mapping[str, Any]] = []
    for block in range(1, profile(request.profile).deployments + 1):
        order = list(request.variants)
        source.shuffle(order)
        cells += [{"n": block, **variant.as_cell(), "state": "planned"} for variant in order]
    return tuple(cells)


def begin(request: Request, root: Path) -> Path:
    """Make the campaign's folder below ``root`` and write the plan into it.

    Raises:
        UserError: the folder cannot be written.
    """
    protocol: Protocol = profile(request.profile)
    host = request.host or environment.host_slug()
    folder = store.campaign_dir(root, now()[:10], host)
    facts = {**request.machine, "slug": host} if request.machine else environment.host(host)
    store.write_campaign(folder, Campaign(
        schema=SCHEMA, id=folder.name, status="partial", purpose=request.purpose, started_at=now(), finished_at=None,
        generator={"version": __version__, **provenance.commit(), "command": list(request.command)},
        protocol={**protocol.as_mapping(request.seed), "nodes": request.nodes},
        host=facts, network={}, software=dict(request.software) or environment.software(), plan=plan(request),
    ))
    return folder


def advance(folder: Path, deploy: Deploy, tell: Tell, *, repeat: bool = True) -> Campaign:
    """Measure the cells that are still planned, in order; each deployment is stored before the next one begins.

    A deployment whose baselines drift apart is repeated once, and keeps the drift of the first attempt; if they still
    do, it is kept and marked by its drift. Without ``repeat`` it is so the first time.
    """
    campaign, results = store.read_campaign(folder)
    by_variant = {result.variant: result for result in results}
    for position, cell in enumerate(campaign.plan):
        if cell["state"] != "planned":
            continue
        variant = Variant.of(cell)
        job = Job(variant, int(cell["n"]), str(campaign.protocol["profile"]), int(campaign.protocol.get("nodes", 2)))
        tell(f"[{position + 1}/{len(campaign.plan)}] {variant.mode}, deployment {job.n}, kernel {variant.kernel}")
        outcome = deploy(job, tell)
        drift = outcome.deployment.drift_ratio
        if repeat and drifted(drift, _drifts(variant, by_variant.values())):
            tell(f"the baselines before and after differ by {drift:.0%}: once more")
            outcome = deploy(job, tell)
            outcome = replace(outcome, deployment=replace(outcome.deployment, repeated_drift_ratio=drift))
        by_variant[variant] = _store(folder, campaign.id, variant, by_variant.get(variant), outcome)
        cells = list(campaign.plan)
        cells[position] = {**cell, "state": "done" if outcome.deployment.status == "ok" else outcome.deployment.status}
        campaign = replace(campaign, plan=tuple(cells), network=campaign.network or dict(outcome.network))
        store.write_campaign(folder, campaign)
    floor = summary.noise_floor(by_variant.values())
    campaign = replace(campaign, status="complete", finished_at=now(), noise_floor=floor)
    store.write_campaign(folder, campaign)
    return campaign


def _drifts(variant: Variant, results: Iterable[ModeResult]) -> list[float]:
    """Return how far the baselines of deployments in the variant's lab, on its kernel, lay apart so far."""
    place = (variant.lab, variant.kernel)
    return [d.drift_ratio for result in results if (result.lab, result.kernel) == place for d in result.deployments
            if d.drift_ratio is not None]


def _store(
    folder: Path, campaign: str, variant: Variant, before: ModeResult | None, outcome: Outcome
) -> ModeResult:
    """Write the raw outputs, then the mode's file that refers to them."""
    trials = tuple(_with_raw(folder, trial, outcome) for trial in outcome.deployment.trials)
    deployment: Deployment = replace(outcome.deployment, trials=trials)
    result = ModeResult(
        schema=MODE_SCHEMA, campaign=campaign, mode=variant.mode, lab=variant.lab, kernel=variant.kernel,
        daemon=variant.daemon or None,
        implementation=dict(outcome.implementation) or (before.implementation if before else {}),
        deployments=(*(before.deployments if before else ()), deployment),
        transcript=before.transcript if before and before.transcript else outcome.transcript,
    )
    result = replace(result, summary=summary.summarise(result))
    store.write_mode(folder, result)
    return result


def _with_raw(folder: Path, trial: Trial, outcome: Outcome) -> Trial:
    if trial.id not in outcome.raws:
        return trial
    tool, text = outcome.raws[trial.id]
    return replace(trial, raw=store.write_raw(folder, trial.id, text, tool))


def unfinished(root: Path) -> Path:
    """The newest campaign below ``root`` that has planned cells.

    Raises:
        UserError: there is none.
    """
    for folder in sorted(root.glob("*/campaign.yml"), reverse=True):
        campaign, _ = store.read_campaign(folder.parent)
        if campaign.status == "partial":
            return folder.parent
    raise UserError(f"No unfinished campaign in {root}.", "Start one: `invoke campaign`.")
