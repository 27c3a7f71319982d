"""Whether a number may count: that there are some, attestation, statuses with their reasons, provenance."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.results import fields, summary
from experiments.results.checks.report import File
from experiments.results.model import Campaign, Deployment, ModeResult
from experiments.results.plain import Key
from experiments.results.standing import Standing
from experiments.variant import Variant

_MEASURES = tuple(field.name for field in fields.OBJECTS["Trial"] if field.better)


def provenance(file: File[Campaign], value: Campaign, standing: Standing | None) -> None:
    """What a reference campaign rests on can be had again: a commit, and nothing besides it.

    Where campaigns are published (``standing``), it also has a maintainer's word.
    """
    generator = value.generator
    if value.purpose == "reference":
        if "commit" not in generator:
            file.error(("generator",), "names no commit; a reference comes from a checkout")
        if generator.get("dirty") is not False:
            file.error(("generator", "dirty"), "a reference comes from a clean checkout; allowed: false")
        if value.protocol["deployments"] < 6:
            file.error(("protocol", "deployments"), "a reference has 6 or more of each mode")
        if standing is not None and not standing.is_reference(value):
            file.error(("purpose",), "no maintainer has signed it off in data/reference.yml; allowed: contribution")
    elif value.purpose == "contribution" and generator.get("dirty") is not False:
        file.warn(("generator", "dirty"), "files differed from the commit")


def measured(file: File[Campaign], value: Campaign, modes: Sequence[tuple[File[ModeResult], ModeResult]]) -> None:
    """A campaign has a plan with all deployments of each variant, and something that was measured."""
    if not value.plan:
        file.error(("plan",), "is missing; a campaign has at least one deployment")
    elif value.status == "complete" and not modes:
        file.error(("status",), "nothing was measured; a complete campaign has results")
    wanted = value.protocol["deployments"]
    planned: dict[Variant, set[int]] = {}
    for cell in value.plan:
        planned.setdefault(cell.variant, set()).add(cell.n)
    for variant, numbers in planned.items():
        if numbers != set(range(1, wanted + 1)):
            file.error(("plan",), f"has {len(numbers)} deployments of {variant.name}; the protocol asks for {wanted}")


def attestation(file: File[ModeResult], value: ModeResult) -> None:
    """No number without evidence before and after it that the mode was in force."""
    for d, deployment in enumerate(value.deployments):
        key: Key = ("deployments", d)
        holds = True
        for name in ("attestation_before", "attestation_after"):
            checks = getattr(deployment, name)
            for c, check in enumerate(checks):
                if check.ok != (check.expected == check.observed):
                    file.error((*key, name, c, "ok"), "expected and observed say otherwise")
                holds = holds and check.ok
            if deployment.status == "ok" and not checks:
                file.error((*key, name), "is missing; without it a deployment is not ok")
        if deployment.status == "ok" and not holds:
            failed = [c.check for c in (*deployment.attestation_before, *deployment.attestation_after) if not c.ok]
            file.error((*key, "status"), f"the attestation does not hold ({', '.join(failed)}); allowed: failed")
        if deployment.status != "ok" and deployment.trials:
            file.error((*key, "trials"), f"a deployment that is {deployment.status} has no trials")
        _reason(file, key, deployment.status, deployment.reason)
        _trials(file, key, deployment)


def _reason(file: File[ModeResult], key: Key, status: str, reason: str | None) -> None:
    if status == "ok" and reason is not None:
        file.error((*key, "reason"), "stands beside the status ok; only what is not ok has a reason")
    if status != "ok" and not reason:
        file.error((*key, "reason"), f"is missing; what is {status} says why")


def _trials(file: File[ModeResult], key: Key, deployment: Deployment) -> None:
    for t, trial in enumerate(deployment.trials):
        here = (*key, "trials", t)
        _reason(file, here, trial.status, trial.reason)
        if trial.status in ("ok", "discarded"):
            if trial.raw is None:
                file.error((*here, "raw"), "is missing; a trial keeps what the tool printed")
            for name in summary.measures(trial):
                if getattr(trial, name) is None:
                    file.error((*here, name), f"is missing; a trial of the view {trial.view} has it")
        else:
            for name in _MEASURES:
                if getattr(trial, name) is not None:
                    file.error((*here, name), f"a trial that is {trial.status} has no numbers")

