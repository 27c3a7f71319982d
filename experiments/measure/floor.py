"""What this machine can tell: the baseline measured against itself, in several fresh labs, as a mode would be.

A view's floor is how far such a ratio is from 1, and from itself. Whatever differs by less is not to be told here. The same
slices also answer how often two modes that are the same would be said to differ: by resampling them, with the test that
compares modes (:mod:`experiments.results.distribution_free`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from experiments import catalog
from experiments.dataplanes.table import recipe_for
from experiments.labs import table
from experiments.measure.protocol import PROFILES, Profile
from experiments.measure.views.bench import Bench
from experiments.measure.views.plan import plan
from experiments.measure.views.trials import Trials
from experiments.probes import slices, watched
from experiments.probes.cpu import rate_when_idle
from experiments.probes.environment import cores
from experiments.results import distribution_free, pairs
from experiments.results.distribution_free import median

LABS = 6  # as many as a standard campaign has deployments
MODE = "calico-bgp"  # any: its pods are not used
READY_S = 20.0
BUSY_RATIO = 0.5  # of all processors, by others
ROUNDS = 20_000  # so many that a share of 4 % is known to 0.3 points


@dataclass(frozen=True)
class Floor:
    """One view of this machine: a ratio of the baseline to itself from each lab, and the pairs' ratios it came from."""

    view: str
    ratios: tuple[float, ...]
    pairs: tuple[tuple[float, ...], ...] = ()

    @property
    def variation(self) -> float | None:
        """Coefficient of variation over the labs; None for fewer than two."""
        return distribution_free.variation(self.ratios)

    @property
    def off(self) -> float:
        """How far the median is from 1, which it is by definition where the ratio is to the labs' own median."""
        return abs(median(self.ratios) - 1)

    @property
    def floor(self) -> float | None:
        """The larger of both."""
        return None if self.variation is None else max(self.variation, self.off)


def busy(seconds: float = 1.0) -> float:
    """Which part of all processors' time is taken while nothing of ours runs."""
    taken = rate_when_idle(seconds)
    return min(1.0, taken.busy_core_s / (taken.seconds * cores()))


def protocol() -> Profile:
    """The views that a clock takes part in, as short as they tell something."""
    return replace(PROFILES["quick"], views=("link", "speed", "cost", "latency", "setup", "packets"), trial_s=1,
                   slice_core_s=0.02, pairs_least=12, pairs_most=12, repeats=False)


def measure(tell: Callable[[str], None], labs: int = LABS) -> list[Floor]:
    """The floors of all views, by so many fresh labs.

    Raises:
        UserError: the lab cannot be made here.
        ExperimentFailed: it did not come up.
    """
    values: dict[str, list[float]] = {}
    every: dict[str, list[tuple[float, ...]]] = {}
    for number in range(1, labs + 1):
        tell(f"lab {number} of {labs}")
        for what, ratio, of_pairs in _one(number):
            values.setdefault(what, []).append(ratio)
            if of_pairs:
                every.setdefault(what, []).append(of_pairs)
    return [Floor(what, _to_median(found) if what == "link" else tuple(found), tuple(every.get(what, ())))
            for what, found in values.items()]


def _to_median(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(value / median(values) for value in values)


def _one(number: int) -> list[tuple[str, float, tuple[float, ...]]]:
    """One lab's ratios: what, the ratio (of the link its goodput), the ratios of single pairs."""
    mode = catalog.get(MODE)
    found: list[tuple[str, float, tuple[float, ...]]] = []
    with table.EMBEDDED_LAB.up(mode) as lab:
        recipe = recipe_for(mode, lab)
        recipe.build()
        recipe.wait_ready(READY_S)
        bench = Bench(lab, recipe, mode, protocol(), f"floor-{number}", "host")
        bench.relays = []
        bench.paths["pod-pod"] = replace(bench.paths["host-host"], name="pod-pod")
        trials = Trials(bench)
        for ask in plan(bench.protocol):
            if not ask.paired and ask.path == "pod-pod":
                continue
            *_, trial = trials.one(f"{ask.view}-{len(found)}", ask)
            value = trial.pair_ratio if ask.paired else trial.goodput_bps
            if trial.status != "ok" or value is None:
                continue
            what = ask.view + ("" if ask.mss == "native" else f", {ask.mss} MSS") + (", burst" if ask.burst_bytes else "")
            what += f", {ask.datagram_bytes} bytes" if ask.datagram_bytes else ""
            _, kept = bench.raws[trial.id]
            made = () if watched.is_ours(kept) else slices.parse(kept)[0].pairs
            of_pairs = tuple(pairs.ratios(made, pairs.MEASURE[ask.view])) if made else ()
            found.append((what, value, of_pairs))
    return found


def wrongly_told_apart(
    of_labs: Sequence[Sequence[float]], *, rounds: int = ROUNDS, deployments: int = LABS, seed: int = 1
) -> int:
    """How many of so many rounds say that a mode differs from itself: two sets of deployments, drawn from real slices.

    A deployment is a lab drawn at random, with as many of its pairs as it had, drawn with replacement.
    """
    source = random.Random(seed)

    def drawn() -> list[float]:
        return [median(source.choices(lab, k=len(lab))) for lab in source.choices(of_labs, k=deployments)]

    level = 1 - distribution_free.LEVEL
    return sum(distribution_free.mann_whitney(drawn(), drawn()) <= level for _ in range(rounds))
