"""Whether a result is what it is called: the lab, the daemon, the signs of the mode, as the evidence tells them.

Whose kernel it was is told by the tools' own outputs (:mod:`experiments.results.checks.origin`).
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.catalog import Mode
from experiments.evidence import Check
from experiments.labs.table import LABS
from experiments.results.checks.report import File
from experiments.results.model import Deployment, ModeResult
from experiments.results.plain import Key, shown

# What every mode is asked, whoever built it (experiments/measure/attestation.py); all else are its particular signs.
COMMON = ("pod.ttl", "mtu.fits", "mtu.one_more")
TOLD = ("control plane", "data plane")


def check(file: File[ModeResult], value: ModeResult, mode: Mode) -> None:
    """The labels of a result of a mode beside what was typed, told and attested."""
    counts = bool(value.good)
    if counts:
        _lab(file, value)
    typed = LABS[value.lab].sizes_of_catalogue
    if typed:
        _daemon(file, value, mode)
    for name in TOLD if counts else ():
        if not value.implementation.get(name, "").strip():
            file.error(("implementation", name), "is missing; a result says what did the work")
    for d, deployment in enumerate(value.deployments):
        if deployment.status == "ok":
            _signs(file, ("deployments", d), deployment)
            if typed:
                _numbers(file, ("deployments", d), deployment, mode)


def _lab(file: File[ModeResult], value: ModeResult) -> None:
    """Each lab leaves a trace that no other does: a command of its own, or facts that only it can tell."""
    typed = {step.command for step in value.transcript}
    for name, lab in LABS.items():
        for command in lab.typed_when_made:
            if (command in typed) != (name == value.lab):
                file.error(("lab",), f"`{command}` was {'' if command in typed else 'not '}typed; the lab {name} types it")
        for fact in lab.told_in_results:
            if (fact in value.implementation) != (name == value.lab):
                there = "" if fact in value.implementation else "not "
                file.error(("lab",), f"'{fact}' is {there}told under implementation; the lab {name} tells it")


def _daemon(file: File[ModeResult], value: ModeResult, mode: Mode) -> None:
    """Upstream's daemon is named, with a version, as what set up the mode; ours never is."""
    said = value.implementation.get("control plane", "")
    program = mode.daemon.program if mode.daemon else ""
    by_upstream = bool(program) and said.startswith(f"{program} ")
    if by_upstream != (value.daemon is not None) and said:
        file.error(("daemon",), f"the control plane was {shown(said)}")


def _signs(file: File[ModeResult], key: Key, deployment: Deployment) -> None:
    """The mode's own signs on two places, before and after; what every mode is asked, with the mode's numbers."""
    before, after = deployment.attestation_before, deployment.attestation_after
    for name, checks, common in (("attestation_before", before, COMMON), ("attestation_after", after, COMMON[:1])):
        for wanted in common:
            if wanted not in {check.check for check in checks}:
                file.error((*key, name), f"lacks {wanted}, which every mode is asked")
        own = _own(checks)
        if len({check.at for check in own}) < 2:
            file.error((*key, name), "shows no signs of the mode on both nodes")
        for c, check in enumerate(checks):
            if not check.evidence.strip() or not check.expected.strip():
                file.error((*key, name, c), "says nothing: a check has what was expected, and what showed it")
    if {(c.check, c.at) for c in _own(before)} != {(c.check, c.at) for c in _own(after)}:
        file.error((*key, "attestation_after"), "looks at other signs than attestation_before")


def _numbers(file: File[ModeResult], key: Key, deployment: Deployment, mode: Mode) -> None:
    """What is expected is what the mode's file says."""
    for name in ("attestation_before", "attestation_after"):
        for c, check in enumerate(getattr(deployment, name)):
            wanted = {"pod.ttl": str(mode.ttl_at_pod), "mtu.fits": "answered", "mtu.one_more": "refused"}.get(check.check)
            if wanted is not None and check.expected != wanted:
                file.error((*key, name, c, "expected"), f"{mode.name} has {shown(wanted)}")
            if check.check.endswith(".kind") and check.expected != mode.signs.device_kind:
                file.error((*key, name, c, "expected"), f"{mode.name} has a device of kind {mode.signs.device_kind}")


def _own(checks: Sequence[Check]) -> list[Check]:
    return [check for check in checks if check.check not in COMMON and not check.check.startswith("packet.")]
