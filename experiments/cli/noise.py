"""``invoke noise``: what this machine can tell, and what not, before anything is measured on it."""

from __future__ import annotations

import os

from experiments import catalog
from experiments.cli.columns import print_table
from experiments.cli.progress import say, telling
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.readiness import choose
from experiments.machine import look
from experiments.measure import floor
from experiments.probes import placement, quota
from experiments.results.floors import RANKS
from experiments.results.words import counted, figures, percent
from experiments.variant import EMBEDDED, HOST


def run_noise(*, anyway: bool = False) -> list[floor.Floor]:
    """Measure the baseline against itself in six fresh labs and print a line a view; nothing is stored.

    Raises:
        UserError: the machine is busy and ``anyway`` was not said, or the lab cannot be made here.
        ExperimentFailed: no view gave a figure.
    """
    choose(catalog.get(floor.MODE), look(), EMBEDDED, HOST)
    refuse_if_busy(anyway)
    say(where())
    with telling() as tell:
        floors = floor.measure(tell)
    if not floors:
        raise ExperimentFailed("Nothing could be measured.", "Try again when the machine is idle.")
    print_table(("view", "floor", "off by", "labs", "wrongly told apart"), [
        (one.view, percent(one.floor) if one.floor is not None else "", percent(one.off), str(len(one.ratios)), _wrong(one))
        for one in floors])
    for line in sentences(floors):
        say(line)
    return floors


def refuse_if_busy(anyway: bool, *, beside: bool = False) -> None:
    """Say so before measuring, where others have most of the processors; ``beside`` the output if that is for a program.

    Raises:
        UserError: they have, and ``anyway`` was not said.
    """
    taken = floor.busy()
    if taken <= floor.BUSY_RATIO:
        return
    if not anyway:
        raise UserError(f"The machine is busy: others take {percent(taken)} of its processors' time.",
                        "Wait until it is idle, or measure all the same: --anyway.")
    say(f"The machine is busy: others take {percent(taken)} of its processors' time. Figures by the clock (link) suffer.",
        beside=beside)


def where() -> str:
    """Which processors are measured on, in a sentence."""
    plan = placement.plan()
    allowed = len(os.sched_getaffinity(0))
    if allowed == 1:
        return f"One processor: what measures and what is measured share it.{_quota(allowed)}"
    return (f"{counted(allowed, 'processor')}: sender, receiver, relays and soft interrupts on number {plan.measured}, "
            f"everything else on {', '.join(map(str, plan.beside))}.{_quota(allowed)}")


def _quota(allowed: int) -> str:
    """What a control group takes away, as a sentence; empty where it leaves all."""
    left = quota.processors()
    if left is None or left >= allowed:
        return ""
    return (f" A control group leaves this process {figures(left)} of {'a processor' if left <= 1 else 'them'}: slices take "
            "longer, and figures by the clock (link) suffer.")


def sentences(floors: list[floor.Floor]) -> list[str]:
    """What the machine can tell, and what not."""
    good = [one.view for one in floors if one.floor is not None and one.floor <= RANKS]
    bad = [one.view for one in floors if one.view not in good]
    found = ["A floor is how far the baseline is from itself; a smaller difference between modes says nothing here."]
    if good:
        found.append(f"This machine can tell modes apart by: {'; '.join(good)}.")
    if bad:
        found.append(f"It cannot by: {'; '.join(bad)} (floor above {percent(RANKS)}). Try again when it is idle.")
    return found


def _wrong(one: floor.Floor) -> str:
    """How often the same would be said to differ; empty where there are no slices."""
    return percent(floor.wrongly_told_apart(one.pairs) / floor.ROUNDS) if len(one.pairs) > 1 else ""
