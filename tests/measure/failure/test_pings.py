"""Pings that were lost, and since when no more are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from experiments.measure.failure.pings import FIRM_S, Watched


def seen(answers: list[bool]) -> Watched:
    watched = Watched("pod1", "pod3")
    for place, answered in enumerate(answers):
        watched.noted(answered, 0.5 * (place + 1))
    return watched


@given(st.lists(st.booleans()))
def test_what_is_told_follows_from_the_pings(answers: list[bool]) -> None:
    pair = seen(answers).pair()
    assert (pair.pings, pair.lost) == (len(answers), answers.count(False))
    if not pair.lost:
        assert pair.first_lost_s is None
        assert pair.connected_again_s is None
        return
    assert pair.first_lost_s == 0.5 * (answers.index(False) + 1)
    last = len(answers) - 1 - answers[::-1].index(False)
    assert pair.connected_again_s == (None if answers[-1] is False else 0.5 * (last + 2))


def test_a_pair_is_firm_when_all_was_answered_for_a_while() -> None:
    assert seen([]).firm(FIRM_S)
    assert not seen([False]).firm(100)
    back = seen([False, True])
    assert not back.firm(1.0 + FIRM_S / 2)
    assert back.firm(1.0 + FIRM_S)
