"""What no slices can be: asked for otherwise, ended when it suited, with times and bytes that cannot be true together."""

from __future__ import annotations

from typing import Any

from hostile.in_pairs import (
    BASELINE,
    BYTES,
    MODE,
    OWN,
    P50,
    RELAYS,
    RETRANSMITS,
    STREAM,
    SWITCHES,
    TRIPS,
    WALL,
    asked,
    couple,
    in_both,
    in_one,
    moved,
    one,
    put,
    raw_text,
    scaled,
    text,
    top,
)
from hostile.submission import Case


def _case(name: str, says: str, change: Any, honest: str = "slices", *, base: bool = False) -> Case:
    return Case(name, says, change, honest, base)


# -- what was asked -----------------------------------------------------------------------------------------------------------

ASKED = (
    _case("slices twice as long", "asked.core_s is 0.1; the protocol asks for 0.05", asked(core_s=0.1)),
    _case("nothing left out before a slice", "asked.omit_s is 0; the protocol asks for 0.005", asked(omit_s=0)),
    _case("four streams", "asked.streams is 4; the protocol asks for 1", asked(streams=4)),
    _case("streams that are true", "asked.streams is true", asked(streams=True)),
    _case("segments of 9000 bytes asked for", "asked.mss_bytes is 9000; the protocol asks for 0", asked(mss_bytes=9000)),
    _case("messages of one byte", "asked.message_bytes is 1; the protocol asks for 64", asked(TRIPS, message_bytes=1)),
    _case("messages that are a list", "asked.message_bytes is []", asked(TRIPS, message_bytes=[])),
    _case("a burst that was not asked for", "burst_bytes = 65536: the protocol asks for null here",
          asked(TRIPS, burst_bytes=65536)),
    _case("no burst where one is asked for", "asked.burst_bytes is 0; the protocol asks for 65536",
          in_both(lambda c: c["asked"].update(burst_bytes=0), TRIPS, burst_bytes=65536)),
    _case("another congestion control", "asked.congestion_control is \"bbr\"", asked(congestion_control="bbr")),
    _case("set-up called latency", "asked.kind is \"setup\"; the protocol asks for \"request\"", asked(TRIPS, kind="setup")),
    _case("a kind that there is not", "asked.kind is \"fast\"", asked(kind="fast")),
    _case("a key more in what was asked", "it is damaged", asked(best_of=9)),
    _case("what was asked as a list", "it is damaged", top(asked=[1, 2])),
    _case("slices on two processors", "processors are [0, 1]; slices are measured on one", top(processors=[0, 1])),
    _case("slices on no processor", "processors are []; slices are measured on one", top(processors=[])),
    _case("slices on a processor that was not stated", "it ran on processor 77", top(processors=[77])),
    _case("a trial without processors", "the trial's processors are not told",
          lambda s: couple(s)[MODE].pop("processors")),
    _case("a receiver elsewhere", "both name the same one", lambda s: couple(s)[MODE]["processors"].update(receiver=77)),
    _case("segments larger than the path", "segments of the mode have 8948 bytes", top(mss_bytes=[1448, 8948])),
    _case("segments larger than was asked", "segments of the baseline have 1448 bytes; the path and what was asked", in_both(
        lambda c: c.update(mss_bytes=[1448, 524]), "cost", mss="small")),
    _case("segments of no bytes", "segments of the mode have 0 bytes",
          lambda s: [s.set_raw(trial, {**s.raw(trial), "mss_bytes": [1448, 0]}) for trial in couple(s)]),
    _case("small segments' slices for native ones", "asked.mss_bytes is 536; the protocol asks for 0", lambda s: [
        put(s, trial, s.raw(other)) for trial, other in zip(couple(s, "cost", mss="native"), couple(s, "cost", mss="small"),
                                                            strict=True)]),
    _case("the baseline's slices for the mode's", "it was kept for the baseline's trial (of = 0)", in_one(
        lambda c: c.update(of=0))),
    _case("the mode's slices for the baseline's", "it was kept for the mode's trial (of = 1)",
          in_one(lambda c: c.update(of=1), of=BASELINE)),
    _case("slices of a third path", "it is damaged", top(of=2)),
    _case("slices of a path that is true", "it is damaged", in_one(lambda c: c.update(of=True))),
)

