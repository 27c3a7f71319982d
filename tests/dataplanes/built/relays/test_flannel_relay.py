"""What the flannel relay does to packets, without sockets: hostile ones among them."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.dataplanes.built.relays import packets
from experiments.dataplanes.built.relays.flannel_udp import BURST, Relay


def ip_packet(ttl: int = 64, *, destination: str = "10.244.2.2", df: bool = True, payload: bytes = b"x" * 40) -> bytes:
    packet = bytearray(packets.ipv4(packets.address("10.244.1.2"), packets.address(destination), payload, ttl=ttl,
                                    protocol=6))
    packet[6] = 0x40 if df else 0
    packet[10:12] = b"\0\0"
    packet[10:12] = struct.pack(">H", packets.checksum(packet[:20]))
    return bytes(packet)


class Wires:
    """A relay with lists in place of the device and the socket."""

    def __init__(self, mtu: int = 1472) -> None:
        self.relay = Relay({"10.244.2.0/24": "172.31.0.2", "10.244.3.0/24": "172.31.0.3"}, "10.244.1.0", mtu)
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.written: list[bytes] = []
        self._coming: list[bytes] = []

    def _read(self, buffer: bytearray) -> int | None:
        if not self._coming:
            return None
        packet = self._coming.pop(0)[:len(buffer)]
        buffer[:len(packet)] = packet
        return len(packet)

    def from_tun(self, packets_: Iterable[bytes]) -> None:
        self._coming = list(packets_)
        while self._coming:
            self.relay.tun_to_udp(self._read, lambda packet, node: self.sent.append((bytes(packet), node)),
                                  lambda packet: self.written.append(bytes(packet)))

    def from_udp(self, datagrams: Iterable[bytes]) -> None:
        self._coming = list(datagrams)
        while self._coming:
            self.relay.udp_to_tun(self._read, lambda packet: self.written.append(bytes(packet)))


@given(st.binary(min_size=20, max_size=20), st.integers(2, 255), st.booleans())
def test_a_patched_header_equals_one_made_anew(header: bytes, ttl: int, outward: bool) -> None:
    packet = bytearray(header)
    packet[0], packet[8], packet[16:20] = 0x45, ttl, packets.address("10.244.2.2")
    packet[10:12] = b"\0\0"
    packet[10:12] = struct.pack(">H", packets.checksum(packet))
    wires = Wires()
    (wires.from_tun if outward else wires.from_udp)([bytes(packet)])
    found = wires.sent[0][0] if outward else wires.written[0]
    packet[8] = ttl - 1
    packet[10:12] = b"\0\0"
    wanted = packets.checksum(packet)
    assert found[:10] + found[12:] == packet[:10] + packet[12:]
    assert int.from_bytes(found[10:12], "big") % 0xFFFF == wanted % 0xFFFF  # 0 and 0xFFFF are the same number


def test_the_subnet_is_looked_up_and_the_ttl_falls() -> None:
    wires = Wires()
    wires.from_tun([ip_packet(64, destination="10.244.3.9")])
    (packet, node), = wires.sent
    assert node == ("172.31.0.3", 8285)
    assert packet[8] == 63


def test_what_has_lived_too_long_is_dropped_in_silence() -> None:
    wires = Wires()
    wires.from_tun([ip_packet(1)])
    wires.from_udp([ip_packet(1)])
    assert not wires.sent
    assert not wires.written
    assert wires.relay.counters["ttl_expired"] == 2


def test_an_unknown_subnet_is_answered_like_the_proxy_does() -> None:
    wires = Wires()
    wires.from_tun([ip_packet(destination="10.244.9.9")])
    answer, = wires.written
    assert (answer[8], answer[9], answer[20], answer[21]) == (8, 1, 3, 0)
    assert answer[12:16] == packets.address("10.244.1.0")
    assert packets.checksum(answer[20:]) == 0


def test_longer_datagrams_are_cut_and_bursts_lose_nothing() -> None:
    wires = Wires(mtu=100)
    wires.from_udp([ip_packet(payload=b"y" * 200)] * (3 * BURST))
    assert [len(packet) for packet in wires.written] == [100] * (3 * BURST)
    assert wires.relay.counters["tun_written"] == 3 * BURST


@pytest.mark.parametrize("packet", [b"", b"\x45", ip_packet()[:19], b"\x65" + ip_packet()[1:], bytes(60)])
def test_what_is_no_ipv4_packet_is_dropped_and_counted(packet: bytes) -> None:
    wires = Wires()
    wires.from_tun([packet])
    wires.from_udp([packet])
    assert not wires.sent
    assert not wires.written
    assert wires.relay.counters["too_short"] + wires.relay.counters["not_ipv4"] == 2


@settings(max_examples=500)
@given(st.lists(st.binary(max_size=200), max_size=4))
def test_it_survives_anything(data: list[bytes]) -> None:
    wires = Wires(mtu=128)
    wires.from_tun(data)
    wires.from_udp(data)
    assert len(wires.relay.buffer) == 128
    assert wires.relay.counters["tun_read"] == wires.relay.counters["udp_received"] == len(data)


@pytest.mark.parametrize(("routes", "message"), [
    ({"10.244.2.0/24": "172.31.0.2", "10.245.0.0/16": "172.31.0.3"}, "one length"),
    ({"10.244.2.1/24": "172.31.0.2"}, "host bits"),
    ({"fd00::/64": "172.31.0.2"}, "fd00"),
])
def test_routes_that_cannot_be_looked_up_are_refused(routes: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Relay(routes, "10.244.1.0", 1472)
