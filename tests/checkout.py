"""Shared by tests: the project as a git checkout of its own, with what is not committed yet."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from experiments.paths import ROOT
from experiments.site.shelf import BELOW

HALF_COMPILED = shutil.ignore_patterns("*.pyc.*")  # other processes are writing these, under names that go away
WHO = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "a"), ("EMAIL", "a@example.org"))}


def git(folder: Path, *arguments: str) -> str:
    """What git answers in a folder; whoever commits has a name."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True,
                          env={**os.environ, **WHO})
    return done.stdout.strip("\n")


def checkout_of_project(target: Path) -> Path:
    """Copy the project's own files and commit them on ``main``; skip where no git says which these are.

    What Python has compiled of the package comes along: it is valid for copies that have the times of their originals.
    """
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so nothing says which files belong to the project: `git clone` makes one")
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file() and not (ROOT / name).is_symlink()]
    target.mkdir(parents=True, exist_ok=True)
    # By cp, which takes a quarter of the time that shutil takes; by xargs, because one command line does not hold thousands.
    subprocess.run(["xargs", "--null", "cp", "--preserve=mode,timestamps", "--parents", "--target-directory", str(target)],
                   cwd=ROOT, input="\0".join(names), text=True, check=True)
    git(target, "init", "--quiet", "--initial-branch=main")
    objects = git(ROOT, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    (target / ".git" / "objects" / "info" / "alternates").write_text(f"{objects}\n")  # what is there is not compressed again
    git(target, "add", "--force", ".")
    git(target, "commit", "--quiet", "--message", "all")
    for kept in (ROOT / "experiments").rglob("__pycache__"):
        if (place := target / kept.relative_to(ROOT)).parent.is_dir():
            shutil.copytree(kept, place, ignore=HALF_COMPILED)
    return target


def with_kept_renderings(project: Path) -> Path:
    """Give a checkout what the last build here has made of single campaigns, if there was one: of the same files the same.

    Whether all can be made from nothing is seen where the site is built for the other tests, and by the README's commands.
    """
    if (ROOT / BELOW).is_dir():
        shutil.copytree(ROOT / BELOW, project / BELOW, dirs_exist_ok=True)
        for folder in (ROOT / "data" / "campaigns").glob("*/raw"):
            if (project / folder.relative_to(ROOT)).is_dir():
                shutil.copystat(folder, project / folder.relative_to(ROOT))  # by their times what was kept is known
    return project
