"""`invoke fidelity`, for real: our recipe against itself is the same, and what upstream's daemon gave is stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from measured import measure
from tests_support import why_not_by_upstream, why_not_on_the_host

from experiments.paths import ROOT
from experiments.results import fidelity, store
from experiments.results.validate import validate


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


def test_where_nothing_can_run_the_table_says_why() -> None:
    done = run("calico-bgp", "flannel-udp", path="/nonexistent")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("not run, because") == 2 and "flanneld" in done.stdout
    assert "`invoke experiment calico-bgp --daemon upstream` says it" in " ".join(done.stdout.split())
