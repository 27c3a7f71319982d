"""MkDocs, called as a person would call it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from experiments.errors import ExperimentFailed

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "site"
# The build day would stand in the sitemap; a fixed one keeps two builds equal byte for byte.
SOURCE_DATE_EPOCH = "1533638895"


def variables() -> Mapping[str, str]:
    """The environment of a build.

    Material's banner about MkDocs 2 is switched off: the site keeps to MkDocs 1.6 (pinned in pyproject.toml), and
    Material has announced fixes for it until 2027-05-05.
    """
    return {"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH, **os.environ, "NO_MKDOCS_2_WARNING": "1"}


def build(site_dir: Path = SITE) -> None:
    """Build the site from what has just been rendered, strictly: a broken link is an error.

    Raises:
        ExperimentFailed: MkDocs failed; its own messages are shown.
    """
    _mkdocs("build", "--strict", "--quiet", "--site-dir", str(site_dir), rendered=True)


def serve(port: int) -> None:
    """Serve the site on this machine; it is built again when data, templates or prose change.

    Raises:
        ExperimentFailed: MkDocs ended by itself.
    """
    watched = [f"--watch={folder}" for folder in ("data", "docs/templates", "experiments/site", "experiments/modes")]
    _mkdocs("serve", "--dev-addr", f"127.0.0.1:{port}", *watched)


def _mkdocs(*arguments: str, rendered: bool = False) -> None:
    environment = {**variables(), **({"PODPATH_RENDERED": "1"} if rendered else {})}
    done = subprocess.run([sys.executable, "-m", "mkdocs", *arguments], cwd=ROOT, env=environment, check=False)
    if done.returncode != 0:
        raise ExperimentFailed(f"`mkdocs {arguments[0]}` ended with {done.returncode}.", "Its messages above say why.")
