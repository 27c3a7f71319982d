"""Calico's own daemons in the embedded lab, for real, where they are installed: what they make, and what is noticed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from tests_support import here, signs_of, why_not_by_upstream

from experiments import catalog, paths
from experiments.catalog import Mode
from experiments.dataplanes.table import recipe_for
from experiments.dataplanes.upstream.calico_node import ByCalicoNode, Felix
from experiments.labs.base import Lab
from experiments.labs.base import run as run_command
from experiments.labs.capsule import capsule
from experiments.labs.netns import backend as netns
from experiments.labs.table import EMBEDDED_LAB
from experiments.measure import attestation
from experiments.measure.deployment import READY_TIMEOUT_S, Job, deploy
from experiments.variant import Variant

pytestmark = pytest.mark.lab
WITHOUT_TUNNEL = ("calico-bgp", "calico-bgp-global", "calico-bgp-node")


def _mode(name: str) -> Mode:
    if reason := why_not_by_upstream(name):
        pytest.skip(reason)
    return catalog.get(name)


@contextmanager
def _built(mode: Mode, nodes: int = 2) -> Iterator[tuple[Lab, ByCalicoNode]]:
    with EMBEDDED_LAB.up(mode, nodes=nodes) as lab:
        recipe = recipe_for(mode, lab, "upstream")
        assert isinstance(recipe, ByCalicoNode)
        recipe.build()
        recipe.wait_ready(READY_TIMEOUT_S)
        yield lab, recipe


@pytest.mark.parametrize("name", WITHOUT_TUNNEL)
def test_three_nodes_reach_each_other_and_show_every_sign(name: str) -> None:
    mode = _mode(name)
    with _built(mode, 3) as (lab, recipe):
        signs = signs_of(lab, recipe)
        assert (signs.count("daemon.process"), signs.count("daemon.version"), signs.count("daemon.ready")) == (9, 9, 3)
        assert recipe.implementation()["control plane"].startswith("calico-node ")
        assert not Path("/etc/calico/confd/config/bird.cfg").exists()  # what they have written is in the lab


def test_felix_is_started_again_when_it_asks_for_it_and_is_ready_again() -> None:
    """It ends with 129 when a setting has changed that it reads at its start only."""
    with _built(_mode("calico-bgp")) as (lab, recipe):
        felix = recipe.felixes[0]
        before = felix.pid
        resource = ('[{"apiVersion": "projectcalico.org/v3", "kind": "FelixConfiguration", "metadata": {"name": "default"},'
                    ' "spec": {"iptablesMarkMask": 4278190080}}]')
        lab.write_file("node1", "/run/podpath/felix.json", resource)
        run_command(lab, "node1", ["/run/podpath/calico/tools/on-node", "node1", "calicoctl", "apply", "--filename",
                                   "/run/podpath/felix.json"])
        deadline = time.monotonic() + 30
        while felix.pid == before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert felix.pid != before
        recipe.wait_ready(READY_TIMEOUT_S)
        assert [check for check in recipe.attest() if not check.ok] == []


@pytest.mark.parametrize("name", WITHOUT_TUNNEL)
def test_dry_run_writes_every_build_command_down(name: str) -> None:
    mode = _mode(name)
    with _built(mode) as (lab, _):
        built = [step.command for step in lab.transcript.steps if step.phase == "build"]
    paper = netns.on_paper(underlay=mode.underlay.kind, reflectors=mode.underlay.reflectors)
    recipe_for(mode, paper, "upstream").build()
    written = [step.command for step in paper.transcript.steps if step.phase == "build"]
    assert any("calico-node -felix" in command for command in written)
    assert [command for command in written if command not in built] == []
    # Where somebody keeps Calico's programs is in no result.
    folder = str(Path(paths.find("calico-node") or "").parent)
    assert folder not in "\n".join(built)


@pytest.mark.parametrize("name", WITHOUT_TUNNEL)
def test_a_deployment_is_attested_and_says_who_carried_it(name: str) -> None:
    mode = _mode(name)
    outcome = deploy(Job(Variant(name, daemon="upstream"), 1, "smoke"))
    assert outcome.deployment.status == "ok", outcome.deployment.reason
    assert outcome.deployment.packet is not None
    assert [header.layer for header in outcome.deployment.packet.headers] == [header.layer for header in mode.headers]
    assert "felix" in outcome.implementation["control plane"]


@pytest.mark.parametrize(("killed", "observed"), [("felix", "ended"), ("bird", "ended")])
def test_a_daemon_that_is_killed_fails_the_attestation(
    killed: str, observed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = _mode("calico-bgp")
    original = attestation.signs

    def killed_before(lab: Lab, recipe: ByCalicoNode, *rest: object) -> object:
        one = next(process for process in recipe.processes if (process.place, process.program) == ("node2", killed))
        run_command(lab, "node2", ["kill", "-KILL", str(one.pid)])
        one.process.wait(10)
        return original(lab, recipe, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(attestation, "signs", killed_before)
    deployment = deploy(Job(Variant(mode.name, daemon="upstream"), 1, "smoke")).deployment
    assert deployment.status == "failed"
    assert f"daemon.process on node2: expected running, observed {observed}" in (deployment.reason or "")


def test_sessions_do_not_tell_that_felix_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """BGP stands while felix is stopped; only its own probe says so."""
    with _built(_mode("calico-bgp")) as (lab, recipe):
        monkeypatch.setattr(Felix, "ready", lambda felix: run_command(
            lab, felix.place, ["/run/podpath/calico/tools/on-node", felix.place, "env", "FELIX_HEALTHPORT=9",
                               "calico-node", "-felix-ready"], check=False))
        failed = {check.check for check in recipe.attest() if not check.ok}
        assert failed == {"daemon.ready"}


def test_pods_that_talk_without_the_tunnel_are_no_ipip() -> None:
    """Where the kernel has no ipip, felix says that it is ready, and BIRD goes on by the underlay's device."""
    _mode("calico-bgp")
    if not here().feature("ipip"):
        pytest.skip("this machine's kernel has ipip: the mode can be built")
    outcome = deploy(Job(Variant("calico-ipip", daemon="upstream"), 1, "smoke"))
    reason = outcome.deployment.reason or ""
    assert outcome.deployment.status == "failed" and outcome.deployment.trials == ()
    assert "route.device on node1: expected tunl0, observed eth0" in reason and "packet.headers on node1" in reason
    assert "daemon." not in reason and "bgp." not in reason


