"""Upstream's flanneld in the embedded lab, for real, where it is installed: what it makes, and what is noticed when it dies."""

from __future__ import annotations

import pytest
from tests_support import signs_of, why_not_by_upstream

from experiments import catalog
from experiments.catalog import Mode
from experiments.dataplanes.table import recipe_for
from experiments.dataplanes.upstream.flanneld import ByFlanneld
from experiments.errors import ExperimentFailed
from experiments.labs.base import Lab
from experiments.labs.base import run as run_command
from experiments.labs.netns import backend as netns
from experiments.labs.table import EMBEDDED_LAB
from experiments.measure import attestation
from experiments.measure.deployment import READY_TIMEOUT_S, Job, deploy
from experiments.variant import Variant

pytestmark = pytest.mark.lab


@pytest.fixture(params=["flannel-udp", "flannel-vxlan"])
def mode(request: pytest.FixtureRequest) -> Mode:
    if reason := why_not_by_upstream(request.param):
        pytest.skip(reason)
    return catalog.get(request.param)


def _built(lab: Lab, mode: Mode) -> ByFlanneld:
    recipe = recipe_for(mode, lab, "upstream")
    assert isinstance(recipe, ByFlanneld)
    recipe.build()
    recipe.wait_ready(READY_TIMEOUT_S)
    return recipe


def test_three_nodes_reach_each_other_and_show_every_sign(mode: Mode) -> None:
    with EMBEDDED_LAB.up(mode, nodes=3) as lab:
        recipe = _built(lab, mode)
        signs = signs_of(lab, recipe)
        assert signs.count("daemon.process") == signs.count("daemon.version") == 3
        said = recipe.implementation()
        assert said["control plane"].startswith("flanneld ") and "etcd 3." in said["control plane"]
        # No packet is filtered, and nothing listens but on the lab's own addresses.
        assert "FLANNEL" not in run_command(lab, "node1", ["iptables-save"], check=False).stdout
        listening = run_command(lab, "node1", ["ss", "-Hltn"]).stdout
        assert {line.split()[3].rsplit(":", 1)[0] for line in listening.splitlines()} <= {"172.31.0.1", "127.0.0.1"}


def test_dry_run_writes_every_build_command_down(mode: Mode) -> None:
    with EMBEDDED_LAB.up(mode) as lab:
        _built(lab, mode)
        built = [step.command for step in lab.transcript.steps if step.phase == "build"]
    paper = netns.on_paper()
    recipe_for(mode, paper, "upstream").build()
    written = [step.command for step in paper.transcript.steps if step.phase == "build"]
    assert any(command.startswith("flanneld ") or " flanneld " in command for command in written)
    assert [command for command in written if command not in built] == []


def test_a_deployment_is_attested_and_says_who_carried_it(mode: Mode) -> None:
    outcome = deploy(Job(Variant(mode.name, daemon="upstream"), 1, "smoke"))
    assert outcome.deployment.status == "ok", outcome.deployment.reason
    assert outcome.deployment.packet is not None
    assert [header.layer for header in outcome.deployment.packet.headers] == [header.layer for header in mode.headers]
    assert "flanneld" in outcome.implementation["data plane" if mode.relay else "control plane"]


def _kill(lab: Lab) -> None:
    found = run_command(lab, "node2", ["pgrep", "--full", "node2.subnet.env"]).stdout.split()  # of the lab's own processes
    run_command(lab, "node2", ["kill", "-KILL", *found])


def test_a_flanneld_that_is_killed_fails_the_attestation(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    original = attestation.signs

    def killed_before(lab: Lab, *rest: object) -> object:
        _kill(lab)
        return original(lab, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(attestation, "signs", killed_before)
    deployment = deploy(Job(Variant(mode.name, daemon="upstream"), 1, "smoke")).deployment
    assert deployment.status == "failed"
    assert "daemon.process on node2: expected running, observed ended" in (deployment.reason or "")


def test_a_flanneld_that_ends_at_once_is_quoted(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    with EMBEDDED_LAB.up(mode) as lab:
        recipe = recipe_for(mode, lab, "upstream")
        assert isinstance(recipe, ByFlanneld)
        monkeypatch.setattr(recipe.store, "endpoint", "not an address")
        monkeypatch.setattr(recipe.store, "begin", lambda mode: None)
        with pytest.raises(ExperimentFailed, match="flanneld on node1"):
            recipe.build()
