"""Times are written in one way, which the format allows and the calendar has."""

from __future__ import annotations

import re
from datetime import timedelta

from experiments.field import TIME
from experiments.results import times


def test_now_is_written_as_the_format_allows() -> None:
    assert re.fullmatch(TIME, times.now())
    assert times.is_time(times.now())
    assert times.now() < times.now(timedelta(days=1))


def test_a_day_that_no_month_has_is_no_time() -> None:
    assert times.is_time("2024-02-29T00:00:00Z")
    assert not times.is_time("2026-02-29T00:00:00Z")
    assert not times.is_time("2026-11-24")
