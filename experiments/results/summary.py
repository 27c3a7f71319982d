"""What a mode's trials come to: one aggregate for each thing that was asked, its median, range and ratio to the baseline.

A deployment gives one value to an aggregate. Only trials that are ``ok`` in deployments that are ``ok`` count. The ratio is
taken inside of each deployment, trial over the mean of that deployment's own baselines, and only then summarised.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.results import distribution_free, fields
from experiments.results.model import Deployment, ModeResult, Trial

# What is taken from the trials of a view; the first is the one that headlines and comparisons use.
MEASURES: Mapping[str, tuple[str, ...]] = {
    "wire": ("wire_efficiency_ratio", "wire_goodput_bps"),
    "link": ("goodput_bps",),
    "speed": ("goodput_bps",),
    "cost": ("core_s_per_gbit", "softirq_core_s", "daemon_core_s", "context_switches_per_packet"),
    "latency": ("p50_us", "p90_us", "p99_us", "p999_us", "max_us"),
    "setup": ("p50_us", "p90_us", "p99_us", "p999_us", "max_us", "transactions_per_core_s"),
    "packets": ("core_packets_per_s", "loss_ratio", "goodput_bps"),
}
# The same of trials that were measured in slices, and the measure that only these have.
OF_SLICES: Mapping[str, tuple[str, ...]] = {
    "speed": ("core_goodput_bps", "goodput_bps"),
    "cost": ("core_s_per_gbit", "core_us_per_packet", "daemon_share_ratio", "context_switches_per_packet"),
    "latency": ("p50_us", "p90_us", "p99_us", "p999_us", "max_us", "transactions_per_core_s"),
}
ONLY_OF_SLICES = {"speed": "core_goodput_bps", "cost": "core_us_per_packet", "latency": "transactions_per_core_s"}
RATIO_DIGITS = 6


@dataclass(frozen=True)
class Estimate:
    """Several deployments' values of one measure.

    ``low`` and ``high`` are the ends of an exact interval of the median where ``coverage`` says how sure it is, else
    just the smallest and the largest value.
    """

    n: int
    median: float
    low: float
    high: float
    coverage: float | None = None

    @property
    def spread(self) -> float:
        """High less low, over the median; 0 where the median is 0."""
        return (self.high - self.low) / self.median if self.median else 0.0


@dataclass(frozen=True)
class Aggregate:
    """All that is known of one view, path, number of streams, segment size and load of a mode."""

    key: str
    view: str
    path: str
    streams: int | None
    mss: str | None
    load_ratio: float | None
    values: Mapping[str, Mapping[int, float]]  # measure -> deployment -> value
    ratios: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    baseline: str | None = None  # key of the aggregate that the ratios are taken to
    limited_by: Mapping[str, int] = field(default_factory=dict)  # link | cpu | unknown -> number of trials
    burst_bytes: int | None = None
    datagram_bytes: int | None = None
    pairs: Mapping[int, float] = field(default_factory=dict)  # deployment -> ratio to the baseline that was measured in turn

    @property
    def headline(self) -> str:
        """The measure that stands for the aggregate."""
        return next(iter(self.values), MEASURES[self.view][0])

    @property
    def shown(self) -> str:
        """The measure that people are shown: the headline, for the wire view in the unit of its limit."""
        return "wire_goodput_bps" if self.view == "wire" else self.headline

    def estimate(self, measure: str) -> Estimate | None:
        """The measure over the deployments; None where no deployment gave a value."""
        return estimate(list(self.values.get(measure, {}).values()), fields.get("Trial", measure).digits)

    def ratio(self, measure: str) -> Estimate | None:
        """The measure over its baseline; None where there is no baseline to take it to."""
        return estimate(list(self.ratios.get(measure, {}).values()), RATIO_DIGITS)


def measures(trial: Trial) -> tuple[str, ...]:
    """What is taken from a trial, by its view and by how it was measured; the first stands for it."""
    mark = ONLY_OF_SLICES.get(trial.view)
    return (OF_SLICES if mark and getattr(trial, mark) is not None else MEASURES)[trial.view]


def key_of(trial: Trial) -> str:
    """The name of the aggregate that a trial belongs to, as in ``speed/pod-pod/1/native``, ``packets/pod-pod/64``."""
    if trial.view == "latency":
        load = f"load-{trial.load_ratio:g}" if trial.load_ratio else "burst" if trial.burst_bytes else "idle"
        return f"latency/{trial.path}/{load}"
    if trial.view == "packets":
        return f"packets/{trial.path}/{trial.datagram_bytes}"
    return f"{trial.view}/{trial.path}/{trial.streams or 1}/{trial.mss or 'native'}"


def estimate(values: Sequence[float], digits: int | None) -> Estimate | None:
    """Median and interval (or range) of values, rounded; None where there are none."""
    if not values:
        return None

    def cut(value: float) -> float:
        return value if digits is None else round(value) if digits == 0 else round(value, digits)

    middle = cut(distribution_free.median(values))
    interval = distribution_free.median_interval(values)
    if interval is None:
        return Estimate(len(values), middle, cut(min(values)), cut(max(values)))
    return Estimate(len(values), middle, cut(interval.low), cut(interval.high), round(interval.coverage, RATIO_DIGITS))


Group = list[tuple[Deployment, Trial]]  # the trials of one aggregate, each with its deployment


# By the result's id, as long as there is the result; it has mappings in it, so it is no key itself.
_known: dict[int, tuple[weakref.ref[ModeResult], list[Aggregate]]] = {}


def aggregates(result: ModeResult) -> list[Aggregate]:
    """The aggregates of a mode in the order of its trials, baselines among them.

    A page asks for them dozens of times, and a result never changes: they are computed once.
    """
    identity = id(result)
    if identity not in _known:
        _known[identity] = weakref.ref(result, lambda _: _known.pop(identity, None)), _aggregates(result)
    return list(_known[identity][1])


def _aggregates(result: ModeResult) -> list[Aggregate]:
    groups: dict[str, Group] = {}
    for deployment in result.deployments:
        for trial in deployment.trials if deployment.status == "ok" else ():
            if trial.status == "ok":
                groups.setdefault(key_of(trial), []).append((deployment, trial))
    return [_aggregate(key, groups) for key in groups]


def _aggregate(key: str, groups: Mapping[str, Group]) -> Aggregate:
    own = groups[key]
    first = own[0][1]
    taken = measures(first)
    values = {m: _by_deployment(own, m) for m in taken}
    limits = [trial.limited_by for _, trial in own if trial.limited_by]
    base = _baseline_of(key, first, groups)
    ratios: dict[str, dict[int, float]] = {}
    by_pairs: dict[int, float] = {}
    if base is not None:
        for measure in taken:
            below = _by_deployment(groups[base], measure)
            found = {n: v / below[n] for n, v in values[measure].items() if below.get(n)}
            ratios |= {measure: found} if found else {}
        if by_pairs := _by_deployment(own, "pair_ratio"):
            ratios[taken[0]] = by_pairs
    return Aggregate(
        key, first.view, first.path, first.streams, first.mss, first.load_ratio,
        {m: found for m, found in values.items() if found}, ratios, base if ratios else None,
        {name: limits.count(name) for name in dict.fromkeys(limits)}, first.burst_bytes, first.datagram_bytes, by_pairs,
    )


def _baseline_of(key: str, trial: Trial, groups: Mapping[str, Group]) -> str | None:
    """The baseline's aggregate: the same question between the nodes, else one native stream; never another load."""
    if trial.path == "host-host":
        return None
    same = key.replace("/pod-pod/", "/host-host/")
    if same in groups or trial.view in ("latency", "packets"):
        return same if same in groups else None
    plain = f"{trial.view}/host-host/1/native"
    return plain if plain in groups else None