# -- how many, and when it ended ----------------------------------------------------------------------------------------------


def _without_the_worst(content: Any) -> None:
    """The four pairs that were worst for the mode are left out."""
    def ratio(pair: Any) -> float:
        baseline, mode = (one[BYTES] / (one[OWN] + one[RELAYS]) for one in pair)
        return float(mode / baseline)
    worst = sorted(content["pairs"], key=ratio)[:4]
    content["pairs"] = [pair for pair in content["pairs"] if pair not in worst][:16]


def _wide(content: Any) -> None:
    """As many pairs as there have to be, and every second one much better."""
    content["pairs"] = content["pairs"][:12]
    for pair in content["pairs"][::2]:
        pair[MODE][BYTES] = round(pair[MODE][BYTES] * 1.2)


def _even(content: Any) -> None:
    """Every pair with nearly the same ratio, and no end."""
    for number, pair in enumerate(content["pairs"]):
        baseline, mode = pair
        per_ns = baseline[BYTES] / (baseline[OWN] + baseline[RELAYS])
        mode[BYTES] = round(0.9 * per_ns * (mode[OWN] + mode[RELAYS]) * (1 + number * 1e-5))
    content["pairs"] = (content["pairs"] + moved(content["pairs"], 17))[:16]


def _sorted(content: Any) -> None:
    """The pairs that suit each other first, so that four more would not have been needed."""
    content["pairs"].sort(key=lambda pair: pair[MODE][BYTES] / pair[BASELINE][BYTES])


def _more(number: int) -> Any:
    def change(content: Any) -> None:
        while len(content["pairs"]) < number:
            content["pairs"] += moved(content["pairs"], len(content["pairs"]))
        content["pairs"] = content["pairs"][:number]
    return change


CHOOSES = "whoever goes on chooses the outcome"
ENDED = (
    _case("the four worst pairs left out", "it ended after 16 pairs with an interval", in_both(
        lambda c: (_more(32)(c), _wide_everywhere(c), _without_the_worst(c)))),
    _case("ended before the interval was narrow enough", "it ended after 12 pairs with an interval", in_both(_wide)),
    _case("went on when it was narrow enough", CHOOSES, in_both(_even)),
    _case("fewer pairs than the least", "it has 8 pairs; the protocol asks for 12 to 32",
          in_both(lambda c: c.update(pairs=c["pairs"][:8]))),
    _case("more pairs than the most", "it has 36 pairs; the protocol asks for 12 to 32", in_both(_more(36))),
    _case("a pair left out of a batch", "in batches of 4", in_both(lambda c: c["pairs"].pop(3))),
    _case("two hundred pairs and one", "it is damaged", in_both(_more(201))),
    _case("no pair at all", "it is damaged", top(pairs=[])),
    _case("pairs in another order in one of the two", "has other pairs than", in_one(_sorted)),
    _case("a number of pairs by hand", "the tool's own output says", lambda s: couple(s)[MODE].update(pairs=20)),
    _case("a ratio by hand", "the tool's own output says", lambda s: couple(s)[MODE].update(pair_ratio=0.99)),
    _case("an interval by hand", "the tool's own output says", lambda s: couple(s)[MODE].update(pair_ratio_low=0.001)),
)


def _wide_everywhere(content: Any) -> None:
    """Pairs that are far apart from the first to the last, so that only the most of them would have ended it."""
    for number, pair in enumerate(content["pairs"]):
        pair[MODE][BYTES] = round(pair[MODE][BYTES] * (1 + 0.05 * (number % 7)))


# -- what a slice can be ------------------------------------------------------------------------------------------------------

