"""Standard output that does not end an experiment: what cannot be written is left out, and said at the end.

A result is stored before it is shown. A full disk behind the output, a reader who has gone (``| head``), or a terminal that
knows only ASCII, must not make a failure of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

# What our sentences and tables use beyond ASCII, as ASCII has it; anything else becomes a question mark.
_PLAIN = str.maketrans({"µ": "u", "…": "...", "·": "*", "×": "x", "→": "->", "—": "-", "–": "-", "─": "-", "│": "|",
                        "“": '"', "”": '"', "’": "'", "\u202f": " "})


class Patient:
    """A text stream in front of another, whose errors end the writing and not the program."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write, as far as the stream still takes something; its encoding may lack characters."""
        if self.failure is None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError as lacking:
                self.write(text.translate(_PLAIN).encode(lacking.encoding, "replace").decode(lacking.encoding))
            except OSError as error:
                self.failure = error
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        if self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self.failure = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def patient() -> Iterator[Patient]:
    """Put a :class:`Patient` in the place of standard output meanwhile."""
    with ExitStack() as stack:
        before = sys.stdout
        # There is none where it was closed (`>&-`): who wants to hear nothing hears nothing.
        ours = Patient(before or stack.enter_context(Path(os.devnull).open("w", encoding="utf-8")))
        sys.stdout = ours
        try:
            yield ours
        finally:
            ours.flush()
            sys.stdout = before
            if ours.failure is not None:
                _to_nowhere(before)


def _to_nowhere(stream: TextIO) -> None:
    """What the stream still holds would fail again when Python ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # no file at all, as under a test runner: then nothing is flushed at the end either
        return
