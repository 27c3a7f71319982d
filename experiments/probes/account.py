"""The account of one slice: what of the processor was taken, and what was carried meanwhile.

A part of the program :mod:`experiments.probes.one_process`. It imports nothing of this package that the program does not.
"""

from __future__ import annotations

import os
import time
from typing import Any, Protocol


class Carrier(Protocol):
    """What carries something during a slice."""

    def carried(self) -> tuple[int, int, int]:
        """Bytes that came so far; datagrams that came, and that did not."""


def clock_of(pid: int) -> int:
    """The clock of a process's processor time, all threads: CPUCLOCK_SCHED of its id (linux/posix-timers_types.h)."""
    return (~pid << 3) | 2


class Work:
    """What this process and the mode's relays have taken of the processor."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self._clocks = [clock_of(pid) for pid in pids]

    def relays_ns(self) -> int:
        """Processor time of the relays."""
        return sum(time.clock_gettime_ns(clock) for clock in self._clocks)

    def all_ns(self) -> int:
        """Processor time of everything that is counted."""
        return time.process_time_ns() + self.relays_ns()

    def switches(self) -> int:
        """How often one of the threads was taken off the processor."""
        found = 0
        for pid in (os.getpid(), *self._pids):
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 (pathlib takes longer to import)
                with open(f"/proc/{pid}/task/{thread}/status") as status:  # noqa: PTH123
                    found += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
        return found


class Clock(Protocol):
    """What tells how much of the processor was taken."""

    def all_ns(self) -> int:
        """Processor time of everything that is counted."""

    def relays_ns(self) -> int:
        """That of the relays among it."""

    def switches(self) -> int:
        """How often something was taken off the processor."""


class Slice:
    """The account of one slice: begun after its first moments, ended when the processor's time is spent."""

    def __init__(self, work: Clock, ask: dict[str, Any], path: Carrier) -> None:
        self._work, self._path = work, path
        self._first_ns = work.all_ns()
        self._omit_ns, self._length_ns = int(ask["omit_s"] * 1e9), int(ask["core_s"] * 1e9)
        self._latest = time.monotonic() + ask["wall_s"]
        self._begun: tuple[int, ...] | None = None
        self._end_ns = 0
        self.over = False

    def look(self) -> bool:
        """Begin or end the account if it is time; whether it has just begun."""
        spent = self._work.all_ns() - self._first_ns
        if self._begun is None:
            if spent >= self._omit_ns:
                # From here, not from what should have been left out: a processor's clock that jumps has jumped over it all.
                self._end_ns = spent + self._length_ns
                self._begun = self._now()
                return True
        elif spent >= self._end_ns:
            self.over = True
        if time.monotonic() > self._latest:
            raise TimeoutError("a slice did not end: the processor's time was not to be had")
        return False

    def _now(self) -> tuple[int, ...]:
        taken = (time.monotonic_ns(), time.process_time_ns(), self._work.relays_ns(), self._work.switches())
        return (*taken, *self._path.carried())

    def account(self) -> list[int]:
        """Nanoseconds of the wall, this process, the relays; switches; bytes and datagrams that came; those that did not."""
        begun = self._begun
        assert begun is not None
        return [later - earlier for later, earlier in zip(self._now(), begun, strict=True)]
