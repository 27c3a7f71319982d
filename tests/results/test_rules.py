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
    assert found["wire_goodput_bps"] == "the headers leave 904 Mbit/s of this link; bytes were counted, so none can be more"


def test_a_count_is_given_no_tolerance_but_a_segment_without_timestamps_is() -> None:
    """Four packets of a transfer that the receiver had ended were not carried: 0.14 % above, on a busy machine."""
    above = Trial("a-1-02-wire", "wire", "pod-pod", "ok", mss_bytes=1398, payload_bytes=8_010_540, underlay_tx_bytes=8_662_532,
                  underlay_tx_packets=5_740, wire_efficiency_ratio=0.910258, wire_goodput_bps=910_258_432.0)
    for changed, said in (({}, ["wire_goodput_bps"]), ({"duration_s": 0.1}, ["wire_goodput_bps"]), ({"mss_bytes": 1410}, []),
                          ({"mss_bytes": 1397}, ["wire_goodput_bps"]), ({"mss_bytes": 9000}, ["wire_goodput_bps"])):
        trial = replace(above, **changed)
        assert [name for name in _fields(trial, "flannel-vxlan") if name == "wire_goodput_bps"] == said


def test_the_same_counts_are_judged_by_the_mode_and_the_path() -> None:
    ratio = 920 / 1000
    frames = 10_000
    fitting = Trial("t-1-01-wire", "wire", "pod-pod", "ok", payload_bytes=round(ratio * 1538 * frames), mss_bytes=1448,
                    underlay_tx_bytes=1514 * frames, underlay_tx_packets=frames, wire_efficiency_ratio=0.92,
                    wire_goodput_bps=920_000_000.0)
    assert _fields(fitting, "calico-bgp") == []
    assert _fields(fitting, "weave-sleeve") == ["wire_goodput_bps"]  # 1324 of 1476 bytes
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


LATENCY = Trial("a-1-05-latency", "latency", "host-host", "ok", samples=20_000, p50_us=30.0, p90_us=40.0, p99_us=60.0,
                p999_us=90.0, max_us=200.0, floor_p50_us=25.0)
COST = Trial("a-1-04-cost", "cost", "host-host", "ok", goodput_bps=2e8, sent_bps=2e8, duration_s=4.0, streams=1,
             offered_bps=200_000_000, cpu_core_s=0.4, core_s_per_gbit=0.5, context_switches_per_packet=0.15)
LINK = Trial("a-1-02-link", "link", "host-host", "ok", goodput_bps=9.4e8, sent_bps=9.4e8, duration_s=2.0, streams=1,
             link_rate_bps=1_000_000_000)
SLICED = Trial("a-1-03", "speed", "pod-pod", "ok", pairs=12, pair_ratio=0.6, pair_ratio_low=0.59, pair_ratio_high=0.61,
               duration_s=0.6, streams=1, mss_bytes=1398)
SLICED_SPEED = replace(SLICED, core_goodput_bps=3.4e10, goodput_bps=3.3e10)
SLICED_COST = replace(SLICED, view="cost", goodput_bps=7e9, core_s_per_gbit=0.128, core_us_per_packet=1.4316,
                      context_switches_per_packet=0.0)
SLICED_LATENCY = replace(SLICED, view="latency", load_ratio=0.0, samples=50_000, p50_us=4.968, p90_us=6.0, p99_us=9.0,
                         p999_us=20.0, max_us=90.0, transactions_per_core_s=200_000.0)
PACKETS = replace(SLICED, view="packets", streams=None, mss_bytes=None, datagram_bytes=64, core_packets_per_s=310_000.0,
                  loss_ratio=0.001, goodput_bps=1.58e8)


