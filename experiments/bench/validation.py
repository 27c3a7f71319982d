"""How long `invoke validate` takes for many result files, and what it takes of memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from experiments.bench import copies
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.paths import ROOT

SIZES = ((1_000, "under 10 s"), (10_000, "under 90 s"))

_PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from experiments.results.validate import validate
started = time.monotonic()
report = validate(Path(sys.argv[1]))
print(json.dumps([time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, report.files,
                  len(report.errors)]))
"""


def figures() -> Iterator[BenchFigure | NotRun]:
    """Copies of one measured campaign under other names, validated in a process of their own."""
    if not copies.SAMPLE.is_dir():
        yield NotRun("validation", "the sample campaign is missing")
        return
    for files, aim in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            copies.make(Path(folder) / "campaigns", files)
            done = subprocess.run([sys.executable, "-c", _PROGRAM, folder], cwd=ROOT, check=True, capture_output=True,
                                  text=True)
            seconds, kilobytes, found, errors = json.loads(done.stdout)
        if errors:
            yield NotRun(f"validation of {files} files", f"the copies are not valid: {errors} errors")
            continue
        yield BenchFigure(f"validation of {found:,} files", f"{seconds:.1f} s", aim)
        yield BenchFigure(f"validation of {found:,} files: memory", f"{kilobytes / 1024:.0f} MB", "under 300 MB")
