"""What each protocol's id stands for: the numbers frozen under it, and the trials that a deployment then has.

The runner's own numbers are in ``experiments/measure/protocol.py``; a test holds the two together. What was published under
an id stays here when the method goes on, because the files that carry it stay too. No result of p1 was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from experiments.variant import EMBEDDED


class AskedTrial(NamedTuple):
    """One trial that a deployment has."""

    view: str
    path: str
    phase: str
    streams: int = 1
    mss: str = "native"
    load_ratio: float = 0.0
    burst_bytes: int = 0
    datagram_bytes: int = 0


@dataclass(frozen=True)
class InSlices:
    """What slices have in common whose numbers are not in ``campaign.yml``; a profile's id fixes them."""

    omit_core_s: float  # of the processor, at the beginning of a slice
    message_bytes: int  # of a request and of its response
    small_mss_bytes: int
    batch: int  # pairs between two looks at how wide the interval is
    runs: int  # pairs of iperf3's short runs, where no process can hold both ends


@dataclass(frozen=True)
class Frozen:
    """One protocol. ``numbers`` are those of ``campaign.yml``; the seed and the number of nodes are a campaign's own."""

    numbers: Mapping[str, Any]
    trials: tuple[AskedTrial, ...]  # where one process can hold both ends of a connection, if the protocol makes a difference
    link_bps: Mapping[str, int]  # rate of the emulated Ethernet, by kernel
    noise_limits: Mapping[str, float]  # a trial above one of them may be discarded, no other
    one_run_a_trial: bool = True  # iperf3's output, where it is a trial's raw output, is one run, as long as the numbers say
    trials_apart: tuple[AskedTrial, ...] = ()  # where no process can; empty: the same
    noise_limits_of_slices: Mapping[str, float] | None = None  # of trials in slices; None: there are none
    slices: InSlices | None = None  # None: there are none

    @property
    def in_slices(self) -> bool:
        """Whether trials are measured in slices where one process can hold both ends, and links by the device's counters."""
        return self.slices is not None

    def asks(self, lab: str) -> tuple[AskedTrial, ...]:
        """The trials of a deployment in a lab."""
        return self.trials_apart if self.trials_apart and lab != EMBEDDED else self.trials


_P2 = {"order": "block-random", "offered_bps": 200_000_000, "equal_mss_bytes": 1300, "congestion_control": "cubic",
       "omit_s": 1, "cost_s": 4, "latency_samples": 20_000}
_LINK = {"host": 1_000_000_000, "uml": 100_000_000}
_NOISE = {"steal_ratio": 0.02, "canary_ratio": 1.5}
_VIEWS = ["wire", "link", "speed", "cost", "latency"]


def _p2_trials(views: list[str], streams: tuple[int, ...], *, other_mss: bool) -> tuple[AskedTrial, ...]:
    asked = [AskedTrial(view, "host-host", "before") for view in views]
    for view in views:
        if view == "speed":
            asked += [AskedTrial(view, "pod-pod", "during", number) for number in streams]
            asked += [AskedTrial(view, "pod-pod", "during", 1, mss) for mss in ("equal", "small") if other_mss]
        elif view == "latency":
            asked += [AskedTrial(view, "pod-pod", "during", load_ratio=load) for load in (0.0, 0.5)]
        else:
            asked.append(AskedTrial(view, "pod-pod", "during"))
    return (*asked, AskedTrial("speed", "host-host", "after"))


_P3_BURST_BYTES = 65536
_P3 = {**_P2, "slice_core_s": 0.05, "pairs_least": 12, "pairs_most": 32, "pair_ratio_width": 0.02, "run_s": 1,
       "burst_bytes": _P3_BURST_BYTES, "datagram_window": 32, "stream_window_bytes": 65536}
_P3_NOISE = {"steal_ratio": 0.02}
_P3_SLICES = InSlices(omit_core_s=0.005, message_bytes=64, small_mss_bytes=536, batch=4, runs=4)
_P3_VIEWS = [*_VIEWS, "setup", "packets"]


