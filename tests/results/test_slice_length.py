"""How long a slice may be: it ends at the first look at the clock after its time, and turns are not divided."""

from __future__ import annotations

import pytest

from experiments.results.checks.slices import is_of_length


@pytest.mark.parametrize(("middle", "turns", "can_be"), [
    (1.0, 500, True), (1.14, 500, True), (1.3, 500, False), (0.8, 500, False),
    (1.71, 2, True),  # a sleeve in the capsule: eight round trips behind bursts of 64 KiB take 43 ms, and a slice asks for 50
    (2.39, 1, True),  # weaver's: 120 ms
    (2.4, 2, False), (1.8, 3, False),
])
def test_what_a_slice_may_take(middle: float, turns: float, can_be: bool) -> None:
    assert is_of_length(middle, turns) is can_be
