"""The noise floor of a view in a campaign: differences between modes that are smaller than it say nothing.

It comes from what the campaign itself holds, by how its ratios were taken:

* From pairs of slices of mode and baseline in turn: the median width of the deployments' own intervals, or, if larger, how
  far a mode's ratio varies from deployment to deployment (the median of the modes' coefficients of variation). Runs in turn
  are too few for an interval of their own: then it is the latter.
* Otherwise from the baseline: its largest value over its smallest, less 1, as the campaign stores it.

A floor is a part of the figure: 0.05 is 5 %. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.results import distribution_free
from experiments.results.model import ModeResult
from experiments.results.noise_floor import stored_name
from experiments.results.summary import Aggregate, aggregates, key_of

RANKS = 0.10  # a floor above which no order of modes is shown
# What a floor is, by where it comes from.
PAIRS = "how wide the interval of one deployment's ratio is, or how much a mode varies over its deployments, whichever is more"
SPREAD = "how far the largest baseline of the campaign lies above the smallest"


@dataclass(frozen=True)
class ViewFloor:
    """How much is noise in one question of a campaign; ``ratio`` is None where nothing says so."""

    ratio: float | None
    how: str  # what it is, as a part of a sentence; why there is none otherwise

    @property
    def ranks(self) -> bool:
        """Whether an order of modes may be read from figures with this floor."""
        return self.ratio is not None and self.ratio <= RANKS


def of_question(
    results: Sequence[ModeResult], stored: Mapping[str, Any], key: str, *, lab: str, kernel: str
) -> ViewFloor:
    """The floor of the aggregate ``key`` among the results of one lab and kernel.

    ``stored`` is the campaign's ``noise_floor``.
    """
    here = [result for result in results if (result.lab, result.kernel) == (lab, kernel)]
    widths = list(_widths(here, key))
    if widths or any(one.pairs for result in here for one in aggregates(result) if one.key == key):
        varied = [found for result in here for one in aggregates(result) if one.key == key
                  if (found := _variation(one)) is not None]
        if both := [distribution_free.median(values) for values in (widths, varied) if values]:
            return ViewFloor(max(both), PAIRS)
    baselines = dict.fromkeys(one.baseline for result in here for one in aggregates(result)
                              if one.key == key and one.baseline)
    for name in baselines:
        entry = stored.get(stored_name(lab, kernel, str(name)))
        if isinstance(entry, Mapping) and isinstance(entry.get("spread_ratio"), int | float):
            return ViewFloor(float(entry["spread_ratio"]), SPREAD)
    return ViewFloor(None, "one measurement of the baseline does not tell it" if baselines else "there is no baseline for it")


def _widths(results: Sequence[ModeResult], key: str) -> Iterator[float]:
    """Upper end over lower end, less 1, of each deployment's own interval of the ratio."""
    deployments = (one for result in results for one in result.good)
    for trial in (one for deployment in deployments for one in deployment.trials):
        if trial.status == "ok" and key_of(trial) == key and trial.pair_ratio_low and trial.pair_ratio_high:
            yield trial.pair_ratio_high / trial.pair_ratio_low - 1


def _variation(one: Aggregate) -> float | None:
    return distribution_free.variation(list(one.ratios.get(one.headline, {}).values()))
