"""Modes side by side: put in order where the evidence allows it, and in words why not where it does not.

Compared are deployments of one campaign in one lab on one kernel. The ratio to each deployment's own baseline is what modes are
compared by, because what the machine did in that hour is in both of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from experiments.results import distribution_free, fields
from experiments.results.model import ModeResult
from experiments.results.summary import Aggregate, Estimate, aggregates, estimate
from experiments.results.words import counted
from experiments.variant import EMBEDDED, HOST, Variant


@dataclass(frozen=True)
class Comparison:
    """One aggregate of several modes.

    ``names`` are in order of their medians, best first; where the comparison is ``withheld`` (the reason, a sentence)
    they are in order of the alphabet, because then no order is claimed. ``letters`` say which modes cannot be told
    apart: those that share one.
    """

    key: str
    measure: str
    lab: str
    kernel: str
    ratio: bool  # to the baseline; else the measure itself
    names: tuple[str, ...]
    estimates: Mapping[str, Estimate]
    letters: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[distribution_free.Pair, ...] = ()
    withheld: str = ""

    @property
    def place(self) -> str:
        """Where all of them were measured, in words."""
        return Variant("", self.lab, self.kernel).place

    @property
    def apart(self) -> int:
        """How many pairs of modes can be told apart."""
        return sum(pair.corrected <= 1 - distribution_free.LEVEL for pair in self.pairs)

    @property
    def sentence(self) -> str:
        """What the comparison says, in words."""
        if self.withheld:
            return self.withheld
        apart = self.apart
        if apart == 0:
            return f"None of the {len(self.names)} modes can be told from another; their order means nothing."
        if apart == len(self.pairs):
            return "Every mode can be told from every other (exact Mann-Whitney tests, Holm's correction, 5 %)."
        return (f"{apart} of {counted(len(self.pairs), 'pair')} can be told apart (exact Mann-Whitney tests, Holm's "
                "correction, 5 %); modes that share a letter cannot.")


def compare(
    results: Sequence[ModeResult], key: str, measure: str = "", *, lab: str = EMBEDDED, kernel: str = HOST,
    ratio: bool = True, floor: float = 0.0,
) -> Comparison:
    """Compare all results of that lab and kernel by the aggregate ``key`` (as in ``speed/pod-pod/1/native``).

    ``measure`` is the aggregate's headline measure unless another one is named. With ``ratio`` the ratios to the baseline
    are compared, else the values. Modes that differ by less than ``floor`` (0.05: 5 %) are not told apart; those that have
    no value are left out. What upstream's daemon gave stands beside ours under its own name.
    """
    found: dict[str, Aggregate] = {
        result.variant.sample: aggregate for result in results if (result.lab, result.kernel) == (lab, kernel)
        for aggregate in aggregates(result) if aggregate.key == key
    }
    measure = measure or next((aggregate.headline for aggregate in found.values()), "")
    values = {
        name: list((one.ratios if ratio else one.values).get(measure, {}).values()) for name, one in found.items()
    }
    values = {name: numbers for name, numbers in sorted(values.items()) if numbers}
    digits = None if ratio or not measure else fields.get("Trial", measure).digits
    estimates = {name: e for name, numbers in values.items() if (e := estimate(numbers, 6 if ratio else digits))}
    reason = _reason(values)
    if reason:
        return Comparison(key, measure, lab, kernel, ratio, tuple(values), estimates, withheld=reason)
    highest = fields.get("Trial", measure).better == "higher"
    order = sorted(values, key=lambda name: (-1 if highest else 1) * distribution_free.median(values[name]))
    letters = distribution_free.groups(values, highest_first=highest, least=floor)
    return Comparison(key, measure, lab, kernel, ratio, tuple(order), estimates, letters,
                      tuple(distribution_free.compare(values, floor)))


def _reason(values: Mapping[str, Sequence[float]]) -> str:
    """Why the modes are not compared; empty if they are."""
    if len(values) < 2:
        return "There are not two modes to compare."
    least = distribution_free.fewest_for_interval()
    few = [name for name, numbers in values.items() if len(numbers) < least]
    if few:
        return (f"Comparison withheld: fewer than {least} deployments of {', '.join(few)}. "
                f"`invoke campaign` measures {least} of each mode.")
    pairs = len(values) * (len(values) - 1) // 2
    numbers = sorted(len(numbers) for numbers in values.values())
    if distribution_free.smallest_p(numbers[-2], numbers[-1]) * pairs > 1 - distribution_free.LEVEL:
        wanted = distribution_free.fewest_for_comparison(len(values))
        return (f"Comparison withheld: with {counted(pairs, 'pair')} of {len(values)} modes and {numbers[-1]} deployments "
                f"even the largest difference could be chance; {wanted} deployments of each would do.")
    return ""
