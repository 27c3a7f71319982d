"""What every relay does besides relaying: its process id in a file, its counters on request and at the end."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any


class Stopped(Exception):
    """SIGTERM or SIGINT: leave the loop."""


def prepare(pid_file: str, statistics_file: str, counters: Callable[[], Mapping[str, Any]]) -> Callable[[], None]:
    """Write the process id, answer SIGUSR1 with the counters, turn SIGTERM into :class:`Stopped`.

    Returns the function that writes the counters, to be called at the end.
    """

    def write_counters() -> None:
        if statistics_file:
            _replace(Path(statistics_file), json.dumps(dict(counters())))

    def on_request(_signal: int, _frame: FrameType | None) -> None:
        write_counters()

    def on_stop(_signal: int, _frame: FrameType | None) -> None:
        raise Stopped

    signal.signal(signal.SIGUSR1, on_request)
    signal.signal(signal.SIGTERM, on_stop)
    signal.signal(signal.SIGINT, on_stop)
    if pid_file:
        _replace(Path(pid_file), str(os.getpid()))
    return write_counters


def _replace(path: Path, text: str) -> None:
    """Write at once or not at all, so that nobody reads half of it."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(text)
    unfinished.replace(path)


def fail(message: str) -> None:
    """End with a sentence on standard error."""
    sys.exit(f"relay: {message}")
