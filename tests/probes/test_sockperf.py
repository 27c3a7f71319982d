"""sockperf: its report read from real and damaged outputs, and real round trips in a lab."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.labs.base import run
from experiments.labs.netns import backend as netns
from experiments.paths import ROOT
from experiments.probes import sockperf
from experiments.probes.errors import ProbeError
from experiments.probes.sockperf import Latency, parse

GOLDEN = ROOT / "tests" / "golden" / "probes"
REPORT = (GOLDEN / "sockperf-ping-pong.txt").read_text()
REFUSED = (GOLDEN / "sockperf-refused.txt").read_text()


def test_a_real_report() -> None:
    assert parse(REPORT) == Latency(120432, 18.597, 26.849, 59.898, 136.071, 4186.291, "sockperf 3.7")


def test_a_report_without_colours_is_the_same() -> None:
    assert parse(REPORT.replace("\x1b[2;35m", "").replace("\x1b[0m", "")) == parse(REPORT)


@pytest.mark.parametrize("without", ["version # ==", "version #-no.git ==", "version #"])
def test_one_that_was_built_without_a_version_is_read_with_a_note(without: str) -> None:
    text = REPORT.replace("version #3.7-no.git ==", without)
    assert text != REPORT
    assert parse(text) == replace(parse(REPORT), tool="sockperf (it does not say its version)")


@pytest.mark.parametrize(("text", "reason"), [
    ("", "sockperf's output is incomplete; it ended with: nothing"),
    (REFUSED, "it ended with: sockperf: ERROR: Can`t connect socket"),
    (REPORT.replace("dropped messages = 0", "dropped messages = 12"), "sockperf lost 12 messages."),
    (REPORT.replace("dropped messages = 0", "nothing of that kind"), "sockperf lost an unknown number of messages."),
    (REPORT.replace("percentile 99.900", "percentile 99.950"), "sockperf's output is incomplete"),
    (REPORT.replace("136.071", "13.071"), "sockperf's percentiles do not rise"),
    (REPORT.replace("4186.291", "nan"), "sockperf's output is incomplete"),
])
def test_a_damaged_report_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ProbeError, match=reason):
        parse(text)


@given(st.integers(0, len(REPORT.rstrip()) - 6))
def test_a_report_that_was_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(ProbeError):
        parse(REPORT[:cut])


@given(st.integers(0, len(REPORT) - 1), st.text(max_size=12))
def test_other_characters_anywhere_give_a_result_or_a_reason(position: int, other: str) -> None:
    try:
        result = parse(REPORT[:position] + other + REPORT[position + len(other):])
    except ProbeError as refusal:
        assert str(refusal)
    else:
        assert 0 <= result.p50_us <= result.p90_us <= result.p99_us <= result.p999_us <= result.max_us


@pytest.mark.lab
def test_round_trips_between_nodes_and_over_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockperf, "FIRST_S", 1)
    with netns.up() as lab:
        result, text = sockperf.run_ping_pong(lab, "node1", "node2", "172.31.0.2", samples=100, floor_us=30.0)
        assert result.samples >= 100
        assert parse(text) == result
        floor, _ = sockperf.floor(lab, "node1")
        assert floor.p50_us > 0
        assert _sockperfs(lab) == []


@pytest.mark.lab
def test_too_few_samples_are_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockperf, "FIRST_S", 1)
    monkeypatch.setattr(sockperf, "LONGEST_S", 1)
    with netns.up() as lab, pytest.raises(ProbeError, match=r"Only \d+ of 1000000000 round trips were observed"):
        sockperf.run_ping_pong(lab, "node1", "node2", "172.31.0.2", samples=1_000_000_000, floor_us=30.0)


@pytest.mark.lab
def test_a_failed_run_has_a_reason_and_leaves_no_server() -> None:
    with netns.up() as lab:
        with pytest.raises(ProbeError, match="ended before it listened"):
            sockperf.run_ping_pong(lab, "node1", "node2", "172.31.0.77", samples=1, floor_us=30.0)
        assert _sockperfs(lab) == []


def _sockperfs(lab: netns.NetnsLab) -> list[str]:
    listed = run(lab, "", ["ps", "-eo", "stat=,args="], record=False).stdout.splitlines()
    return [line for line in listed if "sockperf" in line and not line.startswith("Z")]
