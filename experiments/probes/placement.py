"""Which processor does what while something is measured: stated, kept with the trial, the same for mode and baseline.

Sender, receiver, the mode's relays and the soft interrupts between them share one processor, the last of those that this
process may use; the runner and everything that watches have the others. On a machine of one processor they share that one.
So more processors change nothing about a figure: what two of them add (work in parallel, wake-ups across) would be another
question. A kernel carries a packet of a virtual link on by a soft interrupt of the processor that sent it, unless receive
packet steering (RPS) tells it to use others; :func:`refuse_steering` looks for that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from experiments.errors import ExperimentFailed
from experiments.labs.base import Lab, run


class Process(Protocol):
    """A process by its id at its place."""

    @property
    def place(self) -> str:
        """Where it runs."""
        ...

    @property
    def pid(self) -> int:
        """Its id there."""
        ...


@dataclass(frozen=True)
class Placement:
    """The processor that is measured on, and those of everything else."""

    measured: int
    beside: tuple[int, ...]

    def as_mapping(self) -> dict[str, int]:
        """As a trial keeps it."""
        return {"sender": self.measured, "receiver": self.measured, "relays": self.measured, "soft_interrupts": self.measured}


def plan(allowed: Sequence[int] | None = None) -> Placement:
    """The placement on these processors; None: those that this process may use, which are online and not isolated."""
    usable = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    return Placement(usable[-1], tuple(usable[:-1]) or (usable[-1],))


def pinned(processor: int, argv: Sequence[str]) -> list[str]:
    """The command line that runs a command there."""
    return ["taskset", "--cpu-list", str(processor), *argv]


@contextmanager
def in_force(lab: Lab, relays: Sequence[Process]) -> Iterator[Placement]:
    """Put the relays onto the measured processor, and this process onto the others during the block.

    Raises:
        ExperimentFailed: a relay is gone.
    """
    before = os.sched_getaffinity(0)
    placement = plan()
    for relay in relays:
        run(lab, relay.place, ["taskset", "--all-tasks", "--cpu-list", "--pid", str(placement.measured), str(relay.pid)],
            record=False)
    os.sched_setaffinity(0, placement.beside)
    try:
        yield placement
    finally:
        os.sched_setaffinity(0, before)


def refuse_steering(lab: Lab, places: Sequence[str]) -> None:
    """See that no packets are moved to other processors, where nobody would count what they take.

    Raises:
        ExperimentFailed: receive packet steering is on somewhere (Documentation/networking/scaling.rst).
    """
    asked = ["sh", "-c", "cat /sys/class/net/*/queues/rx-*/rps_cpus"]
    for place in places:
        if run(lab, place, asked, check=False, record=False, devices=True).stdout.strip("0,\n "):
            raise ExperimentFailed(
                f"Receive packet steering moves packets on {place} to other processors, and their work would not be counted. "
                "It comes from the kernel's default for new devices: sysctl -w net.core.rps_default_mask=0")
