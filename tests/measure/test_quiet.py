"""A new cluster is left alone until its machine is quiet, but not for ever."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from experiments.measure import quiet
from experiments.probes.cpu import Used


def _machine(monkeypatch: pytest.MonkeyPatch, shares: Iterator[float]) -> list[float]:
    """A machine of which these parts of its processors are in use, one window after the other; how long was looked."""
    looked: list[float] = []

    def rate(seconds: float) -> Used:
        looked.append(seconds)
        return Used(next(shares) * seconds * (os.cpu_count() or 1), 0, 0, 0, 0, seconds)

    monkeypatch.setattr(quiet.cpu, "rate_when_idle", rate)
    return looked


def test_a_pause_in_between_is_not_yet_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = _machine(monkeypatch, iter([1.0, 0.1, 0.1, 0.9, 0.12, 0.1, 0.1, 1.0]))
    said: list[str] = []
    assert quiet.wait(said.append)
    assert len(looked) == 7 and said == ["wait until the machine is quiet"]


def test_a_machine_that_stays_busy_is_measured_all_the_same_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = _machine(monkeypatch, iter([0.5] * 100))
    said: list[str] = []
    assert not quiet.wait(said.append)
    assert sum(looked) == pytest.approx(60)
    assert said[1:] == ["not quiet after 60 s: 50 % of the processors are in use; measured all the same"]
