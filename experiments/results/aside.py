"""What lies in a campaign's folder and belongs to nothing in it is set aside: a campaign is published as a whole folder.

Such are the outputs of a deployment that `validate` refused, or whose run was killed before it was stored, and a file whose
writing was interrupted. They may hold what is not to be published, and may tell why something failed; so they are kept, but
among the user's own files.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from experiments import paths
from experiments.results.model import ModeResult


def place(folder: Path) -> Path:
    """Where a campaign's leftovers are kept."""
    return paths.state() / "set-aside" / folder.name


def set_aside(folder: Path, results: Iterable[ModeResult]) -> int:
    """Move what no trial names out of ``raw/``, and half-written files out of the folder; how many there were.

    Raises:
        OSError: they cannot be moved.
    """
    named = {trial.raw["path"] for result in results for deployment in result.deployments for trial in deployment.trials
             if trial.raw is not None}
    left = [path for path in (folder / "raw").glob("*") if f"raw/{path.name}" not in named]
    left += folder.glob(".*.tmp")
    for path in left:
        place(folder).mkdir(parents=True, exist_ok=True)
        shutil.move(path, place(folder) / path.name)
    return len(left)
