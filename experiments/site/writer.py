"""Rendered files onto the disk: only what differs is written, and what is no longer rendered is removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments import catalog
from experiments.paths import ROOT
from experiments.results import dated, failures, growth, reported, store
from experiments.results.failure_model import Failures
from experiments.results.growth_model import Growth
from experiments.site import mode_pages, shelf, symptoms, timeline
from experiments.site.render import render
from experiments.site.templating import environment

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
    jinja = environment(root / "docs" / "templates")
    modes, variants, published = catalog.load(), catalog.variants(), reported.load_all(root / "data" / "reported")
    grown = dated.load_all(root / "data" / growth.KIND, growth.KIND, Growth, growth.check)
    broken = dated.load_all(root / "data" / failures.KIND, failures.KIND, Failures, failures.check)
    campaigns = shelf.update(root, jinja, {**modes, **variants})
    texts = {path: text.encode() for path, text in render(jinja, modes, variants, campaigns, published, grown, broken).items()}
    texts["generated/symptoms.md"] = symptoms.collected(mode_pages.in_order(modes.values()), _pages(root)).encode()
    history = (root / timeline.WHERE).read_text(encoding="utf-8")
    texts["generated/model-timeline.md"] = jinja.get_template("model-timeline.md.j2").render(
        plot=timeline.drawing(timeline.spans(history))).encode()
    # The changes of method stand in one file with the release notes; the site shows what a number can depend on.
    method = (root / "CHANGELOG.md").read_text(encoding="utf-8").partition("\n## Method\n")[2]
    texts["generated/changes.md"] = f"# Changes of method\n{method}".encode()
    changed = sum(_write_if_different(root / path, content) for path, content in texts.items())
    return Written(len(texts) + len(campaigns.cards), changed + campaigns.changed,
                   _remove_others(root, set(texts)) + campaigns.removed)


def _pages(root: Path) -> dict[str, str]:
    """The text of each mode's page, by the mode's name."""
    return {Path(address).stem: page if isinstance(page, str) else page.read_text(encoding="utf-8")
            for address, page in mode_pages.pages(root).items()}


def _write_if_different(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    store.atomic_write(path, content)
    return True


def _remove_others(root: Path, kept: set[str]) -> int:
    removed = 0
    for folder in OWNED:
        for path in _inner_first(root / folder, but=root / shelf.BELOW):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(root).as_posix() not in kept:
                path.unlink()
                removed += 1
    return removed


def _inner_first(folder: Path, but: Path) -> Iterator[Path]:
    """Everything below a folder, what is in a folder before the folder; ``but`` is not looked into."""
    for path in sorted(folder.iterdir()) if folder.is_dir() and folder != but else ():
        if path.is_dir() and not path.is_symlink():
            yield from _inner_first(path, but)
        yield path
