"""Runs a notebook for its page, or takes what the very same notebook gave before.

nbconvert, which mkdocs-jupyter calls, finds :class:`Executed` by ``jupyter/jupyter_nbconvert_config.json`` beside this file.
What a person has configured for Jupyter or IPython on this machine has no say: the same commit gives the same pages.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat import NotebookNode

from experiments import paths
from experiments.paths import ROOT

CONFIGURATION = Path(__file__).parent / "jupyter"
KEPT_AT_MOST = 30  # notebooks as they were run, about 10 KB each
# What a notebook can read: the package, its templates, the data that every clone has. Never data/local: a page is the commit's.
INPUTS = ("experiments", "docs/templates", "data/campaigns", "data/reported", "data/schema")
# A Unix socket's path has at most 107 bytes (unix(7)); the kernel's stands below the folder for temporary files.
LONGEST_FOLDER = 60


class Executed(ExecutePreprocessor):
    """nbconvert's own execution, without TCP, in this Python, and not again where nothing has changed."""

    def preprocess(self, nb: NotebookNode, resources: Any = None, km: Any = None) -> tuple[NotebookNode, Any]:
        """Return the notebook with its outputs.

        Raises:
            CellExecutionError: a cell failed, and errors are not allowed.
        """
        kept = paths.cache() / "notebooks" / f"{key(nb)}.ipynb"
        with contextlib.suppress(OSError, ValueError):
            return nbformat.reads(kept.read_text(encoding="utf-8"), as_version=4), resources
        place = tempfile.gettempdir()
        with tempfile.TemporaryDirectory(prefix="podpath-", dir=place if len(place) <= LONGEST_FOLDER else "/tmp") as own:
            self.own_folder = Path(own)
            executed, resources = super().preprocess(nb, resources, km)
        with contextlib.suppress(OSError):  # no home, a full disk: it is run again next time
            _keep(kept, nbformat.writes(executed))
        return executed, resources

    def create_kernel_manager(self) -> Any:
        """A kernel of the Python that builds the site, spoken to through sockets in a folder that nobody else can enter."""
        self.km = self.kernel_manager_class(
            kernel_name=NATIVE_KERNEL_NAME, kernel_spec_manager=KernelSpecManager(kernel_dirs=[]), config=self.config,
            transport="ipc", ip=str(self.own_folder / "ipc"), connection_file=str(self.own_folder / "kernel.json"))
        return self.km

    def start_new_kernel(self, **named: Any) -> None:
        """Start it where it can import the package, without the start-up files of whoever builds."""
        own = {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(self.own_folder), "PYTHONHASHSEED": "0",
               "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # a debugger's warning, where nobody debugs
        super().start_new_kernel(env={**os.environ, **own}, cwd=str(ROOT), **named)


def key(nb: NotebookNode) -> str:
    """A digest of everything that can change what a notebook shows: its cells, what it can read, and what runs it."""
    digest = hashlib.sha256(json.dumps([(cell.cell_type, cell.source, cell.metadata) for cell in nb.cells]).encode())
    digest.update(_installed().encode())
    for path in _files():
        digest.update(hashlib.sha256(path.relative_to(ROOT).as_posix().encode()).digest())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for folder in INPUTS:
        yield from sorted(path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")


@cache  # of one process, whose modules stay what they were
def _installed() -> str:
    return json.dumps([sys.version, sorted(f"{found.name} {found.version}" for found in distributions())])


def _keep(place: Path, text: str) -> None:
    """Store a notebook in one step, for several builds may run at once; the oldest make room."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=place.parent, encoding="utf-8", delete=False) as beside:
        beside.write(text)
    Path(beside.name).replace(place)
    for old in sorted(place.parent.iterdir(), key=lambda file: file.stat().st_mtime_ns)[:-KEPT_AT_MOST]:
        old.unlink(missing_ok=True)
