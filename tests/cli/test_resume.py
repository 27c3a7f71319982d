"""`invoke campaign`: what it says before, meanwhile and at the end; going on as it was planned, and in no other way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests_support import interrupted

from experiments.catalog import Mode
from experiments.cli import campaign as command
from experiments.cli.campaign import run_campaign
from experiments.errors import UserError
from experiments.measure import campaign
from experiments.measure.campaign import Request
from experiments.paths import ROOT
from experiments.variant import Variant

BOTH = (Variant("calico-bgp"), Variant("flannel-vxlan"))


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    campaign.begin(Request(BOTH, "smoke", 3, host="tester", purpose="contribution"), tmp_path)
    return tmp_path


@pytest.mark.parametrize(("option", "said"), [
    ({"profile": "quick"}, "--profile quick (it has smoke)"),
    ({"seed": "4"}, "--seed 4 (it has 3)"),
    ({"modes": "calico-bgp"}, "--modes calico-bgp (it has calico-bgp,flannel-vxlan)"),
    ({"host": "other"}, "--host other (it has tester)"),
    ({"kernels": "uml"}, "--kernels uml (it has host)"),
    ({"reference": True}, "--reference (its purpose is contribution)"),
    ({"lab": "kind"}, "--lab kind (it has netns)"),
    ({"deployments": "6"}, "--deployments 6 (it has 1)"),
])
def test_an_option_that_contradicts_the_plan_is_refused_by_name(begun: Path, option: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as refusal:
        run_campaign(resume=True, out=str(begun), **option)  # type: ignore[arg-type]
    assert said in refusal.value.problem
    assert "without --resume" in refusal.value.advice


def test_the_words_that_it_was_begun_with_are_no_contradiction(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def stop(mode: Mode, *places: object, **more: object) -> None:
        asked.append(mode.name)
        raise UserError("Far enough.")

    monkeypatch.setattr(command, "choose", stop)
    with pytest.raises(UserError, match="Far enough"):
        run_campaign(resume=True, out=str(begun), kernels="all", modes="flannel-vxlan,calico-bgp", seed="3", profile="smoke")
    assert len(asked) == 1  # what the machine has is looked at before anything is measured


def test_nothing_to_resume_and_no_number(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No unfinished campaign"):
        run_campaign(resume=True, out=str(tmp_path))
    with pytest.raises(UserError, match="--seed abc: that is not a whole number"):
        run_campaign(seed="abc", out=str(tmp_path))
    for text in ("31", "0", "0000000123", "1" * 5000, "6.5"):
        with pytest.raises(UserError, match=f"--deployments {text}: that is not a whole number from 1 to 30"):
            run_campaign(deployments=text, reference=True, out=str(tmp_path))


def test_only_a_reference_has_another_number_of_deployments_than_its_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="A contribution has as many deployments of each mode as its profile asks for"):
        run_campaign(modes="calico-bgp", profile="smoke", deployments="6", out=str(tmp_path))
    asked: list[Request] = []

    def stop(request: Request, root: Path) -> Path:
        asked.append(request)
        raise UserError("Far enough.")

    monkeypatch.setattr(campaign, "begin", stop)
    with pytest.raises(UserError, match="Far enough"):
        run_campaign(modes="calico-bgp", kernels="host", profile="smoke", deployments="6", reference=True,
                     anyway=True, out=str(tmp_path))
    assert [(request.purpose, request.deployments) for request in asked] == [("reference", 6)]


@pytest.mark.long
@pytest.mark.lab
def test_interrupted_it_says_how_to_go_on_and_goes_on(begun: Path) -> None:
    argv = [sys.executable, "-m", "invoke", "campaign", "--resume", "--out", str(begun)]
    said = interrupted([*argv, "--profile", "smoke", "--seed", "3"], "measure")
    assert f"What was measured is stored. Go on with `invoke campaign --resume --out {begun}`." in said
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert "Measures 2 deployments of 2 modes, profile smoke: about " in done.stdout
    assert " left  [1/2] " in done.stdout
    assert " left  [2/2] " in done.stdout
    assert "ratio" in done.stdout
    assert "Validated: 0 errors, " in done.stdout
    assert f"  invoke show {next(begun.iterdir())}\n" in done.stdout
