"""The checkout that CI was started from, and fresh clones of its commit."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from pristine.errors import Failed

PROJECT = Path(__file__).resolve().parents[2]


def _git(*argv: str) -> subprocess.CompletedProcess[str]:
    """Run git on the checkout, whoever owns it: root may have been given somebody's, and git would refuse it."""
    with tempfile.NamedTemporaryFile("w", prefix="podpath-ci-", suffix=".gitconfig") as settings:
        settings.write("[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n")
        settings.flush()
        # Not `-c`: git does not pass that on to the process that reads the other repository.
        try:
            return subprocess.run(["git", *argv], env={**os.environ, "GIT_CONFIG_GLOBAL": settings.name},
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise Failed("The commit cannot be cloned: git is not installed.") from None


def clone(target: Path, project: Path = PROJECT) -> None:
    """Clone the checkout's commit.

    Raises:
        Failed: git refused.
    """
    done = _git("clone", "--quiet", "--no-local", str(project), str(target))
    if done.returncode != 0:
        raise Failed(f"`git clone {project}` ended with {done.returncode}: {done.stderr.strip()}")


def uncommitted() -> bool:
    """Whether the checkout has changes that its last commit lacks."""
    return bool(_git("-C", str(PROJECT), "status", "--porcelain").stdout.strip())
