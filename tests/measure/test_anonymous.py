"""A result from somebody's cluster: whatever says whose it is has a stand-in, the same everywhere, in bytes too."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from experiments.evidence import Check, Packet
from experiments.measure.anonymous import Anonymous
from experiments.probes.decode import decode
from experiments.results.checks.privacy import findings

NAMES = {"ip-10-0-0-5.corp.example": "node1", "ip-10-0-0-6.corp.example": "node2"}


def _anonymous() -> Anonymous:
    return Anonymous({**dict.fromkeys(("gpu-7", "node2"), "node"), **NAMES})


def test_names_of_nodes_become_ours_and_those_of_others_say_nothing() -> None:
    text = _anonymous().text("ip-10-0-0-5.corp.example: peer ip-10-0-0-6.corp.example, gpu-7, gpu-70, node2")
    assert text == "node1: peer node2, node, gpu-70, node2"


def test_public_addresses_become_documentation_s_and_private_ones_stay() -> None:
    anonymous = _anonymous()
    text = anonymous.text("via 8.8.8.8 and 10.0.0.6, Mesh_8_8_8_8 and Mesh_10_0_0_6; 1.1.1.1/24, 8.8.8.8; 2600:1f18::1; v1.3.8")
    assert text == "via 192.0.2.1 and 10.0.0.6, Mesh_192_0_2_1 and Mesh_10_0_0_6; 192.0.2.2/24, 192.0.2.1; 2001:db8::3; v1.3.8"
    assert list(findings(text)) == []


def test_hardware_addresses_become_locally_administered_ones() -> None:
    anonymous = _anonymous()
    text = anonymous.text("00:1b:21:aa:bb:cc ee:ee:ee:ee:ee:ee 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 00:1B:21:AA:BB:CC")
    assert text == "02:00:00:00:01:01 ee:ee:ee:ee:ee:ee 00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 02:00:00:00:01:01"


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.binary(min_size=6, max_size=6), st.binary(min_size=6, max_size=6))
def test_a_packet_s_bytes_and_fields_say_the_same_afterwards(
    source: ipaddress.IPv4Address, target: ipaddress.IPv4Address, sender: bytes, receiver: bytes
) -> None:
    inner = bytes([0x45, 0, 0, 52, 0, 1, 0x40, 0, 63, 6, 0, 0]) + source.packed + target.packed
    tcp = bytes([0x9C, 0x40, 0x14, 0x51]) + bytes(8) + bytes([0x80, 0x10]) + bytes(18)
    frame = receiver + sender + b"\x08\x00" + inner + tcp
    packet = Packet("node1", len(frame), decode(frame), hex=frame.hex())
    found = _anonymous().packet(packet)
    again = decode(bytes.fromhex(found.hex))
    assert [header.fields for header in again] == [header.fields for header in found.headers]
    addresses = [ipaddress.ip_address(str(again[1].fields[end])) for end in ("source", "destination")]
    assert not any(address.is_global and not address.is_multicast and not address.is_reserved for address in addresses)
    for mac in (found.headers[0].fields["source"], found.headers[0].fields["destination"]):
        first = int(str(mac)[:2], 16)
        assert first & 0b11 or str(mac) == "00:00:00:00:00:00"


def test_what_agreed_before_agrees_afterwards() -> None:
    check = Check("route.gateway", "8.8.4.4", "8.8.4.4", True, "ip route on gpu-7", "node1")
    found = _anonymous().instance(Check, check)
    assert found.expected == found.observed == "192.0.2.1"
    assert found.evidence == "ip route on node" and found.at == "node1"
