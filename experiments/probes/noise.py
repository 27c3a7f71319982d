"""What else the machine did during a trial. A trial is judged by this and never by its outcome."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from experiments.probes import cpu

CANARY_BYTES = 1_000_000
CANARY_ROUNDS = 32  # some 30 ms of one core: longer than a tick of any kernel here, short enough to repeat
_CANARY_DATA = bytes(CANARY_BYTES)


def canary_s() -> float:
    """Seconds of wall clock for a fixed piece of work on one core."""
    started = time.perf_counter()
    for _ in range(CANARY_ROUNDS):
        hashlib.sha256(_CANARY_DATA).digest()
    return time.perf_counter() - started


def canary_reference_s() -> float:
    """The best of five: what the work takes when nobody disturbs. Whoever watches asks once, and keeps it for its trials."""
    return min(canary_s() for _ in range(5))


def pressure_some_s() -> float | None:
    """Seconds since boot in which some task waited for a CPU (PSI, /proc/pressure/cpu); None where there is no PSI."""
    try:
        line = Path("/proc/pressure/cpu").read_text().splitlines()[0]
        return int(line.rsplit("total=", 1)[1]) / 1e6
    except (OSError, IndexError, ValueError):
        return None


KEYS = ("canary_ratio", "steal_ratio", "load1", "pressure_some_ratio")  # what is noted; the last where the kernel tells it


class Watch:
    """Observes the machine from its making to :meth:`stop`; ``reference_s`` is :func:`canary_reference_s` of this machine."""

    def __init__(self, reference_s: float) -> None:
        self._reference_s = reference_s
        self._canary = canary_s() / reference_s
        self._times = cpu.now()
        self._pressure = pressure_some_s()
        self._started = time.monotonic()

    def stop(self) -> dict[str, float]:
        """Ratios over the time: steal of all cores, waiting tasks; the canary before and after; the load average."""
        seconds = time.monotonic() - self._started
        stolen_s = (cpu.now().steal_ticks - self._times.steal_ticks) * cpu.TICK_S
        found = [round(max(self._canary, canary_s() / self._reference_s), 3),
                 round(stolen_s / (seconds * (os.cpu_count() or 1)), 4), round(os.getloadavg()[0], 2)]
        pressure = pressure_some_s()
        if pressure is not None and self._pressure is not None:
            found.append(round((pressure - self._pressure) / seconds, 3))
        return dict(zip(KEYS, found, strict=False))
