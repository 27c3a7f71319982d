"""CPU time and context switches of the machine, over exactly the time of a measurement.

``/proc/stat`` counts for the whole kernel: on one machine the two nodes cannot be told apart. What the machine does
anyway is measured just before and taken off; steal (time that a hypervisor gave to somebody else) is kept apart.

Busy time is what the cores were not idle. A kernel that accounts by clock ticks (``CONFIG_TICK_CPU_ACCOUNTING``) charges
a whole tick to whatever runs when it falls, and a paced stream wakes in step with the ticks: its busy time came out
anywhere between 0.03 and 1.4 core-seconds per gigabit in repeated trials of the same load. Idle time is not sampled: a
tickless kernel takes it from the clock whenever a core goes to sleep and wakes (``get_cpu_idle_time_us()`` in
kernel/time/tick-sched.c). The same trials, by idle time: 0.41 to 0.51.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from experiments.errors import ExperimentFailed
from experiments.labs.base import Lab, run
from experiments.probes.errors import ProbeError

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Process(Protocol):
    """A process of the data plane, by its id at its place."""

    @property
    def place(self) -> str:
        """Where it runs."""
        ...

    @property
    def pid(self) -> int:
        """Its id there."""
        ...


@dataclass(frozen=True)
class Times:
    """CPU time since boot by kind, and context switches.

    In clock ticks as the kernel counts them: whole numbers, so that a difference of two readings has no rounding in it.
    """

    cores: int
    idle_ticks: int  # waiting for input or output included: nothing runs then either
    softirq_ticks: int  # sampled; see above
    steal_ticks: int
    context_switches: int


@dataclass(frozen=True)
class Used:
    """What a measurement took: core-seconds, without what the machine does anyway."""

    busy_core_s: float
    softirq_core_s: float
    steal_core_s: float
    daemon_core_s: float
    context_switches: float
    seconds: float


def parse_stat(text: str) -> Times:
    """Read ``/proc/stat`` (proc(5)).

    Raises:
        ProbeError: the lines that are needed are not there.
    """
    try:
        lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
        _user, _nice, _system, idle, iowait, _irq, softirq, steal = map(int, lines["cpu"][:8])
        cores = sum(bool(re.fullmatch(r"cpu\d+", name)) for name in lines)
        if not cores:
            raise ValueError("no line of a core")
        return Times(cores, idle + iowait, softirq, steal, int(lines["ctxt"][0]))
    except (KeyError, ValueError, IndexError):
        raise ProbeError("/proc/stat could not be read.") from None


def parse_process_stat(text: str) -> float:
    """CPU seconds (user and system) of a process from its ``/proc/PID/stat`` (proc(5): fields 14 and 15).

    Raises:
        ProbeError: it is not such a line.
    """
    try:
        fields = text[text.rindex(")") + 1:].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S
    except (ValueError, IndexError):
        raise ProbeError("/proc/PID/stat could not be read.") from None


def now() -> Times:
    """The machine's times now."""
    return parse_stat(Path("/proc/stat").read_text())


def _busy_s(later: Times, earlier: Times, seconds: float) -> float:
    not_running = later.idle_ticks - earlier.idle_ticks + later.steal_ticks - earlier.steal_ticks
    return max(0.0, later.cores * seconds - TICK_S * not_running)


def rate_when_idle(seconds: float) -> Used:
    """What the machine takes while nothing is measured; rates are this divided by its ``seconds``."""
    earlier, started = now(), time.monotonic()
    time.sleep(seconds)
    return _difference(now(), earlier, time.monotonic() - started, 0.0)


def _difference(later: Times, earlier: Times, seconds: float, daemon_core_s: float) -> Used:
    return Used(_busy_s(later, earlier, seconds), TICK_S * (later.softirq_ticks - earlier.softirq_ticks),
                TICK_S * (later.steal_ticks - earlier.steal_ticks), daemon_core_s,
                later.context_switches - earlier.context_switches, seconds)


class Meter:
    """Counts from its making to :meth:`stop`."""

    def __init__(self, lab: Lab, processes: Sequence[Process]) -> None:
        self._lab = lab
        self._processes = processes
        self._daemons = self._daemon_seconds()
        self._started = time.monotonic()
        self._before = now()

    def _daemon_seconds(self) -> float:
        total = 0.0
        for process in self._processes:
            try:
                done = run(self._lab, process.place, ["cat", f"/proc/{process.pid}/stat"], record=False)
            except ExperimentFailed:
                raise ProbeError(f"The process {process.pid} on {process.place} is gone.") from None
            total += parse_process_stat(done.stdout)
        return total

    def stop(self, idle: Used) -> Used:
        """What was used, less the idle rate over the same time.

        Raises:
            ProbeError: a process of the data plane is gone, or the machine was busier before than during the trial,
                so that the trial's own share cannot be told.
        """
        seconds = time.monotonic() - self._started
        used = _difference(now(), self._before, seconds, 0.0)
        share = seconds / idle.seconds
        busy_core_s = used.busy_core_s - idle.busy_core_s * share
        context_switches = used.context_switches - idle.context_switches * share
        if busy_core_s <= 0 or context_switches <= 0:
            raise ProbeError(
                f"The machine was busier before the trial ({idle.busy_core_s / idle.seconds:.2f} cores) than during it "
                f"({used.busy_core_s / seconds:.2f} cores): what the trial took cannot be told."
            )
        return Used(busy_core_s, max(0.0, used.softirq_core_s - idle.softirq_core_s * share), used.steal_core_s,
                    self._daemon_seconds() - self._daemons, context_switches, seconds)
