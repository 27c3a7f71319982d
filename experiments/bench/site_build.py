"""What our rendering adds to a plain MkDocs build of the same Markdown."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from experiments.bench.bench_figure import BenchFigure
from experiments.paths import ROOT

REPEATS = 3


def figures() -> Iterator[BenchFigure]:
    """``invoke build`` beside ``mkdocs build`` of what it has just rendered, in turn."""
    ours, plain = [], []
    for _ in range(REPEATS):
        ours.append(_seconds([sys.executable, "-m", "invoke", "build"]))
        with tempfile.TemporaryDirectory() as folder:
            plain.append(_seconds([sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", folder]))
    ratio = statistics.median(a / b for a, b in zip(ours, plain, strict=True))
    yield BenchFigure("invoke build", f"{statistics.median(ours):.2f} s", "at most 1.3 times a plain mkdocs build",
                 f"{statistics.median(plain):.2f} s (mkdocs build)", ratio)


def _seconds(argv: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - started
