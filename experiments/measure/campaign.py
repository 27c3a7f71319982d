"""Campaigns: one host, one seed, one plan of deployments in random blocks, stored as they are measured.

Each block holds every mode once, in an order drawn from the seed, so that a slow hour of the machine meets all modes
alike. The plan stands in ``campaign.yml`` with the state of each cell; a campaign that was killed goes on where it was.
A single experiment is a campaign of one mode.
"""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from experiments.errors import UserError
from experiments.labs.backend import Tell
from experiments.measure import provenance
from experiments.measure.deployment import Job, Outcome
from experiments.measure.pace import Pace
from experiments.measure.protocol import Profile, profile
from experiments.probes import environment
from experiments.results import aside, noise_floor, store, summary
from experiments.results import validate as validation
from experiments.results.checks import privacy
from experiments.results.model import Campaign, Cell, Deployment, ModeResult, Purpose, Trial
from experiments.results.times import now
from experiments.results.validate import Report, validate
from experiments.results.words import counted
from experiments.variant import Variant

Deploy = Callable[[Job, Tell], Outcome]

SCHEMA = "podpath/campaign/1"
MODE_SCHEMA = "podpath/mode/1"
REASONS = 3  # of those for which a stored deployment is refused, that its own reason names


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
    deployments: int = 0  # of each variant; 0: as many as the profile has
    # Where the nodes are not this machine: what is told of them, and of the software there.
    machine: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, Any] = field(default_factory=dict)


def plan(request: Request) -> tuple[Cell, ...]:
    """The cells in order: as many blocks as deployments are wanted, each a random order of all variants."""
    source = random.Random(request.seed)
    cells: list[Cell] = []
    for block in range(1, _asked(request).deployments + 1):
        order = list(request.variants)
        source.shuffle(order)
        cells += [Cell.planned(block, variant) for variant in order]
    return tuple(cells)


def _asked(request: Request) -> Profile:
    """The profile, with as many deployments as were asked for."""
    found = profile(request.profile)
    return replace(found, deployments=request.deployments) if request.deployments else found


def begin(request: Request, root: Path) -> Path:
    """Make the campaign's folder below ``root`` and write the plan into it.

    The folder of a single experiment has the mode in its name.

    Raises:
        UserError: the folder cannot be written, or what is to be a reference would be refused as one when it has been measured.
    """
    protocol = _asked(request)
    host = request.host or environment.host_slug()
    alone = request.variants[0].mode if request.purpose == "experiment" and len(request.variants) == 1 else ""
    facts = {**request.machine, "slug": host} if request.machine else environment.host(host)
    folder = store.campaign_dir(root, now()[:10], f"{host}-{alone}" if alone else host)
    try:
        store.write_campaign(folder, Campaign(
            schema=SCHEMA, id=folder.name, status="partial", purpose=request.purpose, started_at=now(), finished_at=None,
            generator=provenance.generator(request.command), protocol=protocol.as_mapping(request.seed, request.nodes),
            host=facts, network={}, software=dict(request.software) or environment.software(), plan=plan(request),
        ))
    except BaseException:
        shutil.rmtree(folder)  # a name that is taken by nothing
        raise
    if request.purpose == "reference" and (errors := validate(folder, alone=True).errors):
        shutil.rmtree(folder)
        raise UserError("This cannot become a reference: " + "; ".join(f"{e.key}: {e.text.rstrip('.')}" for e in errors) + ".",
                        "Leave --reference out, or mend what is named.")
    return folder


def advance(folder: Path, deploy: Deploy, tell: Tell, *, pace: Pace | None = None) -> Report:
    """Measure the cells that are still planned, in order; each deployment is stored before the next one begins.

    What is stored is validated before it counts: a deployment that does not pass is kept as a failed one, with the reason
    and without numbers; a campaign that does not pass at its end is ``aborted``. Outputs that no trial names are set aside.
    Returned is what the validation of the whole folder found. ``pace`` is told when deployments begin and end.

    Raises:
        UserError: what runs here is not what earlier deployments of the same were measured with; nothing of it is stored.
    """
    campaign, results = store.read_campaign(folder)
    by_variant = {result.variant: result for result in results}
    for position, cell in enumerate(campaign.plan):
        if cell.state != "planned":
            continue
        variant, n = cell.variant, cell.n
        say = _prefixed(tell, position, len(campaign.plan), variant)
        if pace:
            pace.begin()
        network: Mapping[str, Any] = {}
        before = by_variant.get(variant)
        # A run that was killed may have stored the deployment, and not yet that it has: then it is only judged.
        wanted = before is None or all(deployment.n != n for deployment in before.deployments)
        if wanted:
            job = Job(variant, n, campaign.protocol["profile"], campaign.protocol.get("nodes", 2))
            outcome = deploy(job, say)
            network = outcome.network
            by_variant[variant] = _store(folder, campaign.id, variant, before, outcome)
        by_variant[variant] = _judged(folder, campaign, by_variant[variant], n, say)
        status = next(deployment.status for deployment in by_variant[variant].deployments if deployment.n == n)
        cells = list(campaign.plan)
        cells[position] = replace(cell, state="done" if status == "ok" else status)
        campaign = replace(campaign, plan=tuple(cells), network=campaign.network or dict(network))
        store.write_campaign(folder, campaign)
        if pace:
            pace.end(measured=wanted and status == "ok")
    with contextlib.suppress(OSError):  # what cannot be moved is named by `validate`, which follows
        if left := aside.set_aside(folder, by_variant.values()):
            tell(f"{counted(left, 'file')} of deployments without numbers set aside: {aside.place(folder)}")
    floor = noise_floor.of_campaign(by_variant.values())
    campaign = replace(campaign, status="complete", finished_at=now(), noise_floor=floor)
    store.write_campaign(folder, campaign)
    report = validate(folder, alone=True)  # nobody can have signed off what is only now there
    if report.errors:
        store.write_campaign(folder, replace(campaign, status="aborted"))
    return report


