"""``invoke test``: the tests, by pytest."""

from __future__ import annotations

import shlex
import subprocess
import sys

from experiments.errors import ExperimentFailed
from experiments.paths import ROOT


def run_tests(arguments: str = "") -> None:
    """Run pytest with the arguments that stood after ``--``.

    Raises:
        ExperimentFailed: a test failed.
    """
    done = subprocess.run([sys.executable, "-m", "pytest", *shlex.split(arguments)], cwd=ROOT, check=False)
    if done.returncode != 0:
        raise ExperimentFailed(f"pytest ended with {done.returncode}.", "Its summary above names what failed.")