@pytest.mark.capsule
@pytest.mark.timeout(900)
def test_a_tunnel_s_deployment_is_attested_in_the_capsule() -> None:
    if reason := why_not_by_upstream("calico-ipip", "uml"):
        pytest.skip(reason)
    mode = catalog.get("calico-ipip")
    assert mode.daemon is not None
    program = Path(paths.find(mode.daemon.program) or "")
    files = [program, *filter(None, (paths.part(program.resolve(), part) for part in mode.daemon.parts))]
    with capsule.boot(features=sorted({*mode.needs.kernel, *mode.daemon.needs.kernel}),
                      folders=list(dict.fromkeys(str(file.parent) for file in files))) as booted:
        job = asdict(Job(Variant("calico-ipip", kernel="uml", daemon="upstream"), 1, "smoke"))
        outcome = booted.call("experiments.measure.kernels:deploy_plain", job, timeout_s=600, on_progress=lambda _: None)
    deployment = outcome["deployment"]
    assert deployment["status"] == "ok", deployment["reason"]
    checks = {check["check"] for check in deployment["attestation_after"]}
    assert {"daemon.ready", "tunnel.kind", "route.onlink"} <= checks
    assert [header["layer"] for header in deployment["packet"]["headers"]] == [header.layer for header in mode.headers]
