"""MkDocs, called as a person would call it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from experiments.errors import ExperimentFailed
from experiments.paths import ROOT

SITE = ROOT / "site"
OFFLINE_COPY = "podpath-offline.zip"
# The build day would stand in the sitemap; a fixed one keeps two builds equal byte for byte.
SOURCE_DATE_EPOCH = "1533638895"


def variables() -> Mapping[str, str]:
    """The environment of a build.

    Material's banner about MkDocs 2 is switched off: the site keeps to MkDocs 1.6 (pinned in pyproject.toml), and
    Material has announced fixes for it until 2027-05-05.
    """
    return {"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH, **os.environ, "NO_MKDOCS_2_WARNING": "1"}


def build(site_dir: Path = SITE, *, offline: bool = False) -> None:
    """Build the site from what has just been rendered, strictly: a broken link is an error.

    ``offline``: put a copy of the site into it, as one file to be read from the disk.

    Raises:
        ExperimentFailed: MkDocs failed; its own messages are shown.
    """
    common = ("build", "--strict", "--quiet", "--site-dir")
    _mkdocs(*common, str(site_dir), more={"PODPATH_RENDERED": "1", **({"PODPATH_OFFLINE_COPY": "true"} if offline else {})})
    if offline:
        with tempfile.TemporaryDirectory() as folder:
            _mkdocs(*common, folder, more={"PODPATH_RENDERED": "1", "PODPATH_OFFLINE": "true"})
            pack(Path(folder), site_dir / OFFLINE_COPY)


def pack(folder: Path, target: Path) -> None:
    """A folder as a zip archive; the same files make the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"podpath/{path.relative_to(folder).as_posix()}")  # its time is 1980, always
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def serve(port: int) -> None:
    """Serve the site on this machine; it is built again when data, templates or prose change.

    Raises:
        ExperimentFailed: MkDocs ended by itself.
    """
    watched = [f"--watch={folder}" for folder in ("data", "docs/templates", "experiments/site", "experiments/modes")]
    _mkdocs("serve", "--dev-addr", f"127.0.0.1:{port}", *watched)


def _mkdocs(*arguments: str, more: Mapping[str, str] | None = None) -> None:
    environment = {**variables(), **(more or {})}
    done = subprocess.run([sys.executable, "-m", "mkdocs", *arguments], cwd=ROOT, env=environment, check=False)
    if done.returncode != 0:
        raise ExperimentFailed(f"`mkdocs {arguments[0]}` ended with {done.returncode}.", "Its messages above say why.")
