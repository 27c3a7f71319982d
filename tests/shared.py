"""What several tests need and takes long to make is made once: by whichever of pytest's workers comes first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def made_once(root: Path, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder that ``make`` has filled, in this worker or in another; it is not to be written into.

    ``root`` is the run's temporary folder, the same for all workers.

    Raises:
        RuntimeError: making it has failed in another worker, whose test shows why.
    """
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
