"""Tables that fit the terminal: words are broken over lines, numbers never are."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from experiments.cli.progress import console, say
from experiments.results.outputs import as_shown

BETWEEN = 3  # blanks between two columns
SMALLEST_WORDS = 12  # columns of the terminal that words need; with less, each row becomes a paragraph


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> None:
    """Print rows under headers; the first ``words`` columns are words, the others numbers with their units.

    Where the numbers do not fit beside each other, each row is a paragraph: what it is about, then a line for each number.
    Cells may come from result files that somebody else wrote: control characters are taken out.
    """
    cells = [[as_shown(cell) for cell in row] for row in rows]
    widths = [max(cell_len(row[number]) for row in [headers, *cells]) for number in range(len(headers))]
    widths[:words] = [min(width, SMALLEST_WORDS) for width in widths[:words]]
    if sum(widths) + BETWEEN * (len(widths) - 1) > console.width:
        _print_paragraphs(headers, cells, words)
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    for number, (header, width) in enumerate(zip(headers, widths, strict=True)):
        if number < words:
            table.add_column(Text(header), min_width=width, overflow="fold")
        else:
            table.add_column(Text(header), min_width=width, justify="right", no_wrap=True)
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table, soft_wrap=False)


def _print_paragraphs(headers: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> None:
    before: Sequence[str] = [""] * words
    for row in rows:
        about = [cell or said for cell, said in zip(row[:words], before, strict=True)]  # an empty cell means the one above it
        say(", ".join(about), indent="  ")
        before = about
        for header, cell in zip(headers[words:], row[words:], strict=True):
            if cell:
                say(f"  {header}: {cell}", indent="    ")
