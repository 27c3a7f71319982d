"""The statistics of Podpath: exact, small, without dependencies and without assumptions about distributions.

The unit of replication is the deployment: every value here is one deployment's.

* The interval of the median comes from order statistics. The number of values below the true median is binomial with
  p = 1/2, whatever the distribution: W. J. Conover, Practical Nonparametric Statistics, 3rd ed. 1999, section 3.2;
  H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed. 2003, section 7.1.
* Two sets of values are compared by the permutation distribution of the rank sum: H. B. Mann and D. R. Whitney, Ann.
  Math. Statist. 18 (1947) 50-60. Ties get midranks and the distribution is that of the midranks at hand, so that it is
  exact with ties too (E. L. Lehmann, Nonparametrics, 1975, section 1.4).
* Several comparisons are corrected as S. Holm, Scand. J. Statist. 6 (1979) 65-70, describes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

LEVEL = 0.95  # of intervals; 1 - LEVEL is what the comparisons may err by, all together
MOST_VALUES = 200  # of both sets together in one exact comparison: beyond, the counting takes minutes


@dataclass(frozen=True)
class Interval:
    """An exact interval of the median: it covers the true median with probability ``coverage`` at least."""

    low: float
    high: float
    coverage: float


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("the median of nothing")
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@lru_cache(maxsize=1 << 14)  # the same few numbers of values, again and again
def coverage(n: int, rank: int) -> float:
    """Probability that the median lies between the ``rank``-th smallest and the ``rank``-th largest of ``n`` values.

    For continuous distributions; with ties it is at least this.

    Raises:
        ValueError: there is no such pair of values.
    """
    if not 1 <= rank <= (n + 1) // 2:
        raise ValueError(f"rank {rank} of {n} values")
    return 1 - sum(comb(n, below) for below in range(rank)) / float(2 ** (n - 1))


def median_interval(values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """The shortest interval between order statistics that covers the median with at least ``level``.

    None where even the smallest and the largest value do not: fewer than 6 values for 95 %. With exactly 6 it is the
    range, at 96.9 %.
    """
    n = len(values)
    ranks = [rank for rank in range(1, (n + 1) // 2 + 1) if coverage(n, rank) >= level]
    if not ranks:
        return None
    ordered = sorted(values)
    return Interval(ordered[ranks[-1] - 1], ordered[n - ranks[-1]], coverage(n, ranks[-1]))


def fewest_for_interval(level: float = LEVEL) -> int:
    """How many values an interval of that level needs: 6 for 95 %."""
    n = 1
    while coverage(n, 1) < level:
        n += 1
    return n


def midranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, equal values sharing the mean of their ranks (twice, so that it is whole)."""
    ordered = sorted(values)
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for rank, value in enumerate(ordered, 1):
        first.setdefault(value, rank)
        last[value] = rank
    return [first[value] + last[value] for value in values]


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided exact p-value: how often a random split of the values lies as far from the middle as this one.

    Raises:
        ValueError: a set is empty, or both together hold more than 200 values.
    """
    if not a or not b:
        raise ValueError("a comparison with nothing")
    if len(a) + len(b) > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES} values are not counted exactly")
    if len(a) > len(b):
        a, b = b, a
    ranks = midranks([*a, *b])
    expected = len(a) * (len(ranks) + 1)  # twice the mean of the rank sum
    seen = abs(sum(ranks[: len(a)]) - expected)
    splits = _rank_sums(ranks, len(a))
    extreme = sum(count for total, count in splits.items() if abs(total - expected) >= seen)
    return extreme / comb(len(ranks), len(a))


def _rank_sums(ranks: Sequence[int], size: int) -> Mapping[int, int]:
    """How many subsets of ``size`` ranks have each sum."""
    by_size: list[dict[int, int]] = [{0: 1}] + [{} for _ in range(size)]
    for rank in ranks:
        for taken in range(size, 0, -1):
            into = by_size[taken]
            for total, count in by_size[taken - 1].items():
                into[total + rank] = into.get(total + rank, 0) + count
    return by_size[size]


def smallest_p(n: int, m: int) -> float:
    """The smallest p-value that sets of ``n`` and ``m`` values can reach: 2 in all ways to split them."""
    return min(1.0, 2 / comb(n + m, n))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values after Holm's correction, in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [0.0] * len(p_values)
    so_far = 0.0
    for position, index in enumerate(order):
        so_far = max(so_far, (len(p_values) - position) * p_values[index])
        corrected[index] = min(1.0, so_far)
    return corrected


def fewest_for_comparison(sets: int, level: float = LEVEL) -> int:
    """How many values each of ``sets`` sets needs before any two of them could be told apart after the correction."""
    pairs = max(1, comb(sets, 2))
    n = fewest_for_interval(level)
    while smallest_p(n, n) * pairs > 1 - level:
        n += 1
    return n


@dataclass(frozen=True)
class Pair:
    """Two sets by name, with the p-value as it is and after Holm's correction over all pairs."""

    a: str
    b: str
    p: float
    corrected: float


