"""What the relays do to packets, without sockets: hostile ones among them."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.dataplanes.relays import packets, sleeve
from experiments.dataplanes.relays.flannel_udp import Relay as FlannelRelay
from experiments.dataplanes.relays.sleeve import Peer
from experiments.dataplanes.relays.sleeve import Relay as SleeveRelay

OWN, OTHER = bytes.fromhex("027765617601"), bytes.fromhex("027765617602")
MAC_A, MAC_B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def ip_packet(ttl: int = 64, *, destination: str = "10.244.2.2", df: bool = True, payload: bytes = b"x" * 40) -> bytes:
    packet = bytearray(packets.ipv4(packets.address("10.244.1.2"), packets.address(destination), payload, ttl=ttl,
                                    protocol=6))
    packet[6] = 0x40 if df else 0
    packet[10:12] = b"\0\0"
    packet[10:12] = struct.pack(">H", packets.checksum(packet[:20]))
    return bytes(packet)


@given(st.binary(min_size=20, max_size=20), st.integers(2, 255))
def test_patched_checksum_equals_the_recomputed_one(header: bytes, ttl: int) -> None:
    packet = bytearray(header)
    packet[0], packet[8] = 0x45, ttl
    packet[10:12] = b"\0\0"
    packet[10:12] = struct.pack(">H", packets.checksum(packet))
    assert packets.decrement_ttl(packet)
    assert packet[8] == ttl - 1
    assert packets.checksum(packet) in (0, 0xFFFF)


@pytest.fixture
def flannel() -> FlannelRelay:
    return FlannelRelay({"10.244.2.0/24": "172.31.0.2", "10.244.3.0/24": "172.31.0.3"}, "10.244.1.0", 1472)


def put(relay: FlannelRelay, packet: bytes) -> int:
    length = min(len(packet), len(relay.buffer))
    relay.buffer[:length] = packet[:length]
    return length


def test_flannel_looks_up_the_subnet_and_takes_one_off_the_ttl(flannel: FlannelRelay) -> None:
    length = put(flannel, ip_packet(64, destination="10.244.3.9"))
    assert flannel.from_tun(length) == (("172.31.0.3", 8285), None)
    assert flannel.buffer[8] == 63


def test_flannel_drops_in_silence_what_has_lived_too_long(flannel: FlannelRelay) -> None:
    assert flannel.from_tun(put(flannel, ip_packet(1))) == (None, None)
    assert not flannel.from_udp(put(flannel, ip_packet(1)))
    assert flannel.counters["ttl_expired"] == 2


def test_flannel_answers_an_unknown_subnet_like_the_proxy(flannel: FlannelRelay) -> None:
    _, answer = flannel.from_tun(put(flannel, ip_packet(destination="10.244.9.9")))
    assert answer is not None
    assert (answer[8], answer[9], answer[20], answer[21]) == (8, 1, 3, 0)
    assert answer[12:16] == packets.address("10.244.1.0")
    assert packets.checksum(answer[20:]) == 0


@settings(max_examples=500)
@given(st.binary(max_size=200))
def test_flannel_survives_anything(data: bytes) -> None:
    relay = FlannelRelay({"10.244.2.0/24": "172.31.0.2"}, "10.244.1.0", 128)
    relay.from_tun(put(relay, data))
    relay.from_udp(put(relay, data))
    assert len(relay.buffer) == 128


def frame(source: bytes = MAC_A, destination: bytes = MAC_B, packet: bytes | None = None) -> memoryview:
    return memoryview(destination + source + b"\x08\x00" + (ip_packet() if packet is None else packet))


class Wires:
    """Catches what a sleeve relay sends and injects."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, bytes, bool]] = []
        self.injected: list[bytes] = []
        self.peer = Peer(OTHER, "172.31.0.2")
        self.relay = SleeveRelay(OWN, [self.peer], lambda peer, data, df: self.sent.append((peer.name, data, df)),
                                 lambda data: self.injected.append(bytes(data)))


def test_sleeve_s_format_is_the_documented_one() -> None:
    wires = Wires()
    wires.relay.captured(frame(), 0.0)
    wires.relay.flush()
    (_, datagram, df), = wires.sent
    assert datagram == OWN + OWN + OTHER + struct.pack(">H", len(frame())) + bytes(frame())
    assert df
    assert sleeve.OVERHEAD_BYTES == 62


