"""A program of ours that does one job beside this one, and says in lines of JSON how far it is.

The job is the first line on its standard input, which stays open: where it closes, the runner is gone, and so goes the program.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from experiments import paths
from experiments.errors import ExperimentFailed, PodpathError, UserError
from experiments.probes.slices import START

END_TIMEOUT_S = 15.0  # in which a lab is taken down in order
SHOWN = 200  # characters of what should have been JSON


class Program:
    """One that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def result(self, tell: Callable[[str], None]) -> dict[str, Any]:
        """What its job gave; what it says meanwhile is handed to ``tell``.

        Raises:
            UserError: it said that somebody has to mend something.
            ExperimentFailed: it said that it failed, or ended without a result.
        """
        for said in self._lines():
            if "tell" in said:
                tell(str(said["tell"]))
            elif "user_error" in said:
                raise UserError(*said["user_error"])
            elif "failed" in said:
                raise ExperimentFailed(*said["failed"])
            elif "result" in said:
                return dict(said["result"])
        raise ExperimentFailed("A program of Podpath's ended without a result.",
                               "It may have been killed for want of memory: the kernel's log says so.")

    def _lines(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                said = None
            if not isinstance(said, dict):
                raise ExperimentFailed(f"A program of Podpath's said something else than JSON: {line.strip()[:SHOWN]}")
            yield said

    def end(self) -> None:
        """Ask it to take down what it has up and to end; what it says after that is its last."""
        with suppress(ProcessLookupError):
            self._process.terminate()


@contextmanager
def running(module: str, job: Mapping[str, Any], most_s: float, *, enter: Sequence[str] = ()) -> Iterator[Program]:
    """Start ``module.run()`` with a job, for ``most_s`` seconds at most; ``enter`` is the command that leads to its place.

    At the end of the block it is ended, and killed if it does not end.
    """
    argv = [*enter, sys.executable, "-B", "-c", START, str(paths.ROOT), module]
    # A session of its own: Ctrl-C reaches the runner, which then ends it.
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace",
                          env=paths.environment(), start_new_session=True) as process:
        watchdog = threading.Timer(most_s, process.kill)
        watchdog.start()
        program = Program(process)
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it has ended already: its lines say why, or that there are none
                process.stdin.write(json.dumps(job) + "\n")
                process.stdin.flush()
            yield program
        finally:
            watchdog.cancel()
            program.end()
            try:
                process.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def say(line: Mapping[str, Any]) -> None:
    """The program's side: a line, ``tell`` or ``result``."""
    print(json.dumps(line), flush=True)


def say_error(error: PodpathError) -> None:
    """The program's side: why there is no result."""
    say({"user_error" if isinstance(error, UserError) else "failed": [error.problem, error.advice]})
