"""What is stored says nothing about where on a machine something lay."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from experiments.paths import ROOT
from experiments.results.checks.privacy import findings
from experiments.results.outputs import private


@pytest.mark.parametrize(("text", "stored"), [
    (f"{sys.prefix}/bin/python -m x", "python3 -m x"),
    (f"A=b {sys.prefix}/bin/python3.13 {ROOT}/experiments/x.py eth0", "A=b python3 experiments/x.py eth0"),
    (f"PYTHONPATH={ROOT} x", "PYTHONPATH=. x"),
    (f"cat {Path.home()}/x", "cat ~/x"),
])
def test_paths_of_the_checkout_the_environment_and_the_home_are_taken_out(text: str, stored: str) -> None:
    assert private(text) == stored


@pytest.mark.parametrize("text", ["/opt/somewhere/.venv/bin/python3 x", "PATH=/srv/env/bin/python3.11", "/home/somebody/x"])
def test_a_file_that_holds_one_all_the_same_is_refused(text: str) -> None:
    assert list(findings(text))


@pytest.mark.parametrize("text", ["/usr/bin/python3 x", "python3 experiments/x.py", ".venv/bin/python3 x", "/run/podpath/x"])
def test_places_that_every_system_has_are_not(text: str) -> None:
    assert list(findings(text)) == []
