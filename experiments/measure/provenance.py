"""Which version of Podpath produced a result."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from experiments import __version__
from experiments.paths import ROOT
from experiments.results.model import Generator

BETWEEN = re.compile(r"([=:,;'\"\s]+)")  # the parts of a word that holds an option and its value, or several files
FLAG = re.compile(r"(?:-\w(?=[/~.\\]))?")  # a short option with its value behind it
ADDRESS = re.compile(r"(?:--?[\w-]+=)?(?!file:)[a-z]+://")
HOMES = ("home", "Users")


def generator(command: Sequence[str]) -> Generator:
    """Return what a campaign says of the Podpath that writes it: version, what was typed, and the checked-out commit.

    Where git cannot name a commit, the reason stands in its place. Of a file outside the checkout only the name is told: its
    folders are the machine's, and a result is made to be published.
    """
    found: Generator = {"version": __version__, "command": [_without_folders(word) for word in command]}
    head = _git("rev-parse", "HEAD")
    if head is None:
        return {**found, "commit_absent": "not a git checkout, or git is not installed"}
    # What experiments write is not part of what produced them.
    changes = _git("status", "--porcelain", "--", ".", ":!data")
    return {**found, "commit": head, "dirty": bool(changes)}


def _without_folders(word: str) -> str:
    """A word of a command line with the names of files elsewhere in place of their paths, also of several in one word."""
    if ADDRESS.match(word):
        return word
    return "".join(piece if number % 2 else _name(piece) for number, piece in enumerate(BETWEEN.split(word)))


def _name(piece: str) -> str:
    """A path as it may be told: from the checkout on, by its name alone elsewhere, and of a person's own folder nothing."""
    flag, path = FLAG.match(piece)[0], FLAG.sub("", piece, count=1)  # type: ignore[index]  # it matches anything
    path = path.replace("\\", "/")
    if "/" not in path and not path.startswith("~") and path != "..":
        return piece
    place = Path(os.path.normpath(Path.cwd() / path))
    if not path.startswith("~") and place.is_relative_to(ROOT):
        return flag + str(place.relative_to(ROOT))
    personal = place.parent.name in HOMES or place == Path.home() or path.rstrip("/").rpartition("/")[2].startswith("~")
    return flag + ("~" if personal else place.name or "/")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