def _prefixed(tell: Tell, position: int, count: int, variant: Variant) -> Tell:
    """Say also which of the plan's deployments is under way."""
    if count == 1:
        return tell
    return lambda text: tell(f"[{position + 1}/{count}] {variant.name}: {text}")


def _judged(folder: Path, campaign: Campaign, result: ModeResult, n: int, tell: Tell) -> ModeResult:
    """The stored result, with its deployment ``n`` as a failed one if `validate` would refuse the file because of it.

    What it finds wrong with earlier deployments is left to the end: this one is not to blame.
    """
    position = next(i for i, deployment in enumerate(result.deployments) if deployment.n == n)
    judged = result.deployments[position]
    own = f"deployments[{position}]"
    errors = [error for error in validation.mode_file(store.mode_path(folder, result), campaign).errors
              if not error.key.startswith("deployments[") or error.key.startswith(own)]
    if judged.status == "ok" and errors:
        said = "; ".join(f"{error.key}: {error.text.rstrip('.')}" for error in errors[:REASONS])
        if any(privacy.findings(said)):
            said = f"{', '.join(error.key for error in errors[:REASONS])} cannot be published as it is"
        reason = f"`validate` refuses it: {said}." + (f" And {len(errors) - REASONS} more." if len(errors) > REASONS else "")
        judged = replace(judged, status="failed", reason=reason, trials=(), drift_ratio=None)
    elif any(error.key == f"{own}.reason" for error in errors):
        tell(f"failed: {judged.reason}")  # the only place that says it
        judged = replace(judged, reason="It failed, for a reason that cannot be published as it is.")
    else:
        return result
    deployments = (*result.deployments[:position], judged, *result.deployments[position + 1:])
    result = replace(result, deployments=deployments)
    result = replace(result, summary=summary.summarise(result))
    store.write_mode(folder, result)
    return result


def _store(
    folder: Path, campaign: str, variant: Variant, before: ModeResult | None, outcome: Outcome
) -> ModeResult:
    """Write the raw outputs, then the mode's file that refers to them.

    Raises:
        UserError: another program carried the packets than before.
    """
    _require_the_same(variant, before, outcome)
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


def _require_the_same(variant: Variant, before: ModeResult | None, outcome: Outcome) -> None:
    """That control plane and data plane are those of the deployments before: all of a file are one sample.

    Raises:
        UserError: one is not.
    """
    for part in ("control plane", "data plane"):
        was, here = (before.implementation if before else {}).get(part), outcome.implementation.get(part)
        if was and here and was != here:
            raise UserError(f"{variant.name} was measured with the {part} {was}, and here is {here}.",
                            "Have that one again, or begin another campaign.")


def _with_raw(folder: Path, trial: Trial, outcome: Outcome) -> Trial:
    if trial.id not in outcome.raws:
        return trial
    tool, text = outcome.raws[trial.id]
    return replace(trial, raw=store.write_raw(folder, trial.id, text, tool))


def unfinished(root: Path, *, beside_upstream: bool = False) -> Path:
    """The newest campaign below ``root`` that has planned cells, and upstream's daemons beside ours or not.

    Raises:
        UserError: there is none.
    """
    found = []
    for folder in store.campaign_folders(root):
        campaign, _ = store.read_campaign(folder)
        if campaign.status == "partial" and beside_upstream == any(cell.daemon for cell in campaign.plan):
            found.append((campaign.started_at, len(folder.name), folder.name, folder))  # of one second: -10 after -9
    if found:
        return max(found)[-1]
    command = "fidelity" if beside_upstream else "campaign"
    raise UserError(f"No unfinished campaign in {root}.", f"Start one: `invoke {command}`.")
