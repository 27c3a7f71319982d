"""The account of one slice: what of the processor was taken, and what was carried meanwhile.

A part of the program :mod:`experiments.probes.one_process`. It imports nothing of this package that the program does not.
"""

from __future__ import annotations

import os
import socket
import time
from typing import Any, Protocol

LOOPBACK = "127.0.0.1"
DIGITS = 10  # binary, of a round trip's length in nanoseconds: 0.2 % of it at most are cut off
LOOKS, LOOK_NS = 200, 1_000_000  # windows in which the clock is held against the wall's
BETTER = 160  # of them, by their ratio
WHOLE = 0.95  # of the wall's time: what a clock gives that counts soft interrupts too; without them it is two thirds

class Carrier(Protocol):
    """What carries something during a slice."""

    def carried(self) -> tuple[int, int, int]:
        """Bytes that came so far; datagrams that came, and that did not."""


def clock_of(pid: int) -> int:
    """The clock of a process's processor time, all threads: CPUCLOCK_SCHED of its id (linux/posix-timers_types.h)."""
    return (~pid << 3) | 2


def clock_is_whole() -> bool:
    """Whether this kernel's clock of a process goes on smoothly, also in soft interrupts, which carry a packet to its receiver.

    With CONFIG_IRQ_TIME_ACCOUNTING it stands still in them (kernel/sched/core.c, update_rq_clock_task); in User-Mode Linux it
    goes by ticks of 10 ms. Neither is to be read anywhere without privileges, so it is tried: datagrams over the loopback in
    short windows. One of the better counts, not the best: a window may be interrupted, and a clock that goes by ticks may jump.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as both:
        both.bind((LOOPBACK, 0))
        both.connect(both.getsockname())
        ratios = []
        for _ in range(LOOKS):
            wall_ns, own_ns = time.monotonic_ns(), time.process_time_ns()
            while (passed_ns := time.monotonic_ns() - wall_ns) < LOOK_NS:
                both.send(b"?")
                both.recv(1)
            ratios.append((time.process_time_ns() - own_ns) / passed_ns)
    return WHOLE <= sorted(ratios)[BETTER] <= 1 / WHOLE


class Work:
    """What this process and the mode's relays have taken of the processor; ``whole``: its clock counts soft interrupts too.

    Where it does not, the wall's time stands for it: that is right on an idle machine only.
    """

    def __init__(self, pids: list[int], *, whole: bool) -> None:
        self._pids = pids
        self._clocks = [clock_of(pid) for pid in pids]
        self.whole = whole

    def own_ns(self) -> int:
        """Processor time of this process."""
        return time.process_time_ns() if self.whole else time.monotonic_ns() - self.relays_ns()

    def relays_ns(self) -> int:
        """Processor time of the relays."""
        return sum(time.clock_gettime_ns(clock) for clock in self._clocks)

    def all_ns(self) -> int:
        """Processor time of everything that is counted."""
        return self.own_ns() + self.relays_ns() if self.whole else time.monotonic_ns()

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

    whole: bool

    def own_ns(self) -> int:
        """Processor time of this process."""

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
        taken = (time.monotonic_ns(), self._work.own_ns(), self._work.relays_ns(), self._work.switches())
        return (*taken, *self._path.carried())

    def account(self) -> list[int]:
        """Nanoseconds of the wall, this process, the relays; switches; bytes and datagrams that came; those that did not."""
        begun = self._begun
        assert begun is not None
        wall_ns, own_ns, relays_ns, *others = (later - earlier for later, earlier in zip(self._now(), begun, strict=True))
        if not self._work.whole:  # the relays' clocks go by ticks, and may be ahead of the wall's
            relays_ns = min(relays_ns, wall_ns)
            own_ns = wall_ns - relays_ns
        return [wall_ns, own_ns, relays_ns, *others]


def tallied(times: list[int]) -> dict[str, int]:
    """How many of each length, to ten binary digits: so that the percentiles of all slices can be taken later."""
    bins: dict[int, int] = {}
    for value in sorted(times):
        less = max(0, value.bit_length() - DIGITS)
        place = value >> less << less
        bins[place] = bins.get(place, 0) + 1
    return {str(place): number for place, number in bins.items()}