def compare(values: Mapping[str, Sequence[float]], least: float = 0.0) -> list[Pair]:
    """All pairs of sets.

    Sets whose medians differ by less than ``least``, as a part of the smaller one, are never told apart: their corrected
    p-value is 1, whatever the test says. It knows nothing of what was wrong with all values of a set alike.

    Raises:
        ValueError: as :func:`mann_whitney`.
    """
    pairs = list(combinations(values, 2))
    raw = [mann_whitney(values[a], values[b]) for a, b in pairs]
    return [Pair(a, b, p, 1.0 if _near(values[a], values[b], least) else c)
            for (a, b), p, c in zip(pairs, raw, holm(raw), strict=True)]


def _near(a: Sequence[float], b: Sequence[float], least: float) -> bool:
    low, high = sorted((median(a), median(b)))
    return high - low < least * abs(low)


def groups(
    values: Mapping[str, Sequence[float]], *, highest_first: bool = True, level: float = LEVEL, least: float = 0.0
) -> dict[str, str]:
    """Letters for each set: sets that share a letter cannot be told apart. ``a`` goes to the highest median.

    ``least`` is as in :func:`compare`.

    A letter stands for a largest possible set of sets of which no two differ; a set can carry several.

    Raises:
        ValueError: as :func:`mann_whitney`.
    """
    sign = -1 if highest_first else 1
    ordered = sorted(values, key=lambda name: (sign * median(values[name]), name))
    apart = {frozenset((pair.a, pair.b)) for pair in compare(values, least) if pair.corrected <= 1 - level}
    together = {
        name: {other for other in ordered if other != name and frozenset((name, other)) not in apart}
        for name in ordered
    }
    found: list[set[str]] = []
    _cliques(set(), set(ordered), set(), together, found)
    found.sort(key=lambda clique: [ordered.index(name) for name in sorted(clique, key=ordered.index)])
    return {name: "".join(_letter(i) for i, clique in enumerate(found) if name in clique) for name in values}


def _cliques(
    chosen: set[str], possible: set[str], done: set[str], together: Mapping[str, set[str]], found: list[set[str]]
) -> None:
    """All largest sets without a pair that differs (C. Bron and J. Kerbosch, Comm. ACM 16 (1973) 575-577)."""
    if not possible and not done:
        if chosen:
            found.append(chosen)
        return
    for name in sorted(possible):
        _cliques(chosen | {name}, possible & together[name], done & together[name], together, found)
        possible = possible - {name}
        done = done | {name}


def _letter(number: int) -> str:
    """a … z, then a1 … z1, and so on."""
    return chr(ord("a") + number % 26) + (str(number // 26) if number >= 26 else "")


def variation(values: Sequence[float]) -> float | None:
    """Coefficient of variation: standard deviation (n - 1) over mean; None for fewer than two values or mean 0."""
    if len(values) < 2:
        return None
    mean = sum(values) / len(values)
    if mean == 0:
        return None
    return float((sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5 / abs(mean))
