"""Control planes grown for real, a few nodes of each shape; and what is refused beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.errors import ExperimentFailed, UserError
from experiments.labs.fabric import crowd
from experiments.measure.growth import grow
from experiments.results import dated
from experiments.results.growth_model import Growth
from experiments.results.validate import validate

NODES = 4


@pytest.mark.lab
@pytest.mark.parametrize(("mode", "shape"), [
    ("calico-bgp", "mesh"), ("calico-bgp-global", "reflectors"), ("calico-bgp-node", "racks")])
def test_a_few_nodes_stand_and_change(mode: str, shape: crowd.Shape) -> None:
    point = grow.grow(mode, NODES, 60, lambda _: None)
    assert (point.sessions, point.routes) == (crowd.sessions(shape, NODES), NODES * (NODES - 1))
    assert point.daemons == crowd.speakers(shape, NODES)
    assert point.converge_s is not None and point.converge_s > 0
    assert point.memory_bytes is not None and point.memory_bytes > 1_000_000
    assert point.updates is not None and point.updates >= NODES * (NODES - 1)
    assert [change.what for change in point.changes] == ["join", "block", "leave"]
    touched = {"mesh": NODES + 1, "reflectors": 3, "racks": 2}[shape]  # all of a mesh; else the node and who peers with it
    assert [change.touched for change in point.changes] == [touched, 1, touched]


@pytest.mark.lab
def test_what_was_built_is_stored_and_valid_and_a_failure_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dated.free_path(tmp_path / "data" / "growth", "tester")
    asked = grow.Asked(("calico-bgp",), (2, 3), 1, 60)
    true = grow.grow

    def one_fails(mode: str, nodes: int, timeout_s: float, tell: grow.Tell, n: int = 1) -> object:
        if nodes == 3:
            raise ExperimentFailed("3 nodes are one too many today.")
        return true(mode, nodes, timeout_s, tell, n)

    monkeypatch.setattr(grow, "grow", one_fails)
    grow.measure(asked, path, "tester", ("invoke", "scale"), lambda _: None)
    first, second = dated.read(path, "growth", Growth).points
    assert (first.status, first.nodes, second.status, second.reason) == ("ok", 2, "failed", "3 nodes are one too many today.")
    assert [str(error) for error in validate(path).errors] == []
    assert dated.free_path(path.parent, "tester").name.endswith("-tester-2.yml")


@pytest.mark.lab
def test_routes_that_do_not_come_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ExperimentFailed, match=r"The build: after 0 s .* node1 waits for 192\.168\."):
        grow.grow("calico-bgp", 3, 0.0, lambda _: None)


@pytest.mark.parametrize(("mode", "nodes", "said"), [
    ("flannel-vxlan", 5, "no control plane"), ("calico-ipip", 5, "the mesh of calico-bgp"), ("calico-bgp", 1, "1 node cannot"),
    ("calico-bgp", 201, "201 nodes"),
])
def test_what_cannot_be_grown_is_refused(mode: str, nodes: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        grow.check(grow.Asked((mode,), (nodes,), 1, 60))


@pytest.mark.parametrize("timeout_s", [0, -1, 3601, 10**9])
def test_a_wait_that_nobody_waits_is_refused(timeout_s: float) -> None:
    with pytest.raises(UserError, match="is out of range"):
        grow.check(grow.Asked(("calico-bgp",), (3,), 1, timeout_s))


def test_more_than_the_memory_holds_is_refused_with_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grow, "available_bytes", lambda: 100_000_000)
    grow.check(grow.Asked(("calico-bgp",), (10,), 1, 60))
    with pytest.raises(UserError, match=r"200 nodes of calico-bgp need about .* GB .* 100 MB are available"):
        grow.check(grow.Asked(("calico-bgp",), (10, 200), 1, 60))
