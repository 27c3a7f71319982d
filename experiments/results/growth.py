"""What is stored of how control planes grow: read, checked, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.paths import DATA
from experiments.results import dated, fields, growth_fit, growth_rules
from experiments.results.checks import machine
from experiments.results.checks.report import Report
from experiments.results.growth_model import Growth, GrowthPoint

FOLDER = DATA / "growth"
KIND = "growth"
MOST_POINTS = 500


def check(report: Report, path: Path) -> None:
    """Check one file of data/growth: format, names, the order of the builds, and what follows from the number of nodes."""
    file, value = dated.opened(report, path, KIND, Growth)
    if value is None:
        return
    if not value.points:
        file.error(("points",), "is empty; nothing was built")
    if len(value.points) > MOST_POINTS:
        file.error(("points",), f"has more than {MOST_POINTS} builds; no run has")
        return
    built: Counter[tuple[str, int]] = Counter()
    cores, memory_bytes = machine.cores(value.host), machine.memory_bytes(value.host)
    for i, point in enumerate(value.points):
        built[point.mode, point.nodes] += 1
        if point.n != built[point.mode, point.nodes]:
            file.error(("points", i, "n"), f"is build {built[point.mode, point.nodes]} of this size, in the order of the clock")
        for key, text in growth_rules.broken(point, cores, memory_bytes):
            file.error(("points", i, *key), text)
    dated.check_span(file, value, sum(growth_rules.seconds(point) for point in value.points), "all builds")


@dataclass(frozen=True)
class Size:
    """All builds of one size of one mode: each measure's values, in the order of the builds."""

    mode: str
    nodes: int
    points: tuple[tuple[int, GrowthPoint], ...]  # each with its place in the file

    def values(self, measure: str) -> list[float]:
        """One value a build."""
        return [float(getattr(point, measure)) for _, point in self.points]


def sizes(growth: Growth) -> list[Size]:
    """The builds that are ok by mode and size, modes in the order of the file, sizes rising."""
    found: dict[str, dict[int, list[tuple[int, GrowthPoint]]]] = {}
    for place, point in enumerate(growth.points):
        if point.status == "ok":
            found.setdefault(point.mode, {}).setdefault(point.nodes, []).append((place, point))
    return [Size(mode, nodes, tuple(own)) for mode, of_mode in found.items() for nodes, own in sorted(of_mode.items())]


def exponents(found: Sequence[Size], measure: str) -> dict[str, growth_fit.Power]:
    """By mode: the power of the number of nodes by which a measure grows at the larger sizes, where there are three."""
    fitted = {}
    for mode in dict.fromkeys(size.mode for size in found):
        large = [size for size in found if size.mode == mode and size.nodes >= growth_fit.FROM_NODES]
        pairs = [(float(size.nodes), value) for size in large for value in size.values(measure) if value > 0]
        if len({nodes for nodes, _ in pairs}) >= growth_fit.FEWEST_SIZES:
            fitted[mode] = growth_fit.power(pairs)
    return fitted


def unit(measure: str) -> str:
    """The unit in which a measure is stored."""
    return fields.get("GrowthPoint", measure).unit
