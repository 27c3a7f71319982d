"""Frames to headers: packets that experiments captured, damaged ones, and bytes that are none."""

from __future__ import annotations

from itertools import pairwise

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import catalog
from experiments.evidence import Header
from experiments.paths import ROOT
from experiments.probes.decode import MAX_LAYERS, compare, decode
from experiments.probes.errors import DecodeError

GOLDEN = yaml.safe_load((ROOT / "tests" / "golden" / "probes" / "frames.yml").read_text())
FRAMES = {name: bytes.fromhex(entry["hex"]) for name, entry in GOLDEN.items()}
ETHERNET = bytes(12) + b"\x08\x00"


@pytest.mark.parametrize("name", GOLDEN)
def test_a_captured_packet_is_what_its_mode_declares(name: str) -> None:
    mode = catalog.get(name)
    headers = decode(FRAMES[name])
    checks = compare(headers, mode.headers, GOLDEN[name]["names"], at="node1")
    assert [check for check in checks if not check.ok] == []
    assert len(checks) == 1 + sum(len(header.fields) for header in mode.headers)
    assert headers[-1].offset_bytes + headers[-1].length_bytes == len(FRAMES[name])


def test_a_sleeve_header_is_read_field_by_field() -> None:
    sleeve = decode(FRAMES["weave-sleeve"])[3]
    assert sleeve == Header("sleeve", 42, 20, {
        "sender": "02:77:65:61:76:01", "source_peer": "02:77:65:61:76:01", "destination_peer": "02:77:65:61:76:02",
        "frame_bytes": 1390,
    })


# What is changed in flannel-vxlan's packet, and the one check that has to notice.
CHANGED = {
    (22, 63): "packet.2.ipv4.ttl",
    (20, 0x40): "packet.2.ipv4.df",
    (33, 9): "packet.2.ipv4.destination",
    (48, 2): "packet.4.vxlan.vni",
    (85, 9): None,  # the pod's source port: not declared, any is right
}


@pytest.mark.parametrize(("position", "value"), CHANGED)
def test_a_changed_field_is_named(position: int, value: int) -> None:
    frame = bytearray(FRAMES["flannel-vxlan"])
    frame[position] = value
    checks = compare(decode(bytes(frame)), catalog.get("flannel-vxlan").headers, GOLDEN["flannel-vxlan"]["names"],
                     at="node1")
    expected = CHANGED[position, value]
    assert [check.check for check in checks if not check.ok] == ([expected] if expected else [])


def test_a_zero_checksum_is_seen() -> None:
    frame = bytearray(FRAMES["flannel-udp"])
    frame[40:42] = b"\0\0"
    assert decode(bytes(frame))[2].fields["checksum_zero"] is True


def test_another_stack_is_one_failed_check_that_shows_both() -> None:
    checks = compare(decode(FRAMES["calico-bgp"]), catalog.get("calico-ipip").headers, GOLDEN["calico-ipip"]["names"],
                     at="node1")
    assert [(check.check, check.expected, check.observed, check.ok) for check in checks] == [
        ("packet.headers", "ethernet 14 | ipv4 20 | ipv4 20 | tcp 32", "ethernet 14 | ipv4 20 | tcp 32", False),
    ]


def test_a_placeholder_without_a_value_is_a_mistake_and_not_a_match() -> None:
    with pytest.raises(KeyError, match="server_pod"):
        compare(decode(FRAMES["calico-bgp"]), catalog.get("calico-bgp").headers, {"client_pod": "192.168.1.2"},
                at="node1")


def test_behind_a_fragment_stands_no_header() -> None:
    frame = bytearray(FRAMES["calico-bgp"])
    frame[20:22] = b"\x00\xb9"  # offset 1480
    assert [header.layer for header in decode(bytes(frame))] == ["ethernet", "ipv4"]


@pytest.mark.parametrize("kind", [b"\x86\xdd", b"\x08\x06", b"\x00\x2e"], ids=["IPv6", "ARP", "a length"])
def test_what_is_not_ipv4_ends_with_the_ethernet_header(kind: bytes) -> None:
    assert [header.layer for header in decode(bytes(12) + kind + bytes(40))] == ["ethernet"]


