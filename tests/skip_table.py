"""The tests that were skipped, as a table of reasons at the end of a run: how many, why, and what to do about it."""

from __future__ import annotations

import io
import re
import shutil
from collections import Counter
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

_COMMAND = re.compile(r"`([^`]+)`")


def reason_of(longrepr: object) -> str:
    """Return why a test was skipped, from what pytest keeps: path, line and words."""
    words = longrepr[2] if isinstance(longrepr, tuple) else longrepr
    return " ".join(str(words).removeprefix("Skipped: ").split())


def split(reason: str) -> tuple[str, str]:
    """Return what is missing, and the command that mends it: what stands in backticks; empty where nothing does.

    A reason that says "what: `command`" is split there; any other is left whole.
    """
    found = _COMMAND.findall(reason)
    if not found:
        return reason, ""
    why = re.sub(rf"[:;,] *(?:run |see )?`{re.escape(found[-1])}`\.?$", "", reason, flags=re.IGNORECASE)
    return why, found[-1]


def lines(reasons: Iterable[str], width: int) -> list[str]:
    """Return the table, most frequent reason first; no line where nothing was skipped."""
    counted = Counter(reasons)
    if not counted:
        return []
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("tests", justify="right", no_wrap=True)
    table.add_column("skipped, because")
    table.add_column("to run them")
    for reason, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        why, command = split(reason)
        table.add_row(str(count), why.replace("[", r"\["), command.replace("[", r"\["))
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=False, highlight=False).print(table)
    return [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]


def width() -> int:
    """Return how wide the table may be: as the terminal is, 100 columns at most."""
    return min(shutil.get_terminal_size().columns, 100)
