"""What is stored of how control planes grow: read, checked, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments import catalog
from experiments.errors import UserError
from experiments.labs.fabric import crowd
from experiments.paths import DATA
from experiments.results import dated, fields, growth_fit
from experiments.results.checks.report import Report
from experiments.results.growth_model import Growth, GrowthPoint

FOLDER = DATA / "growth"
KIND = "growth"
MEASURES = ("sessions", "converge_s", "cpu_s", "memory_bytes", "underlay_bytes")
CHANGES = ("join", "block", "leave")
MOST_POINTS = 500
SPARE = 1.05  # of a machine's processors: clocks are read one after the other


def check(report: Report, path: Path) -> None:
    """Check one file of data/growth: format, names, and what follows from the number of nodes."""
    file, value = dated.opened(report, path, KIND, Growth)
    if value is None:
        return
    if not value.points:
        file.error(("points",), "is empty; nothing was built")
    if len(value.points) > MOST_POINTS:
        file.error(("points",), f"has more than {MOST_POINTS} builds; no run has")
        return
    seen = set()
    cores = value.host.get("cores")
    for i, point in enumerate(value.points):
        place = (point.mode, point.nodes, point.n)
        if place in seen:
            file.error(("points", i, "n"), "this build stands here twice")
        seen.add(place)
        for key, text in _wrong(point, cores if isinstance(cores, int) else None):
            file.error(("points", i, *key), text)


def _wrong(point: GrowthPoint, cores: int | None) -> Iterator[tuple[tuple[str | int, ...], str]]:
    try:
        shape = crowd.shape_of(catalog.get(point.mode))
        crowd.check(point.nodes)
    except UserError as error:
        yield ("mode",), error.problem.rstrip(".")
        return
    if point.status == "failed":
        given = [name for name in (*MEASURES, "routes", "updates", "build_s") if getattr(point, name) is not None]
        if given or point.changes:
            yield ("status",), f"is failed, but there are figures: {', '.join(given) or 'changes'}"
        if not point.reason:
            yield ("reason",), "is missing; a failed build says why"
        return
    for name in (*MEASURES, "daemons", "routes", "updates", "build_s", "underlay_packets"):
        if getattr(point, name) is None:
            yield (name,), "is missing; a build that is ok has it"
    wanted = {"daemons": crowd.speakers(shape, point.nodes), "sessions": crowd.sessions(shape, point.nodes),
              "routes": point.nodes * (point.nodes - 1)}
    for name, number in wanted.items():
        if getattr(point, name) not in (None, number):
            yield (name,), f"{point.nodes} nodes of {point.mode} have {number}"
    if None not in (point.cpu_s, point.build_s, point.converge_s, cores):
        assert point.cpu_s is not None and point.build_s is not None and point.converge_s is not None and cores is not None
        if point.cpu_s > SPARE * cores * (point.build_s + point.converge_s) + 0.1:
            yield ("cpu_s",), f"is more than {cores} processors have in the time"
    if point.underlay_bytes is not None and point.underlay_packets and point.underlay_bytes > 1514 * point.underlay_packets:
        yield ("underlay_bytes",), "is more than so many frames of an MTU of 1500 hold"
    if tuple(change.what for change in point.changes) != CHANGES:
        yield ("changes",), f"are not {', '.join(CHANGES)}"
    most = crowd.speakers(shape, point.nodes + 1)
    for i, change in enumerate(point.changes):
        if change.touched > most:
            yield ("changes", i, "touched"), f"there are {most} speakers"


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
