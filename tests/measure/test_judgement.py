"""Nothing is stored as good that `validate` refuses: trials, deployments and campaigns are judged when they are measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from replayed import outcome, place

from experiments.errors import UserError
from experiments.measure import campaign, provenance
from experiments.measure.campaign import Request
from experiments.measure.deployment import Job, Outcome, deploy
from experiments.measure.views import wire
from experiments.probes.counters import Counters
from experiments.results import aside, store, validate
from experiments.results.model import Deployment
from experiments.results.store import read_campaign
from experiments.variant import Variant


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where outputs of refused deployments are set aside."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


ONE = Request((Variant("calico-bgp"),), "smoke", 1, host="tester")


def _advance(root: Path, measured: Outcome, request: Request = ONE) -> tuple[Path, validate.Report]:
    folder = campaign.begin(request, root)
    return folder, campaign.advance(folder, lambda job, tell: measured, lambda _: None)


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine and the time of the sample."""
    place(monkeypatch)


@pytest.mark.usefixtures("sampled")
def test_what_validates_is_complete_and_says_so(tmp_path: Path) -> None:
    folder, report = _advance(tmp_path, outcome())
    assert report.errors == []
    stored, (result,) = read_campaign(folder)
    assert (stored.status, result.deployments[0].status) == ("complete", "ok")
    assert result.deployments[0].drift_ratio == outcome().deployment.drift_ratio
    assert validate.validate(folder).errors == []


@pytest.mark.usefixtures("sampled")
def test_a_deployment_that_does_not_validate_is_kept_as_a_failed_one_with_the_reason(tmp_path: Path) -> None:
    def wrong(deployment: Deployment) -> Deployment:
        first, *others = deployment.trials
        return replace(deployment, trials=(replace(first, retransmits=7), *others))  # the tool's own output says otherwise

    folder, report = _advance(tmp_path, outcome(wrong))
    stored, (result,) = read_campaign(folder)
    (deployment,) = result.deployments
    assert (deployment.status, deployment.trials, stored.plan[0].state) == ("failed", (), "failed")
    assert deployment.reason is not None
    assert deployment.reason.startswith("`validate` refuses it: deployments[0].trials[0].retransmits: the tool's own output")
    assert deployment.attestation_before
    assert result.summary == {}
    assert report.errors == []  # a failed deployment is no flaw of the campaign
    assert len(list(aside.place(folder).iterdir())) == len(outcome().raws)  # nothing is thrown away …
    assert list((folder / "raw").iterdir()) == []  # … nor published


@pytest.mark.usefixtures("sampled")
def test_a_campaign_that_does_not_validate_is_aborted(tmp_path: Path) -> None:
    told = {"control plane": "BIRD 2.0.12", "data plane": "8.8.8.8"}
    folder, report = _advance(tmp_path, replace(outcome(), implementation=told))
    stored, (result,) = read_campaign(folder)
    assert stored.status == "aborted"
    assert result.deployments[0].status == "failed"
    assert [error.key for error in report.errors] == ["implementation.data plane"]
    assert "8.8.8.8" not in (result.deployments[0].reason or "")
    with pytest.raises(UserError, match="No unfinished campaign"):
        campaign.unfinished(tmp_path)


@pytest.mark.usefixtures("sampled")
def test_what_a_killed_run_had_stored_is_judged_and_not_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = campaign.begin(ONE, tmp_path)
    write, written = store.write_campaign, []

    def killed(folder: Path, value: Any) -> Path:
        written.append(value)
        raise KeyboardInterrupt

    monkeypatch.setattr(campaign.store, "write_campaign", killed)
    with pytest.raises(KeyboardInterrupt):
        campaign.advance(folder, lambda job, tell: outcome(), lambda _: None)
    assert written
    monkeypatch.setattr(campaign.store, "write_campaign", write)
    stored, (result,) = read_campaign(folder)
    assert (stored.plan[0].state, len(result.deployments)) == ("planned", 1)

    def not_again(job: Job, tell: Any) -> Outcome:
        raise AssertionError("measured again")

    assert campaign.advance(folder, not_again, lambda _: None).errors == []
    stored, (result,) = read_campaign(folder)
    assert (stored.status, len(result.deployments)) == ("complete", 1)


def test_a_reference_that_would_be_refused_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "generator", lambda _: {"version": "0", "commit": "0" * 40, "dirty": True})
    with pytest.raises(UserError, match=r"generator\.dirty: a reference comes from a clean checkout"):
        campaign.begin(replace(ONE, purpose="reference", profile="standard"), tmp_path)
    monkeypatch.setattr(provenance, "generator", lambda _: {"version": "0", "commit": "0" * 40, "dirty": False})
    with pytest.raises(UserError, match="a reference has 6 or more"):
        campaign.begin(replace(ONE, purpose="reference"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_an_experiment_names_its_mode_and_no_two_have_one_id(tmp_path: Path) -> None:
    local, campaigns = tmp_path / "local", tmp_path / "campaigns"
    made = [campaign.begin(ONE, local), campaign.begin(ONE, local),
            campaign.begin(replace(ONE, purpose="contribution"), campaigns),
            campaign.begin(replace(ONE, variants=(Variant("calico-bgp"), Variant("flannel-vxlan"))), local)]
    names = [folder.name[len("2026-01-01-"):] for folder in made]
    assert names == ["tester-calico-bgp", "tester-calico-bgp-2", "tester", "tester-2"]
    assert all(read_campaign(folder)[0].id == folder.name for folder in made)


def test_progress_says_which_deployment_of_how_many_and_of_which_mode(tmp_path: Path) -> None:
    said: list[str] = []
    both = replace(ONE, variants=(Variant("calico-bgp"), Variant("calico-bgp", kernel="uml")))
    folder = campaign.begin(both, tmp_path)

    def tells(job: Job, tell: Callable[[str], None]) -> Outcome:
        tell("build")
        return outcome()

    campaign.advance(folder, tells, said.append)
    order = [cell.kernel for cell in read_campaign(folder)[0].plan]
    names = {"host": "calico-bgp", "uml": "calico-bgp@uml"}
    told = [line for line in said if line.startswith("[")]
    assert told == [f"[{number}/2] {names[kernel]}: build" for number, kernel in enumerate(order, 1)]


@pytest.mark.lab
def test_a_figure_that_no_wire_can_carry_is_a_failed_trial(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The device has not counted yet what the socket has accepted: the ratio is too good to be true."""
    read = wire.counters.read

    def behind(*where: Any) -> Counters:
        found = read(*where)
        return Counters(round(found.tx_bytes * 0.96), round(found.tx_packets * 0.96))

    monkeypatch.setattr(wire.counters, "read", behind)
    monkeypatch.setattr(wire, "OFFERED_BPS", (200_000_000, 100_000_000))
    folder = campaign.begin(ONE, tmp_path)
    report = campaign.advance(folder, deploy, lambda _: None)
    assert report.errors == [], os.linesep.join(map(str, report.errors))
    stored, (result,) = read_campaign(folder)
    assert stored.status == "complete"
    counted = [trial for trial in result.deployments[0].trials if trial.view == "wire"]
    assert [trial.status for trial in counted] == ["failed", "failed"]
    for trial in counted:
        assert trial.wire_goodput_bps is None
        assert "The numbers cannot be right: " in (trial.reason or "")
        assert "So it was in each of 2 transfers" in (trial.reason or "")
        assert trial.raw is not None  # the evidence stays
