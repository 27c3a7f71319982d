"""Slices in turn: what is kept of them, what is refused, and what they find in a lab."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.catalog import get
from experiments.dataplanes.table import recipe_for
from experiments.labs import table
from experiments.labs.base import Lab, run
from experiments.probes import placement, slices
from experiments.probes.errors import ProbeError
from experiments.probes.slices import Asked, Ends, Paired, Slice
from experiments.results import pairs

ONE = Slice(wall_ns=2_000_000, own_ns=900_000, relays_ns=100_000, switches=10, received_bytes=1_448_000, retransmits=0)
PAIRS = tuple((ONE, replace(ONE, own_ns=1_900_000)) for _ in range(6))
STREAM = Paired(Asked("stream", 0.05, 0.005), (1,), (1448, 1398), PAIRS)


def test_what_is_kept_is_read_again() -> None:
    found, of = slices.parse(slices.text(STREAM, 1))
    assert (found, of) == (STREAM, 1)


def test_the_figures_follow_from_the_slices() -> None:
    speed, cost = (pairs.figures(view, slices.text(STREAM, 1)) for view in ("speed", "cost"))
    assert speed["core_goodput_bps"] == pytest.approx(1_448_000 * 8 / 0.002)
    assert (speed["pair_ratio"], speed["pair_ratio_low"], speed["pair_ratio_high"]) == (0.5, 0.5, 0.5)
    assert cost["pair_ratio"] == 2
    assert cost["core_us_per_packet"] == pytest.approx(2000 * 1398 / 1_448_000)
    assert cost["daemon_share_ratio"] == 0.05
    baseline = pairs.figures("cost", slices.text(STREAM, 0))
    assert "pair_ratio" not in baseline
    assert baseline["mss_bytes"] == 1448


def test_percentiles_are_those_of_all_round_trips_together() -> None:
    times = {1000: 90, 5000: 9, 70000: 1}
    asked = replace(STREAM, asked=Asked("request", 0.05, 0.005, message_bytes=64), times_ns=({}, times))
    found = pairs.figures("latency", slices.text(asked, 1))
    assert (found["samples"], found["p50_us"], found["p90_us"], found["p99_us"], found["max_us"]) == (100, 1, 1, 5, 70)


DATAGRAMS = replace(STREAM, asked=Asked("datagram", 0.05, 0.005, datagram_bytes=64, datagram_window=32), pairs=tuple(
    (replace(ONE, received_bytes=64_000, done=1000), replace(ONE, own_ns=1_900_000, received_bytes=63_936, done=999, lost=1))
    for _ in range(6)))


def test_packets_are_counted_by_the_processor_s_time_and_what_did_not_come_is_lost() -> None:
    found = pairs.figures("packets", slices.text(DATAGRAMS, 1))
    assert found["core_packets_per_s"] == pytest.approx(999 / 0.002)
    assert (found["loss_ratio"], found["datagram_bytes"]) == (0.001, 64)
    assert found["pair_ratio"] == pytest.approx(0.4995)
    assert not {"mss_bytes", "retransmits", "congestion_control"} & found.keys(), "UDP has none of them"
    assert pairs.figures("packets", slices.text(DATAGRAMS, 0))["loss_ratio"] == 0


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=20))
def test_the_loss_is_that_of_all_slices_together(counts: list[tuple[int, int]]) -> None:
    made = tuple((ONE, replace(ONE, received_bytes=64 * came, done=came, lost=lost)) for came, lost in counts)
    found = pairs.figures("packets", slices.text(replace(DATAGRAMS, pairs=made), 1))
    came, lost = (sum(column) for column in zip(*counts, strict=True))
    if came:
        assert found["loss_ratio"] == pytest.approx(lost / (came + lost))
    else:
        assert "loss_ratio" not in found, "nothing was carried: the trial has no figure at all"


def test_transactions_are_those_of_a_second_of_the_processor_and_none_behind_a_burst() -> None:
    made = tuple((replace(ONE, done=10), replace(ONE, done=20)) for _ in range(6))
    asked = replace(STREAM, asked=Asked("request", 0.05, 0.005, message_bytes=64), pairs=made)
    for view in ("latency", "setup"):
        assert pairs.figures(view, slices.text(asked, 1))["transactions_per_core_s"] == pytest.approx(20 / 0.001)
    burst = replace(asked, asked=replace(asked.asked, burst_bytes=65536))
    assert "transactions_per_core_s" not in pairs.figures("latency", slices.text(burst, 1))


def test_a_drift_that_meets_both_cancels() -> None:
    drifting = [(replace(ONE, own_ns=900_000 * n), replace(ONE, own_ns=900_000 * n, relays_ns=100_000)) for n in range(1, 9)]
    assert pairs.interval(drifting, "speed") is not None
    assert pairs.width(drifting, "speed") == 0


@pytest.mark.parametrize("change", [
    {"tool": "podpath slices 2"}, {"of": 2}, {"pairs": []}, {"pairs": [[[1, 2, 3], [1, 2, 3]]]},
    {"pairs": [[[1, 0, 0, 0, 5, 0, 0], [1, 1, 0, 0, 5, 0, 0]]]}, {"pairs": [[[-1, 1, 0, 0, 5, 0, 0], [1, 1, 0, 0, 5, 0, 0]]]},
    {"asked": {"kind": "stream", "unknown": 1}}, {"times_ns": {"a": 1}}, {"times_ns": {"1": 1e400}}, {"mss_bytes": [1]},
])
def test_damage_is_refused(change: dict[str, Any]) -> None:
    plain = json.loads(slices.text(STREAM, 1)) | change
    with pytest.raises(ProbeError, match="damaged"):
        slices.parse(json.dumps(plain))


@pytest.mark.parametrize(("allowed", "measured", "beside"), [
    ([0], 0, (0,)), ([0, 1], 1, (0,)), ([2, 3, 5, 7], 7, (2, 3, 5)),
])
def test_the_last_processor_is_measured_on_and_the_others_are_beside(
    allowed: list[int], measured: int, beside: tuple[int, ...]
) -> None:
    assert placement.plan(allowed) == placement.Placement(measured, beside)


def _made(lab: Lab, ends: tuple[Ends, Ends], kind: slices.Kind, pids: list[int], **asked: Any) -> Paired:
    return slices.measure(lab, *ends, Asked(kind, 0.01, 0.002, **asked), pids=pids, processor=placement.plan().measured, seed=1,
                          batch=6, enough=lambda made: len(made) >= 12)


@pytest.mark.lab
def test_a_thousand_rules_are_found_at_their_size_and_nothing_is_found_where_nothing_is() -> None:
    mode = get("calico-bgp")
    with table.EMBEDDED_LAB.up(mode) as lab:
        recipe = recipe_for(mode, lab)
        recipe.build()
        recipe.wait_ready(20)
        hosts = Ends("node1", "node2", lab.nodes[1].address)
        pods = Ends(recipe.pods[0].name, recipe.pods[1].name, recipe.pods[1].address)
        same = pairs.interval(_made(lab, (hosts, hosts), "request", [], message_bytes=64).pairs, "latency")
        before = pairs.interval(_made(lab, (hosts, pods), "request", [], message_bytes=64).pairs, "latency")
        # Rules of policy routing: each packet that the node passes on is held against all of them.
        lab.write_file("node1", "/run/podpath/rules", "".join(
            f"rule add priority {100 + n} from 203.0.113.{n % 250} lookup 99\n" for n in range(1000)))
        run(lab, "node1", ["ip", "-batch", "/run/podpath/rules"])
        after = pairs.interval(_made(lab, (hosts, pods), "request", [], message_bytes=64).pairs, "latency")
    assert same is not None
    assert before is not None
    assert after is not None
    assert after.low > before.high  # no time is asserted: only that what is longer is told from what it was
    assert 0.8 < same.low <= same.high < 1.25


@pytest.mark.lab
def test_datagrams_that_the_way_drops_are_lost_and_no_others() -> None:
    mode = get("calico-bgp")
    with table.EMBEDDED_LAB.up(mode) as lab:
        hosts = Ends("node1", "node2", lab.nodes[1].address)
        whole = _made(lab, (hosts, hosts), "datagram", [], datagram_bytes=1300, datagram_window=32)
        # A window of that size does not fit into the shaper's queue, which is so slow that no pause of the sender's empties it.
        run(lab, "node1", ["tc", "qdisc", "add", "dev", lab.nodes[0].device, "root", "tbf", "rate", "1mbit", "burst", "2kb",
                           "limit", "20kb"])
        try:
            shaped = _made(lab, (hosts, hosts), "datagram", [], datagram_bytes=1300, datagram_window=32)
        except ProbeError as error:
            assert "more than 100 datagrams were lost in one slice" in str(error)
        else:  # on a busy machine a slice is over before it has lost so many: then they are counted
            assert any(one.lost > 0 for pair in shaped.pairs for one in pair)
    assert all(one.lost == 0 and one.received_bytes == 1300 * one.done > 0 for pair in whole.pairs for one in pair)


@pytest.mark.lab
def test_each_of_many_streams_moves() -> None:
    with table.EMBEDDED_LAB.up(get("calico-bgp")) as lab:
        hosts = Ends("node1", "node2", lab.nodes[1].address)
        found = _made(lab, (hosts, hosts), "stream", [], streams=64)
    assert len(found.pairs) == 12  # a connection that carried nothing would have been an error


@pytest.mark.lab
def test_nothing_comes_through_a_relay_that_is_gone() -> None:
    mode = get("calico-bgp")
    with table.EMBEDDED_LAB.up(mode) as lab:
        hosts = Ends("node1", "node2", lab.nodes[1].address)
        with pytest.raises(ProbeError, match="failed: OSError"):
            _made(lab, (hosts, hosts), "stream", [999_999])
