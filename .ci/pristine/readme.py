"""The README's two commands: read from the README itself, so that CI cannot run something else than it promises."""

from __future__ import annotations

import re

from pristine.errors import Failed

HEADING = "## Two commands"
_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


def two_commands(text: str) -> tuple[str, str]:
    """Return the commands of the two fenced blocks below "## Two commands".

    Raises:
        Failed: the heading is missing or there twice, or below it stand not exactly two blocks of one line each.
    """
    parts = re.split(rf"^{re.escape(HEADING)}[ \t]*$", text, flags=re.MULTILINE)
    if len(parts) != 2:
        raise Failed(f'README.md has {len(parts) - 1} headings "{HEADING}"; CI takes its commands from below the one.')
    section = re.split(r"^## ", parts[1], maxsplit=1, flags=re.MULTILINE)[0]
    blocks = [block.strip() for block in _BLOCK.findall(section)]
    if len(blocks) != 2 or any(not block or "\n" in block for block in blocks):
        raise Failed(f'README.md has {len(blocks)} fenced blocks below "{HEADING}"; CI wants two, of one command each.')
    return blocks[0], blocks[1]
