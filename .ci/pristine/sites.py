"""Two builds of the site, compared: one commit is one site, whatever Python and Debian built it."""

from __future__ import annotations

import filecmp
from pathlib import Path

from pristine.errors import Failed

_SHOWN = 40  # a defect in a template differs on every page: the first names say which


def differing(one: Path, other: Path) -> list[str]:
    """The files that are not byte for byte the same in both folders, and those that are in one of them only."""
    names = {path.relative_to(folder) for folder in (one, other) for path in folder.rglob("*") if not path.is_dir()}
    return [str(name) for name in sorted(names) if not _same(one / name, other / name)]


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def compare(one: Path, other: Path) -> int:
    """Return how many files the two sites have in common.

    Raises:
        Failed: they are not the same, or there is no site at all.
    """
    files = differing(one, other)
    if files:
        shown = "".join(f"\n  {name}" for name in files[:_SHOWN])
        more = f"\n  and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        raise Failed(f"The same commit built two sites: between {one.name}'s and {other.name}'s, {len(files)} files differ."
                     f"{shown}{more}")
    count = sum(path.is_file() for path in one.rglob("*"))
    if not (one / "index.html").is_file():
        raise Failed("No site was built: there is no index.html to compare.")
    return count
