"""How far a campaign's figures are from themselves: what is smaller than that, nobody can read from it.

Two ways, because there are two ways to measure. What was measured in pairs (mode and baseline in turn) is only used as a
ratio, so its floor is how much a mode's own ratio varies from one fresh deployment to the next: the median of that over the
modes. Everything else is taken to a baseline that was measured some time before, so there it is how much that baseline
varied. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from experiments.results import distribution_free, fields
from experiments.results.model import ModeResult
from experiments.results.summary import RATIO_DIGITS, aggregates
from experiments.variant import EMBEDDED

PAIRED = "pair_ratio"  # the measure that an entry of the first way names


def of_campaign(results: Iterable[ModeResult]) -> dict[str, Any]:
    """What a campaign's file says of its noise: by lab (named unless netns), kernel and aggregate; and what trials came to.

    ``cv_ratio`` is the coefficient of variation, ``spread_ratio`` the largest over the smallest value, less 1. Of pairs they
    are the medians of the modes' own, and ``n`` counts the modes.
    """
    everything = list(results)
    found: dict[str, Any] = {}
    alone: dict[tuple[str, str, str, str], list[float]] = {}
    paired: dict[tuple[str, str, str], list[Sequence[float]]] = {}
    for result in everything:
        every = aggregates(result)
        in_pairs = {aggregate.baseline for aggregate in every if aggregate.pairs}
        for aggregate in every:
            if aggregate.pairs:
                paired.setdefault((result.lab, result.kernel, aggregate.key), []).append(list(aggregate.pairs.values()))
            elif aggregate.path == "host-host" and aggregate.key not in in_pairs:
                place = (result.lab, result.kernel, aggregate.key, aggregate.headline)
                alone.setdefault(place, []).extend(aggregate.values.get(aggregate.headline, {}).values())
    for (lab, kernel, key, measure), values in sorted((place, values) for place, values in alone.items() if values):
        middle = fields.rounded(fields.get("Trial", measure), distribution_free.median(values))
        found[stored_name(lab, kernel, key)] = {"measure": measure, "n": len(values), "median": middle} | _varied([values])
    for (lab, kernel, key), of_modes in sorted(paired.items()):
        found[stored_name(lab, kernel, key)] = {"measure": PAIRED, "n": len(of_modes)} | _varied(of_modes)
    deployments = [d for result in everything for d in result.deployments]
    drifts = [d.drift_ratio for d in deployments if d.drift_ratio is not None]
    if drifts:
        found["drift"] = {"n": len(drifts), "median_ratio": round(distribution_free.median(drifts), RATIO_DIGITS),
                          "largest_ratio": max(drifts)}
    trials = [t.status for d in deployments for t in d.trials]
    found["trials"] = {status: trials.count(status) for status in sorted(set(trials))}
    return found if deployments else {}


def stored_name(lab: str, kernel: str, key: str) -> str:
    """The name of an aggregate's entry."""
    return f"{kernel}/{key}" if lab == EMBEDDED else f"{lab}/{kernel}/{key}"


def _varied(sets: Sequence[Sequence[float]]) -> dict[str, float]:
    """The median over the sets of how far each is from itself; nothing where no set has two values."""
    varied = [cv for values in sets if (cv := distribution_free.variation(values)) is not None]
    spreads = [max(values) / min(values) - 1 for values in sets if len(values) > 1 and min(values) > 0]
    said = {"cv_ratio": varied, "spread_ratio": spreads}
    return {name: round(distribution_free.median(values), RATIO_DIGITS) for name, values in said.items() if values}


def of_every_view(stored: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The entries that are about an aggregate, by their names."""
    for name, entry in stored.items():
        if name not in ("drift", "trials") and isinstance(entry, Mapping):
            yield name, entry
