"""Which statements of a hand-written page carry a source: counted, and the ones without one named.

A statement is a paragraph, an item of a list or a row of a table. Its mark is a footnote (``[^ttl]``), whose definition
holds a link, or begins with a word that says how it is known. A list may be covered by the paragraph that introduces it
(``… by one of these:[^entries]``), a table by the paragraph directly behind it. The rules are told to writers in
``docs/sources.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments.catalog import pending

MARK = re.compile(r"\[\^([\w-]+)\](?!:)")
DEFINITION = re.compile(r"^\[\^([\w-]+)\]:\s*(.*)$")
KINDS = ("Attested", "Observed", "Derived", "Measured", "Estimated", "By reading")
# Sections that point to commands, data or sources, and state nothing themselves.
SILENT_SECTIONS = ("Reproduce this", "Sources")


@dataclass(frozen=True)
class Statement:
    """One statement of a page, with the line on which it begins and the notes that it carries."""

    line: int
    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Claims:
    """What a page states and how it is covered."""

    page: str
    statements: tuple[Statement, ...]
    notes: dict[str, str]  # the definitions

    @property
    def uncovered(self) -> list[Statement]:
        """Statements without a note, or whose notes are not defined."""
        return [s for s in self.statements if not any(note in self.notes for note in s.notes)]

    @property
    def unfounded(self) -> list[str]:
        """Notes that neither link to anything nor say how a thing is known."""
        return [name for name, text in self.notes.items() if "](" not in text and not text.startswith(KINDS)]


def read(path: Path) -> Claims:
    """The statements of a Markdown file."""
    return parse(path.read_text(encoding="utf-8"), path.name)


def parse(text: str, page: str) -> Claims:
    """The statements of a Markdown text."""
    notes = {m[1]: m[2] for m in map(DEFINITION.match, text.splitlines()) if m}
    return Claims(page, tuple(_statements(list(_blocks(text)))), notes)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines without an empty one between, with the number of their first; no code, no front matter."""
    lines = text.splitlines()
    start = lines.index("---", 1) + 1 if lines[:1] == ["---"] and "---" in lines[1:] else 0
    block: list[str] = []
    fenced, section = False, ""
    for number, line in enumerate([*lines[start:], ""], start + 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        if line.startswith("#"):
            section = line.lstrip("#").split("{")[0].strip()
        if fenced or section in SILENT_SECTIONS or _is_structure(line):
            line = ""
        if line.strip():
            block.append(line.strip())
        elif block:
            yield number - len(block), block
            block = []


def _is_structure(line: str) -> bool:
    return line.startswith(("#", "--8<--", "!!!", "///", "<", ">")) or DEFINITION.match(line) is not None


def _statements(blocks: list[tuple[int, list[str]]]) -> Iterator[Statement]:
    for place, (line, block) in enumerate(blocks):
        if block[0].startswith("|"):
            following = " ".join(blocks[place + 1][1]) if place + 1 < len(blocks) else ""
            shared = _notes(following) if not following.startswith(("|", "-", "1.")) else ()
            for offset, row in enumerate(block[2:], 2):
                yield Statement(line + offset, row, _notes(row) or shared)
        elif _is_item(block[0]):
            before = " ".join(blocks[place - 1][1]) if place else ""
            shared = _notes(before) if re.search(r":(\[\^[\w-]+\]\s*)+$", before) else ()
            yield from _items(line, block, shared)
        else:
            text = " ".join(block)
            yield Statement(line, text, _notes(text))


def _items(line: int, block: list[str], shared: tuple[str, ...]) -> Iterator[Statement]:
    starts = [n for n, text in enumerate(block) if _is_item(text)]
    for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
        text = " ".join(block[start:end])
        yield Statement(line + start, text, _notes(text) or shared)


def _is_item(text: str) -> bool:
    return re.match(r"(-|\d+\.) ", text) is not None


def _notes(text: str) -> tuple[str, ...]:
    return tuple(MARK.findall(text))


def report(modes: Path) -> list[str]:
    """Lines for a person: how many statements of the mode pages carry a source, and each one that does not."""
    found = {path: read(path) for path in sorted(modes.glob(f"*/{pending.PAGE}"))}
    pages = list(found.values())
    total = sum(len(page.statements) for page in pages)
    gaps = [f"{path}:{s.line}: no source: {s.text[:70]}" for path, page in found.items() for s in page.uncovered]
    return [f"{total - len(gaps)} of {total} statements on {len(pages)} mode pages carry a source.", *gaps]
