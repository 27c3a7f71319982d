"""What Python compiles in a run is kept, where its environment says PYTHONDONTWRITEBYTECODE.

Containers often say so, to leave no files beside the source. Then each of the many processes of a run, `invoke` above all,
compiles the whole package anew, and each worker of pytest every test. Here it is kept in pytest's own folder, .pytest_cache.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

WRITE, PREFIX = "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"


def keep(config: pytest.Config) -> None:
    """Keep what is compiled, in this process and in those that it starts, if nothing else would."""
    cache = getattr(config, "cache", None)
    if not sys.dont_write_bytecode or cache is None:
        return
    folder = Path(cache.mkdir("bytecode"))
    if not hasattr(config, "workerinput"):  # of copies of the project in runs before this one
        for old in Path(f"{folder}{tempfile.gettempdir()}").glob("pytest-of-*"):
            shutil.rmtree(old, ignore_errors=True)
    os.environ.pop(WRITE, None)
    os.environ[PREFIX] = sys.pycache_prefix = str(folder)
    sys.dont_write_bytecode = False
