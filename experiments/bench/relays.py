"""Our relay in Python beside the same one in C and beside upstream's flanneld: goodput from pod to pod, in turn, in one run."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from experiments import catalog
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.catalog import Mode
from experiments.dataplanes.built.flannel import FlannelUdp
from experiments.dataplanes.recipe import Recipe
from experiments.dataplanes.table import recipe_for
from experiments.errors import UserError
from experiments.labs import table
from experiments.labs.base import Lab
from experiments.labs.readiness import choose, readiness
from experiments.machine import look
from experiments.measure.deployment import READY_TIMEOUT_S
from experiments.probes import iperf3
from experiments.variant import EMBEDDED, HOST

MODE = "flannel-udp"
PAIRS = 9  # the median of five went from 0.85 to 0.92 between runs
SECONDS = 3


def figures() -> Iterator[BenchFigure | NotRun]:
    """Goodput of flannel-udp with each relay, round by round."""
    rivals: dict[str, Callable[[Lab, Mode], Recipe]] = {}
    machine = look()
    missing = [m.what for r in readiness(MODE, machine) if (r.lab, r.kernel) == (EMBEDDED, HOST) for m in r.missing]
    compiler = shutil.which("cc")
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "relay")
        if missing or compiler is None:
            yield NotRun(_name("C"), f"this machine lacks {', '.join(missing) or 'a C compiler'}")
        else:
            subprocess.run([compiler, "-O2", "-o", program, str(Path(__file__).with_name("relay.c"))], check=True)
            rivals["C"] = lambda lab, mode: FlannelUdp(lab, mode, [program])
        try:
            choose(catalog.get(MODE), machine, EMBEDDED, HOST, daemon="upstream")
            rivals["flanneld"] = lambda lab, mode: recipe_for(mode, lab, "upstream")
        except UserError as refusal:
            yield NotRun(_name("flanneld"), str(refusal))
        if rivals:
            yield from _compared(rivals)


def _name(rival: str) -> str:
    return f"flannel-udp: Python relay beside {rival}"


def _compared(rivals: dict[str, Callable[[Lab, Mode], Recipe]]) -> Iterator[BenchFigure]:
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(PAIRS):
        ours.append(_goodput(FlannelUdp))
        for name, recipe in rivals.items():
            theirs[name].append(_goodput(recipe))
    for name, found in theirs.items():
        yield BenchFigure(_name(name), f"{statistics.median(ours) / 1e6:.0f} Mbit/s", "at least 0.9",
                     f"{statistics.median(found) / 1e6:.0f} Mbit/s ({name})",
                     statistics.median(a / b for a, b in zip(ours, found, strict=True)))


def _goodput(recipe: Callable[[Lab, Mode], Recipe]) -> float:
    mode = catalog.get(MODE)
    with table.EMBEDDED_LAB.up(mode) as lab:
        built = recipe(lab, mode)
        built.build()
        built.wait_ready(READY_TIMEOUT_S)
        client, server = built.pods[:2]
        result, _ = iperf3.run_tcp(lab, client.name, server.name, server.address, seconds=SECONDS, omit_s=1)
        return result.received_bps
