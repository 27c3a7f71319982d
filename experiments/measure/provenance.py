"""Which version of Podpath produced a result."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import PurePath

from experiments import __version__
from experiments.paths import ROOT
from experiments.results.model import Generator


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
    """A word of a command line, with the names of files elsewhere in place of their paths; ``--option=A:B`` holds two."""
    option, given, value = word.partition("=") if word.startswith("-") else ("", "", word)
    parts = [PurePath(part).name or part if part.startswith(("/", "~", "..")) else part for part in value.split(":")]
    return option + given + ":".join(parts)


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
