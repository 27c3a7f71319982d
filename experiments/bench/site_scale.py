"""What many results cost the site: rendering from nothing, rendering again, and the build beside a build without any."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from experiments.bench import copies
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.paths import ROOT
from experiments.site.build import variables

SIZES = ((1_000, "again under 2 s", True), (10_000, "again under 6 s", False))

_PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from experiments.site.writer import write
started = time.monotonic()
written = write(Path(sys.argv[1]))
print(json.dumps([time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, written.changed]))
"""


def figures() -> Iterator[BenchFigure | NotRun]:
    """A copy of the project for each size; building is measured for the smaller one."""
    if not copies.SAMPLE.is_dir():
        yield NotRun("site of many results", "the sample campaign is missing")
        return
    for files, aim, build in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            project = _copy(Path(folder) / "project")
            _rendered(project)
            empty_s = _built(project) if build else 0.0
            copies.make(project / "data" / "campaigns", files)
            first_s, first_kb, _ = _rendered(project)
            again_s, again_kb, changed = _rendered(project)
            yield BenchFigure(f"render of {files:,} results, from nothing", f"{first_s:.1f} s", "", f"{first_kb / 1024:.0f} MB")
            yield BenchFigure(f"render of {files:,} results, again", f"{again_s:.1f} s",
                              f"{aim}, under 500 MB, no file written",
                              f"{again_kb / 1024:.0f} MB, {changed:.0f} files written")
            if build:
                full_s = _built(project)
                yield BenchFigure(f"build with {files:,} results", f"{full_s:.1f} s", "at most 2 times the build with none",
                             f"{empty_s:.1f} s (none)", full_s / empty_s)


def _copy(target: Path) -> Path:
    for name in ("docs", "experiments"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(target / "docs" / "results", ignore_errors=True)
    for name in ("mkdocs.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, target)
    shutil.copytree(ROOT / "data" / "reported", target / "data" / "reported")
    return target


def _rendered(project: Path) -> tuple[float, float, float]:
    """Seconds, kilobytes of memory at most, files written."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM, str(project)], cwd=project, check=True, capture_output=True,
                          text=True, env={**os.environ, "PYTHONPATH": str(project)})
    seconds, kilobytes, changed = json.loads(done.stdout)
    return seconds, kilobytes, changed


def _built(project: Path) -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=project, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   # Notebooks are run in each: none finds what another run of this bench has kept.
                   env={**variables(), "PODPATH_RENDERED": "1", "XDG_CACHE_HOME": str(project / "none" / str(started))})
    return time.monotonic() - started
