"""What several tests need and takes long to make is made once: by whichever of pytest's workers comes first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder that ``make`` has filled, in this worker or in another; it is not to be written into.

    Raises:
        RuntimeError: making it has failed in another worker, whose test shows why.
    """
    root = temporary.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # each worker has a folder below the run's
    folder, done, failed = (root / name, root / f"{name}.done", root / f"{name}.failed")
    with FileLock(root / f"{name}.lock"):
        if failed.exists():
            raise RuntimeError(f"{name} could not be made: {failed.read_text(encoding='utf-8')}")
        if not done.exists():
            folder.mkdir()
            try:
                make(folder)
            except BaseException as error:
                failed.write_text(str(error), encoding="utf-8")
                raise
            done.touch()
    return folder
