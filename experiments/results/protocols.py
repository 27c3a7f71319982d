"""What each protocol's id stands for: the numbers frozen under it, and the trials that a deployment then has.

The runner's own numbers are in ``experiments/measure/protocol.py``; a test holds the two together. What was published under
an id stays here when the method goes on, because the files that carry it stay too. No result of p1 was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class AskedTrial(NamedTuple):
    """One trial that a deployment has."""

    view: str
    path: str
    phase: str
    streams: int = 1
    mss: str = "native"
    load_ratio: float = 0.0


@dataclass(frozen=True)
class Frozen:
    """One protocol. ``numbers`` are those of ``campaign.yml``; the seed and the number of nodes are a campaign's own."""

    numbers: Mapping[str, Any]
    trials: tuple[AskedTrial, ...]
    link_bps: Mapping[str, int]  # rate of the emulated Ethernet, by kernel
    noise_limits: Mapping[str, float]  # a trial above one of them may be discarded, no other
    one_run_a_trial: bool = True  # a trial's raw output is one run, as long as the numbers say


_P2 = {"order": "block-random", "offered_bps": 200_000_000, "equal_mss_bytes": 1300, "congestion_control": "cubic",
       "omit_s": 1, "cost_s": 4, "latency_samples": 20_000}
_P2_LINK = {"host": 1_000_000_000, "uml": 100_000_000}
_P2_NOISE = {"steal_ratio": 0.02, "canary_ratio": 1.5}
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


FROZEN: Mapping[str, Frozen] = {
    "p2-smoke": Frozen(
        {**_P2, "profile": "smoke", "deployments": 1, "trial_s": 1, "wire_bytes": 8_000_000, "views": ["wire", "speed"]},
        _p2_trials(["wire", "speed"], (1,), other_mss=False), _P2_LINK, _P2_NOISE),
    "p2-quick": Frozen(
        {**_P2, "profile": "quick", "deployments": 1, "trial_s": 2, "wire_bytes": 32_000_000, "views": _VIEWS},
        _p2_trials(_VIEWS, (1,), other_mss=True), _P2_LINK, _P2_NOISE),
    "p2-standard": Frozen(
        {**_P2, "profile": "standard", "deployments": 6, "trial_s": 2, "wire_bytes": 32_000_000, "views": _VIEWS},
        _p2_trials(_VIEWS, (1, 4), other_mss=True), _P2_LINK, _P2_NOISE),
}
CAMPAIGN_S_OWN = frozenset({"id", "seed", "nodes"})
