"""Output that cannot be written, as it was meant or at all, costs nothing: no traceback, and what was stored stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.paths import ROOT

SHOW = [sys.executable, "-m", "invoke", "show", str(ROOT / "tests" / "golden" / "results" / "version-1")]


def test_a_full_disk_behind_the_output_is_said_on_the_other_channel() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(SHOW, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Standard output could not be written: No space left on device.")
    assert "Traceback" not in done.stderr


def test_who_has_closed_the_output_hears_nothing() -> None:
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", *SHOW], cwd=ROOT, stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_who_has_gone_had_enough() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-m", "invoke", "list", "--format", "json"], cwd=ROOT, stdout=writing,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"},
                                         {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}])
def test_a_terminal_that_knows_only_ascii_gets_ascii(environment: dict[str, str]) -> None:
    done = subprocess.run(SHOW, cwd=ROOT, capture_output=True, timeout=60, check=False, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("ascii")
    assert "941 Mbit/s" in text
    assert "?" not in text


@pytest.mark.lab
def test_an_experiment_whose_output_is_full_has_stored_its_result(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "invoke", "experiment", "calico-bgp", "--lab", "netns", "--profile", "smoke", "--out",
            str(tmp_path)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(argv, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "The command itself has ended well." in done.stderr
    assert len(list(tmp_path.glob("*-calico-bgp/calico-bgp.yml"))) == 1
