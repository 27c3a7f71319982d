"""Commands of this machine by which labs are made: a time limit, a bounded output, and their last words when they fail.

Commands *inside* a lab are another thing: :func:`experiments.labs.base.run`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from experiments import bounded, paths
from experiments.errors import ExperimentFailed, UserError

LARGEST_BYTES = 32 * 1024 * 1024  # what a cluster says of itself can be long, but not that long
MARK = "PODPATH_LAB"
END_TIMEOUT_S = 5.0
POLL_S = 0.05


def tied(argv: Sequence[str]) -> list[str]:
    """The command so that it ends with its runner: it would else go on to make what `invoke clean` has just looked for."""
    return ["setpriv", "--pdeathsig", "KILL", *argv]


def marked(lab: str) -> dict[str, str]:
    """The environment by which a lab's commands, and what they start in their turn, are found: see :func:`end_marked`."""
    return paths.environment(**{MARK: lab})


def end_marked(lab: str) -> None:
    """End what still runs of a lab's commands: kind's own docker clients outlive a kind that was killed.

    Raises:
        ExperimentFailed: they do not end.
    """
    deadline = time.monotonic() + END_TIMEOUT_S
    while found := _marked(lab):
        if time.monotonic() > deadline:
            raise ExperimentFailed(f"Commands of the lab {lab} do not end: processes {', '.join(map(str, found))}.")
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_S)


def _marked(lab: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has ended, or belongs to somebody else
            if f"{MARK}={lab}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def run(
    argv: Sequence[str], timeout_s: float, *, environment: Mapping[str, str] | None = None, folder: Path | None = None,
    given: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in ``folder``; ``given`` is what it reads.

    Raises:
        UserError: the program is not installed.
        ExperimentFailed: it did not end in time, or said more than ``LARGEST_BYTES``.
    """
    with contextlib.ExitStack() as stack:
        source: int | IO[bytes] = subprocess.DEVNULL
        if given is not None:
            source = stack.enter_context(tempfile.TemporaryFile())
            source.write(given.encode())
            source.seek(0)
        try:
            done = bounded.run(argv, timeout_s, LARGEST_BYTES, stdin=source, folder=folder,
                               environment=paths.environment() if environment is None else environment)
        except FileNotFoundError:
            raise UserError(f"{argv[0]} is not installed.", f"Install {argv[0]}; `invoke list` says what is missing.") from None
        except bounded.TooLong:
            raise ExperimentFailed(f"`{name(argv)}` did not end within {timeout_s:g} s.") from None
        except bounded.TooMuch:
            raise ExperimentFailed(f"`{name(argv)}` says more than {LARGEST_BYTES // 1024 // 1024} MiB.") from None
    return subprocess.CompletedProcess(list(argv), done.returncode, done.stdout.decode(errors="replace"),
                                       done.stderr.decode(errors="replace"))


def text(
    argv: Sequence[str], timeout_s: float, *, environment: Mapping[str, str] | None = None, folder: Path | None = None,
) -> str:
    """What a command printed.

    Raises:
        UserError: as :func:`run`.
        ExperimentFailed: as :func:`run`, or its status is not zero; the message quotes its last words.
    """
    done = run(argv, timeout_s, environment=environment, folder=folder)
    if done.returncode != 0:
        raise ExperimentFailed(f"`{name(argv)}` ended with {done.returncode}: {words(done)}")
    return done.stdout


def name(argv: Sequence[str]) -> str:
    """A command by its first two words."""
    return " ".join(argv[3:5] if argv[0] == "setpriv" else argv[:2])


def words(done: subprocess.CompletedProcess[str]) -> str:
    """The last words of a command that failed."""
    lines = (done.stderr or done.stdout).strip().splitlines()
    return " / ".join(lines[-3:])[-600:] or "it said nothing"
