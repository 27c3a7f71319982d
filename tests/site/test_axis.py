"""Where an axis begins, what it says of it, and that no value falls off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.floors import ViewFloor
from experiments.site import axis, figures
from experiments.site.figures import Given

VALUES = st.lists(st.floats(1e-6, 1e12), min_size=1, max_size=20)


@given(VALUES)
def test_all_values_are_on_it_and_it_says_where_it_begins(values: list[float]) -> None:
    for made in (axis.linear(values), axis.logarithmic(values)):
        assert made.begins <= min(values) * (1 + 1e-6) and max(values) <= made.ends * (1 + 1e-6)
        assert list(made.ticks) == sorted(set(made.ticks)) and 2 <= len(made.ticks) <= 25
        assert all(0 <= made.share(value) <= 1 for value in values)
        assert bool(made.sentence()) == (made.begins != 0)


@given(VALUES)
def test_it_begins_at_zero_unless_all_lie_near_each_other(values: list[float]) -> None:
    made = axis.linear(values)
    if min(values) < max(values) / 2:
        assert made.begins == 0
    assert made.ends - made.begins >= 0.0049 * max(values)  # nothing is blown up


@pytest.mark.parametrize(("values", "begins", "says"), [
    ([0.9, 1.0, 1.02], 0.85, "The axis begins at 0.85, not at zero."), ([3, 26.9], 0, ""), ([0.0], 0, ""), ([], 0, ""),
])
def test_examples(values: list[float], begins: float, says: str) -> None:
    assert (axis.linear(values).begins, axis.linear(values).sentence()) == (begins, says)


def test_far_apart_is_logarithmic_and_says_so() -> None:
    made = axis.logarithmic([60, 5000])
    assert made.ticks == (50, 100, 200, 500, 1000, 2000, 5000) and "logarithmic" in made.sentence()
    assert made.share(500) == pytest.approx(0.5)
    assert not axis.logarithmic([60, 300]).logarithmic and not axis.logarithmic([0, 300]).logarithmic


def test_a_plot_has_the_unit_of_its_size_and_a_band_around_its_reference() -> None:
    rows = [Given("one", [26.9e9, 27.1e9, 27.0e9]), Given("two", [0.7e9], limit=0.9e9)]
    made = figures.plot("A plot", "bit/s", "higher", rows, reference=20e9, floor=ViewFloor(0.05, "x"))
    assert made.unit == "Gbit/s" and made.direction == "more is better"
    assert made.band == pytest.approx((19.0, 21.0)) and not made.muted
    assert [row.said for row in made.rows] == ["27.0 (26.9 to 27.1)", "0.700, limit 0.900"]
    assert made.x(made.rows[0].median) > made.x(made.rows[1].median)
    assert figures.plot("A plot", "bit/s", "higher", rows, reference=20e9, floor=ViewFloor(0.11, "x")).muted
    assert figures.plot("A plot", "bit/s", "higher", rows, floor=ViewFloor(None, "x")).band is None


def test_percentiles_are_lines() -> None:
    made = figures.percentiles("Round trips", [("idle", {"p50_us": 60.0, "p99_us": 5000.0, "max_us": 1e6}), ("none", {})])
    assert made is not None and made.unit == "ms" and [line.label for line in made.lines] == ["idle"]
    (low_x, low_y), (high_x, high_y) = made.lines[0].points
    assert low_x < high_x and low_y > high_y
    assert made.lines[0].said == "50 % 60.0 µs, 99 % 5.00 ms"
    assert figures.percentiles("Round trips", [("one", {"p50_us": 60.0})]) is None