@dataclass(frozen=True)
class _P3Asks:
    """What differs between the profiles of p3."""

    views: list[str]
    streams: tuple[int, ...]
    other_mss: bool
    datagrams: tuple[int, ...] = ()

    def trials(self, *, one_process: bool) -> tuple[AskedTrial, ...]:
        """What is asked in turn has two trials, the baseline's first."""
        asked: list[AskedTrial] = []
        for view in self.views:
            if view == "speed":
                asked += [one for number in self.streams if one_process or number <= 4 for one in _in_turn(view, number)]
                asked += [one for mss in ("equal", "small") if self.other_mss for one in _in_turn(view, 1, mss)]
            elif view == "cost" and one_process:
                asked += [*_in_turn(view), *_in_turn(view, 1, "small")]
            elif view == "latency" and one_process:
                asked += [*_in_turn(view), *_in_turn(view, burst_bytes=_P3_BURST_BYTES)]
            elif view == "setup":
                asked += _in_turn(view) if one_process else ()
            elif view == "packets":
                asked += [one for size in self.datagrams if one_process for one in _in_turn(view, datagram_bytes=size)]
            else:
                asked += [AskedTrial(view, "host-host", "before"), AskedTrial(view, "pod-pod", "during")]
                asked += [AskedTrial(view, "pod-pod", "during", load_ratio=0.5)] if view == "latency" else []
        return tuple(asked)


def _in_turn(
    view: str, streams: int = 1, mss: str = "native", *, burst_bytes: int = 0, datagram_bytes: int = 0
) -> tuple[AskedTrial, AskedTrial]:
    first = AskedTrial(view, "host-host", "during", streams, mss, burst_bytes=burst_bytes, datagram_bytes=datagram_bytes)
    return first, first._replace(path="pod-pod")


def _p3(numbers: Mapping[str, Any], asks: _P3Asks, slices: InSlices = _P3_SLICES) -> Frozen:
    both, apart = (asks.trials(one_process=one) for one in (True, False))
    return Frozen({**_P3, **numbers, "views": asks.views}, both, _LINK, _NOISE, trials_apart=apart,
                  noise_limits_of_slices=_P3_NOISE, slices=slices)


FROZEN: Mapping[str, Frozen] = {
    "p2-smoke": Frozen(
        {**_P2, "profile": "smoke", "deployments": 1, "trial_s": 1, "wire_bytes": 8_000_000, "views": ["wire", "speed"]},
        _p2_trials(["wire", "speed"], (1,), other_mss=False), _LINK, _NOISE),
    "p2-quick": Frozen(
        {**_P2, "profile": "quick", "deployments": 1, "trial_s": 2, "wire_bytes": 32_000_000, "views": _VIEWS},
        _p2_trials(_VIEWS, (1,), other_mss=True), _LINK, _NOISE),
    "p2-standard": Frozen(
        {**_P2, "profile": "standard", "deployments": 6, "trial_s": 2, "wire_bytes": 32_000_000, "views": _VIEWS},
        _p2_trials(_VIEWS, (1, 4), other_mss=True), _LINK, _NOISE),
    "p3-smoke": _p3(
        {"profile": "smoke", "deployments": 1, "trial_s": 1, "wire_bytes": 8_000_000, "slice_core_s": 0.02, "pairs_least": 8,
         "pairs_most": 8}, _P3Asks(["wire", "speed"], (1,), other_mss=False), replace(_P3_SLICES, runs=2)),
    "p3-quick": _p3(
        {"profile": "quick", "deployments": 1, "trial_s": 2, "wire_bytes": 32_000_000},
        _P3Asks(_P3_VIEWS, (1,), other_mss=False, datagrams=(64, 1300))),
    "p3-standard": _p3(
        {"profile": "standard", "deployments": 6, "trial_s": 2, "wire_bytes": 32_000_000},
        _P3Asks(_P3_VIEWS, (1, 4, 64), other_mss=True, datagrams=(64, 512, 1300))),
}
CAMPAIGN_S_OWN = frozenset({"id", "seed", "nodes"})
