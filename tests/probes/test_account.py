"""The account of a slice: where it begins and ends, by a processor's clock that may jump."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.probes import account
from experiments.probes.account import Slice

ASK = {"omit_s": 0.005, "core_s": 0.05, "wall_s": 20.0}


class Clock:
    """A clock that goes on by the next of some steps (ns) each time it is looked at."""

    def __init__(self, steps: Iterator[int], *, whole: bool = True) -> None:
        self._steps, self.now_ns, self.whole = steps, 0, whole

    def own_ns(self) -> int:
        return self.now_ns

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


@pytest.mark.parametrize("seen", [lambda ns: ns // 10_000_000 * 10_000_000, lambda ns: ns * 6 // 10],
                         ids=["by ticks of 10 ms", "without soft interrupts"])
def test_a_clock_that_does_not_go_on_smoothly_is_noticed(monkeypatch: pytest.MonkeyPatch, seen: Callable[[int], int]) -> None:
    real = time.process_time_ns
    monkeypatch.setattr(time, "process_time_ns", lambda: seen(real()))
    assert not account.clock_is_whole()


def test_by_the_wall_s_clock_the_parts_are_never_more_than_the_whole() -> None:
    count = Slice(Clock(itertools.repeat(10**10), whole=False), ASK, Nothing())
    count.look()
    count.look()
    wall_ns, own_ns, relays_ns, *_ = count.account()
    assert own_ns + relays_ns == wall_ns and own_ns >= 0
