"""What the receiving device counts: the account between two moments, and who is not believed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from experiments.probes import iperf3, watched
from experiments.probes.errors import ProbeError
from experiments.results import pairs, rules
from experiments.results.model import Trial

FRAME, HEADER = 1514, 66


def _samples(rate_packets_s: int, seconds: float = 3.0, backlog: int = 0) -> list[watched.Sample]:
    """A steady transfer, every 20 ms; ``backlog`` packets come all at once after the first second."""
    found = []
    for n in range(int(seconds / 0.02) + 1):
        packets = int(rate_packets_s * 0.02 * n) + (backlog if n > 50 else 0)
        found.append((n * 20_000_000 + 1, packets * FRAME, packets))
    return [(1 - 40_000_000 + 40_000_000, 0, 0), *found[1:], (found[-1][0] + 20_000_000, *found[-1][1:])]


def test_the_account_lies_well_inside() -> None:
    found = watched.read(_samples(10_000), 1.0)
    assert found.seconds < 2
    assert found.payload_bytes(HEADER) / found.seconds == pytest.approx(10_000 * (FRAME - HEADER), rel=0.01)


def test_what_came_all_at_once_before_does_not_count() -> None:
    found = watched.read(_samples(10_000, backlog=2000), 1.0)
    assert found.payload_bytes(HEADER) / found.seconds == pytest.approx(10_000 * (FRAME - HEADER), rel=0.01)


def test_counters_that_go_backwards_are_refused() -> None:
    first, second, *others = _samples(1000)
    with pytest.raises(ProbeError, match="went backwards"):
        watched.read([second, first, *others], 1.0)


@pytest.mark.parametrize(("count", "said"), [(0, "not read at all"), (1, "often enough"), (5, "often enough")])
def test_too_few_samples_are_refused(count: int, said: str) -> None:
    with pytest.raises(ProbeError, match=said):
        watched.read(_samples(1000)[:count], 1.0)


def _said(received_bytes: int) -> iperf3.IperfResult:
    return iperf3.IperfResult(received_bytes, received_bytes, 1e8, 1e8, 2.0, 0, 1448, "cubic", (), "iperf3 3.12")


def test_a_liar_is_not_believed() -> None:
    found = watched.read(_samples(10_000), 1.0)
    carried = found.all_bytes - HEADER * found.all_packets
    watched.believed(_said(carried), found, HEADER)
    with pytest.raises(ProbeError, match="and the receiving device carried"):
        watched.believed(_said(round(carried * 1.02)), found, HEADER)


def test_damage_is_refused() -> None:
    kept = json.loads(watched.text(_samples(10_000), HEADER, 1.0, ""))
    for name, value in (("samples", [[1, 2]]), ("samples", [["a", 1, 2]]), ("header_bytes", None), ("omit_s", "x")):
        with pytest.raises(ProbeError, match="damaged"):
            pairs.link(json.dumps(kept | {name: value}))


LINK = Trial("a-1-03-link", "link", "pod-pod", "ok", link_rate_bps=1_000_000_000, device_rx_bytes=123_050_000,
             device_rx_packets=81_274, device_s=1.0, goodput_bps=8.0 * (123_050_000 - 66 * 81_274), streams=1)


@pytest.mark.parametrize(("seconds", "wrong"), [(1.0, set()), (0.985, {"device_rx_bytes", "goodput_bps"})])
def test_a_link_carries_half_a_per_cent_more_than_it_can_and_no_more(seconds: float, wrong: set[str]) -> None:
    trial = replace(LINK, device_s=seconds, goodput_bps=(LINK.goodput_bps or 0) / seconds)
    assert {name for name, _ in rules.broken(trial, "calico-bgp")} == wrong


def test_goodput_follows_from_the_counters() -> None:
    assert [name for name, _ in rules.broken(replace(LINK, goodput_bps=9.0e8), "calico-bgp")] == ["goodput_bps"]
