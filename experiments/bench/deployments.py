"""How long a lab takes besides measuring, what it takes of memory, and how near the wire view comes to the model."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Iterator

from experiments import catalog
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.catalog import limits
from experiments.labs.readiness import readiness
from experiments.machine import look
from experiments.measure.deployment import Job, deploy
from experiments.results.model import Deployment
from experiments.variant import EMBEDDED, HOST, Variant

REPEATS = 3


def figures(modes: list[str] | None = None) -> Iterator[BenchFigure | NotRun]:
    """For each mode that the host's kernel carries: seconds without measuring, and wire efficiency over the model's."""
    machine = look()
    for name in modes or list(catalog.load()):
        missing = [m.what for r in readiness(name, machine) if (r.lab, r.kernel) == (EMBEDDED, HOST) for m in r.missing]
        if missing:
            yield NotRun(f"{name}: start to torn down", f"the host's kernel or tools lack {', '.join(missing)}")
            continue
        deployments = [deploy(Job(Variant(name), n, "smoke")).deployment for n in range(1, REPEATS + 1)]
        failed = next((d for d in deployments if d.status != "ok"), None)
        if failed is not None:
            yield NotRun(f"{name}: start to torn down", f"the deployment failed: {failed.reason}")
            continue
        seconds = [_without_measuring(deployment) for deployment in deployments]
        yield BenchFigure(f"{name}: start to torn down, without measuring",
                     f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})", "at most 2 s")
        yield from _wire(name, deployments)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield BenchFigure("runner: peak memory", f"{kilobytes / 1024:.0f} MB", "under 150 MB")


def _without_measuring(deployment: Deployment) -> float:
    parts = (deployment.up_s, deployment.build_s, deployment.ready_s, deployment.attest_s, deployment.down_s)
    return sum(part or 0.0 for part in parts)


def _wire(name: str, deployments: list[Deployment]) -> Iterator[BenchFigure]:
    for path, mode in (("pod-pod", catalog.get(name)), ("host-host", None)):
        measured = [t.wire_efficiency_ratio for d in deployments for t in d.trials
                    if t.view == "wire" and t.path == path and t.wire_efficiency_ratio is not None]
        model = limits.wire_efficiency(mode)
        if measured:
            median = statistics.median(measured)
            yield BenchFigure(f"{name}: wire efficiency, {path}", f"{median:.5f}", "within 0.1 % of the model",
                         f"{model:.5f} (model)", median / model)
