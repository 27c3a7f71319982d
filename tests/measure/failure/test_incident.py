"""Nodes that no longer reach each other, for real; and Weave's way round, with the direct one cut from the start."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests_support import why_not_on_the_host

from experiments import catalog
from experiments.dataplanes.built.weave import Weave
from experiments.dataplanes.table import recipe_for
from experiments.labs import table
from experiments.measure.failure import measure
from experiments.measure.failure.incident import Job, _Run, incident
from experiments.results import dated
from experiments.results.failure_model import Failures
from experiments.results.validate import validate
from experiments.variant import EMBEDDED

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("name", ["calico-bgp", "calico-bgp-node", "flannel-vxlan"])
def test_a_cut_leaves_the_far_pods_without_a_way(name: str) -> None:
    found = incident(Job(name, "cut", watch_s=2), lambda _: None)
    assert [(way.when, way.way) for way in found.ways] == [("before", "direct"), ("during", "none"), ("after", "direct")]
    assert all(check.ok for check in found.checks)
    near, middle, far = found.pairs
    assert (near.lost, middle.lost) == (0, 0)
    assert far.lost == far.pings
    assert far.connected_again_s is None
    assert {packet.at for packet in found.packets} <= {"node1", "node2"}


@pytest.mark.parametrize("name", ["weave-sleeve", "weave-fastdp"])
def test_what_is_cut_from_the_start_weave_goes_round(name: str) -> None:
    if reason := why_not_on_the_host(name):
        pytest.skip(reason)  # tests/labs/capsule/test_capsule.py runs it on the capsule's kernel
    mode = catalog.get(name)
    with table.get(EMBEDDED).up(mode, nodes=3) as lab:
        recipe = recipe_for(mode, lab)
        assert isinstance(recipe, Weave)
        recipe.gossip = True
        broken = _Run(lab, recipe, mode, Job(name), lambda _: None)
        broken._break(broken=True)
        recipe.build()
        deadline = time.monotonic() + 30
        while not broken._answers(recipe.pods[0], recipe.pods[2]):
            assert time.monotonic() < deadline, [process.statistics() for process in recipe.processes]
        near, far = broken._look("during", "by node2")
        assert all(check.ok for check in broken.checks), broken.checks
        outer = [(one.headers[1].fields["source"], one.headers[1].fields["destination"]) for one in (near, far)]
        assert outer == [("172.31.0.1", "172.31.0.2"), ("172.31.0.2", "172.31.0.3")]
        middle = recipe.processes[1].statistics()
        assert middle["relayed"] > 0


def test_a_relay_that_is_not_given_its_minute_breaks_no_promise() -> None:
    if reason := why_not_on_the_host("weave-sleeve"):
        pytest.skip(reason)
    found = incident(Job("weave-sleeve", "cut", watch_s=1), lambda _: None)
    assert (found.status, [check.check for check in found.checks]) == ("ok", ["way.before", "way.after"])
    assert all(check.ok for check in found.checks)


def test_what_was_seen_is_stored_and_valid(tmp_path: Path) -> None:
    path = dated.free_path(tmp_path / "data" / "failures", "tester")
    jobs = [Job("calico-bgp", "silent", watch_s=1), Job("flannel-udp", "daemon", watch_s=1),
            Job("flannel-vxlan", "daemon", watch_s=1)]
    measure.several(jobs, path, "tester", ("invoke", "fail"), lambda _: None, at_once=3)
    assert [str(error) for error in validate(path).errors] == []
    by_mode = {one.mode: one for one in dated.read(path, "failures", Failures).incidents}
    assert by_mode["flannel-vxlan"].status == "not-run"
    assert "no process of this mode" in (by_mode["flannel-vxlan"].reason or "")
    assert by_mode["flannel-udp"].ways[-1].way == "none"
    assert by_mode["calico-bgp"].ways[-1].way == "direct"  # healed
