"""MkDocs, called as a person would call it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from experiments.errors import ExperimentFailed, UserError
from experiments.paths import ROOT

SITE = ROOT / "site"
OFFLINE_COPY = "podpath-offline.zip"
HIGHEST_PORT = 65_535
# What MkDocs is called with. Not --quiet: what it silences, --strict does not count.
STRICT = ("build", "--strict", "--site-dir")
# The build day would stand in the sitemap; a fixed one keeps two builds equal byte for byte.
SOURCE_DATE_EPOCH = "1533638895"


def variables() -> Mapping[str, str]:
    """The environment of a build that prints nothing but what is wrong.

    Material's banner about MkDocs 2 is switched off: the site keeps to MkDocs 1.6 (pinned in pyproject.toml), and
    Material has announced fixes for it until 2027-05-05.
    """
    return {"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH, **os.environ, "NO_MKDOCS_2_WARNING": "1", "PODPATH_QUIET": "1"}


def build(site_dir: Path = SITE, *, offline: bool = False) -> None:
    """Build the site from what has just been rendered, strictly: a broken link is an error, and so is any other warning.

    ``offline``: put a copy of the site into it, as one file to be read from the disk.

    Raises:
        ExperimentFailed: MkDocs failed or warned; its own messages are shown.
    """
    _mkdocs(*STRICT, str(site_dir), more={"PODPATH_RENDERED": "1", **({"PODPATH_OFFLINE_COPY": "true"} if offline else {})})
    if offline:
        with tempfile.TemporaryDirectory() as folder:
            _mkdocs(*STRICT, folder, more={"PODPATH_RENDERED": "1", "PODPATH_OFFLINE": "true"})
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

    A warning is shown and does not end it: whoever writes looks at half a page too.

    Raises:
        UserError: the port cannot be had.
        ExperimentFailed: MkDocs ended by itself.
    """
    _must_be_free(port)
    watched = [f"--watch={folder}" for folder in ("data", "docs/templates", "experiments/site", "experiments/modes")]
    _mkdocs("serve", "--no-strict", "--dev-addr", f"127.0.0.1:{port}", *watched, quiet=False)


def _must_be_free(port: int) -> None:
    """Asked before the build, which takes seconds, and as MkDocs' server will ask."""
    with socket.socket() as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind(("127.0.0.1", port))
        except PermissionError:
            raise UserError(f"Port {port} needs the rights of root.", "Give one above 1023: `--port 8000`.") from None
        except OSError as error:
            raise UserError(
                f"Port {port} of 127.0.0.1 cannot be had: {(error.strerror or str(error)).lower()}.",
                f"Give another: `--port {port + 1 if port < HIGHEST_PORT else port - 1}`. "
                f"`ss -ltnp 'sport = :{port}'` names the program that has it.") from None


def _mkdocs(*arguments: str, more: Mapping[str, str] | None = None, quiet: bool = True) -> None:
    environment = {**variables(), **(more or {})}
    if not quiet:
        del environment["PODPATH_QUIET"]
    done = subprocess.run([sys.executable, "-m", "mkdocs", *arguments], cwd=ROOT, env=environment, check=False)
    if done.returncode != 0:
        raise ExperimentFailed(f"`mkdocs {arguments[0]}` ended with {done.returncode}.",
                               "Each message above names the page and what is wrong.")
