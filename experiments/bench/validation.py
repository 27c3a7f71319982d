"""How long `invoke validate` takes, and what it takes of memory: for many result files, and for each hostile submission."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.bench import copies
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.paths import ROOT
from experiments.results.validate import validate

SIZES = ((1_000, "under 10 s"), (10_000, "under 90 s"))
LIMITS = "10 s, 200 MB"  # of one submission
HOSTILE = ROOT / "tests" / "results" / "hostile"

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
    """The hostile submissions of the tests, each in a process of its own; then many honest files."""
    yield from _hostile()
    yield from _many()


def _hostile() -> Iterator[BenchFigure | NotRun]:
    if not HOSTILE.is_dir():
        yield NotRun("hostile submissions", "the tests are missing")
        return
    sys.path.insert(0, str(HOSTILE.parent))
    try:
        refusals: Any = importlib.import_module("hostile.test_refusals")
        submission: Any = importlib.import_module("hostile.submission")
    finally:
        sys.path.remove(str(HOSTILE.parent))
    longest_s, largest_mb, number = 0.0, 0.0, 0
    for kind, cases in refusals.TABLES.items():
        for case in cases:
            with tempfile.TemporaryDirectory() as folder:
                made = submission.Submission(Path(folder), case.honest)
                if case.base:
                    made.merge()
                case.change(made)
                made.write()
                seconds, megabytes, refused = _judged(made.data, "main" if case.base else None)
            number, longest_s, largest_mb = number + 1, max(longest_s, seconds), max(largest_mb, megabytes)
            yield BenchFigure(f"{kind}: {case.name}", f"{seconds:.2f} s, {megabytes:.0f} MB", LIMITS,
                              "refused" if refused else "ACCEPTED")
    together = f"{longest_s:.2f} s, {largest_mb:.0f} MB"
    yield BenchFigure(f"{number} hostile submissions: the longest, the largest", together, LIMITS)


def _judged(data: Path, base: str | None) -> tuple[float, float, bool]:
    """Seconds, peak memory (MB) and whether something was refused, in a process of its own."""
    started = time.monotonic()
    child = os.fork()
    if not child:
        try:
            os._exit(int(bool(validate(data, base=base, own_name=False).errors)))
        finally:
            os._exit(2)
    _, status, used = os.wait4(child, 0)
    return time.monotonic() - started, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status) == 1


def _many() -> Iterator[BenchFigure | NotRun]:
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
