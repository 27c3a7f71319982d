"""Files of data/growth: what is refused, and by which power things grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from dated_file import written
from hypothesis import given
from hypothesis import strategies as st

from experiments.results import dated, growth, growth_fit, growth_rules
from experiments.results.growth import FOLDER
from experiments.results.growth_model import Growth, GrowthChange, GrowthPoint
from experiments.results.validate import validate

CHANGES = tuple(GrowthChange(what=what, touched=touched, converge_s=seconds, underlay_bytes=4000)  # type: ignore[arg-type]
                for what, touched, seconds in (("join", 4, 2.0), ("block", 1, 0.05), ("leave", 4, 0.01)))
POINT = GrowthPoint(mode="calico-bgp", nodes=3, n=1, status="ok", daemons=3, sessions=3, routes=6, build_s=0.2, converge_s=2.1,
                    cpu_s=0.05, memory_bytes=9_000_000, updates=6, underlay_bytes=5000, underlay_packets=60, changes=CHANGES)
HONEST = Growth(schema="podpath/growth/1", id="2026-11-26-h000001", started_at="2026-11-26T12:00:00Z",
                finished_at="2026-11-26T12:01:00Z", generator={"version": "0.1.0", "command": ["invoke", "scale"]},
                host={"slug": "h000001", "cores": 2}, software={}, points=(POINT,))


def errors(tmp_path: Path, value: Growth, name: str = "") -> list[str]:
    return [str(error) for error in validate(written(tmp_path, value, name)).errors]


def test_an_honest_file_is_read_back_and_valid(tmp_path: Path) -> None:
    assert errors(tmp_path, HONEST) == []
    assert dated.read(tmp_path / "data" / "growth" / f"{HONEST.id}.yml", "growth", Growth).points == HONEST.points


def point(**changes: object) -> Callable[[GrowthPoint], GrowthPoint]:
    """A build with other values."""
    return lambda one: replace(one, **changes)  # type: ignore[arg-type]


def changed(number: int, **changes: object) -> Callable[[GrowthPoint], GrowthPoint]:
    """A build of which one change has other values."""
    return lambda one: replace(one, changes=tuple(
        replace(change, **changes) if place == number else change for place, change in enumerate(one.changes)))  # type: ignore[arg-type]


def times(factor: float, *names: str) -> Callable[[GrowthPoint], GrowthPoint]:
    """A build of which some values are multiplied."""
    return lambda one: replace(one, **{name: round(factor * getattr(one, name)) for name in names})


HUGE = 1e308
HOSTILE = [
    (point(sessions=4), "3 nodes of calico-bgp have 3"),
    (point(routes=5), "3 nodes of calico-bgp have 6"),
    (point(daemons=5), "3 nodes of calico-bgp have 3"),
    (point(cpu_s=9.0), "more than 2 processors have in the time"),
    (point(cpu_s=0.0), "cpu_s = 0.0: is not allowed"),
    (point(cpu_s=HUGE), "more than 2 processors have in the time"),
    (point(build_s=0.0), "build_s = 0.0: is not allowed"),
    (point(build_s=0.001), "so many processes do not start in less than 0.0015 s"),
    (point(build_s=HUGE), "build_s = 1e+308: is not allowed; allowed: 0.0001 to 7200"),
    (point(build_s=600.0), "is 60 s after started_at; all builds took"),
    (point(converge_s=0.0), "converge_s = 0.0: is not allowed"),
    (point(converge_s=1.0), "no speaker dials in the first 1.5 s after its start"),
    (point(converge_s=HUGE), "converge_s = 1e+308: is not allowed; allowed: 0.0001 to 7200"),
    (point(converge_s=60.0), "is 60 s after started_at; all builds took 62.3 s"),
    (point(memory_bytes=None), "is missing; a build that is ok has it"),
    (point(underlay_packets=None), "is missing; a build that is ok has it"),
    (times(3, "memory_bytes"), "the daemons of 3 nodes hold 3000000 to 18270000"),
    (times(1 / 9, "memory_bytes"), "the daemons of 3 nodes hold 3000000 to 18270000"),
    (point(updates=0), "updates = 0: is not allowed"),
    (point(updates=5), "3 nodes of calico-bgp hear of 6 to 9"),
    (times(3, "updates"), "3 nodes of calico-bgp hear of 6 to 9"),
    (point(underlay_bytes=0), "underlay_bytes = 0: is not allowed"),
    (point(underlay_bytes=1000), "so many sessions, routes and packets need"),
    (point(underlay_bytes=10**13), "allowed: 1 to 1e+12"),
    (times(3, "underlay_packets"), "so many sessions, routes and packets need"),
    (times(1 / 6, "underlay_packets"), "3 sessions need 15 to begin"),
    (point(underlay_bytes=10_000_000), "more than so many frames"),
    (point(changes=CHANGES[:2]), "are not join, block, leave"),
    (changed(0, touched=9), "this change concerns 4 speakers"),
    (changed(1, touched=2), "this change concerns 1 speaker"),
    (changed(2, touched=3), "this change concerns 4 speakers"),
    (changed(0, converge_s=0.5), "no speaker dials in the first 1.5 s after its start"),
    (changed(1, converge_s=0.0), "converge_s = 0.0: is not allowed"),
    (changed(2, converge_s=HUGE), "converge_s = 1e+308: is not allowed; allowed: 0.0001 to 7200"),
    (changed(1, underlay_bytes=0), "underlay_bytes = 0: is not allowed"),
    (changed(1, underlay_bytes=100), "3 other nodes are told, each by a frame"),
    (changed(1, underlay_bytes=10**13), "allowed: 1 to 1e+12"),
    (point(status="failed"), "is failed, but there are figures"),
    (lambda one: GrowthPoint(mode="calico-bgp", nodes=3, n=1, status="failed"), "a failed build says why"),
    (point(reason="none"), "says why it failed, and it is ok"),
    (point(mode="flannel-vxlan"), "has no control plane"),
    (point(mode="nothing"), "Unknown mode"),
    (point(nodes=500), "500 nodes cannot be built"),
    (point(n=2), "is build 1 of this size"),
]


@pytest.mark.parametrize(("change", "says"), HOSTILE)
def test_what_cannot_be_is_refused(tmp_path: Path, change: Callable[[GrowthPoint], GrowthPoint], says: str) -> None:
    found = errors(tmp_path, replace(HONEST, points=(change(POINT),)))
    assert any(says in error for error in found), found


WHOLE = [
    ({"points": (POINT, POINT)}, "points[1].n = 1: is build 2 of this size"),
    ({"points": (POINT, replace(POINT, n=3))}, "points[1].n = 3: is build 2 of this size"),
    ({"points": ()}, "is empty; nothing was built"),
    ({"host": {**HONEST.host, "cores": HUGE}}, "host.cores = 1e+308: no machine has that"),
    ({"host": {**HONEST.host, "cores": 0}}, "host.cores = 0: no machine has that"),
    ({"host": {**HONEST.host, "cores": 9000}}, "allowed: a whole number, 1 to 8192"),
    ({"host": {**HONEST.host, "memory_bytes": -1}}, "host.memory_bytes = -1: no machine has that"),
    ({"host": {**HONEST.host, "memory_bytes": 8_000_000}}, "is more than the machine has (8000000)"),
    ({"host": {**HONEST.host, "arch": 7}}, "host.arch = 7: is no name or version"),
    ({"host": {**HONEST.host, "arch": "x" * 201}}, "is no name or version; allowed: text of 1 to 200 characters"),
    ({"host": {**HONEST.host, "absent": {"os": ["x"]}}}, "host.absent.os: is not why a fact is absent"),
    ({"host": {**HONEST.host, "absent": "x" * 201}}, "is not why a fact is absent"),
    ({"host": {**HONEST.host, "slug": "other"}}, "after the day stands the machine's name"),
    ({"host": {**HONEST.host, "serial": "A7"}}, "is no fact that Podpath takes down"),
    ({"software": {"bird": 2.0}}, "software.bird = 2.0: is no name or version"),
    ({"finished_at": None}, "finished_at: is missing"),
    ({"finished_at": "2026-11-26T11:59:00Z"}, "is -60 s after started_at"),
    ({"finished_at": "2026-11-31T12:00:00Z"}, "is a time that the calendar does not have"),
    ({"started_at": "2020-11-26T12:00:00Z"}, "is before there was a Podpath"),
]


@pytest.mark.parametrize(("changes", "says"), WHOLE)
def test_a_file_that_cannot_be_is_refused(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    found = errors(tmp_path, replace(HONEST, **changes))  # type: ignore[arg-type]
    assert any(says in error for error in found), found


def test_a_wrong_name_and_an_edit_are_refused(tmp_path: Path) -> None:
    assert any("they must be equal" in error for error in errors(tmp_path / "name", HONEST, "2026-11-26-h000002"))
    path = dated.write(tmp_path / "data" / "growth" / f"{HONEST.id}.yml", HONEST)
    path.write_text(path.read_text().replace("converge_s: 2.1", "converge_s: 2.2"))
    assert any("was changed after it was written" in str(error) for error in validate(path).errors)


@pytest.mark.parametrize("name", ["updates", "memory_bytes", "underlay_packets"])
def test_what_was_measured_and_multiplied_is_refused_at_every_size(name: str) -> None:
    """Of each committed build three times as much is more than so many speakers have."""
    measured = dated.read(next(FOLDER.glob("*.yml")), "growth", Growth)
    for one in measured.points:
        said = growth_rules.broken(times(3, name)(one), 2, None)
        assert any(key[0] in (name, "underlay_bytes") for key, _ in said), (one.mode, one.nodes, one.n)


def test_another_file_does_not_belong_beside_them(tmp_path: Path) -> None:
    errors(tmp_path, HONEST)
    (tmp_path / "data" / "growth" / "page.html").write_text("<script>")
    assert any("does not belong here" in str(error) for error in validate(tmp_path / "data").errors)


@given(st.floats(0.5, 2.5), st.floats(0.001, 1000))
def test_a_power_is_found(exponent: float, factor: float) -> None:
    found = growth_fit.power([(nodes, factor * nodes**exponent) for nodes in (25.0, 50.0, 100.0, 200.0)])
    assert found.exponent == pytest.approx(exponent)
    assert found.factor == pytest.approx(factor)


def test_one_size_has_no_slope() -> None:
    with pytest.raises(ValueError, match="no slope"):
        growth_fit.power([(50, 1.0), (50, 2.0)])


def test_medians_and_powers_are_those_of_the_builds() -> None:
    points = tuple(replace(POINT, nodes=nodes, n=n, sessions=nodes * (nodes - 1) // 2, cpu_s=0.001 * n * nodes**2)
                   for nodes in (25, 50, 100) for n in (1, 2, 3))
    found = growth.sizes(replace(HONEST, points=points))
    assert [(size.mode, size.nodes, len(size.points)) for size in found] == [("calico-bgp", n, 3) for n in (25, 50, 100)]
    assert found[1].values("cpu_s") == pytest.approx([0.001 * n * 50**2 for n in (1, 2, 3)])
    assert growth.exponents(found, "cpu_s")["calico-bgp"].exponent == pytest.approx(2)
    assert growth.exponents(found[:2], "cpu_s") == {}
