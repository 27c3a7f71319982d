"""Our relay in Python beside the same one in C: goodput from pod to pod, in turn, in one run."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from experiments import catalog
from experiments.bench.figures import Figure, NotRun
from experiments.dataplanes.flannel import FlannelUdp
from experiments.preflight import readiness
from experiments.probes import iperf3
from experiments.run import READY_TIMEOUT_S, lab_for

PAIRS = 9  # the median of five went from 0.85 to 0.92 between runs
SECONDS = 3


def figures() -> Iterator[Figure | NotRun]:
    """Goodput of flannel-udp with either relay, pair by pair."""
    name = "flannel-udp: Python relay beside C"
    missing = [m.what for r in readiness("flannel-udp") if (r.lab, r.kernel) == ("netns", "host") for m in r.missing]
    compiler = shutil.which("cc")
    if missing or compiler is None:
        yield NotRun(name, f"this machine lacks {', '.join(missing) or 'a C compiler'}")
        return
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "relay")
        source = str(Path(__file__).with_name("relay.c"))
        subprocess.run([compiler, "-O2", "-o", program, source], check=True)
        pairs = [(_goodput(None), _goodput([program])) for _ in range(PAIRS)]
    ours, theirs = ([pair[i] for pair in pairs] for i in (0, 1))
    ratio = statistics.median(a / b for a, b in pairs)
    yield Figure(name, f"{statistics.median(ours) / 1e6:.0f} Mbit/s", "at least 0.9",
                 f"{statistics.median(theirs) / 1e6:.0f} Mbit/s (C)", ratio)


def _goodput(program: list[str] | None) -> float:
    mode = catalog.get("flannel-udp")
    with lab_for(mode) as lab:
        recipe = FlannelUdp(lab, mode, program)
        recipe.build()
        recipe.wait_ready(READY_TIMEOUT_S)
        client, server = recipe.pods
        result, _ = iperf3.run_tcp(lab, client.name, server.name, server.address, seconds=SECONDS, omit_s=1)
        return result.received_bps
