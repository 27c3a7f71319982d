"""Our statistics beside scipy's, and by simulation: what should be found is found, what should not is not."""

from __future__ import annotations

import random
import statistics as standard
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.results import distribution_free

numbers = st.floats(1, 1e9)
sets_without_ties = st.lists(numbers, min_size=4, max_size=14, unique=True)


@given(st.lists(numbers, min_size=1, max_size=30))
def test_median_is_the_standard_library_s(values: list[float]) -> None:
    assert distribution_free.median(values) == standard.median(values)


@pytest.fixture(scope="module")
def stats() -> Any:
    """Imported here: whoever only collects the tests, as each worker does, need not wait for it."""
    from scipy import stats

    return stats


@settings(max_examples=60)
@given(sets_without_ties, st.data())
def test_mann_whitney_is_scipy_s_exact_test(stats: Any, values: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(2, len(values) - 2))
    expected = stats.mannwhitneyu(values[:cut], values[cut:], alternative="two-sided", method="exact").pvalue
    assert distribution_free.mann_whitney(values[:cut], values[cut:]) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=28))
def test_holm_is_monotonic_and_never_below_the_plain_value(p_values: list[float]) -> None:
    corrected = distribution_free.holm(p_values)
    assert all(p <= c <= 1 for p, c in zip(p_values, corrected, strict=True))
    ordered = [c for _, c in sorted(zip(p_values, corrected, strict=True))]
    assert ordered == sorted(ordered)
    assert min(corrected) == pytest.approx(min(1, min(p_values) * len(p_values)))


def test_the_smallest_and_largest_of_six_enclose_the_median_with_96_9_per_cent() -> None:
    interval = distribution_free.median_interval([1, 2, 3, 4, 5, 6])
    assert interval is not None
    assert (interval.low, interval.high) == (1, 6)
    assert interval.coverage == pytest.approx(1 - 2 / 2**6)
    assert distribution_free.median_interval([1, 2, 3, 4, 5]) is None
    assert distribution_free.fewest_for_interval() == 6


def test_the_interval_covers_as_often_as_it_says() -> None:
    source = random.Random(11)
    rounds, hits = 4000, 0
    for _ in range(rounds):
        interval = distribution_free.median_interval([source.lognormvariate(0, 0.3) for _ in range(6)])
        assert interval is not None
        hits += interval.low <= 1 <= interval.high  # the median of the lognormal distribution is 1
    assert hits / rounds == pytest.approx(1 - 2 / 2**6, abs=0.01)


@pytest.mark.parametrize("noise", [0.005, 0.031])  # between-reinstall variation of TCP with eight streams and one
def test_a_planted_fifth_is_found_and_nothing_is_found_where_there_is_nothing(noise: float) -> None:
    source = random.Random(7)
    found = false = 0
    for _ in range(100):
        modes = {f"mode{i}": [source.gauss(100, 100 * noise) for _ in range(6)] for i in range(6)}
        false += len(set(distribution_free.groups(modes).values())) > 1
        modes["mode0"] = [0.8 * value for value in modes["mode0"]]
        letters = distribution_free.groups(modes)
        found += all(not set(letters["mode0"]) & set(letters[name]) for name in modes if name != "mode0")
    assert found == 100
    assert false <= 10  # five in a hundred are expected at 5 %


@given(st.lists(st.lists(numbers, min_size=3, max_size=6), min_size=2, max_size=4), st.randoms())
@settings(max_examples=40)
def test_the_order_of_trials_means_nothing(values: list[list[float]], source: random.Random) -> None:
    modes = {f"mode{i}": numbers for i, numbers in enumerate(values)}
    shuffled = {name: source.sample(numbers, len(numbers)) for name, numbers in modes.items()}
    assert distribution_free.groups(modes) == distribution_free.groups(shuffled)
