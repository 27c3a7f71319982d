"""What no slices can be: asked for otherwise, ended when it suited, times and bytes that cannot be true together, copies."""

from __future__ import annotations

import copy
from typing import Any

from experiments.results.protocols import FROZEN
from hostile import method
from hostile.in_pairs import (
    BASELINE,
    BOTH,
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
    tally,
    text,
    top,
    trips_times,
)
from hostile.submission import Case, Submission


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
    _case("a median in a stream", "in a stream, which has none", one(5000, P50)),
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

# -- two trials ---------------------------------------------------------------------------------------------------------------


def _in_place_of(view: str, change: Any = None, **asked: Any) -> Any:
    """The slices of one measurement in the place of another, with what tells them apart mended."""
    def changed(s: Submission) -> None:
        for trial, other in zip(couple(s, "cost", mss="native"), couple(s, view, **asked), strict=True):
            content = copy.deepcopy(s.raw(other))
            if change is not None:
                change(content)
            trial.update({name: other[name] for name in ("pairs", "duration_s", "goodput_bps", "retransmits")})
            put(s, trial, content)
        s.reckon()
    return changed


def _one_byte(content: Any) -> None:
    content["pairs"][5][MODE][BYTES] += 1


def _nudged(content: Any) -> None:
    """Bytes of every slice times 1.3; times are as they were."""
    for pair in content["pairs"]:
        for path in BOTH:
            pair[path][BYTES] = round(pair[path][BYTES] * 1.3)


def _alone(change: Any) -> Any:
    return lambda s: (change(s.deployment()["trials"], s), s.reckon())


def _gone(trials: Any, s: Submission) -> None:
    trial = couple(s)[BASELINE]
    trials.remove(trial)
    (s.folder / trial["raw"]["path"]).unlink()


def _twice(trials: Any, s: Submission) -> None:
    trial = couple(s)[MODE]
    path = trial["raw"]["path"].replace(".json.gz", "-2.json.gz")
    s.put(path, (s.folder / trial["raw"]["path"]).read_bytes())
    second = {**copy.deepcopy(trial), "id": f"{trial['id']}-2", "raw": {**trial["raw"], "path": path}}
    trials.insert(trials.index(trial), second)


def _again_changed(s: Submission) -> None:
    """The merged campaign under a new id: in all slices a byte more in one, and lengths cut from the tallies."""
    method._again(s, "2026-11-26-mine")
    for trial in s.trials():
        content = s.raw(trial) if "raw" in trial else {}
        if "pairs" in content:
            content["pairs"][0][BASELINE][WALL] += 1
            content["pairs"][0][MODE][WALL] += 1
            put(s, trial, content)
    s.reckon()


TO_THE_NANOSECOND = "to the nanosecond; every trial is a run of its own"
TRIALS = (
    _case("a baseline made worse in the mode's slices alone", "has other pairs than", in_one(
        lambda c: [pair[BASELINE].__setitem__(BYTES, pair[BASELINE][BYTES] // 2) for pair in c["pairs"]])),
    _case("one byte more in the baseline's slices alone", "has other pairs than", in_one(_one_byte, of=BASELINE)),
    _case("other slices beside the same baseline, of latency", "has other pairs than", in_one(
        lambda c: c["pairs"].reverse(), TRIPS)),
    _case("speed's slices for those of cost", TO_THE_NANOSECOND, _in_place_of(STREAM)),
    _case("speed's slices for those of cost, one byte changed", TO_THE_NANOSECOND, _in_place_of(STREAM, _one_byte)),
    _case("speed's slices for those of cost, turned round", TO_THE_NANOSECOND, _in_place_of(
        STREAM, lambda c: c["pairs"].reverse())),
    _case("speed's slices for those of cost, bytes times 1.3", TO_THE_NANOSECOND, _in_place_of(STREAM, _nudged)),
    _case("one pair in the place of all", "slices twice; each is a measurement of its own", in_both(
        lambda c: c.update(pairs=[c["pairs"][0]] * 12))),
    _case("the best pairs twice", "slices twice; each is a measurement of its own", in_both(
        lambda c: c.update(pairs=c["pairs"][:8] + c["pairs"][:4]))),
    _case("a merged campaign in slices under a new id", "is a copy from the campaign",
          lambda s: method._again(s, "2026-11-26-mine")),
    _case("a merged campaign in slices, each a nanosecond longer", "is a copy from the campaign", _again_changed),
    _case("a baseline left out", "without repeats; the protocol asks for", _alone(_gone)),
    _case("a trial in slices twice", "without repeats; the protocol asks for", _alone(_twice)),
    _case("a baseline with a ratio", "the tool's own output gives none; leave it out",
          lambda s: couple(s)[BASELINE].update(pair_ratio=1.0)),
    _case("slices with what a sender said", "the tool's own output gives none; leave it out",
          lambda s: couple(s)[MODE].update(sent_bps=9_000_000_000)),
    _case("slices without pairs", "is missing; the protocol has it in the view", lambda s: (
        [trial.pop("core_goodput_bps") for trial in couple(s)], s.reckon())),
    _case("slices discarded for the canary", "no covariate of its noise is above its limit; allowed: steal_ratio", lambda s: (
        couple(s)[MODE].update(status="discarded", reason="too slow"), s.reckon())),
)

# -- protocols ----------------------------------------------------------------------------------------------------------------


def _called(identity: str) -> Any:
    """All numbers of another protocol."""
    def changed(s: Submission) -> None:
        own = {name: s.campaign["protocol"][name] for name in ("seed", "nodes")}
        s.campaign["protocol"] = {"id": identity, **copy.deepcopy(dict(FROZEN[identity].numbers)), **own}
    return changed


def _number(**values: Any) -> Any:
    return lambda s: s.campaign["protocol"].update(values)


OTHER_ID = "other numbers have another id"
PROTOCOLS = (
    _case("p3's id for trials of p2", "without repeats; the protocol asks for", _called("p3-quick"), "quick"),
    _case("p3's id for trials of p2, smoke", "without repeats; the protocol asks for", _called("p3-smoke"), "sample"),
    _case("p2's id for slices", "the campaign's protocol has no slices", _called("p2-quick")),
    _case("p2's id for counters", "which belongs to protocol p3", _called("p2-quick")),
    _case("p3-standard's id for one deployment", "the protocol asks for 6", _called("p3-standard")),
    _case("p3-smoke's id for longer slices", "the protocol asks for 0.02", _called("p3-smoke")),
    _case("a thousand pairs at the most by the protocol", OTHER_ID, _number(pairs_most=1000)),
    _case("two pairs at the least by the protocol", OTHER_ID, _number(pairs_least=2)),
    _case("an interval as wide as you like", OTHER_ID, _number(pair_ratio_width=9.0)),
    _case("slices of a millisecond by the protocol", OTHER_ID, _number(slice_core_s=0.001)),
)

CASES = (*ASKED, *ENDED, *SLICES, *ROUND_TRIPS, *TRIALS, *PROTOCOLS)
