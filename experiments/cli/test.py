"""``invoke test``: the tests, by pytest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from experiments.errors import ExperimentFailed, UserError
from experiments.paths import ROOT

# As many workers as tests/conftest.py says; a group of tests stays with one of them; what is first in the order begins first.
WORKERS = ("-n", "auto", "--dist", "loadgroup", "--no-loadscope-reorder")
NO_TEST = 5  # pytest.ExitCode.NO_TESTS_COLLECTED
SLOWEST = ("--durations", "10", "--durations-min", "1")


def after_dashes(words: Sequence[str]) -> list[str]:
    """Return the arguments after the first ``--``, as the shell gave them; invoke itself joins them to one string."""
    return list(words[words.index("--") + 1:]) if "--" in words else []


def command(words: Sequence[str], *, quick: bool = False) -> list[str]:
    """Return pytest's command line for an ``invoke`` that was called with these words; what stands there wins over ours."""
    return [sys.executable, "-m", "pytest", *WORKERS, *SLOWEST, *(["--quick"] if quick else []), *after_dashes(words)]


def run_tests(*, quick: bool = False) -> None:
    """Run pytest with the arguments that stood after ``--``; ``quick`` leaves out what takes long.

    Raises:
        UserError: the arguments select no test.
        ExperimentFailed: a test failed.
    """
    done = subprocess.run(command(sys.argv, quick=quick), cwd=ROOT, check=False)
    if done.returncode == NO_TEST:
        raise UserError("No test was selected.", f"These arguments select: {' '.join(after_dashes(sys.argv)) or 'nothing'}.")
    if done.returncode != 0:
        raise ExperimentFailed(f"pytest ended with {done.returncode}.", "Its summary above names what failed.")
