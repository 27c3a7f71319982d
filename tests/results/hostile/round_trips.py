"""What no round trips of slices can be: too short, too many, with medians that are not theirs."""

from __future__ import annotations

from typing import Any

from hostile.in_pairs import BASELINE, BOTH, BYTES, MODE, P50, TRIPS, couple, in_both, one, put, scaled, tally, trips_times
from hostile.slices import DAMAGED
from hostile.submission import Case, Submission


def _case(name: str, says: str, change: Any, honest: str = "slices", *, base: bool = False) -> Case:
    return Case(name, says, change, honest, base)


# -- round trips --------------------------------------------------------------------------------------------------------------


def _smallest_medians(content: Any) -> None:
    """The mode's medians as small as its shortest round trip."""
    for pair in content["pairs"]:
        pair[MODE][P50] = min(int(place) for place in content["times_ns"])


def _shorter_medians(s: Submission) -> None:
    shortest = min(int(place) for place in s.raw(couple(s, TRIPS)[MODE])["times_ns"])
    for trial in couple(s, TRIPS):
        content = s.raw(trial)
        for pair in content["pairs"][::2]:
            pair[MODE][P50] = shortest
        put(s, trial, content)
    s.reckon()


def _first_moved(times: dict[str, int]) -> dict[str, int]:
    """All round trips above the median at the median: only the percentiles change, and the time that they take together."""
    lengths, half, found = sorted(map(int, times)), sum(times.values()) / 2, dict[str, int]()
    middle, sum_so_far = 0, 0
    for length in lengths:
        sum_so_far += times[str(length)]
        if not middle and sum_so_far >= half:
            middle = length
        place = str(min(length, middle or length) >> 3)
        found[place] = found.get(place, 0) + times[str(length)]
    return found


ROUND_TRIPS = (
    _case("round trips half as long", "of it are inside of round trips", trips_times(0.5)),
    _case("round trips of 25 ns", "no kernel answers so fast", trips_times(0.005)),
    _case("round trips longer than the time", "round trips take turns", trips_times(1.4)),
    _case("connections set up in half the time", "of it are inside of round trips", trips_times(0.5, "setup")),
    _case("a round trip more", "each is counted once", tally(lambda t: {**t, min(t): t[min(t)] + 1})),
    _case("half of the round trips", "each is counted once", tally(lambda t: {k: max(1, n // 2) for k, n in t.items()})),
    _case("the slowest round trips left out", "each is counted once",
          tally(lambda t: {k: n for k, n in t.items() if int(k) < 100_000})),
    _case("the slowest set-ups left out", "each is counted once",
          tally(lambda t: {k: n for k, n in t.items() if int(k) < 100_000}, "setup")),
    _case("all but the median made short", "has none of this length", tally(_first_moved)),
    _case("no round trips", "times_ns is empty", tally(lambda t: {})),
    _case("no round trips, and percentiles by hand", "the tool's own output gives none; leave it out", tally(lambda t: {})),
    _case("a length of twenty digits", "lengths are kept to 10 binary digits",
          tally(lambda t: {**t, "1234567": t.get("1234567", 0) + 1})),
    _case("a length with a sign", "written otherwise than Podpath writes it", tally(
        lambda t: {f"+{k}" if k == min(t) else k: n for k, n in t.items()})),
    _case("a length twice, spelled otherwise", "written otherwise than Podpath writes it", tally(
        lambda t: {f"0{min(t)}": 7, **t})),
    _case("thirty thousand lengths", DAMAGED, tally(lambda t: {**t, **{str(length): 1 for length in range(30_000)}})),
    _case("a length below zero", DAMAGED, tally(lambda t: {**t, "-5": 1})),
    _case("a number of round trips that is true", DAMAGED, tally(lambda t: {**t, min(t): True})),
    _case("the baseline's round trips for the mode's", "each is counted once", lambda s: (
        s.set_raw(couple(s, TRIPS)[MODE], {**s.raw(couple(s, TRIPS)[MODE]),
                                           "times_ns": s.raw(couple(s, TRIPS)[BASELINE])["times_ns"]}))),
    _case("more bytes than round trips", "each is counted once", scaled(TRIPS, (MODE,), 2, places=(BYTES,))),
    _case("a byte more than whole messages", "are no whole number of messages of 64", in_both(
        lambda c: c["pairs"][2][MODE].__setitem__(BYTES, c["pairs"][2][MODE][BYTES] + 1), TRIPS)),
    _case("bytes below the messages of a burst", "bytes do not fit", in_both(
        lambda c: [pair[path].__setitem__(BYTES, 64) for pair in c["pairs"] for path in BOTH], TRIPS, burst_bytes=65536)),
    _case("medians at the shortest round trip", "it lies between them", in_both(_smallest_medians, TRIPS)),
    _case("every second median at the shortest round trip", "have more round trips on one side of it", _shorter_medians),
    _case("a median that no round trip has", "times_ns has none of this length", one(4999, P50, TRIPS)),
    _case("a slice without a median", "the median of its round trips is 0 ns", one(0, P50, TRIPS)),
)

CASES = ROUND_TRIPS
