"""Our sleeve relay beside weaver's own, in turn, on one kernel.

weaver makes a dummy link when it starts and ends where the kernel has none; the capsule's kernel has it. A relay in
User-Mode Linux measures User-Mode Linux's system calls, so only the ratio of the two says something.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments import catalog, paths
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.dataplanes.table import recipe_for
from experiments.errors import PodpathError
from experiments.labs.capsule import capsule
from experiments.labs.table import EMBEDDED_LAB
from experiments.measure.deployment import READY_TIMEOUT_S
from experiments.probes import iperf3
from experiments.results.words import quantity
from experiments.variant import CAPSULE

PAIRS = 5
SECONDS = 3
MODE = "weave-sleeve"
NAME = "weave-sleeve: our relay beside weaver"


def figures() -> Iterator[BenchFigure | NotRun]:
    """Goodput from pod to pod with either, pair by pair, in the capsule."""
    mode = catalog.get(MODE)
    assert mode.daemon is not None
    program = paths.find(mode.daemon.program)
    if program is None:
        yield NotRun(NAME, f"{mode.daemon.program} is not installed. {mode.daemon.install}")
        return
    features = (*mode.needs.kernel, *mode.daemon.needs.kernel)
    try:
        with capsule.boot(features=features, folders=[str(Path(program).parent)]) as booted:
            found = booted.call("experiments.bench.weaver:pairs", {}, timeout_s=900, on_progress=lambda _: None)
    except PodpathError as refusal:
        yield NotRun(NAME, str(refusal))
        return
    ours, theirs = found["ours"], found["weaver"]
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    yield BenchFigure(NAME, f"{quantity(statistics.median(ours), 'bit/s')} (UML)", "at least 1",
                 f"{quantity(statistics.median(theirs), 'bit/s')} (weaver)", ratio)


def pairs(argument: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, list[float]]:
    """Inside the capsule: the two in turn; bit/s."""
    found: dict[str, list[float]] = {"ours": [], "weaver": []}
    for number in range(PAIRS):
        tell(f"pair {number + 1} of {PAIRS}")
        for name, daemon in (("ours", ""), ("weaver", "upstream")):
            found[name].append(_goodput(daemon))
    return found


def _goodput(daemon: str) -> float:
    mode = catalog.get(MODE)
    with EMBEDDED_LAB.up(mode, kernel=CAPSULE) as lab:
        built = recipe_for(mode, lab, daemon)
        built.build()
        built.wait_ready(READY_TIMEOUT_S)
        client, server = built.pods[:2]
        result, _ = iperf3.run_tcp(lab, client.name, server.name, server.address, seconds=SECONDS, omit_s=1)
        return result.received_bps
