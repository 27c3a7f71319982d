"""Rendered files onto the disk: only what differs is written, and what is no longer rendered is removed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments import catalog
from experiments.results import reported, store
from experiments.results.store import Stored
from experiments.site.render import render

ROOT = Path(__file__).resolve().parents[2]
# Folders that hold nothing but what is rendered.
OWNED = ("generated", "docs/results")


@dataclass(frozen=True)
class Written:
    """What a rendering changed."""

    files: int
    changed: int
    removed: int


def write(root: Path = ROOT) -> Written:
    """Render everything below ``root`` and bring the disk up to date.

    Raises:
        UserError: a result file or a mode is broken; nothing is written then.
    """
    reference, local = store.load_all(root / "data" / "campaigns"), store.load_all(root / "data" / "local")
    published = reported.load_all(root / "data" / "reported")
    texts = {path: text.encode() for path, text in
             render(catalog.load(), reference, local, published, root / "docs" / "templates").items()}
    # The changes of method stand in one file, which the repository and the site both show.
    texts["generated/changes.md"] = (root / "CHANGELOG.md").read_bytes()
    for stored in (*reference, *local):
        texts |= _copies(stored, f"docs/results/{stored.campaign.id}")
    changed = sum(_write_if_different(root / path, content) for path, content in texts.items())
    return Written(len(texts), changed, _remove_others(root, set(texts)))


def _copies(stored: Stored, below: str) -> dict[str, bytes]:
    """A campaign's own files, to be read from the site."""
    files: Sequence[Path] = sorted(path for path in stored.folder.rglob("*") if path.is_file())
    return {f"{below}/{path.relative_to(stored.folder).as_posix()}": path.read_bytes() for path in files
            if not path.name.startswith(".")}


def _write_if_different(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    store.atomic_write(path, content)
    return True


def _remove_others(root: Path, kept: set[str]) -> int:
    removed = 0
    for folder in OWNED:
        for path in sorted((root / folder).rglob("*"), reverse=True):
            if path.is_file() and path.relative_to(root).as_posix() not in kept:
                path.unlink()
                removed += 1
            elif path.is_dir() and not any(path.iterdir()):
                shutil.rmtree(path)
    return removed
