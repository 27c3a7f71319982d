"""The rules that runner and validator share: what is possible, and what follows from what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.probes import iperf3
from experiments.results import rules
from experiments.results.model import Trial

# As a smoke campaign once stored it: what the socket had accepted and the device not yet carried was counted as carried.
IMPOSSIBLE = Trial(
    "weave-fastdp-1-03-wire", "wire", "pod-pod", "ok", payload_bytes=8_010_200, underlay_tx_bytes=8_027_000,
    underlay_tx_packets=6_075, mss_bytes=1324, wire_efficiency_ratio=0.980096, wire_goodput_bps=980_096_000.0,
)
SPEED = Trial("a-1-01-speed", "speed", "host-host", "ok", goodput_bps=8e9, sent_bps=8e9, duration_s=1.0, streams=1)


def _fields(trial: Trial, mode: str = "weave-fastdp", cores: int | None = None) -> list[str]:
    return [name for name, _ in rules.broken(trial, mode, cores)]


def test_a_wire_figure_above_what_the_headers_leave_is_refused() -> None:
    found = dict(rules.broken(IMPOSSIBLE, "weave-fastdp"))
    assert found["wire_goodput_bps"] == "the headers leave 904 Mbit/s of this link; allowed: at most 922 Mbit/s"


def test_the_same_counts_are_judged_by_the_mode_and_the_path() -> None:
    ratio = 920 / 1000
    frames = 10_000
    fitting = Trial("t-1-01-wire", "wire", "pod-pod", "ok", payload_bytes=round(ratio * 1538 * frames), mss_bytes=1448,
                    underlay_tx_bytes=1514 * frames, underlay_tx_packets=frames, wire_efficiency_ratio=0.92,
                    wire_goodput_bps=920_000_000.0)
    assert _fields(fitting, "calico-bgp") == []
    assert _fields(fitting, "weave-sleeve") == ["wire_goodput_bps"]  # 1324 of 1476 bytes, and 2 %
    assert _fields(replace(fitting, path="host-host"), "weave-sleeve") == []


@given(st.floats(1e6, 4e10), st.floats(0.5, 10), st.integers(1, 8), st.floats(0, 1))
def test_what_iperf3_s_parser_takes_the_rules_take(sent_bps: float, seconds: float, streams: int, share: float) -> None:
    """The runner's tolerance once was another one than the validator's."""
    sent_bytes = sent_bps * seconds / 8
    more = share * iperf3.most_unequal_bytes(sent_bytes, streams) * 0.999
    trial = replace(SPEED, sent_bps=sent_bps, duration_s=seconds, streams=streams)
    trial = replace(trial, goodput_bps=(sent_bytes + more) * 8 / seconds)
    assert _fields(trial) == []
    beyond = (sent_bytes + iperf3.most_unequal_bytes(sent_bytes, streams) * 1.01) * 8 / seconds
    assert _fields(replace(trial, goodput_bps=beyond)) == ["goodput_bps"]


@pytest.mark.parametrize(("change", "field"), [
    ({"intervals_bps": (7e9, 7.5e9)}, "intervals_bps"),
    ({"view": "cost", "offered_bps": 200_000_000, "goodput_bps": 2.2e8, "sent_bps": 2.2e8}, "goodput_bps"),
    ({"view": "cost", "cpu_core_s": 13.0}, "cpu_core_s"),
    ({"limited_by": "link"}, "limited_by"),
    ({"view": "latency", "p50_us": 12.0, "p90_us": 11.0}, "p90_us"),
])
def test_each_other_rule_names_its_field(change: dict[str, object], field: str) -> None:
    assert field in _fields(replace(SPEED, **change), cores=2)


def test_drift_is_between_two_baselines_that_count() -> None:
    ends = [SPEED, replace(SPEED, goodput_bps=10e9)]
    assert rules.drift(ends) == pytest.approx(2 / 9, abs=1e-6)
    assert rules.drift(ends[:1]) is None
    assert rules.drift([*ends[:1], replace(ends[1], status="discarded")]) is None
