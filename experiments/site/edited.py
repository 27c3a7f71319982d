"""What a page was written in: where that can be edited, and when it was changed last, as git knows."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

from experiments.catalog import pending

KEPT = ("docs", "experiments/modes", "data/campaigns")  # what pages are made of
GENERATED = "results/"  # below docs/: rendered from data, which is never edited
DAY = "%cs"  # of git's formats: the committer's date, YYYY-MM-DD


def source(address: str, root: Path) -> str:
    """The file that a page is written in, below ``root``; empty for a page that is rendered or not written yet."""
    if address.startswith(GENERATED):
        return ""
    folder, _, name = address.rpartition("/")
    mode = f"experiments/modes/{name.removesuffix('.md')}/{pending.PAGE}"
    if folder == "modes" and not (root / "docs" / address).is_file():
        return mode if (root / mode).is_file() else ""
    return f"docs/{address}"


def address(repository: str, edit_uri: str, file: str) -> str | None:
    """Where a file can be edited; None where the site does not know its repository."""
    if not (repository and edit_uri):
        return None
    return urljoin(repository.rstrip("/") + "/", f"{edit_uri.rstrip('/').removesuffix('/docs')}/{file}")


def last_change(file: str, root: Path) -> str:
    """The day on which a file was committed last; empty where git does not know."""
    return _days(root).get(file, "")


@cache
def _days(root: Path) -> dict[str, str]:
    """The day of the last commit of every page; nothing in a shallow clone, where each file seems as new as the clone."""
    if not (root / ".git").exists() or _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return {}
    days: dict[str, str] = {}
    day = ""
    for line in _git(root, "log", f"--format=%x00{DAY}", "--name-only", "--", *KEPT).splitlines():
        if line.startswith("\0"):
            day = line[1:]
        elif line:
            days.setdefault(line, day)
    return days


def _git(root: Path, *arguments: str) -> str:
    argv = ["git", "-C", str(root), "-c", "core.quotePath=false", "-c", f"safe.directory={root}", *arguments]
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
