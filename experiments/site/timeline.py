"""Which default held from when to when, drawn from the table on the page of history. Pure; units are those of the drawing.

The table is the source: each row begins with its product and an anchor, ``**Flannel**{ #default-udp }``, and gives the
years, the default in a few words, and what is to be said of it, with its notes. Each bar leads to its row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from experiments.errors import UserError

WHERE = "docs/history.md"
HEADING = "## Defaults in time"
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")

WIDTH = 340
LEFT, RIGHT = 16.0, 326.0
ROW, LANE = 40.0, 30.0
FOOT = 34.0
ROOM = 0.5  # years beside the first and the last date

ROWS = re.compile(r"^\| \*\*(?P<product>[^*|]+)\*\*\{ #(?P<anchor>[a-z0-9-]+) \} \| (?P<since>[^|]+) \| (?P<until>[^|]+) "
                  r"\| (?P<what>[^|]+) \| (?P<said>[^|]+) \|$", re.M)
DATE = re.compile(rf"(?:(?P<month>{'|'.join(MONTHS)}) )?(?P<year>\d{{4}})")


@dataclass(frozen=True)
class Span:
    """One row: years with their fraction. ``earlier``: it may have begun before ``since``, where the reading begins."""

    product: str
    anchor: str
    what: str
    words: str  # since when, until when
    since: float
    earlier: bool
    until: float | None  # None for what holds today


@dataclass(frozen=True)
class Bar:
    """A span where it stands: ``y`` is the middle of the bar."""

    span: Span
    x: float
    width: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """Everything that the template draws."""

    lanes: tuple[tuple[str, float], ...]  # product, and the base of its heading
    bars: tuple[Bar, ...]
    years: tuple[tuple[int, float], ...]
    height: float


def spans(page: str) -> tuple[Span, ...]:
    """The rows of the page's table.

    Raises:
        UserError: the page has no such table, or a row of it cannot be read.
    """
    section = page.partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    found = []
    for row in rows:
        read = ROWS.match(row)
        if read is None:
            raise UserError(f'{WHERE}, "{HEADING[3:]}": this row has not the form of the others: {row[:80]}',
                            "Write it as | **Product**{ #anchor } | from | until | default | what it says |.")
        since, until = read["since"], read["until"]
        found.append(Span(read["product"], read["anchor"], read["what"], _words(since, until),
                          _year(since, row), since.endswith("or before"), None if until == "today" else _year(until, row)))
    if not found:
        raise UserError(f'{WHERE}: no table follows "{HEADING}".', "The timeline is drawn from it: put it back.")
    return tuple(found)


def drawing(found: Sequence[Span]) -> Drawing:
    """The bars of all spans, product by product, on one scale of years."""
    dates = [date for span in found for date in (span.since, span.until) if date is not None]
    first, last = int(min(dates) - ROOM), max(dates) + ROOM
    scale = (RIGHT - LEFT) / (last - first)
    lanes, bars, y = [], [], 0.0
    for product, group in groupby(found, key=lambda span: span.product):
        lanes.append((product, y + 20))
        y += LANE
        for span in group:
            ends = last if span.until is None else span.until
            x = LEFT + (span.since - first) * scale
            bars.append(Bar(span, round(x, 1), round((ends - span.since) * scale, 1), y + 25))
            y += ROW
    years = tuple((year, round(LEFT + (year - first) * scale, 1)) for year in range(first + first % 2, int(last) + 1, 2))
    return Drawing(tuple(lanes), tuple(bars), years, y + FOOT)


def _words(since: str, until: str) -> str:
    return f"{since} to {until}"


def _year(cell: str, row: str) -> float:
    """A date as a year with its fraction: the middle of its month, or of its year where no month is named."""
    date = DATE.search(cell)
    if date is None:
        raise UserError(f'{WHERE}, "{HEADING[3:]}": no year in "{cell}", in the row {row[:80]}',
                        'Write a year, a month and a year, or, as its end, "today".')
    return int(date["year"]) + ((MONTHS.index(date["month"]) + 0.5) / 12 if date["month"] else 0.5)
