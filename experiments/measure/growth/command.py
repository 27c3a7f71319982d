"""What a command said that was run for a speaker, or why there is no answer of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from experiments import bounded
from experiments.errors import ExperimentFailed
from experiments.labs.base import LARGEST_BYTES

SHOWN_WORDS, SHOWN_CHARACTERS = 3, 500  # of a command that went wrong, and of what it said
LOOK = "Look at which program of that name is found first in PATH."


def answer(place: str, argv: Sequence[str], made: Callable[[], subprocess.CompletedProcess[bytes]]) -> str:
    """Standard output of a command, which ``made`` waits for.

    Raises:
        ExperimentFailed: it ended with another status than 0, not in time, or said too much.
    """
    shown = f"On {place}: `{' '.join(argv[:SHOWN_WORDS])}`"
    try:
        done = made()
    except bounded.TooLong:
        raise ExperimentFailed(f"{shown} did not end in time.", f"Run it again, or with a longer --timeout. {LOOK}") from None
    except bounded.TooMuch:
        raise ExperimentFailed(f"{shown} said more than {LARGEST_BYTES // 1024 // 1024} MiB, and was ended.", LOOK) from None
    said = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        words = ((done.stderr or b"").decode(errors="replace").strip() or said.strip())[:SHOWN_CHARACTERS]
        raise ExperimentFailed(f"{shown} ended with {done.returncode}: {words}")
    return said