TIMES = (WALL, OWN, RELAYS)
CARRIED = (*TIMES, SWITCHES, BYTES, RETRANSMITS)
IN_THE_MEDIAN = "Times that were multiplied by a factor are no slices"
DAMAGED = "gives no figures: What the slices gave cannot be read: it is damaged"
SLICES = (
    _case("all times of the slices times 1.3", IN_THE_MEDIAN, scaled(STREAM, places=TIMES)),
    _case("all numbers of the slices times 1.3", IN_THE_MEDIAN, scaled(STREAM, places=CARRIED)),
    _case("the mode's times alone times 0.77", "slices of the mode took", scaled(STREAM, (MODE,), 0.77, places=(OWN, RELAYS))),
    _case("the baseline's times alone times 1.3", "slices of the baseline took", scaled("cost", (BASELINE,), places=TIMES)),
    _case("times of the set-up times 1.3", IN_THE_MEDIAN, scaled("setup", places=TIMES)),
    _case("slices of half their time", "a slice has 50.0 ms", scaled(STREAM, (MODE,), 0.5, places=(OWN, RELAYS))),
    _case("more time of the processor than of the wall", "a processor has no more time than the wall's clock",
          scaled(STREAM, (MODE,), 0.1, places=(WALL,))),
    _case("a slice of an hour", "a slice is given up after 20 s", one(3600 * 10**9, WALL)),
    _case("a slice of two seconds of the processor", "2.00 s of the processor", in_both(
        lambda c: c["pairs"][2].__setitem__(MODE, [3 * 10**9, 2 * 10**9, 0, 1, 10**8, 0, 0]))),
    _case("a slice without time", DAMAGED, in_both(lambda c: c["pairs"][0].__setitem__(MODE, [0] * 7))),
    _case("a terabyte in a slice", "no memory is so fast", one(10**12, BYTES)),
    _case("all bytes times a million", "no memory is so fast", scaled(STREAM, (MODE,), 1e6, places=(BYTES,))),
    _case("a mode six times as fast as its nodes", "no mode is so much faster than its own nodes",
          scaled(STREAM, (BASELINE,), 0.1, places=(BYTES,))),
    _case("a billion segments sent again", "1000000000 segments sent again", one(10**9, RETRANSMITS)),
    _case("a billion switches", "1000000000 switches between threads", one(10**9, SWITCHES)),
    _case("a median in a stream", "ns) where there are none", one(5000, P50)),
    _case("a number that is true", DAMAGED, one(True, SWITCHES)),
    _case("a number below zero", DAMAGED, one(-1, WALL)),
    _case("a number with a point", DAMAGED, one(5e7, OWN)),
    _case("a number as text", DAMAGED, one("50000000", OWN)),
    _case("no number", DAMAGED, one(None, OWN)),
    _case("a number of 400 digits", DAMAGED, one(10**400, BYTES)),
    _case("a number of 5000 digits", "is damaged", text('"of": 1', '"of": ' + "1" * 5000)),
    _case("a number that is infinite", "is no number that a tool could mean", text('"of": 1', '"of": Infinity')),
    _case("a number that is none", "is no number that a tool could mean", text('"of": 1', '"of": NaN')),
    _case("a number beyond all", "is no number that a tool could mean", text('"of": 1', '"of": 1e999')),
    _case("a slice of six numbers", "written otherwise than Podpath writes it", in_both(lambda c: c["pairs"][2][MODE].pop())),
    _case("a slice of eight numbers", DAMAGED, in_both(lambda c: c["pairs"][2][MODE].append(1))),
    _case("a pair of three slices", DAMAGED, in_both(lambda c: c["pairs"][2].append(c["pairs"][2][0]))),
    _case("a pair that is a text", DAMAGED, in_both(lambda c: c["pairs"].__setitem__(0, "ab"))),
    _case("pairs nested 30,000 deep", "nested too deep", raw_text(
        lambda said: said.replace('"pairs": [', '"pairs": [' + "[" * 30_000 + "]" * 30_000 + ", "))),
    _case("another format of slices", DAMAGED, top(tool="podpath slices 2")),
    _case("another tool beside slices", "the tool's own output says \"podpath slices 1\"",
          lambda s: couple(s)[MODE]["raw"].update(tool="iperf3 3.12")),
    _case("slices with blanks", "written otherwise than Podpath writes it", text('"of": 1', '"of":   1')),
    _case("slices with a blank at the end", "written otherwise than Podpath writes it", raw_text(lambda said: said + " ")),
    _case("slices with a key twice", "written otherwise than Podpath writes it", text('"of": 1', '"of": 0, "of": 1')),
    _case("slices with a key more", "written otherwise than Podpath writes it", top(note="measured by hand")),
    _case("slices without times", DAMAGED, in_both(lambda c: c.pop("times_ns"))),
)

CASES = (*ASKED, *ENDED, *SLICES)
