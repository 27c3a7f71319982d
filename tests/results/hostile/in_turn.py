"""What two trials in slices cannot both be, and what no protocol has: copies, trials left out or twice, other ids."""

from __future__ import annotations

import copy
from typing import Any

from experiments.results.protocols import FROZEN
from hostile import method
from hostile.in_pairs import BASELINE, BOTH, BYTES, MODE, STREAM, TRIPS, WALL, couple, in_both, in_one, put
from hostile.submission import Case, Submission


def _case(name: str, says: str, change: Any, honest: str = "slices", *, base: bool = False) -> Case:
    return Case(name, says, change, honest, base)


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

CASES = (*TRIALS, *PROTOCOLS)
