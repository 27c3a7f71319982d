"""How much of a deployment's time is not the measuring tools' own: the lab, the attestation, servers, counters, canaries."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest import mock

from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.labs.base import Completed
from experiments.labs.readiness import readiness
from experiments.machine import look
from experiments.measure.deployment import Job, deploy
from experiments.probes import cpu, iperf3, sockperf
from experiments.variant import EMBEDDED, HOST, Variant

MODE = "calico-bgp"


def figures() -> Iterator[BenchFigure | NotRun]:
    """One deployment as a standard campaign makes it; the time of iperf3, sockperf and the watched idle second beside all."""
    name = f"overhead of the harness, {MODE}"
    missing = [m.what for r in readiness(MODE, look()) if (r.lab, r.kernel) == (EMBEDDED, HOST) for m in r.missing]
    if missing:
        yield NotRun(name, f"this machine lacks {', '.join(missing)}")
        return
    spent = [0.0]

    def timed(function: Any) -> Any:
        def wrapped(*args: Any, **named: Any) -> Any:
            found = function(*args, **named)
            spent[0] += found.seconds if isinstance(found, Completed) else 0.0
            return found
        return wrapped

    def idle(seconds: float) -> Any:
        spent[0] += seconds
        return watched(seconds)

    watched = cpu.rate_when_idle
    with ExitStack() as stack:
        for module in (iperf3, sockperf):
            stack.enter_context(mock.patch.object(module, "run", timed(module.run)))
        stack.enter_context(mock.patch.object(cpu, "rate_when_idle", idle))
        started = time.monotonic()
        outcome = deploy(Job(Variant(MODE), 1, "standard"))
        whole_s = time.monotonic() - started
    if outcome.deployment.status != "ok":
        yield NotRun(name, f"the deployment failed: {outcome.deployment.reason}")
        return
    yield BenchFigure(name, f"{whole_s - spent[0]:.1f} s", "below 10 % of the time", f"{whole_s:.1f} s in all",
                 (whole_s - spent[0]) / whole_s)