@pytest.mark.parametrize(("trial", "change", "field"), [
    (SLICED_SPEED, {"pair_ratio": 7.0, "pair_ratio_high": 7.1}, "pair_ratio"),
    (SLICED_SPEED, {"core_goodput_bps": 2e12}, "core_goodput_bps"),
    (SLICED_SPEED, {"goodput_bps": 4.4e10}, "goodput_bps"),
    (SLICED_COST, {"core_s_per_gbit": 0.001}, "core_s_per_gbit"),
    (SLICED_COST, {"core_us_per_packet": 1.7}, "core_us_per_packet"),
    (SLICED_COST, {"context_switches_per_packet": None}, "context_switches_per_packet"),
    (SLICED_COST, {"pair_ratio": 0.1, "pair_ratio_low": 0.1}, "pair_ratio"),
    (SLICED_LATENCY, {"p50_us": 0.025}, "p50_us"),
    (SLICED_LATENCY, {"p50_us": None}, "p50_us"),
    (SLICED_LATENCY, {"transactions_per_core_s": None}, "transactions_per_core_s"),
    (SLICED_LATENCY, {"transactions_per_core_s": 3e6}, "transactions_per_core_s"),
    (PACKETS, {"loss_ratio": 0.0011}, "loss_ratio"),
    (PACKETS, {"loss_ratio": None}, "loss_ratio"),
    (PACKETS, {"datagram_bytes": None}, "datagram_bytes"),
    (PACKETS, {"core_packets_per_s": 5e6}, "core_packets_per_s"),
    (PACKETS, {"core_packets_per_s": None}, "core_packets_per_s"),
    (PACKETS, {"goodput_bps": 1.7e8}, "goodput_bps"),
    (PACKETS, {"pair_ratio": 6.0, "pair_ratio_high": 6.1}, "pair_ratio"),
    (SPEED, {"goodput_bps": 2.2e16, "sent_bps": 2.2e16}, "goodput_bps"),
    (SPEED, {"goodput_bps": 0.0}, "goodput_bps"),
    (LATENCY, {"p50_us": 0.025}, "p50_us"),
    (LATENCY, {"p50_us": 1.9}, "p50_us"),
    (LATENCY, {"floor_p50_us": 0.1}, "floor_p50_us"),
    (LATENCY, {"floor_p50_us": None}, "floor_p50_us"),
    (COST, {"cpu_core_s": 0.0, "core_s_per_gbit": 0.0}, "core_s_per_gbit"),
    (COST, {"cpu_core_s": None}, "cpu_core_s"),
    (COST, {"offered_bps": None}, "offered_bps"),
    (COST, {"context_switches_per_packet": 0.0}, "context_switches_per_packet"),
    (COST, {"daemon_core_s": 99.0}, "daemon_core_s"),
    (LINK, {"link_rate_bps": None}, "link_rate_bps"),
    (LINK, {"goodput_bps": 9.4e8 * 1.3, "sent_bps": 9.4e8 * 1.3}, "goodput_bps"),
])
def test_ceilings_and_floors_name_their_field(trial: Trial, change: dict[str, object], field: str) -> None:
    assert _fields(trial, cores=2) == []
    assert field in _fields(replace(trial, **change), cores=2)


def test_a_link_of_the_capsule_leaves_no_room_for_three_tenths_more() -> None:
    slow = replace(LINK, link_rate_bps=100_000_000, goodput_bps=9.98e7, sent_bps=1.087e8)
    assert _fields(slow) == [], "as it was measured: 6 % above the link, from the shaper's queue"
    assert _fields(replace(slow, goodput_bps=9.42e7 * 1.3, sent_bps=9.42e7 * 1.3)) == ["goodput_bps"]


@given(st.lists(st.tuples(st.floats(0.5, 2.0), st.floats(1e8, 4e10)), min_size=1, max_size=8))
def test_seconds_of_any_length_are_taken(intervals: list[tuple[float, float]]) -> None:
    """On a busy machine iperf3's seconds are not all as long, and what was sent is no mean of their rates."""
    sent_bps = sum(seconds * rate for seconds, rate in intervals) / sum(seconds for seconds, _ in intervals)
    trial = replace(SPEED, goodput_bps=sent_bps, sent_bps=sent_bps, intervals_bps=tuple(rate for _, rate in intervals))
    assert _fields(trial) == []


@pytest.mark.parametrize(("trial", "change", "field"), [
    (SPEED, {"goodput_bps": 8e10}, "goodput_bps"),
    (LATENCY, {"p50_us": 5.0, "load_ratio": 0.0}, "p50_us"),
    (LATENCY, {"load_ratio": 0.5, "offered_bps": 1_000_000}, "offered_bps"),
])
def test_a_mode_is_judged_beside_its_own_nodes(trial: Trial, change: dict[str, object], field: str) -> None:
    baseline = [replace(SPEED, mss="native"), LATENCY]
    honest = replace(SPEED, path="pod-pod", mss="native", goodput_bps=6e9)
    load = replace(LATENCY, path="pod-pod", load_ratio=0.5, offered_bps=3_000_000_000)
    assert list(rules.beside_baseline([*baseline, honest, load])) == []
    found = [(position, name) for position, name, _ in
             rules.beside_baseline([*baseline, honest, replace(trial, path="pod-pod", **change)])]
    assert found == [(3, field)]
