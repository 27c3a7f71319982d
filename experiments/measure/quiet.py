"""Wait until what a new cluster does by itself has become little: its pods run before its daemons are done.

A cluster of three nodes on two processors kept both busy until its pods ran; left alone, it took an eighth of them (Calico
3.32.1, one machine, November 2026).
"""

from __future__ import annotations

import os

from experiments.labs.backend import Tell
from experiments.probes import cpu
from experiments.results.words import percent

WINDOW_S = 2.0
ENOUGH = 3  # windows in a row
QUIET = 0.25  # of all processors; what is left of a cluster's own work on a small machine lies below
MOST = 30  # windows


def wait(tell: Tell) -> bool:
    """Wait until it is quiet; False if it was not in a minute. Then it is said, and each trial judges what it saw itself."""
    tell("wait until the machine is quiet")
    quiet, share = 0, 0.0
    for _ in range(MOST):
        used = cpu.rate_when_idle(WINDOW_S)
        share = used.busy_core_s / used.seconds / (os.cpu_count() or 1)
        quiet = quiet + 1 if share <= QUIET else 0
        if quiet == ENOUGH:
            return True
    tell(f"not quiet after {MOST * WINDOW_S:g} s: {percent(share)} of the processors are in use; measured all the same")
    return False
