"""Whether a raw output of slices is what its trial asked for, ended by the rule that was fixed, and possible at all.

A raw output of slices is written by Podpath itself, so what it must be is known to the last digit: what was asked, on which
processor, how many pairs and why no more, and for each slice what times and bytes can be true together. The sentences
follow the words "is not what was measured: ". Pure.

All times of a slice are by the processor's clock of its processes and by the wall's. On kernels that account interrupts apart
(CONFIG_IRQ_TIME_ACCOUNTING) the first one leaves out soft interrupts; a raw output by another clock will have to say so, and
:func:`_clocks` is where it is then judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments import catalog
from experiments.catalog import limits
from experiments.errors import UserError
from experiments.probes import one_process, slices
from experiments.probes.slices import Paired, Slice, quantile_ns
from experiments.results import distribution_free, pairs, rules
from experiments.results.checks.origin import Place
from experiments.results.checks.protocol import of
from experiments.results.model import Trial
from experiments.results.plain import shown
from experiments.results.protocols import InSlices
from experiments.results.words import quantity

# A slice's account begins at the first look at the clock after what is omitted, and ends at the first one after its length. So
# it can be off by what lies between two looks. Besides that, on a busy machine, single slices were 2 % shorter and 4 % longer,
# and their median less than 0.5 % away.
ONE_SLICE_OFF_RATIO, MEDIAN_OFF_RATIO = 0.25, 0.03
LOOKS_OFF = 2.0  # one look may lie further from the next one than others
# Two clocks are read one after the other: between them the process may lose the processor to a relay whose time counts.
CLOCKS_APART_RATIO, CLOCKS_APART_NS = 0.02, 2_000_000
# What of a slice's wall time is inside the round trips where nothing else is sent: 0.87 and more were seen. What is left is
# the look at the clock.
LEAST_INSIDE = 0.5
KINDS = {"speed": "stream", "cost": "stream", "latency": "request", "setup": "setup"}
NAMES = ("baseline", "mode")
TIMESTAMPS_BYTES = 12  # of a segment, where the option is not in use (RFC 7323)
# A burst that was sent before an account begins may be received in it; each slice has room for so many.
BURSTS_WAITING = 64
LEAST_NS = 10  # of the wall, for a segment that is sent again or for a switch to another thread: some cache misses


def contradictions(place: Place, trial: Trial, text: str) -> Iterator[str]:
    """What in a raw output of slices cannot belong to the trial, as sentences.

    Raises:
        ProbeError: the output is damaged.
    """
    found, whose = slices.parse(text)
    frozen = of(place.campaign)
    if slices.text(found, whose) != text:
        yield "it is written otherwise than Podpath writes it (blanks, numbers, or a key twice); keep the file as it was written"
    wanted = int(trial.path == "pod-pod")
    if whose != wanted:
        yield f"it was kept for the {NAMES[whose]}'s trial (of = {whose}); a trial {trial.path} has of = {wanted}"
    if frozen is None or frozen.slices is None:
        yield "the campaign's protocol has no slices; they belong to a campaign by protocol p3"
        return
    yield from _asked(trial, found, frozen.numbers, frozen.slices)
    yield from _processors(trial, found)
    yield from _segments(trial, place.result.mode, found)
    yield from _ended(trial.view, found, frozen.numbers, frozen.slices)
    length_ns = round(1e9 * frozen.numbers["slice_core_s"])
    for path in range(len(NAMES)):
        yield from _clocks(found, path, length_ns)
    if found.asked.kind != "stream" and whose == wanted:
        yield from _round_trips(found, whose)


# -- what was asked ---------------------------------------------------------------------------------------------------------


def _asked(trial: Trial, found: Paired, numbers: Mapping[str, Any], own: InSlices) -> Iterator[str]:
    """Every word of what was asked is the protocol's, or the trial's."""
    kind = KINDS.get(trial.view, found.asked.kind)
    segments = {"native": 0, "equal": numbers["equal_mss_bytes"], "small": own.small_mss_bytes}
    wanted = {
        "kind": kind, "core_s": numbers["slice_core_s"], "omit_s": own.omit_core_s, "streams": trial.streams or 1,
        "mss_bytes": segments[trial.mss or "native"], "message_bytes": 0 if kind == "stream" else own.message_bytes,
        "burst_bytes": trial.burst_bytes or 0, "congestion_control": numbers["congestion_control"],
    }
    for name, value in wanted.items():
        said = getattr(found.asked, name)
        if isinstance(said, bool) or said != value:
            yield f"asked.{name} is {shown(said)}; the protocol asks for {shown(value)} in this trial"


def _processors(trial: Trial, found: Paired) -> Iterator[str]:
    """One processor, the one that the trial's placement states for everybody."""
    stated = sorted(set((trial.processors or {}).values()))
    if len(found.processors) != 1:
        yield f"processors are {list(found.processors)}; slices are measured on one"
    elif stated != list(found.processors):
        yield (f"it ran on processor {found.processors[0]}, and the trial's processors are "
               f"{', '.join(map(str, stated)) or 'not told'}; both name the same one")


