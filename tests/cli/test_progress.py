"""The time that is left is told while somebody knows it, and never as nothing."""

from __future__ import annotations

import pytest

from experiments.cli import progress
from experiments.measure.pace import Pace
from experiments.measure.protocol import profile
from experiments.results.model import Cell
from experiments.variant import Variant


def test_what_outlives_its_estimate_takes_longer_than_expected(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    pace = Pace([Cell.planned(1, Variant("calico-bgp"))], profile("smoke"), clock=lambda: now[0])
    with progress.telling(pace) as tell:
        pace.begin()
        tell("build")
        now[0] = 10_000.0
        tell("measure")
    first, second = capsys.readouterr().out.splitlines()
    assert " left  build" in first
    assert "longer than expected  measure" in second and " left" not in second
