"""Shared by tests: the project as a git checkout of its own, with what is not committed yet."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from experiments.paths import ROOT

WHO = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"))}


def git(folder: Path, *arguments: str) -> str:
    """What git answers in a folder; whoever commits has a name."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True,
                          env={**os.environ, **WHO})
    return done.stdout.strip("\n")


def checkout_of_project(target: Path) -> Path:
    """Copy the project's own files and commit them on ``main``; skip where no git says which these are."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so nothing says which files belong to the project: `git clone` makes one")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    git(target, "init", "--quiet", "--initial-branch=main")
    git(target, "add", "--force", ".")
    git(target, "commit", "--quiet", "--message", "all")
    return target
