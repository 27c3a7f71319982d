"""Files of data/growth: what is refused, and by which power things grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results import dated, growth, growth_fit
from experiments.results.growth_model import Growth, GrowthChange, GrowthPoint
from experiments.results.validate import validate

CHANGES = tuple(GrowthChange(what=what, touched=3, converge_s=0.5, underlay_bytes=4000) for what in ("join", "block", "leave"))  # type: ignore[arg-type]
POINT = GrowthPoint(mode="calico-bgp", nodes=3, n=1, status="ok", daemons=3, sessions=3, routes=6, build_s=0.2, converge_s=2.1,
                    cpu_s=0.05, memory_bytes=18_000_000, updates=6, underlay_bytes=5000, underlay_packets=60, changes=CHANGES)
HONEST = Growth(schema="podpath/growth/1", id="2026-11-26-h000001", started_at="2026-11-26T12:00:00Z",
                finished_at="2026-11-26T12:01:00Z", generator={"version": "0.1.0", "command": ["invoke", "scale"]},
                host={"slug": "h000001", "cores": 2}, software={}, points=(POINT,))


def errors(tmp_path: Path, value: Growth, name: str = "") -> list[str]:
    path = dated.write(tmp_path / "data" / "growth" / f"{name or value.id}.yml", value)
    return [str(error) for error in validate(path).errors]


def test_an_honest_file_is_read_back_and_valid(tmp_path: Path) -> None:
    assert errors(tmp_path, HONEST) == []
    assert dated.read(tmp_path / "data" / "growth" / f"{HONEST.id}.yml", "growth", Growth).points == HONEST.points


@pytest.mark.parametrize(("change", "says"), [
    (lambda point: replace(point, sessions=4), "3 nodes of calico-bgp have 3"),
    (lambda point: replace(point, routes=5), "3 nodes of calico-bgp have 6"),
    (lambda point: replace(point, daemons=5), "3 nodes of calico-bgp have 3"),
    (lambda point: replace(point, cpu_s=9.0), "more than 2 processors have in the time"),
    (lambda point: replace(point, underlay_bytes=10_000_000), "more than so many frames"),
    (lambda point: replace(point, memory_bytes=None), "is missing; a build that is ok has it"),
    (lambda point: replace(point, changes=CHANGES[:2]), "are not join, block, leave"),
    (lambda point: replace(point, changes=(replace(CHANGES[0], touched=9), *CHANGES[1:])), "there are 4 speakers"),
    (lambda point: replace(point, status="failed"), "is failed, but there are figures"),
    (lambda point: GrowthPoint(mode="calico-bgp", nodes=3, n=1, status="failed"), "a failed build says why"),
    (lambda point: replace(point, mode="flannel-vxlan"), "has no control plane"),
    (lambda point: replace(point, mode="nothing"), "Unknown mode"),
    (lambda point: replace(point, nodes=500), "500 nodes cannot be built"),
])
def test_what_cannot_be_is_refused(tmp_path: Path, change: Callable[[GrowthPoint], GrowthPoint], says: str) -> None:
    found = errors(tmp_path, replace(HONEST, points=(change(POINT),)))
    assert any(says in error for error in found), found


def test_a_build_that_stands_twice_a_wrong_name_an_edit_and_strange_facts_are_refused(tmp_path: Path) -> None:
    assert any("stands here twice" in error for error in errors(tmp_path / "twice", replace(HONEST, points=(POINT, POINT))))
    assert any("they must be equal" in error for error in errors(tmp_path / "name", HONEST, "2026-11-26-h000002"))
    serial = replace(HONEST, host={**HONEST.host, "serial": "A7"})
    assert any("is no fact that Podpath takes down" in error for error in errors(tmp_path / "facts", serial))
    path = dated.write(tmp_path / "data" / "growth" / f"{HONEST.id}.yml", HONEST)
    path.write_text(path.read_text().replace("converge_s: 2.1", "converge_s: 1.1"))
    assert any("was changed after it was written" in str(error) for error in validate(path).errors)


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
