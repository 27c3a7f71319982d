"""The model against its own table, worked out by hand, and the properties that any such arithmetic must have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.catalog import limits
from experiments.catalog.limits import HISTORY, Limit, limit, near

# Worked out apart from the code: name's beginning, pod MTU, payload, IP length on the underlay, wire bytes, Mbit/s.
TABLE = [
    ("Host", 1500, 1448, 1500, 1538, 941.5),
    ("Calico BGP, manifests", 1440, 1388, 1440, 1478, 939.1),
    ("Calico IPIP 3.17", 1480, 1428, 1500, 1538, 928.5),
    ("Calico IPIP 2.6", 1440, 1388, 1460, 1498, 926.6),
    ("Flannel UDP", 1472, 1420, 1500, 1538, 923.3),
    ("Calico VXLAN 3.17", 1450, 1398, 1500, 1538, 909.0),
    ("Calico VXLAN manifest 3.16", 1410, 1358, 1460, 1498, 906.5),
    ("Weave fast data path 1.9", 1376, 1324, 1426, 1464, 904.4),
    ("Weave sleeve without datapath", 1438, 1386, 1500, 1538, 901.2),
    ("Weave sleeve as fallback", 1376, 1324, 1438, 1476, 897.0),
    ("Weave sleeve encrypted, without", 1414, 1362, 1500, 1538, 885.6),
    ("Weave fast data path with ESP", 1376, 1324, 1460, 1498, 883.8),
    ("Weave sleeve encrypted, as", 1376, 1324, 1462, 1500, 882.7),
]


def test_the_table_is_complete() -> None:
    assert len(TABLE) == len(HISTORY)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_every_line_of_the_table(row: tuple[str, int, int, int, int, float]) -> None:
    start, mtu, payload, underlay, wire, mbit = row
    (line,) = [line for line in HISTORY if line.name.startswith(start)]
    assert (line.pod_mtu_bytes, line.payload_bytes, line.underlay_length_bytes, line.wire_bytes) == (
        mtu, payload, underlay, wire)
    assert round(line.goodput_bps() / 1e6, 1) == mbit


@pytest.mark.parametrize(("name", "mbit"), [
    ("calico-bgp", 941.5), ("calico-bgp-global", 941.5), ("calico-bgp-node", 941.5), ("calico-ipip", 928.5),
    ("flannel-udp", 923.3), ("flannel-vxlan", 909.0), ("weave-fastdp", 904.4), ("weave-sleeve", 897.0),
])
def test_the_limit_of_modes(name: str, mbit: float) -> None:
    assert round(limits.goodput_limit_bps(catalog.get(name)) / 1e6, 1) == mbit


def test_the_variants_of_sleeve_are_in_the_table() -> None:
    found = {round(line.goodput_bps() / 1e6, 1) for line in limits.variants(catalog.get("weave-sleeve"))}
    assert found == {901.2, 885.6}


def test_baseline() -> None:
    assert limit(None) == limits.BASELINE
    assert limits.wire_efficiency(None) == 1448 / 1538


def test_a_smaller_segment() -> None:
    mode = catalog.get("flannel-vxlan")
    line = limit(mode, mss_bytes=1000)
    assert (line.packet_bytes, line.underlay_length_bytes, line.wire_bytes) == (1052, 1102, 1140)
    assert limit(mode, mss_bytes=9000).payload_bytes == 1398  # never more than the MTU allows


def test_the_note_of_2018() -> None:
    """What its six figures can and cannot have been (bit/s on 1 Gbit/s)."""
    names = {mbit: [n.limit.name for n in near(mbit * 1e6) if n.possible] for mbit in (937, 920, 895, 894, 694, 683)}
    assert names[937][0].startswith("Calico BGP, manifests")
    assert not [name for name in names[937] if "IPIP" in name]  # too fast for any IPIP
    assert "Calico IPIP 2.6 to 3.16" in names[920]
    assert "Weave fast data path 1.9 and later" in names[895]
    assert names[694] == names[683] == []  # no header explains them


LINES = st.builds(Limit, st.just("any"), st.integers(53, 65535), st.integers(0, 200),
                  st.none() | st.integers(1, 65535))


@given(LINES)
def test_efficiency_lies_between_0_and_1(line: Limit) -> None:
    assert 0 < line.efficiency < 1
    assert line.payload_bytes + 52 == line.packet_bytes <= line.underlay_length_bytes < line.wire_bytes


@given(st.integers(53, 9000), st.integers(0, 200), st.integers(1, 500))
def test_a_larger_mtu_is_never_worse(mtu: int, overhead: int, more: int) -> None:
    assert Limit("a", mtu + more, overhead).efficiency > Limit("b", mtu, overhead).efficiency


@given(st.integers(53, 9000), st.integers(0, 200), st.integers(1, 500))
def test_more_overhead_is_always_worse(mtu: int, overhead: int, more: int) -> None:
    assert Limit("a", mtu, overhead + more).efficiency < Limit("b", mtu, overhead).efficiency


@given(LINES, st.integers(1, 400_000_000_000))
def test_the_limit_follows_the_rate(line: Limit, rate: int) -> None:
    assert 0 < line.goodput_bps(rate) < rate
    assert line.goodput_bps(rate) == line.efficiency * rate


@given(st.floats(1e6, 1e9), st.floats(0, 1))
def test_near_is_sorted_and_within(measured: float, within: float) -> None:
    found = near(measured, within=within)
    distances = [abs(1 - n.ratio) for n in found]
    assert distances == sorted(distances) and all(d <= within for d in distances)
    assert all(n.possible == (measured <= n.limit.goodput_bps()) for n in found)


@pytest.mark.parametrize(("mtu", "overhead", "mss"), [(52, 0, None), (0, 0, None), (1500, -1, None), (1500, 0, 0)])
def test_sizes_without_payload_are_refused(mtu: int, overhead: int, mss: int | None) -> None:
    with pytest.raises(ValueError, match="no payload fits"):
        Limit("broken", mtu, overhead, mss)
