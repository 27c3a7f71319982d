"""Campaigns that are killed, and disks that are full: what was stored stays whole, and the rest is measured later."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import catalog
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.backend import Tell
from experiments.measure import campaign, deployment
from experiments.measure.campaign import Request
from experiments.measure.deployment import Job, Outcome
from experiments.paths import ROOT
from experiments.results.model import Deployment
from experiments.results.store import read_campaign
from experiments.results.times import now
from experiments.results.validate import validate
from experiments.variant import Variant

VARIANTS = tuple(Variant(name, "netns", "host") for name in ("calico-bgp", "flannel-vxlan", "calico-bgp-global"))


def test_each_block_holds_every_mode_once_and_the_seed_decides_the_order() -> None:
    plan = campaign.plan(Request(VARIANTS, "standard", 3))
    assert len(plan) == 6 * len(VARIANTS)
    for block in range(1, 7):
        assert {cell.mode for cell in plan if cell.n == block} == {variant.mode for variant in VARIANTS}
    assert plan == campaign.plan(Request(VARIANTS, "standard", 3))
    assert plan != campaign.plan(Request(VARIANTS, "standard", 4))


def test_upstream_s_daemon_is_a_variant_of_its_own() -> None:
    both = (Variant("flannel-udp", "netns", "host"), Variant("flannel-udp", "netns", "host", "upstream"))
    plan = campaign.plan(Request(both, "quick", 1))
    assert sorted(cell.daemon or "ours" for cell in plan if cell.n == 1) == ["ours", "upstream"]


def _failed(n: int, reason: str) -> Outcome:
    return Outcome(Deployment(n=n, status="failed", reason=reason, started_at=now()), (), {}, {}, {})


def test_a_failure_costs_its_own_deployment_only_whatever_its_reason_says(tmp_path: Path) -> None:
    """A reason with somebody's machine in it would make the whole file one that cannot be published."""
    reasons = {1: "printer.lan did not answer", 2: "no route to the node",
               3: "https://raw.githubusercontent.com/a/b.yaml could not be fetched"}
    folder = campaign.begin(Request((VARIANTS[0],), "smoke", 1, host="tester", deployments=3), tmp_path)
    said: list[str] = []
    report = campaign.advance(folder, lambda job, tell: _failed(job.n, reasons[job.n]), said.append)
    assert report.errors == []
    _, (result,) = read_campaign(folder)
    assert [each.reason for each in result.deployments] == [
        "It failed, for a reason that cannot be published as it is.", reasons[2], reasons[3]]
    assert any("failed: printer.lan did not answer" in line for line in said)


@pytest.mark.lab
def test_what_is_wrong_with_an_earlier_deployment_is_not_a_later_one_s_fault(tmp_path: Path) -> None:
    folder = campaign.begin(Request((VARIANTS[0],), "smoke", 1, host="tester", deployments=2), tmp_path)

    def deploy(job: Job, tell: Tell) -> Outcome:
        if job.n == 2:
            next((folder / "raw").iterdir()).unlink()
        return deployment.deploy(job, tell)

    report = campaign.advance(folder, deploy, lambda _: None)
    assert report.errors and all(error.key.startswith("deployments[0]") for error in report.errors)
    stored, (result,) = read_campaign(folder)
    assert (stored.status, [each.status for each in result.deployments]) == ("aborted", ["ok", "ok"])


def test_another_program_than_before_is_not_stored_as_the_same(tmp_path: Path) -> None:
    folder = campaign.begin(Request((VARIANTS[0],), "smoke", 1, host="tester", deployments=2), tmp_path)
    with pytest.raises(UserError, match="was measured with the control plane one 1, and here is one 2"):
        campaign.advance(folder, lambda job, tell: replace(
            _failed(job.n, "no"), implementation={"control plane": f"one {job.n}"}), lambda _: None)
    stored, (result,) = read_campaign(folder)
    assert [cell.state for cell in stored.plan] == ["failed", "planned"]
    assert result.implementation == {"control plane": "one 1"}


