"""Whole deployments, for real: what they measure, and what they say when something is broken on purpose."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests_support import why_not_on_the_host

from experiments import paths
from experiments.catalog import get, limits
from experiments.errors import UserError
from experiments.labs.base import Lab
from experiments.labs.base import run as run_command
from experiments.measure import attestation
from experiments.measure.deployment import Job, deploy
from experiments.measure.views import in_turn, trials
from experiments.measure.views.bench import Bench
from experiments.results.store import Stored
from experiments.variant import Variant

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("name", ["calico-bgp", "flannel-vxlan"])
def test_a_deployment_is_attested_and_its_wire_view_agrees_with_the_model(name: str) -> None:
    outcome = deploy(Job(Variant(name), 1, "smoke"))
    deployment = outcome.deployment
    assert deployment.status == "ok", deployment.reason
    assert all(check.ok for check in (*deployment.attestation_before, *deployment.attestation_after))
    wire = {trial.path: trial for trial in deployment.trials if trial.view == "wire"}
    assert wire["pod-pod"].wire_efficiency_ratio == pytest.approx(limits.wire_efficiency(get(name)), rel=0.001)
    assert wire["host-host"].wire_efficiency_ratio == pytest.approx(limits.wire_efficiency(None), rel=0.001)
    # On a busy machine a trial can be discarded, or fail, with its reason; it has no figure then.
    speeds = [trial for trial in deployment.trials if trial.view == "speed"]
    assert speeds
    assert all((trial.goodput_bps and trial.id in outcome.raws) if trial.status == "ok" else trial.reason for trial in speeds)
    assert deployment.packet is not None
    assert [header.layer for header in deployment.packet.headers] == [header.layer for header in get(name).headers]
    assert {step.phase for step in outcome.transcript} == {"up", "build", "ready", "attest", "measure"} - {"ready"}


def test_a_tool_that_never_stops_talking_is_a_failed_trial_and_takes_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had once filled 23.9 GB, until the kernel ended the run."""
    talks = tmp_path / "iperf3"
    talks.write_text('#!/bin/sh\ncase "$*" in *--client*--bitrate*) exec yes talks ;; esac\n'
                     f'exec {paths.find("iperf3")} "$@"\n')
    talks.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = deploy(Job(Variant("calico-bgp"), 1, "smoke"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100_000
    talked = [trial for trial in outcome.deployment.trials if trial.view == "wire"]
    assert talked
    assert all(trial.status == "failed" and "said more than 8 MiB" in (trial.reason or "") for trial in talked)


def _sabotaged(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, deed: Callable[[Lab], None]) -> None:
    """Do ``deed`` in the lab, once, just before ``owner.name`` does its work."""
    original = getattr(owner, name)
    done: list[bool] = []

    def wrapped(first: Any, *rest: Any, **named: Any) -> Any:
        if not done:
            done.append(True)
            deed(first if not isinstance(first, Bench) else first.lab)
        return original(first, *rest, **named)

    monkeypatch.setattr(owner, name, wrapped)


def _only_what_is_sabotaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the wire's trials, which come before and pass."""
    whole = trials.plan
    monkeypatch.setattr(trials, "plan", lambda *given, **named: [ask for ask in whole(*given, **named) if ask.view == "speed"])


def _stop_bird(lab: Lab) -> None:
    run_command(lab, "node2", ["birdc", "-s", "/run/podpath/node2.bird.ctl", "down"])


def _break_fdb(lab: Lab) -> None:
    run_command(lab, "node1", ["bridge", "fdb", "del", "02:00:00:00:00:02", "dev", "flannel.1", "dst", "172.31.0.2"])


def _kill_relay(lab: Lab) -> None:
    found = run_command(lab, "node2", ["find", "/run/podpath", "-name", "node2.*.pid"]).stdout.split()
    pids = [run_command(lab, "node2", ["cat", path]).stdout.strip() for path in found]
    run_command(lab, "node2", ["kill", "-KILL", *pids])


def _link_down(lab: Lab) -> None:
    run_command(lab, "node2", ["ip", "link", "set", "eth0", "down"])


@pytest.mark.parametrize(("name", "deed", "sign"), [
    ("calico-bgp", _stop_bird, "bgp.session"),
    ("flannel-vxlan", _break_fdb, "fdb.destination"),
])
def test_a_failed_attestation_yields_evidence_and_no_number(
    name: str, deed: Callable[[Lab], None], sign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # After the capture, which needs a working path; before the mode's own signs are read.
    _sabotaged(monkeypatch, attestation, "signs", deed)
    outcome = deploy(Job(Variant(name), 1, "smoke"))
    deployment = outcome.deployment
    assert deployment.status == "failed"
    assert deployment.trials == ()
    assert outcome.raws == {}
    failed = [check for check in deployment.attestation_before if not check.ok]
    assert any(check.check.startswith(sign) for check in failed)
    assert deployment.reason is not None
    assert "The attestation before measuring failed" in deployment.reason
    assert sign in deployment.reason


def _remove_flows(lab: Lab) -> None:
    flush = ("import struct, socket; from experiments.dataplanes.built.relays.netlink import Socket; s = Socket(); "
             "s.request('ovs_flow', 2, 1, struct.pack('=i', socket.if_nametoindex('datapath')))")
    run_command(lab, "node2", ["env", f"PYTHONPATH={lab.source}", *lab.python, "-c", flush])


def _kill_handler_and_remove_flows(lab: Lab) -> None:
    _kill_relay(lab)
    _remove_flows(lab)


@pytest.mark.parametrize(("name", "deed"), [
    ("calico-ipip", _link_down), ("calico-ipip", _stop_bird), ("weave-fastdp", _link_down),
    ("weave-fastdp", _kill_handler_and_remove_flows),
    ("calico-bgp", _stop_bird), ("calico-bgp", _link_down), ("calico-bgp-global", _link_down),
    ("flannel-vxlan", _break_fdb), ("flannel-udp", _kill_relay), ("flannel-udp", _link_down),
    ("weave-sleeve", _kill_relay), ("weave-sleeve", _link_down),
])
def test_what_breaks_in_mid_run_fails_the_run(
    name: str, deed: Callable[[Lab], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := why_not_on_the_host(name):
        pytest.skip(reason)  # tests/labs/capsule/test_capsule.py runs it on the capsule's kernel
    _only_what_is_sabotaged(monkeypatch)
    _sabotaged(monkeypatch, in_turn, "measure", deed)
    deployment = deploy(Job(Variant(name), 1, "smoke")).deployment
    assert deployment.status == "failed"
    assert deployment.trials == ()
    assert deployment.attestation_before
    assert all(check.ok for check in deployment.attestation_before)
    assert any(not check.ok for check in deployment.attestation_after)


def test_a_removed_flow_of_a_live_handler_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := why_not_on_the_host("weave-fastdp"):
        pytest.skip(reason)
    _only_what_is_sabotaged(monkeypatch)
    _sabotaged(monkeypatch, in_turn, "measure", _remove_flows)
    deployment = deploy(Job(Variant("weave-fastdp"), 1, "smoke")).deployment
    assert deployment.status == "ok", deployment.reason
    assert all(check.ok for check in deployment.attestation_after)


def test_one_node_is_too_few() -> None:
    with pytest.raises(UserError, match="1 node is too few"):
        deploy(Job(Variant("calico-bgp"), 1, "smoke", nodes=1))


def test_phases_are_timed(measured: Stored) -> None:
    for result in measured.results:
        one, = result.deployments
        assert None not in (one.up_s, one.build_s, one.ready_s, one.attest_s, one.down_s)
