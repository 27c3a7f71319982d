"""Whether a raw output of slices is what its trial asked for, ended by the rule that was fixed, and possible at all.

A raw output of slices is written by Podpath itself, so what it must be is known to the last digit: what was asked, on which
processor, how many pairs and why no more, and for each slice what times and bytes can be true together. The sentences
follow the words "is not what was measured: ". Pure.

The times of a slice are by the processor's clock of its processes and by the wall's. Where the first one leaves out soft
interrupts, or goes by ticks, the wall's stands for it, and the raw output says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from experiments import catalog
from experiments.catalog import limits
from experiments.errors import UserError
from experiments.probes import one_process, slices
from experiments.probes.slices import Paired, Slice
from experiments.results import distribution_free, pairs, rules
from experiments.results.checks import round_trips
from experiments.results.checks.origin import Place
from experiments.results.checks.protocol import of
from experiments.results.model import Trial
from experiments.results.plain import shown
from experiments.results.protocols import InSlices
from experiments.results.words import nanoseconds, quantity

# A slice's account begins at the first look at the clock after what is omitted, and ends at the first one after its length. So
# it can be off by what lies between two looks. Besides that, on a busy machine, single slices were 2 % shorter and 4 % longer,
# beside four busy loops the median was 4 % away, and beside a whole suite of tests 11 %.
ONE_SLICE_OFF_RATIO, MEDIAN_OFF_RATIO = 0.25, 0.15
LOOKS_OFF = 2.0  # one look may lie further from the next one than others
# What a hypervisor takes away counts as the processor's time: where it falls into what is omitted a slice is short, else long.
SHORT_RATIO, SHORT_AT_LEAST = 0.1, 2
LONGER_NS = 1_000_000_000
# Two clocks are read one after the other: between them the process may lose the processor to a relay whose time counts.
CLOCKS_APART_RATIO, CLOCKS_APART_NS = 0.02, 2_000_000
KINDS = {"speed": "stream", "cost": "stream", "latency": "request", "setup": "setup", "packets": "datagram"}
NAMES = ("baseline", "mode")
LEAST_NS = 10  # of the wall, for a segment that is sent again or for a switch to another thread: some cache misses


def contradictions(place: Place, trial: Trial, text: str) -> Iterator[str]:
    """What in a raw output of slices cannot belong to the trial, as sentences.

    Raises:
        ProbeError: the output is damaged.
    """
    found, whose = slices.parse(text)
    frozen = of(place.campaign)
    if slices.text(found, whose) != text:
        yield "it is written otherwise than Podpath writes it (blanks, numbers, keys); keep the file as it was written"
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
    if len(found.pairs) > frozen.numbers["pairs_most"]:
        return  # to look at all of them would take as long as somebody wants
    length_ns = round(1e9 * frozen.numbers["slice_core_s"])
    for path in range(len(NAMES)):
        yield from _clocks(found, path, length_ns)
    timed = found.asked.kind in one_process.TIMED
    if bool(found.floor_ns) != timed:
        yield f"floor_ns is {found.floor_ns}; what has round trips has a floor over the loopback, and nothing else has"
    if timed and whose == wanted:
        yield from round_trips.contradictions(found, whose)


# -- what was asked ---------------------------------------------------------------------------------------------------------


def _asked(trial: Trial, found: Paired, numbers: Mapping[str, Any], own: InSlices) -> Iterator[str]:
    """Every word of what was asked is the protocol's, or the trial's."""
    kind = KINDS.get(trial.view, found.asked.kind)
    segments = {"native": 0, "equal": numbers["equal_mss_bytes"], "small": own.small_mss_bytes}
    wanted = {
        "kind": kind, "core_s": numbers["slice_core_s"], "omit_s": own.omit_core_s, "streams": trial.streams or 1,
        "mss_bytes": segments[trial.mss or "native"], "message_bytes": own.message_bytes if kind in one_process.TIMED else 0,
        "burst_bytes": trial.burst_bytes or 0, "datagram_bytes": trial.datagram_bytes or 0,
        "datagram_window": numbers["datagram_window"] if kind == "datagram" else 0,
        "window_bytes": 0 if kind == "datagram" else numbers["stream_window_bytes"],
        "congestion_control": numbers["congestion_control"],
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
        most = ways[path].payload_bytes + limits.TIMESTAMPS_BYTES
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
    looks = [_looks(one, found) for one in own]
    for number, one in enumerate(own, 1):
        wrong = (_of_clocks(one, length_ns, found.clock) or _of_work(one)
                 or _of_median(one, timed=found.asked.kind in one_process.TIMED))
        if wrong:
            yield f"pair {number}, {name}: {wrong}; keep the numbers as they were written"
            break
    short = [number for number, (one, count) in enumerate(zip(own, looks, strict=True), 1)
             if one.core_ns < (1 - ONE_SLICE_OFF_RATIO - LOOKS_OFF / count) * length_ns]
    if len(short) > max(SHORT_AT_LEAST, SHORT_RATIO * len(own)):
        took = nanoseconds(own[short[0] - 1].core_ns)
        yield (f"pair {short[0]}, {name}: {took} of the processor, and so in {len(short)} slices; a slice has "
               f"{nanoseconds(length_ns)}. Keep the numbers as they were written")
    middle = distribution_free.median([one.core_ns / length_ns for one in own])
    if not is_of_length(middle, distribution_free.median(looks)):
        yield (f"slices of the {name} took {nanoseconds(middle * length_ns)} of the processor in the median; the protocol "
               f"has {nanoseconds(length_ns)} for each. Times that were multiplied by a factor are no slices")


def is_of_length(middle: float, turns: float) -> bool:
    """Whether slices can take this long in the median, in lengths that were asked for, if each has so many turns.

    A slice ends at the first look after its time. So all turns but the last fit into it; a single one may take any time.
    """
    longest = (1 + MEDIAN_OFF_RATIO) * turns / (turns - 1) if turns > 1 else math.inf
    return 1 - MEDIAN_OFF_RATIO - 1 / turns <= middle <= longest


def _looks(one: Slice, found: Paired) -> float:
    """How often the clock was looked at in a slice, at least."""
    asked, streams = found.asked, max(1, found.asked.streams if isinstance(found.asked.streams, int) else 1)
    message = asked.message_bytes if isinstance(asked.message_bytes, int) else 0
    burst = asked.burst_bytes if isinstance(asked.burst_bytes, int) else 0
    sizes = asked.datagram_bytes, asked.datagram_window
    window = sizes[0] * sizes[1] if all(isinstance(size, int) for size in sizes) else 0
    turn_bytes = {"stream": one_process.CHUNK * streams, "request": one_process.LOOK_EVERY * (message + burst),
                  "datagram": window}
    return max(1.0, one.received_bytes / max(1, turn_bytes.get(asked.kind, message)))


def _of_clocks(one: Slice, length_ns: int, clock: str) -> str:
    """What is wrong with a slice's times; empty if nothing is."""
    if clock == "wall" and one.core_ns != one.wall_ns:
        return f"{nanoseconds(one.core_ns)} of the processor, and {nanoseconds(one.wall_ns)} of the wall, which stands for it"
    if one.core_ns > length_ns + LONGER_NS:
        return f"{nanoseconds(one.core_ns)} of the processor; a slice has {nanoseconds(length_ns)}"
    if one.core_ns > one.wall_ns * (1 + CLOCKS_APART_RATIO) + CLOCKS_APART_NS:
        return (f"{nanoseconds(one.core_ns)} of one processor in {nanoseconds(one.wall_ns)}: a processor has no more time "
                "than the wall's clock")
    if one.wall_ns > 2e9 * slices.WALL_S:
        return f"it lasted {nanoseconds(one.wall_ns)}; a slice is given up after {slices.WALL_S:g} s"
    return ""


def _of_work(one: Slice) -> str:
    """What no processor does in the time; empty if there is nothing."""
    bps = 8e9 * one.received_bytes / one.wall_ns
    if bps > rules.CORE_MEMORY_BPS:
        return (f"{quantity(bps, 'bit/s')} by one processor: no memory is so fast; allowed: at most "
                f"{quantity(rules.CORE_MEMORY_BPS, 'bit/s')}")
    for number, what in ((one.retransmits, "segments sent again"), (one.switches, "switches between threads")):
        if number * LEAST_NS > one.wall_ns:
            return f"{number} {what} in {nanoseconds(one.wall_ns)}: there is no time for so many"
    return ""


def _of_median(one: Slice, *, timed: bool) -> str:
    """What is wrong with the median of a slice's round trips; empty if nothing is."""
    if not timed and one.p50_ns:
        return f"a median of round trips ({one.p50_ns} ns) where there are none"
    if timed and one.received_bytes and not 0 < one.p50_ns <= one.wall_ns:
        return f"the median of its round trips is {one.p50_ns} ns, in {nanoseconds(one.wall_ns)}"
    return ""
