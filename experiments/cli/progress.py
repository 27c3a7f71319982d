"""Progress for a person: a moving line on a terminal, plain lines with the elapsed time in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from experiments.labs.backend import Tell

console = Console(highlight=False, soft_wrap=True)


@contextmanager
def telling() -> Iterator[Tell]:
    """Give a function that shows what is being done now."""
    started = time.monotonic()
    if console.is_terminal:
        with console.status("") as status:
            yield lambda text: status.update(f"{text}  ({time.monotonic() - started:.0f} s)")
        return

    def line(text: str) -> None:
        console.print(f"{time.monotonic() - started:6.1f} s  {text}", markup=False)

    yield line
