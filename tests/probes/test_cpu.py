"""CPU accounting: /proc read purely, differences less the idle rate, and a real process in a lab."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.labs.base import start
from experiments.labs.netns import backend as netns
from experiments.paths import ROOT
from experiments.probes import cpu
from experiments.probes.cpu import Times, Used, parse_process_stat, parse_stat
from experiments.probes.errors import ProbeError

STAT = (ROOT / "tests" / "golden" / "probes" / "proc-stat.txt").read_text()
PROCESS = "42 (a (b) c) S 1 42 42 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 100 0 0"


def test_a_real_proc_stat() -> None:
    times = parse_stat(STAT)
    assert times.cores == 2
    assert times.idle_ticks == 1734989 + 7091
    assert times.softirq_ticks == 45712
    assert times.steal_ticks == 313
    assert times.context_switches == 76784216


@pytest.mark.parametrize("text", ["", "cpu 1 2 3", STAT.replace("ctxt", "ctx"), STAT.replace("1734989", "many"),
                                  STAT.replace("cpu0", "x").replace("cpu1", "y"), "\n\n"])
def test_another_proc_stat_is_refused(text: str) -> None:
    with pytest.raises(ProbeError, match="/proc/stat could not be read"):
        parse_stat(text)


def test_a_process_with_brackets_in_its_name() -> None:
    assert parse_process_stat(PROCESS) == pytest.approx(300 / os.sysconf("SC_CLK_TCK"))


@given(st.integers(0, len(PROCESS) - 25) | st.text(max_size=60))
def test_another_process_line_is_refused_or_a_number(cut: int | str) -> None:
    try:
        assert parse_process_stat(PROCESS[:cut] if isinstance(cut, int) else cut) >= 0
    except ProbeError as refusal:
        assert "/proc/PID/stat" in str(refusal)


def _times(idle_s: float, softirq_s: float, steal_s: float, switches: int) -> Times:
    return Times(4, *(round(seconds / cpu.TICK_S) for seconds in (idle_s, softirq_s, steal_s)), switches)


def test_an_idle_rate_counts_the_time_it_was_taken_over() -> None:
    idle = cpu.rate_when_idle(0.05)
    assert idle.seconds >= 0.05
    assert idle.busy_core_s >= 0
    assert idle.context_switches > 0


def test_the_idle_rate_is_taken_off_and_never_more_than_there_was(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([_times(10, 4, 0, 1000), _times(11.5, 6, 0.5, 5000)])
    clock = iter([100.0, 102.0])
    lab = netns.on_paper()
    monkeypatch.setattr(cpu, "now", lambda: next(readings))
    monkeypatch.setattr(cpu, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    meter = cpu.Meter(lab, [])
    used = meter.stop(Used(0.5, 5.0, 0.0, 0.0, 100, 0.5))  # of half a second: four times that in two
    assert used == Used(busy_core_s=pytest.approx(6 - 4 * 0.5), softirq_core_s=0.0, steal_core_s=pytest.approx(0.5),
                        daemon_core_s=0.0, context_switches=4000 - 4 * 100, seconds=2.0)


def test_a_machine_that_was_busier_before_gives_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([_times(10, 4, 0, 1000), _times(17, 4, 0, 5000)])
    clock = iter([100.0, 102.0])
    lab = netns.on_paper()
    monkeypatch.setattr(cpu, "now", lambda: next(readings))
    monkeypatch.setattr(cpu, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    meter = cpu.Meter(lab, [])
    with pytest.raises(ProbeError, match=r"before the trial \(1\.20 cores\) than during it \(0\.50 cores\)"):
        meter.stop(Used(0.6, 0.0, 0.0, 0.0, 0, 0.5))


@dataclass(frozen=True)
class _Daemon:
    place: str
    pid: int


@pytest.mark.lab
def test_a_process_is_charged_what_it_used() -> None:
    work = ("import hashlib, os, time; print(os.getpid(), flush=True); "
            "[hashlib.sha256(bytes(10**8)).digest() for _ in range(5)]; print('done', flush=True); time.sleep(60)")
    with netns.up() as lab:
        process = start(lab, "node1", [sys.executable, "-c", work], stdout=subprocess.PIPE)
        assert process.stdout is not None
        daemon = _Daemon("node1", int(process.stdout.readline()))
        meter = cpu.Meter(lab, [daemon])
        process.stdout.readline()
        used = meter.stop(Used(0.0, 0.0, 0.0, 0.0, 0.0, 1.0))
        assert 0 < used.daemon_core_s <= (os.cpu_count() or 1) * used.seconds + 0.02  # a clock tick at either end
        process.terminate()
        process.wait()
        process.stdout.close()


@pytest.mark.lab
def test_a_process_that_is_gone_is_a_reason() -> None:
    with netns.up() as lab, pytest.raises(ProbeError, match="The process 99999 on node1 is gone"):
        cpu.Meter(lab, [_Daemon("node1", 99999)])
