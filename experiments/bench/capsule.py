"""How long the capsule takes from its start until a lab stands in it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.errors import PodpathError
from experiments.labs.capsule import capsule

REPEATS = 3


def figures() -> Iterator[BenchFigure | NotRun]:
    """Seconds from the start of User-Mode Linux until it takes jobs."""
    name = "capsule: start to ready"
    seconds = []
    try:
        for _ in range(REPEATS):
            started = time.monotonic()
            with capsule.boot():
                seconds.append(time.monotonic() - started)
    except PodpathError as refusal:
        yield NotRun(name, str(refusal))
        return
    yield BenchFigure(name, f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})", "at most 4 s")
