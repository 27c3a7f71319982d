"""What a person sees: progress as a moving line on a terminal or as plain lines in a log, and sentences that fit the width."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from experiments.results.words import duration

if TYPE_CHECKING:  # every command imports this module, and few need the labs or measure
    from experiments.labs.backend import Tell
    from experiments.measure.pace import Pace

console = Console(highlight=False, soft_wrap=True, emoji=False)
# Where standard output is for another program, which reads JSON there.
_beside = Console(highlight=False, soft_wrap=True, emoji=False, stderr=True)


class _Line:
    """The moving line: what is done now, and the time, which goes on while nothing new is said."""

    def __init__(self, pace: Pace | None) -> None:
        self._pace = pace
        self._started = time.monotonic()
        self.text = ""

    @property
    def times(self) -> str:
        """How long it has run, and how long it still will, about."""
        elapsed = duration(time.monotonic() - self._started)
        if self._pace is None:
            return elapsed
        left_s = self._pace.left_s
        # What is made once more, or waits for a busy machine, outlives its estimate; nobody knows then for how long.
        return f"{elapsed}, {duration(left_s)} left" if left_s >= 1 else f"{elapsed}, longer than expected"

    def __rich__(self) -> Text:
        return Text(f"{self.text}  ({self.times})" if self.text else "", overflow="ellipsis", no_wrap=True)


@contextmanager
def telling(pace: Pace | None = None, *, beside: bool = False) -> Iterator[Tell]:
    """Give a function that shows what is being done now; with a ``pace`` also how long it will take, about.

    ``beside`` the output, on standard error.
    """
    line, where = _Line(pace), _beside if beside else console
    if where.is_terminal:
        with where.status(line):
            yield lambda text: setattr(line, "text", text)
        return

    def log(text: str) -> None:
        where.print(f"{line.times:>8}  {text}", markup=False)

    yield log


def say(text: str, *, indent: str = "", beside: bool = False) -> None:
    """Print sentences, broken between words where the terminal ends; a path is never broken.

    ``beside`` the output, on standard error.
    """
    where = _beside if beside else console
    for paragraph in text.splitlines():
        lines = textwrap.wrap(paragraph, max(20, where.width), subsequent_indent=indent, break_long_words=False,
                              break_on_hyphens=False)
        where.print("\n".join(lines), markup=False)