def test_icmp_is_read() -> None:
    unreachable = bytes.fromhex("450000380000000040014dd1ac1f0001ac1f0002") + bytes([3, 4]) + bytes(30)
    assert decode(ETHERNET + unreachable)[-1] == Header("icmp", 34, 8, {"type": 3, "code": 4})


@pytest.mark.parametrize(("frame", "said"), [
    (b"", "0 bytes are too few for the ethernet header of 14"),
    (bytes(13), "13 bytes are too few for the ethernet header of 14"),
    (ETHERNET, "do not begin an IPv4 packet"),
    (ETHERNET + b"\x60" + bytes(40), "do not begin an IPv4 packet"),
    (ETHERNET + b"\x44" + bytes(40), "do not begin an IPv4 packet"),
    (ETHERNET + b"\x4f" + bytes(20), "21 bytes are too few for the ipv4 header of 60"),
    (FRAMES["calico-bgp"][:34], "do not begin a TCP segment"),
    (FRAMES["calico-bgp"][:60], "26 bytes are too few for the tcp header of 32"),
    (FRAMES["flannel-vxlan"][:41], "7 bytes are too few for the udp header of 8"),
    (FRAMES["flannel-vxlan"][:49], "7 bytes are too few for the vxlan header of 8"),
    (FRAMES["weave-sleeve"][:61], "19 bytes are too few for a sleeve header"),
])
def test_a_truncated_frame_is_refused_with_what_is_missing(frame: bytes, said: str) -> None:
    with pytest.raises(DecodeError, match=said):
        decode(frame)


def test_headers_inside_headers_come_to_an_end() -> None:
    tunnel = bytes.fromhex("450000140000000040040000ac1f0001ac1f0002")  # IPIP in IPIP in IPIP …
    with pytest.raises(DecodeError, match=f"More than {MAX_LAYERS} headers"):
        decode(ETHERNET + tunnel * 200)


def _decoded(frame: bytes) -> None:
    """Whatever the bytes: headers that lie end to end inside the frame, or a DecodeError."""
    try:
        headers = decode(frame)
    except DecodeError as refusal:
        assert str(refusal)
        return
    assert 1 <= len(headers) <= MAX_LAYERS
    assert headers[0].offset_bytes == 0
    assert headers[-1].offset_bytes + headers[-1].length_bytes <= len(frame)
    for outer, inner in pairwise(headers):
        assert outer.offset_bytes + outer.length_bytes == inner.offset_bytes
    for header in headers:
        assert all(isinstance(value, str | int) for value in header.fields.values())


@given(st.binary(max_size=2000))
def test_random_bytes_never_raise_anything_else(frame: bytes) -> None:
    _decoded(frame)


@given(st.sampled_from(sorted(FRAMES)), st.data())
@settings(max_examples=400)
def test_damaged_packets_never_raise_anything_else(name: str, data: st.DataObject) -> None:
    frame = bytearray(FRAMES[name] + bytes(data.draw(st.integers(0, 60))))
    for position in data.draw(st.lists(st.integers(0, len(frame) - 1), max_size=8)):
        frame[position] = data.draw(st.integers(0, 255))
    _decoded(bytes(frame[:data.draw(st.integers(0, len(frame)))]))


@given(st.lists(st.sampled_from([8472, 8285, 6783, 4789, 6784, 53]), max_size=20), st.binary(max_size=80))
def test_tunnels_in_tunnels_never_raise_anything_else(ports: list[int], end: bytes) -> None:
    frame = end
    for port in ports:
        packet = (bytes.fromhex("450000000000000040110000ac1f0001ac1f0002") + b"\x12\x34" + port.to_bytes(2, "big")
                  + bytes(4))
        frame = packet + {8285: b"", 6783: bytes(20), 53: b""}.get(port, bytes(8)) + (
            frame if port == 8285 else ETHERNET + frame)
    _decoded(ETHERNET + frame)
