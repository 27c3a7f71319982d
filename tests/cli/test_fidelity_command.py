"""`invoke fidelity`, for real: our recipe against itself is the same, and what upstream's daemon gave is stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from measured import measure
from tests_support import interrupted, why_not_by_upstream, why_not_on_the_host

from experiments.catalog import Mode
from experiments.cli import campaign as command
from experiments.cli.fidelity import run_fidelity
from experiments.errors import UserError
from experiments.measure import campaign
from experiments.paths import ROOT
from experiments.results import fidelity, store
from experiments.results.validate import validate
from experiments.variant import UPSTREAM, Variant


def run(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "80"} | ({"PATH": path} if path is not None else {})
    return subprocess.run([sys.executable, "-m", "invoke", "fidelity", *arguments], cwd=ROOT, capture_output=True, text=True,
                          timeout=240, env=environment, check=False)


@pytest.mark.lab
def test_ours_against_ours_is_the_same(tmp_path: Path) -> None:
    if reason := why_not_on_the_host("flannel-vxlan"):
        pytest.skip(reason)
    (ours,), (again,) = (measure(tmp_path / name, ["flannel-vxlan"]).results for name in ("one", "two"))
    found = fidelity.compare(ours, again)
    assert found.packets_compared and found.packet == ()
    assert found.checks.same and found.checks.both and found.checks_apart == ()
    assert {kind: sets.same for kind, sets in found.tables.items()} == {"routes": True, "neighbours": True, "FDB entries": True}
    # The profile smoke sends so little that single frames of a busy machine show.
    assert found.wire is not None and found.wire.ratio == pytest.approx(1, abs=0.01)


@pytest.mark.lab
def test_ours_beside_upstream_s(tmp_path: Path) -> None:
    if reason := why_not_by_upstream("flannel-udp"):
        pytest.skip(reason)
    done = run("flannel-udp", "--profile", "smoke", "--deployments", "2", "--seed", "3", "--out", str(tmp_path / "local"),
               "--host", "tester")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = store.campaign_folders(tmp_path / "local")
    assert validate(folder, alone=True).errors == []
    campaign, results = store.read_campaign(folder)
    assert (campaign.protocol["seed"], campaign.protocol["deployments"], len(campaign.plan)) == (3, 2, 4)
    assert {result.variant.name for result in results} == {"flannel-udp", "flannel-udp@upstream"}
    assert "packet: the same;" in done.stdout and "routes: 2 the same" in done.stdout
    again = run("--from", str(folder))
    assert again.returncode == 0 and "packet: the same;" in again.stdout
    assert all(len(line) <= 80 for line in again.stdout.splitlines() if str(tmp_path) not in line), again.stdout
    refused = run("calico-bgp", "--from", str(folder))
    assert refused.returncode == 2
    assert "has no result of ours and of upstream's daemon on one kernel of calico-bgp" in refused.stderr


@pytest.mark.long
@pytest.mark.lab
def test_interrupted_it_says_how_to_go_on_and_goes_on(tmp_path: Path) -> None:
    if reason := why_not_by_upstream("flannel-udp"):
        pytest.skip(reason)
    argv = [sys.executable, "-m", "invoke", "fidelity", "flannel-udp", "--profile", "smoke", "--out", str(tmp_path)]
    said = interrupted(argv, "[2/2]")
    assert f"Go on with `invoke fidelity --resume --out {tmp_path}`, and --daemon as before." in said
    done = run("--resume", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Measures 1 deployment of 1 mode" in done.stdout and "packet: the same;" in done.stdout


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """An unfinished campaign of both, and a newer one that has no daemon of upstream's."""
    both = (Variant("flannel-udp"), Variant("flannel-udp", daemon=UPSTREAM))
    campaign.begin(campaign.Request(both, "smoke", 3, host="tester"), tmp_path)
    campaign.begin(campaign.Request((Variant("calico-bgp"),), "quick", 3, host="tester"), tmp_path)
    return tmp_path


@pytest.mark.parametrize(("modes", "option", "said"), [
    ("flannel-vxlan", {}, "--modes flannel-vxlan (it has flannel-udp)"),
    ("", {"profile": "quick"}, "--profile quick (it has smoke)"),
    ("", {"seed": "4"}, "--seed 4 (it has 3)"),
    ("", {"deployments": "6"}, "--deployments 6 (it has 1)"),
    ("", {"kernel": "uml"}, "--kernel uml (it has host)"),
])
def test_an_option_that_contradicts_the_plan_is_refused_by_name(
    modes: str, option: dict[str, str], said: str, begun: Path
) -> None:
    with pytest.raises(UserError) as refusal:
        run_fidelity(modes, resume=True, out=str(begun), **option)  # type: ignore[arg-type]
    assert said in refusal.value.problem


def test_going_on_takes_all_daemons_that_it_was_begun_with_and_asks_for_what_is_still_planned(
    begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one of a mode that was refused at the beginning, which the plan does not have."""
    for name in ("flanneld", "weaver"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    asked: list[str | None] = []

    def stop(mode: Mode, *place: object, daemon: str | None = None, forced: bool) -> None:
        asked.append(daemon)
        if len(asked) == 2:
            raise UserError("Far enough.")

    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setattr(command, "choose", stop)
    with pytest.raises(UserError, match="Far enough"):
        run_fidelity(resume=True, out=str(begun), daemon=f"{tmp_path / 'flanneld'}:{tmp_path / 'weaver'}")
    assert sorted(asked, key=str) == [None, UPSTREAM]


def test_nothing_to_resume_and_no_such_daemon(tmp_path: Path) -> None:
    campaign.begin(campaign.Request((Variant("calico-bgp"),), "quick", 3, host="tester"), tmp_path / "local")
    with pytest.raises(UserError, match="No unfinished campaign") as refusal:
        run_fidelity(resume=True, out=str(tmp_path / "local"))
    assert refusal.value.advice == "Start one: `invoke fidelity`."
    with pytest.raises(UserError, match="there is no flanneld, calico-node"):
        run_fidelity("flannel-udp calico-bgp", daemon=str(tmp_path))


def test_where_nothing_can_run_the_table_says_why() -> None:
    done = run("calico-bgp", "flannel-udp", path="/nonexistent")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("not run, because") == 2 and "flanneld" in done.stdout
    assert "`invoke experiment calico-bgp --daemon upstream` says it" in " ".join(done.stdout.split())
