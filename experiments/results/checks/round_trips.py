"""The round trips of slices: how many there were, how long all of them took, and their medians, beside bytes and times.

Of the round trips a raw output keeps a tally (how many were how long), and of each slice the median. Both are of the same
round trips, so neither can be changed alone. The sentences follow the words "is not what was measured: ". Pure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from experiments.probes import account
from experiments.probes.slices import LARGEST, Paired, Slice, quantile_ns
from experiments.results.words import nanoseconds

# What of a slice's time is inside the round trips where nothing else is sent: 0.78 and more were seen, User-Mode Linux
# included. What is left is the look at the clock.
LEAST_INSIDE = 0.6
# A burst that was sent before an account begins may be received in it; each slice has room for so many.
BURSTS_WAITING = 64


def contradictions(found: Paired, whose: int) -> Iterator[str]:
    """What in the round trips of one path (0: the baseline) cannot be true together, as sentences."""
    tally, own = found.times_ns[whose], [pair[whose] for pair in found.pairs]
    count = sum(tally.values())
    if not count:
        yield "times_ns is empty; every slice of round trips has some"
        return
    for place in tally:
        less = max(0, place.bit_length() - account.DIGITS)
        if place != place >> less << less:
            yield f"times_ns has a length of {place} ns; lengths are kept to {account.DIGITS} binary digits"
            return
    yield from _counted(found, own, count)
    wall_ns, inside_ns = sum(one.wall_ns for one in own), sum(place * number for place, number in tally.items())
    if inside_ns > wall_ns:
        yield (f"its {count} round trips took {nanoseconds(inside_ns)} together, and the slices {nanoseconds(wall_ns)}; "
               "round trips take turns")
    core_ns = sum(one.core_ns for one in own)  # what others take of the wall's time may lie between two round trips
    if not found.asked.burst_bytes and inside_ns < LEAST_INSIDE * core_ns:
        yield (f"its {count} round trips took {nanoseconds(inside_ns)} together, and the slices {nanoseconds(core_ns)}, in "
               f"which nothing else was done; at least {100 * LEAST_INSIDE:g} % of it are inside of round trips")
    yield from _medians(found, own, tally)


def _counted(found: Paired, own: Sequence[Slice], count: int) -> Iterator[str]:
    """Each request has the message's bytes; each burst before one has up to its own."""
    message, burst = found.asked.message_bytes, found.asked.burst_bytes
    received = sum(one.received_bytes for one in own)
    if not isinstance(message, int) or not isinstance(burst, int) or message < 1:
        return  # told above, as what was asked
    odd = next((number for number, one in enumerate(own, 1) if not burst and one.received_bytes % message), None)
    if odd is not None:
        yield f"pair {odd}: {own[odd - 1].received_bytes} bytes are no whole number of messages of {message}"
    if not burst and received != count * message:
        yield (f"{received} bytes in requests of {message} are {received / message:g}, and times_ns has {count} round trips; "
               "each is counted once")
    most = count * (message + burst) + BURSTS_WAITING * burst * len(own)
    if burst and not count * message <= received <= most:
        yield (f"{received} bytes do not fit {count} requests of {message} bytes behind bursts of {burst}; allowed: "
               f"{count * message} to {most}")


def _medians(found: Paired, own: Sequence[Slice], tally: Mapping[int, int]) -> Iterator[str]:
    """The slices' medians are lengths of the tally, and all slices together have theirs between them.

    Where no burst is sent, a slice has as many round trips as messages. Half of them are up to its median, so of the tally at
    least as many are up to the largest of some medians as half of those slices have; and likewise from below.
    """
    for number, one in enumerate(own, 1):
        if one.received_bytes and one.p50_ns not in tally:
            yield f"pair {number}: the median of its round trips is {one.p50_ns} ns; times_ns has none of this length"
            return
    medians = sorted((one.p50_ns, one.received_bytes) for one in own if one.received_bytes)
    whole = quantile_ns(dict(tally), 0.5)
    if medians and not medians[0][0] <= whole <= medians[-1][0]:
        yield (f"the median of all round trips is {whole} ns, and those of the slices are {medians[0][0]} to "
               f"{medians[-1][0]}; it lies between them")
    if found.asked.burst_bytes or not medians:
        return
    # Cumulative, and by bisection: what a stranger sends may hold a hundred thousand lengths.
    lengths = sorted(tally)
    up_to = [0, *accumulate(tally[length] for length in lengths)]
    halves = [0.0, *accumulate(size / (found.asked.message_bytes or 1) / 2 for _, size in medians)]
    for length, _ in medians:
        at_most, below = up_to[bisect_right(lengths, length)], up_to[bisect_left(lengths, length)]
        least = halves[bisect_right(medians, (length, LARGEST))]
        most = up_to[-1] - (halves[-1] - halves[bisect_left(medians, (length, 0))])
        if at_most + 1 < least or below > most + 1:
            yield (f"slices with medians around {length} ns have more round trips on one side of it than times_ns; "
                   "medians and tally are of the same round trips")
            return
