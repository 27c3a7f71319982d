"""Checksums of captured frames, beside scapy's, which finishes what it builds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from experiments.probes import checksums, decode

INNER = Ether() / IP(src="192.168.1.2", dst="192.168.2.2") / TCP(sport=40000, dport=5201)


def _frame(payload: bytes, outer: bool = False, zero: bool = False) -> bytes:
    inner = INNER / Raw(payload)
    if not outer:
        return bytes(inner)
    udp = UDP(sport=5000, dport=8472, chksum=0) if zero else UDP(sport=5000, dport=8472)
    return bytes(Ether() / IP(src="172.31.0.2", dst="172.31.0.3") / udp / VXLAN(vni=1) / inner)


@given(st.binary(max_size=1400), st.booleans(), st.booleans())
def test_what_is_finished_is_good(payload: bytes, outer: bool, zero: bool) -> None:
    frame = _frame(payload, outer, zero)
    assert checksums.told(frame, decode.decode(frame)) == checksums.GOOD


@given(st.binary(min_size=1, max_size=200), st.data())
def test_a_changed_byte_is_found(payload: bytes, data: st.DataObject) -> None:
    frame = bytearray(_frame(payload))
    at = data.draw(st.integers(14 + 20 + 20, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    assert checksums.told(bytes(frame), decode.decode(_frame(payload))).startswith("tcp (header 3): 0x")


@pytest.mark.parametrize(("at", "said"), [
    (14 + 10, "ipv4 (header 2)"), (14 + 20 + 6, "udp (header 3)"), (14 + 20 + 8 + 8 + 14 + 10, "ipv4 (header 6)"),
    (14 + 20 + 8 + 8 + 14 + 20 + 16, "tcp (header 7)"),
])
def test_an_unfinished_checksum_is_named_with_its_header(at: int, said: str) -> None:
    frame = bytearray(_frame(b"some payload", outer=True))
    headers = decode.decode(bytes(frame))
    frame[at] ^= 0x55
    assert f"{said}: 0x" in checksums.told(bytes(frame), headers)


def test_a_frame_that_was_cut_says_so() -> None:
    frame = _frame(b"x" * 1000)
    assert checksums.told(frame[:160], decode.decode(frame)) == "tcp (header 3): not captured whole"
