"""Counters of a device and the wire efficiency made of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.labs.base import run
from experiments.labs.netns import backend as netns
from experiments.paths import ROOT
from experiments.probes import counters
from experiments.probes.counters import Counters, parse, wire_efficiency
from experiments.probes.errors import ProbeError

REAL = (ROOT / "tests" / "golden" / "probes" / "ip-link.json").read_text()


def test_a_real_answer() -> None:
    assert parse(REAL) == Counters(tx_bytes=11366916868, tx_packets=384395)


@pytest.mark.parametrize("text", [
    "", "[]", "{}", "[{}]", REAL[:-30], REAL.replace("stats64", "stats"), REAL.replace("384395", '"many"'),
    json.dumps([None]), json.dumps([[1]]),
])
def test_another_answer_is_refused(text: str) -> None:
    with pytest.raises(ProbeError, match="counters of a device could not be read"):
        parse(text)


def test_the_efficiency_of_ethernet_is_the_known_one() -> None:
    """1448 of 1538 bytes: a full TCP segment with timestamps, and everything around it (IEEE 802.3, RFC 7323)."""
    assert wire_efficiency(1448 * 1000, Counters(1514 * 1000, 1000)) == pytest.approx(1448 / 1538)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**9))
def test_the_efficiency_is_a_ratio_or_refused(payload_bytes: int, tx_bytes: int, tx_packets: int) -> None:
    try:
        assert 0 <= wire_efficiency(payload_bytes, Counters(tx_bytes, tx_packets)) < 1
    except ProbeError:
        assert payload_bytes >= tx_bytes + 24 * tx_packets


@pytest.mark.lab
def test_a_frame_is_counted_with_its_ethernet_header() -> None:
    with netns.up() as lab:
        ping = ["ping", "-n", "-c", "1", "-W", "2", "172.31.0.2"]
        run(lab, "node1", ping)  # asks for the neighbour's address, which would be counted too
        before = counters.read(lab, "node1", "eth0")
        run(lab, "node1", [*ping[:-1], "-s", "1000", ping[-1]])
        sent = counters.read(lab, "node1", "eth0") - before
        assert (sent.tx_bytes, sent.tx_packets) == (14 + 20 + 8 + 1000, 1)