def test_sleeve_s_small_frames_share_a_datagram_and_full_ones_do_not() -> None:
    wires = Wires()
    for _ in range(3):
        wires.relay.captured(frame(), 0.0)
    wires.relay.flush()
    assert len(wires.sent) == 1
    full = ip_packet(payload=b"x" * (1376 - 20))
    for _ in range(3):
        wires.relay.captured(frame(packet=full), 0.0)
    wires.relay.flush()
    assert len(wires.sent) == 4
    assert all(len(datagram) <= wires.peer.largest_payload for _, datagram, _ in wires.sent)


def test_sleeve_answers_what_does_not_fit_in_the_destination_s_name() -> None:
    wires = Wires()
    wires.relay.captured(frame(packet=ip_packet(payload=b"x" * 1439)), 0.0)
    wires.relay.flush()
    assert wires.sent == []
    answer, = wires.injected
    assert answer[:12] == MAC_A + MAC_B
    assert (answer[34], answer[35]) == (3, 4)
    assert struct.unpack(">H", answer[40:42])[0] == 1438
    assert answer[26:30] == packets.address("10.244.2.2")


def test_sleeve_learns_and_forgets() -> None:
    wires = Wires()
    datagram = OTHER + sleeve.encode(OTHER, OWN, frame(source=MAC_B, destination=MAC_A))
    wires.relay.received(wires.peer, memoryview(datagram), 0.0)
    assert wires.injected == [bytes(frame(source=MAC_B, destination=MAC_A))]
    wires.relay.captured(frame(), 1.0)
    assert wires.relay.counters["flooded"] == 0
    wires.relay.captured(frame(), sleeve.MAC_AGE_S + 1)
    assert wires.relay.counters["flooded"] == 1


@pytest.mark.parametrize(("datagram", "counter"), [
    (OWN + sleeve.encode(OTHER, OWN, frame()), "wrong_sender"),
    (OTHER + sleeve.encode(OWN, OWN, frame()), "own_frame"),
    (OTHER + sleeve.encode(OTHER, OTHER, frame()), "not_for_us"),
    (OTHER + sleeve.encode(OTHER, OWN, b"short"), "too_short"),
    (OTHER + sleeve.encode(OTHER, OWN, frame())[:-1], "truncated"),
    (OTHER + b"12345", "truncated"),
])
def test_sleeve_counts_and_drops_what_is_wrong(datagram: bytes, counter: str) -> None:
    wires = Wires()
    wires.relay.received(wires.peer, memoryview(datagram), 0.0)
    assert wires.relay.counters[counter] == 1
    assert wires.injected == []


@settings(max_examples=500)
@given(st.binary(max_size=300))
def test_sleeve_survives_anything(data: bytes) -> None:
    wires = Wires()
    wires.relay.received(wires.peer, memoryview(data), 0.0)
    wires.relay.received(wires.peer, memoryview(OTHER + data), 0.0)
    wires.relay.captured(memoryview(data), 0.0)
    wires.relay.flush()
    assert all(not waiting for waiting in wires.peer.waiting.values())


@pytest.mark.parametrize("which", ["flannel", "sleeve"])
@pytest.mark.timeout(3600)
def test_random_datagrams_leave_it_alive_and_its_memory_flat(which: str, flannel: FlannelRelay) -> None:
    """200,000 by default; PODPATH_DATAGRAMS=10000000 for the long run."""
    count = int(os.environ.get("PODPATH_DATAGRAMS", "200000"))
    pool = os.urandom(1 << 16)
    wires = Wires()
    wires.relay._send = lambda peer, data, df: None
    wires.relay._inject = lambda data: None
    settled = 0
    for number in range(count):
        start = number * 7919 % 65000
        data = pool[start:start + number % 97]
        if which == "flannel":
            length = put(flannel, data)
            flannel.from_tun(length)
            flannel.from_udp(length)
        else:
            wires.relay.received(wires.peer, memoryview(OTHER + OTHER + OWN + data), float(number))
            wires.relay.captured(memoryview(data), float(number))
            wires.relay.flush()
        if number == count // 10:
            settled = _resident()
    assert _resident() - settled < 8 * 1024


def _resident() -> int:
    """Resident memory in KiB."""
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
