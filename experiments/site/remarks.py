"""Records about stored campaigns, as the site says them."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.results import questions
from experiments.results.standing import Record

KINDS = {"withdrawn": "Withdrawn", "corrected": "Corrected", "caveat": "Caveat"}


def sentence(record: Record) -> str:
    """A record as a sentence with its kind and date, what it is about, and what follows it."""
    of = "; ".join([*map(questions.result, record.results), *map(questions.title, record.cells)])
    instead = f" Instead: {record.instead}." if record.instead else ""
    return f"{KINDS[record.kind]} on {record.date}{f' ({of})' if of else ''}: {record.says.strip()}{instead}"


def about_cell(records: Iterable[Record], result: str, cell: str) -> tuple[str, ...]:
    """What records say of one cell of a result by name; what they say of all of it stands above the figures."""
    return tuple(sentence(record) for record in records if record.cells and record.about(result, cell))


def takes_back(record: Record, result: str = "") -> bool:
    """Whether a record withdraws a whole campaign, or a ``result`` of it."""
    if record.kind != "withdrawn":
        return False
    return record.about(result) if result else not record.results
