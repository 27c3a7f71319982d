"""`invoke show`: a stored result again, in any width, and two of them by nothing but their ratios."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.paths import ROOT
from experiments.results import store
from experiments.results.model import Trial
from experiments.results.verdict import reason_in_words

CAMPAIGNS = sorted((ROOT / "data" / "campaigns").glob("*/campaign.yml"))
RESULTS = sorted((ROOT / "data" / "campaigns").glob("*/calico-*.yml"))
SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"
pytestmark = pytest.mark.skipif(not CAMPAIGNS, reason="no campaign is stored in data/campaigns")


def show(*arguments: str, columns: int = 80) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": str(columns)}
    return subprocess.run([sys.executable, "-m", "invoke", "show", *arguments], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, env=environment, check=False)


def _numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d[\d.]* (?:[kMG]?bit/s|core·s/Gbit|µs|ms)(?!\S)|(?<=\s)\d\.\d{3}(?=\s)", text))


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("what", [RESULTS[-1], CAMPAIGNS[0]], ids=["a mode", "a campaign"])
def test_it_fits_and_no_number_is_cut(what: Path, columns: int) -> None:
    wide, narrow = show(str(what), columns=200), show(str(what), columns=columns)
    assert narrow.returncode == 0, narrow.stderr
    assert all(len(line) <= columns for line in narrow.stdout.splitlines() if str(ROOT) not in line), narrow.stdout
    assert "…" not in narrow.stdout
    assert len(_numbers(wide.stdout)) > 10
    assert _numbers(narrow.stdout) == _numbers(wide.stdout)


def test_without_a_name_it_is_the_newest_and_a_task_s_name_is_none() -> None:
    done = show()
    assert done.returncode == 0, done.stderr
    assert "Stored:" in done.stdout
    assert show("list", "--format", "json").stdout.endswith("]\n")


def test_two_are_compared_by_ratios_only() -> None:
    one, other = map(str, RESULTS[:2])
    done = show(one, other)
    assert done.returncode == 0, done.stderr
    assert "ratio to the baseline" in done.stdout
    assert "Only ratios are compared" in done.stdout
    assert not re.search(r"bit/s|µs", done.stdout)


def test_what_is_not_there_is_a_mistake_with_what_is() -> None:
    done = show("calico-bpg")
    assert done.returncode == 2
    assert "Did you mean calico-bgp" in done.stderr


def test_campaigns_without_a_mode_in_common_are_not_compared(tmp_path: Path) -> None:
    campaign, (result, *_) = store.read_campaign(SAMPLE)
    folders = [tmp_path / name for name in ("2026-11-24-a", "2026-11-24-b")]
    for folder, modes in zip(folders, (("calico-bgp", "calico-ipip"), ("flannel-vxlan", "flannel-udp")), strict=True):
        folder.mkdir()
        store.write_campaign(folder, replace(campaign, id=folder.name))
        for mode in modes:
            store.write_mode(folder, replace(result, campaign=folder.name, mode=mode))
    done = show(*map(str, folders))
    assert done.returncode == 2
    assert "no mode in common" in done.stderr
    assert "flannel-udp, flannel-vxlan" in done.stderr


def test_what_somebody_else_wrote_cannot_steer_the_terminal(tmp_path: Path) -> None:
    campaign, (result, *_) = store.read_campaign(SAMPLE)
    store.write_campaign(tmp_path, campaign)
    first, *others = result.deployments
    evil = replace(first, status="failed", reason="\x1b]0;owned\x07[red]gone[/red]\x1b[2J", trials=())
    store.write_mode(tmp_path, replace(result, daemon="upstream", implementation={"data plane": "\x1b[31mred"},
                                       deployments=(evil, *others)))
    done = show(str(tmp_path / "calico-bgp@upstream.yml"))
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout
    assert "[red]gone[/red]" in done.stdout


def test_a_discarded_trial_says_in_words_what_the_machine_did() -> None:
    trial = Trial("a-1-01-speed", "speed", "pod-pod", "discarded", reason="canary_ratio 2.7 > 1.5, steal_ratio 0.05 > 0.02")
    assert reason_in_words(trial) == (
        "discarded: the machine was busy: a fixed loop took 2.7 times its usual time; limit 1.5, "
        "the machine was busy: its hypervisor kept 5.0 % of the processors' time for others; limit 2.0 %")
    assert reason_in_words(replace(trial, status="failed", reason="iperf3 said: no")) == "failed: iperf3 said: no"
