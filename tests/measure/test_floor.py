"""What a machine can tell: how far the baseline is from itself, and how often the same would be said to differ."""

from __future__ import annotations

import random

import pytest

from experiments.cli import noise
from experiments.errors import UserError
from experiments.measure import floor
from experiments.measure.floor import Floor


def _slices(spread: float, between_labs: float, bias: float = 1.0) -> list[list[float]]:
    source = random.Random(5)
    return [[bias * lab * source.lognormvariate(0, spread) for _ in range(20)]
            for lab in (source.lognormvariate(0, between_labs) for _ in range(6))]


@pytest.mark.parametrize(("spread", "between_labs"), [(0.03, 0.0), (0.3, 0.01), (0.01, 0.2)])
def test_the_same_is_rarely_said_to_differ_whatever_the_noise(spread: float, between_labs: float) -> None:
    wrong = floor.wrongly_told_apart(_slices(spread, between_labs), rounds=1000)
    assert wrong <= 55  # the exact test of 6 and 6 errs in 4.1 %; three standard deviations of a thousand are 1.9 %


def test_a_floor_is_the_variation_or_the_distance_from_one() -> None:
    assert Floor("speed", (1.02, 1.02, 1.02)).floor == pytest.approx(0.02)
    assert Floor("speed", (0.9, 1.0, 1.1)).floor == pytest.approx(0.1)
    assert Floor("speed", (1.0,)).floor is None


def test_what_cannot_be_told_is_named() -> None:
    said = " ".join(noise.sentences([Floor("speed", (1.0, 1.01)), Floor("link", (0.7, 1.3))]))
    assert "can tell modes apart by: speed." in said
    assert "cannot by: link (floor above 10 %)" in said


def test_a_busy_machine_is_refused_before_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor, "busy", lambda: 0.93)
    with pytest.raises(UserError, match="others take 93 % of its processors' time"):
        noise.refuse_if_busy(False)
    noise.refuse_if_busy(True)
    monkeypatch.setattr(floor, "busy", lambda: 0.02)
    noise.refuse_if_busy(False)


@pytest.mark.lab
def test_a_lab_gives_a_ratio_in_each_view() -> None:
    found = {one.view: one for one in floor.measure(lambda _: None, labs=1)}
    # On a busy machine the link's trial may fail with its reason: its figures need a clock.
    assert {"speed", "cost", "cost, small MSS", "latency", "latency, burst", "setup", "packets, 64 bytes"} <= set(found)
    assert all(len(one.pairs[0]) == 12 for view, one in found.items() if view != "link")