def _segments(trial: Trial, mode: str, found: Paired) -> Iterator[str]:
    """The segments in force fit into the MTU of their path, and are no larger than was asked."""
    asked = found.asked.mss_bytes
    try:
        ways = (limits.limit(None), limits.limit(catalog.get(mode)))
    except UserError:
        return  # no such mode: said where its name stands
    for path, name in enumerate(NAMES):
        most = ways[path].payload_bytes + TIMESTAMPS_BYTES
        if isinstance(asked, int) and 0 < asked < most:
            most = asked
        if not 0 < found.mss_bytes[path] <= most:
            yield f"segments of the {name} have {found.mss_bytes[path]} bytes; the path and what was asked leave 1 to {most}"


# -- when it ended ----------------------------------------------------------------------------------------------------------


def _ended(view: str, found: Paired, numbers: Mapping[str, Any], own: InSlices) -> Iterator[str]:
    """Pairs come in batches, and end with the first batch at which the interval is narrow enough, or at the most.

    Whoever goes on, or stops before, chooses the outcome by looking at it.
    """
    count, least, most, wide = len(found.pairs), numbers["pairs_least"], numbers["pairs_most"], numbers["pair_ratio_width"]
    if not least <= count <= most or count % own.batch:
        yield (f"it has {count} pairs; the protocol asks for {least} to {most}, in batches of {own.batch}. "
               "Keep all pairs, also those that went badly")
        return
    if view not in pairs.MEASURE:
        return
    # The interval is one between order statistics: a sorted list of the ratios is all that it needs.
    for made in range(own.batch, count + 1, own.batch):
        if made < least:
            continue
        width = pairs.width(found.pairs[:made], view)
        narrow = width is not None and width <= wide
        told = "without an interval" if width is None else f"{100 * width:.2f} % wide"
        if narrow and made < count:
            yield (f"after {made} pairs the interval was {told}, which is narrow enough ({100 * wide:g} %), and it went on to "
                   f"{count}; whoever goes on chooses the outcome. Keep the pairs in their order")
            return
        if made == count < most and not narrow:
            yield (f"it ended after {count} pairs with an interval {told}; the protocol goes on to {100 * wide:g} % or to "
                   f"{most} pairs. Keep all pairs, in their order")


# -- what a slice can be ----------------------------------------------------------------------------------------------------


def _clocks(found: Paired, path: int, length_ns: int) -> Iterator[str]:
    """The times of the slices of one path, and their bytes. The first that is wrong is told; the others are like it."""
    own, name = [pair[path] for pair in found.pairs], NAMES[path]
    kind = found.asked.kind
    looks = [_looks(one, found) for one in own]
    for number, (one, count) in enumerate(zip(own, looks, strict=True), 1):
        off = ONE_SLICE_OFF_RATIO + LOOKS_OFF / count
        wrong = _of_clocks(one, length_ns, off) or _of_work(one) or _of_median(one, stream=kind == "stream")
        if wrong:
            yield f"pair {number}, {name}: {wrong}; keep the numbers as they were written"
            break
    middle = distribution_free.median([one.core_ns / length_ns for one in own])
    off = MEDIAN_OFF_RATIO + 1 / distribution_free.median(looks)
    if abs(middle - 1) > off:
        yield (f"slices of the {name} took {_time(middle * length_ns)} of the processor in the median; the protocol has "
               f"{_time(length_ns)} for each. Times that were multiplied by a factor are no slices")


def _looks(one: Slice, found: Paired) -> float:
    """How often the clock was looked at in a slice, at least."""
    asked, streams = found.asked, max(1, found.asked.streams if isinstance(found.asked.streams, int) else 1)
    message = asked.message_bytes if isinstance(asked.message_bytes, int) else 0
    burst = asked.burst_bytes if isinstance(asked.burst_bytes, int) else 0
    turn_bytes = {"stream": one_process.CHUNK * streams, "request": one_process.LOOK_EVERY * (message + burst)}
    return max(1.0, one.received_bytes / max(1, turn_bytes.get(asked.kind, message)))


