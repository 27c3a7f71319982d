"""Numbers as people read them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.words import duration, figures, percent, quantity


@pytest.mark.parametrize(("value", "unit", "said"), [
    (23_714_000_000, "bit/s", "23.7 Gbit/s"), (312_400_000, "bit/s", "312 Mbit/s"), (941_482_000, "bit/s", "941 Mbit/s"),
    (999_600_000, "bit/s", "1.00 Gbit/s"), (99_960_000, "bit/s", "100 Mbit/s"), (0, "bit/s", "0 bit/s"),
    (12.34, "µs", "12.3 µs"), (1250, "µs", "1.25 ms"), (999.7, "µs", "1.00 ms"), (2_500_000, "µs", "2.50 s"),
    (0.1234, "core·s/Gbit", "0.123 core·s/Gbit"), (0.87123, "ratio", "0.8712"), (16_000_000, "bytes", "16.0 MB"),
])
def test_units_follow_the_size(value: float, unit: str, said: str) -> None:
    assert quantity(value, unit) == said


@given(st.floats(1e3, 9.99e11))
def test_three_digits_that_are_the_value(value: float) -> None:
    number, prefix = re.fullmatch(r"([\d.]+) ([kMG])bit/s", quantity(value, "bit/s")).groups()  # type: ignore[union-attr]
    assert len(number.replace(".", "")) == 3
    assert float(number) * {"k": 1e3, "M": 1e6, "G": 1e9}[prefix] == pytest.approx(value, rel=0.0051)


@given(st.floats(-1e9, 1e9), st.integers(2, 5))
def test_no_number_is_in_powers_of_ten(value: float, count: int) -> None:
    assert "e" not in figures(value, count)


def test_percentages_and_durations() -> None:
    assert [percent(ratio) for ratio in (0.031, 0.5, 0.0999, 1.234)] == ["3.1 %", "50 %", "10 %", "123 %"]
    assert [duration(seconds) for seconds in (0, 44.6, 179, 180, 3599, 3900)] == [
        "0 s", "45 s", "179 s", "3 min", "1 h 00 min", "1 h 05 min"]
