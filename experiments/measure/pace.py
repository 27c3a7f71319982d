"""How long a plan takes: from the protocol's own times before anything was measured, then from the deployments that were."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable

from experiments.measure.protocol import OMIT_CORE_S, Profile
from experiments.measure.views import wire
from experiments.measure.views.plan import Ask, plan
from experiments.results.model import Cell
from experiments.variant import CAPSULE, UPSTREAM

# What the protocol does not say, as the campaigns in data/campaigns took it (two processors, both kernels, November 2026).
BESIDE_TRIAL_S = 0.3  # starting and ending the tool, watching the machine
BESIDE_PAIRS_S = 0.8  # likewise for a trial in slices, most of which need all of their pairs
BESIDE_TRIALS_S = 4.0  # up, build, ready, attest twice, down
# What a place takes beyond our recipe in the embedded lab, by the words of Variant.unusual: the medians of the fidelity
# campaigns of 27 November 2026, and of those of containerlab and kind (images at hand). Of other places nothing is known.
BEYOND_S = {
    (CAPSULE,): 6.0,
    (UPSTREAM,): 8.0,  # felix, weaver and etcd until they are ready, twice
    (CAPSULE, UPSTREAM): 35.0,  # likewise, and a boot of its own
    ("containerlab",): 14.0,
    ("kind",): 140.0,  # a cluster, and its CNI
}


def trial_s(protocol: Profile, ask: Ask) -> float:
    """Seconds that a trial takes, about; one in slices with its baseline, where the processor is its own."""
    if ask.paired:
        return BESIDE_PAIRS_S + 2 * protocol.pairs_most * (protocol.slice_core_s + OMIT_CORE_S)
    if ask.view == "wire":
        return BESIDE_TRIAL_S + protocol.wire_bytes * 8 / wire.OFFERED_BPS[0]
    return BESIDE_TRIAL_S + protocol.omit_s + protocol.trial_s


def deployment_s(protocol: Profile) -> float:
    """Seconds that a deployment with all trials of the protocol takes, about."""
    return BESIDE_TRIALS_S + sum(trial_s(protocol, ask) for ask in plan(protocol))


class Pace:
    """What is left of a plan. Deployments of one place are expected to take what those before them took there.

    In a place of which nothing was measured yet they are as much longer or shorter than expected as all others were.
    """

    def __init__(
        self, plan: Iterable[Cell], protocol: Profile, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._left = [cell.variant.unusual for cell in plan if cell.state == "planned"]
        ours_s = deployment_s(protocol)
        self._expected_s = {place: ours_s + BEYOND_S.get(place, 0.0) for place in self._left}
        self._taken: dict[tuple[str, ...], list[float]] = {}
        self._clock = clock
        self._began: float | None = None

    def begin(self) -> None:
        """The next deployment begins."""
        self._began = self._clock()

    def end(self, *, measured: bool = True) -> None:
        """It has ended; the time of one that was not measured to its end says nothing about others."""
        if self._left and self._began is not None:
            place = self._left.pop(0)
            if measured:
                self._taken.setdefault(place, []).append(self._clock() - self._began)
        self._began = None

    @property
    def left_s(self) -> float:
        """Seconds until the last deployment ends, about."""
        if not self._left:
            return 0.0
        spent = self._clock() - self._began if self._began is not None else 0.0
        first, *others = (self._usual_s(place) for place in self._left)
        return max(0.0, first - spent) + sum(others)

    def _usual_s(self, place: tuple[str, ...]) -> float:
        if taken := self._taken.get(place):
            return statistics.fmean(taken)
        expected_s = sum(self._expected_s[seen] * len(times) for seen, times in self._taken.items())
        slower = sum(map(sum, self._taken.values())) / expected_s if expected_s else 1.0
        return self._expected_s[place] * slower
