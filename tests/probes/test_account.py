"""The account of a slice: where it begins and ends, by a processor's clock that may jump."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from experiments.probes.account import Slice

ASK = {"omit_s": 0.005, "core_s": 0.05, "wall_s": 20.0}


class Clock:
    """A clock that goes on by the next of some steps (ns) each time it is looked at."""

    def __init__(self, steps: Iterator[int]) -> None:
        self._steps, self.now_ns = steps, 0

    def all_ns(self) -> int:
        self.now_ns += next(self._steps)
        return self.now_ns

    def relays_ns(self) -> int:
        return self.now_ns

    def switches(self) -> int:
        return 0


class Nothing:
    def carried(self) -> tuple[int, int, int]:
        return 0, 0, 0


@given(st.lists(st.integers(1_000_000, 200_000_000), min_size=1, max_size=200))
def test_a_slice_has_its_length_however_the_clock_jumps(steps: list[int]) -> None:
    clock = Clock(iter([0, *steps, *[10_000_000] * 100]))
    count = Slice(clock, ASK, Nothing())
    while not count.over:
        count.look()
    assert count.account()[2] >= 50_000_000