def _by_deployment(group: Group, measure: str) -> dict[int, float]:
    field, found = fields.get("Trial", measure), dict[int, list[float]]()
    for deployment, trial in group:
        value = getattr(trial, measure)
        if value is not None:
            found.setdefault(deployment.n, []).append(fields.rounded(field, value))
    return {n: sum(values) / len(values) for n, values in found.items()}


# -- what is stored -------------------------------------------------------------------------------------------------


def summarise(result: ModeResult) -> dict[str, Any]:
    """The summary as a mode's file holds it: by aggregate and measure, numbers only."""
    return {aggregate.key: _plain_aggregate(aggregate) for aggregate in aggregates(result)}


def _plain_aggregate(aggregate: Aggregate) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for measure in aggregate.values:
        whole = aggregate.estimate(measure)
        if whole is not None:
            found[measure] = _plain(whole)
        relative = aggregate.ratio(measure)
        if relative is not None:
            found[measure]["ratio_to_baseline"] = _plain(relative)
    if aggregate.baseline is not None:
        found["baseline"] = aggregate.baseline
    if aggregate.limited_by:
        found["limited_by"] = dict(aggregate.limited_by)
    return found


def _plain(of: Estimate) -> dict[str, Any]:
    found: dict[str, Any] = {"n": of.n, "median": of.median, "low": of.low, "high": of.high}
    return found if of.coverage is None else {**found, "coverage_ratio": of.coverage}
