"""Builds the site of a copy of the project, as `mkdocs build` does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from experiments.paths import ROOT
from experiments.site.build import variables


def copy_of_project(target: Path) -> Path:
    """What a build reads, without any result."""
    left_out = shutil.ignore_patterns(".git", ".venv", "site", "generated", "local", "campaigns", ".*_cache", "results")
    shutil.copytree(ROOT / "docs", target / "docs", ignore=left_out)
    shutil.copytree(ROOT / "experiments", target / "experiments", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, target)
    shutil.copytree(ROOT / "data" / "reported", target / "data" / "reported")
    return target


def built(project: Path, site: str = "site", **more: str) -> subprocess.CompletedProcess[str]:
    """The finished `mkdocs build`, strict."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(project / site)], cwd=project,
        capture_output=True, text=True, env={**variables(), **more}, check=False,
    )
