"""All tables of symptoms on one page: collected from the modes' pages, where each row is written and sourced. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from experiments.catalog import Mode

HEADER = "| symptom | how to confirm it | cause and remedy |"
ANCHOR = "symptoms-and-diagnosis"
FOOTNOTE = re.compile(r"\[\^[^\]]+\]")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def collected(modes: Iterable[Mode], pages: Mapping[str, str]) -> str:
    """Markdown: a table for each mode whose page has one, with links as a page above ``modes/`` needs them.

    ``pages`` are the texts of the modes' pages by the modes' names.
    """
    parts = []
    for mode in modes:
        found = list(rows(pages.get(mode.name, "")))
        if found:
            parts.append(f"## {mode.short_title}\n")
            parts.append("\n".join([HEADER, "|---|---|---|", *(_moved(row, mode.name) for row in found)]) + "\n")
            parts.append(f"More on [its page](modes/{mode.name}.md#{ANCHOR}), with the sources of each row.\n")
    return "\n".join(parts)


def rows(page: str) -> Iterator[str]:
    """The rows of a page's table of symptoms."""
    lines = iter(page.splitlines())
    for line in lines:
        if line == HEADER:
            next(lines, None)  # the line of dashes
            for row in lines:
                if not row.startswith("|"):
                    return
                yield row


def _moved(row: str, mode: str) -> str:
    """A row without its notes, whose links lead to the same places from the folder above."""

    def link(match: re.Match[str]) -> str:
        target = match[1]
        if re.match(r"[a-z]+:", target):
            return match[0]
        if target.startswith("#"):
            return f"](modes/{mode}.md{target})"
        return f"]({target[3:] if target.startswith('../') else f'modes/{target}'})"

    return LINK.sub(link, FOOTNOTE.sub("", row))