def test_the_newest_unfinished_one_is_the_one_that_began_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for second, host in enumerate(("zz", *["aa"] * 10)):
        monkeypatch.setattr(campaign, "now", lambda second=second: f"2026-11-27T10:00:{second:02}Z")  # type: ignore[misc]
        last = campaign.begin(Request(VARIANTS, "smoke", 1, host=host, purpose="contribution"), tmp_path)
    assert campaign.unfinished(tmp_path) == last and last.name.endswith("-aa-10")
    with pytest.raises(UserError, match="No unfinished campaign"):
        campaign.unfinished(tmp_path, beside_upstream=True)
    both = (Variant("flannel-udp"), Variant("flannel-udp", daemon="upstream"))
    beside = campaign.begin(Request(both, "smoke", 1, host="tester"), tmp_path)
    assert campaign.unfinished(tmp_path, beside_upstream=True) == beside
    assert campaign.unfinished(tmp_path) == last


def test_a_plan_that_cannot_be_written_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, value: object) -> None:
        raise ExperimentFailed("no room")

    monkeypatch.setattr(campaign.store, "write_campaign", full)
    with pytest.raises(ExperimentFailed):
        campaign.begin(Request(VARIANTS, "smoke", 1), tmp_path)
    assert list(tmp_path.iterdir()) == []


def _invoke(out: Path, *more: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "invoke", "campaign", "--profile", "smoke", "--out", str(out), *more]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.long
@pytest.mark.lab
def test_killed_twice_and_resumed_it_is_whole(tmp_path: Path) -> None:
    source = random.Random(1)
    arguments = ["--modes", ",".join(variant.mode for variant in VARIANTS), "--kernels", "host", "--host", "tester"]
    for _ in range(2):
        running = _invoke(tmp_path, *arguments)
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("*/campaign.yml")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(source.uniform(1.0, 8.0))
        running.send_signal(signal.SIGKILL)
        running.wait()
        arguments = ["--resume"]
    last = _invoke(tmp_path, "--resume")
    said, _ = last.communicate(timeout=180)
    assert last.returncode == 0, said
    folder, = tmp_path.iterdir()
    stored, results = read_campaign(folder)
    assert stored.status == "complete"
    assert [(result.mode, each.reason) for result in results for each in result.deployments if each.status != "ok"] == []
    assert [cell.state for cell in stored.plan] == ["done"] * len(VARIANTS)
    assert {result.mode for result in results} == {variant.mode for variant in VARIANTS}
    assert validate(folder, modes=catalog.load()).errors == []
    assert not list(folder.rglob("*.tmp"))


FULL_DISK = """
import subprocess, sys
from dataclasses import replace
from pathlib import Path
from experiments.errors import ExperimentFailed
from experiments.results import store
disk, sample = Path(sys.argv[1]), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(disk)], check=True)
campaign, results = store.read_campaign(sample)
folder = disk / "campaign"
folder.mkdir()
store.write_campaign(folder, campaign)
before = (folder / "campaign.yml").read_bytes()
try:
    for number in range(200):
        (folder / "filler").open("ab").write(b"x" * 2048)
except OSError:
    pass
try:
    store.write_mode(folder, results[0])
    print("written")
except ExperimentFailed as failure:
    print(failure)
assert (folder / "campaign.yml").read_bytes() == before
assert sorted(p.name for p in folder.iterdir()) == ["campaign.yml", "filler"], list(folder.iterdir())
(folder / "filler").unlink()
store.write_mode(folder, results[0])
assert store.read_mode(folder / f"{results[0].mode}.yml").mode == results[0].mode
print("whole")
"""


@pytest.mark.lab
def test_a_full_disk_is_a_message_and_costs_nothing(tmp_path: Path) -> None:
    sample = ROOT / "tests" / "golden" / "results" / "version-1"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c", FULL_DISK, str(tmp_path), str(sample)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "could not be written: No space left on device" in done.stdout
    assert "Make room, then do it again." in done.stdout
    assert done.stdout.endswith("whole\n")