def _of_clocks(one: Slice, length_ns: int, off: float) -> str:
    """What is wrong with a slice's times; empty if nothing is."""
    if not (1 - off) * length_ns <= one.core_ns <= (1 + off) * length_ns:
        return f"{_time(one.core_ns)} of the processor; a slice has {_time(length_ns)}"
    if one.core_ns > one.wall_ns * (1 + CLOCKS_APART_RATIO) + CLOCKS_APART_NS:
        return (f"{_time(one.core_ns)} of one processor in {_time(one.wall_ns)}: a processor has no more time than the wall's "
                "clock")
    if one.wall_ns > 2e9 * slices.WALL_S:
        return f"it lasted {_time(one.wall_ns)}; a slice is given up after {slices.WALL_S:g} s"
    return ""


def _of_work(one: Slice) -> str:
    """What no processor does in the time; empty if there is nothing."""
    bps = 8e9 * one.received_bytes / min(one.core_ns, one.wall_ns)
    if bps > rules.CORE_MEMORY_BPS:
        return (f"{quantity(bps, 'bit/s')} by one processor: no memory is so fast; allowed: at most "
                f"{quantity(rules.CORE_MEMORY_BPS, 'bit/s')}")
    for number, what in ((one.retransmits, "segments sent again"), (one.switches, "switches between threads")):
        if number * LEAST_NS > one.wall_ns:
            return f"{number} {what} in {_time(one.wall_ns)}: there is no time for so many"
    return ""


def _of_median(one: Slice, *, stream: bool) -> str:
    """What is wrong with the median of a slice's round trips; empty if nothing is."""
    if stream and one.p50_ns:
        return f"a median of round trips ({one.p50_ns} ns) in a stream, which has none"
    if not stream and one.received_bytes and not 0 < one.p50_ns <= one.wall_ns:
        return f"the median of its round trips is {one.p50_ns} ns, in {_time(one.wall_ns)}"
    return ""


def _time(nanoseconds: float) -> str:
    return quantity(nanoseconds / 1e3, "µs")


# -- round trips ------------------------------------------------------------------------------------------------------------


def _round_trips(found: Paired, whose: int) -> Iterator[str]:
    """The tally of the round trips beside the slices' bytes, times and medians."""
    tally, own = found.times_ns[whose], [pair[whose] for pair in found.pairs]
    count = sum(tally.values())
    if not count:
        yield "times_ns is empty; every slice of round trips has some"
        return
    for place in tally:
        less = max(0, place.bit_length() - one_process.DIGITS)
        if place != place >> less << less:
            yield f"times_ns has a length of {place} ns; lengths are kept to {one_process.DIGITS} binary digits"
            break
    yield from _counted(found, own, count)
    wall_ns, inside_ns = sum(one.wall_ns for one in own), sum(place * number for place, number in tally.items())
    if inside_ns > wall_ns:
        yield (f"its {count} round trips took {_time(inside_ns)} together, and the slices {_time(wall_ns)}; "
               "round trips take turns")
    if not found.asked.burst_bytes and inside_ns < LEAST_INSIDE * wall_ns:
        yield (f"its {count} round trips took {_time(inside_ns)} together, and the slices {_time(wall_ns)}, in "
               f"which nothing else was done; at least {100 * LEAST_INSIDE:g} % of it are inside of round trips")
    yield from _medians(found, own, tally)


def _counted(found: Paired, own: Sequence[Slice], count: int) -> Iterator[str]:
    """Each request has the message's bytes; each burst before one has up to its own."""
    message, burst = found.asked.message_bytes, found.asked.burst_bytes
    received = sum(one.received_bytes for one in own)
    if not isinstance(message, int) or not isinstance(burst, int) or message < 1:
        return  # told above, as what was asked
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
    message, total = found.asked.message_bytes or 1, sum(tally.values())
    ordered = sorted(tally.items())
    for high in {place for place, _ in medians}:
        at_most = sum(number for place, number in ordered if place <= high)
        below = sum(number for place, number in ordered if place < high)
        least = sum(size / message / 2 for place, size in medians if place <= high)
        most = total - sum(size / message / 2 for place, size in medians if place >= high)
        if at_most + 1 < least or below > most + 1:
            yield (f"slices with medians around {high} ns have more round trips on one side of it than times_ns; "
                   "medians and tally are of the same round trips")
            return
