"""The containerlab lab beside containerlab's own deployment of the same topology, and its wire view beside the embedded lab's.

In the capsule, where Docker and containerlab are the same programs on a slower kernel; what is compared runs there in turn.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from experiments import catalog
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.labs.containerlab import backend as containerlab
from experiments.labs.containerlab import topology
from experiments.labs.readiness import readiness
from experiments.machine import look
from experiments.measure.deployment import Job, deploy
from experiments.measure.kernels import DEPLOYMENT_TIMEOUT_S, Deployer, booted
from experiments.paths import ROOT
from experiments.results.model import Deployment
from experiments.variant import CAPSULE, Variant

MODE = "flannel-vxlan"
REPEATS = 3


def figures() -> Iterator[BenchFigure | NotRun]:
    """Seconds until the data plane is there, and wire efficiency, of one mode on containers."""
    name = f"{MODE} on containers, lab and data plane ready"
    missing = [m.what for r in readiness(MODE, look()) if (r.lab, r.kernel) == (containerlab.NAME, CAPSULE) for m in r.missing]
    if missing:
        yield NotRun(name, f"containerlab in the capsule lacks {', '.join(missing)}")
        return
    with booted(containerlab.NAME, None, lambda text: None) as capsule:
        found = capsule.call(f"{__name__}:inside", {}, timeout_s=DEPLOYMENT_TIMEOUT_S, on_progress=lambda text: None)
    with Deployer() as embedded:
        other = _wire(embedded(Job(Variant(MODE, kernel="uml"), 1, "smoke"), lambda text: None).deployment)
    ours, plain = (statistics.median(found[key]) for key in ("ours_s", "plain_s"))
    yield BenchFigure(name, f"{ours:.1f} s", "at most 15 s more than containerlab's own",
                      f"{plain:.1f} s (containerlab deploy)", ours / plain)
    wire = statistics.median(found["wire"])
    yield BenchFigure(f"{MODE}: wire efficiency on containers", f"{wire:.5f}", "equal to 0.1 %", f"{other:.5f} (embedded lab)",
                 wire / other)


def inside(argument: Mapping[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """The capsule's side: our lab and containerlab alone, in turn."""
    ours, plain, wire = [], [], []
    for number in range(1, REPEATS + 1):
        deployment = deploy(Job(Variant(MODE, lab=containerlab.NAME), number, "smoke")).deployment
        ours.append(sum(part or 0.0 for part in (deployment.up_s, deployment.build_s, deployment.ready_s)))
        wire.append(_wire(deployment))
        plain.append(_by_containerlab())
    return {"ours_s": ours, "plain_s": plain, "wire": wire}


def _by_containerlab() -> float:
    made = topology.topology(catalog.get(MODE), 2, "bench", str(ROOT))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / containerlab.TOPOLOGY_FILE
        file.write_text(yaml.safe_dump(made, sort_keys=False))
        started = time.monotonic()
        containerlab.clab(["deploy", "--topo", str(file)], folder, containerlab.DEPLOY_TIMEOUT_S)
        seconds = time.monotonic() - started
        containerlab.clab(["destroy", "--topo", str(file), "--cleanup"], folder, containerlab.DESTROY_TIMEOUT_S)
    return seconds


def _wire(deployment: Deployment) -> float:
    return next(trial.wire_efficiency_ratio for trial in deployment.trials
                if (trial.view, trial.path) == ("wire", "pod-pod") and trial.wire_efficiency_ratio is not None)
