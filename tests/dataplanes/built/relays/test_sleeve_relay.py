"""What the sleeve relay does to frames, without sockets: the format, aggregation, sizes, hostile datagrams, a sealed one."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_flannel_relay import ip_packet

from experiments.dataplanes.built.relays import packets
from experiments.dataplanes.built.relays.sleeve_crypto import SENT_WITH_DF, Handshake, ReplayWindow
from experiments.dataplanes.built.relays.sleeve_path import ACK_TYPE, FRAGMENTATION_TEST_BYTES
from experiments.dataplanes.built.relays.sleeve_relay import MAC_AGE_S, MACS_AT_MOST, Relay
from experiments.dataplanes.built.relays.sleeve_sealed import SealedRelay
from experiments.dataplanes.built.relays.sleeve_wire import (
    ENCRYPTED_OVERHEAD_BYTES,
    OVERHEAD_BYTES,
    Rejected,
    encode,
    name_bytes,
)

OWN, OTHER = name_bytes("02:77:65:61:76:01"), name_bytes("02:77:65:61:76:02")
MAC_A, MAC_B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def frame(source: bytes = MAC_A, destination: bytes = MAC_B, packet: bytes | None = None) -> bytes:
    return destination + source + b"\x08\x00" + (ip_packet() if packet is None else packet)


@dataclass
class End:
    """One node: a relay, what its bridge was given, what it has sent. ``kernel_mtu`` is what its kernel believes."""

    relay: Relay
    injected: list[bytes]
    sent: list[tuple[bytes, bool]] = field(default_factory=list)
    kernel_mtu: int = 1500

    def captured(self, frames: list[bytes], now: float = 0.0) -> None:
        self.relay.bridge_to_peers(_reader(frames), now)

    def received(self, datagrams: list[bytes], now: float = 0.0) -> None:
        peer, = self.relay.peers.values()
        self.relay.peer_to_bridge(peer, _reader(datagrams), now)


def _reader(waiting: list[bytes]):  # type: ignore[no-untyped-def]
    queue = deque(waiting)

    def read(buffer: bytearray | memoryview) -> int | None:
        if not queue:
            return None
        data = queue.popleft()[:len(buffer)]
        buffer[:len(data)] = data
        return len(data)

    return read


def end(name: bytes, peer: bytes, password: str = "") -> End:
    injected: list[bytes] = []
    inject = lambda data: injected.append(bytes(data))  # noqa: E731
    made = End(SealedRelay(name, inject, password) if password else Relay(name, inject), injected)
    made.relay.add_peer(peer, (lambda data: made.sent.append((bytes(data), False)),
                               lambda data: made.sent.append((bytes(data), True))), lambda: made.kernel_mtu)
    return made


class Pair:
    """Two nodes and a wire between them that carries at most ``mtu`` bytes with DF; a clock that is ours."""

    def __init__(self, *, mtu: int = 1500, fragments: bool = True, password: str = "") -> None:
        self.left, self.right = end(OWN, OTHER, password), end(OTHER, OWN, password)
        self.mtu, self.fragments, self.now = mtu, fragments, 0.0

    def carry(self) -> None:
        """Everything that was sent arrives, answers included."""
        while self.left.sent or self.right.sent:
            for here, there in ((self.left, self.right), (self.right, self.left)):
                sent, here.sent = here.sent, []
                there.received([data for data, df in sent
                                if len(data) + 28 <= self.mtu or (not df and self.fragments)], self.now)

    def settle(self, seconds: float) -> None:
        """Let time pass, in steps as small as the shortest time-out."""
        until = self.now + seconds
        while self.now < until:
            for one in (self.left, self.right):
                if self.now >= one.relay.due():
                    one.relay.tick(self.now)
            self.carry()
            self.now += 0.005

    @property
    def path(self):  # type: ignore[no-untyped-def]
        return self.left.relay.peers[OTHER].path


def connected(**options: object) -> Pair:
    pair = Pair(**options)  # type: ignore[arg-type]
    pair.settle(1.0)
    for one in (pair.left, pair.right):
        one.injected.clear()
        one.sent.clear()
    return pair


def test_the_format_is_the_documented_one() -> None:
    pair = connected()
    pair.left.captured([frame()], pair.now)
    (datagram, df), = pair.left.sent
    assert datagram == OWN + OWN + OTHER + struct.pack(">H", len(frame())) + frame()
    assert df
    assert (OVERHEAD_BYTES, ENCRYPTED_OVERHEAD_BYTES) == (62, 86)


def test_nothing_is_sent_before_a_heartbeat_was_acknowledged() -> None:
    pair = Pair()
    pair.left.captured([frame()])
    assert pair.left.sent == []
    assert pair.left.relay.counters["not_established"] == 1


def test_small_frames_share_a_datagram_and_full_ones_do_not() -> None:
    pair = connected()
    pair.left.captured([frame()] * 3, pair.now)
    assert len(pair.left.sent) == 1
    pair.carry()
    assert pair.right.injected == [frame()] * 3
    pair.left.captured([frame(packet=ip_packet(payload=b"x" * (1376 - 20)))] * 3, pair.now)
    assert len(pair.left.sent) == 3
    assert all(len(datagram) + 28 <= 1500 for datagram, _ in pair.left.sent)


def test_frames_that_may_be_fragmented_travel_without_df() -> None:
    pair = connected()
    pair.left.captured([frame(packet=ip_packet(df=False)), frame()], pair.now)
    assert sorted(df for _, df in pair.left.sent) == [False, True]


def test_what_does_not_fit_is_answered_in_the_destination_s_name() -> None:
    pair = connected()
    pair.left.captured([frame(packet=ip_packet(payload=b"x" * 1419))], pair.now)
    assert pair.left.sent == []
    answer, = pair.left.injected
    assert answer[:12] == MAC_A + MAC_B
    assert (answer[34], answer[35]) == (3, 4)
    assert struct.unpack(">H", answer[40:42])[0] == 1438
    assert answer[26:30] == packets.address("10.244.2.2")


def test_what_fits_to_the_byte_is_carried() -> None:
    pair = connected()
    largest = frame(packet=ip_packet(payload=b"x" * 1418))
    pair.left.captured([largest], pair.now)
    assert len(pair.left.sent[0][0]) + 28 == 1500
    pair.carry()
    assert pair.right.injected == [largest]


@pytest.mark.parametrize("fragments", [True, False])
def test_a_large_packet_without_df_arrives_whole_or_in_our_fragments(fragments: bool) -> None:
    pair = connected(fragments=fragments)
    assert pair.path.can_fragment == fragments
    pair.left.captured([frame(packet=ip_packet(df=False, payload=b"x" * 4000))], pair.now)
    pair.carry()
    if fragments:
        assert [len(data) for data in pair.right.injected] == [14 + 4020]
    else:
        assert len(pair.right.injected) == 3
        assert sum(len(data) - 34 for data in pair.right.injected) == 4000
        assert all(packets.checksum(data[14:34]) == 0 for data in pair.right.injected)


@pytest.mark.parametrize("mtu", [1500, 1499, 1400, 900, 700])
def test_the_path_s_mtu_is_found_where_nobody_tells_it(mtu: int) -> None:
    pair = Pair(mtu=mtu)
    pair.settle(60.0 if mtu < 1500 else 1.0)
    assert pair.path.limit == mtu - OVERHEAD_BYTES
    assert pair.path.limit_is_proved


def test_a_peer_that_falls_silent_is_lost_after_a_minute() -> None:
    pair = connected()
    pair.mtu, pair.fragments = 0, False
    pair.settle(61.0)
    assert not pair.path.established
    pair.left.captured([frame()], pair.now)
    assert pair.left.relay.counters["not_established"] == 1


def test_addresses_are_learned_and_forgotten() -> None:
    pair = connected()
    pair.left.received([OTHER + encode(OTHER, OWN, frame(source=MAC_B, destination=MAC_A))], pair.now)
    pair.left.captured([frame()], pair.now)
    assert pair.left.relay.counters["flooded"] == 0
    pair.left.relay.tick(pair.now + MAC_AGE_S + 11)
    pair.left.captured([frame()], pair.now + MAC_AGE_S + 12)
    assert pair.left.relay.counters["flooded"] == 1


def test_a_thousand_senders_do_not_fill_the_memory() -> None:
    pair = connected()
    for number in range(MACS_AT_MOST + 500):
        pair.left.captured([frame(source=b"\x02" + number.to_bytes(5, "big"))], pair.now)
    assert len(pair.left.relay._macs) == MACS_AT_MOST


HOSTILE = [
    (OWN + encode(OTHER, OWN, frame()), "wrong_sender"),
    (b"", "wrong_sender"),
    (OTHER + encode(OWN, OWN, frame()), "own_frame"),
    (OTHER + encode(OTHER, OTHER, frame()), "not_for_us"),
    (OTHER + encode(OTHER, OWN, b"short"), "too_short"),
    (OTHER + encode(OTHER, OWN, frame())[:-1], "truncated"),
    (OTHER + b"12345", "truncated"),
    (OTHER + encode(OTHER, OWN, bytes(12) + ACK_TYPE.to_bytes(2, "big") + b"\x09" + bytes(8)), "control_ignored"),
    (OTHER + encode(OTHER, OWN, bytes(12) + ACK_TYPE.to_bytes(2, "big") + b"\x02" + b"\xff" * 8), "control_ignored"),
]


@pytest.mark.parametrize(("datagram", "counter"), HOSTILE)
def test_what_is_wrong_is_counted_and_dropped(datagram: bytes, counter: str) -> None:
    pair = connected()
    before = pair.left.relay.counters[counter]
    pair.left.received([datagram], pair.now)
    assert pair.left.relay.counters[counter] == before + 1
    assert pair.left.injected == []


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=300), max_size=4))
def test_it_survives_anything(data: list[bytes]) -> None:
    left = end(OWN, OTHER)
    left.received([*data, *(OTHER + one for one in data), *(OTHER + OTHER + OWN + one for one in data)])
    left.captured(data)
    peer, = left.relay.peers.values()
    assert not any(peer.waiting)
    assert left.relay.counters["datagrams_received"] == 3 * len(data)


# -- with a password ----------------------------------------------------------------------------------------------------


def test_sealed_frames_arrive_and_cannot_be_read() -> None:
    pair = connected(password="secret")
    assert pair.path.established
    pair.left.captured([frame()], pair.now)
    (datagram, df), = pair.left.sent
    assert df
    assert datagram.startswith(OWN)
    assert len(datagram) == 6 + 8 + 16 + 14 + len(frame())
    assert frame()[12:] not in datagram
    pair.carry()
    assert pair.right.injected == [frame()]


def test_a_replayed_a_changed_and_a_forged_datagram_are_dropped() -> None:
    pair = connected(password="secret")
    pair.left.captured([frame()], pair.now)
    (datagram, _), = pair.left.sent
    changed = datagram[:-1] + bytes([datagram[-1] ^ 1])
    pair.right.received([changed, datagram, datagram, OWN + b"\xff" * 40, OWN], pair.now)
    counters = pair.right.relay.counters
    assert pair.right.injected == [frame()]
    assert (counters["not_authentic"], counters["replayed"], counters["truncated"]) == (2, 1, 1)


def test_another_password_reaches_nobody() -> None:
    pair = Pair(password="secret")
    pair.right = end(OTHER, OWN, "another")
    pair.settle(2.0)
    assert not pair.path.established
    assert pair.right.relay.counters["not_authentic"] > 0


def test_a_session_in_use_is_not_given_up_for_a_forged_hello() -> None:
    pair = connected(password="secret")
    pair.left.received([Handshake("guess").hello(OTHER)], pair.now)
    assert pair.left.relay.counters["bad_hello"] == 1
    pair.left.captured([frame()], pair.now)
    pair.carry()
    assert pair.right.injected == [frame()]


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=120), max_size=4))
def test_a_sealed_relay_survives_anything(data: list[bytes]) -> None:
    left = end(OWN, OTHER, "secret")
    left.received([*data, *(OTHER + one for one in data), *(bytes(6) + OTHER + one for one in data)])
    assert left.injected == []


@given(st.lists(st.integers(0, 3 << 20), max_size=50))
def test_no_number_is_taken_twice_and_memory_is_bounded(numbers: list[int]) -> None:
    window, taken = ReplayWindow(), set()
    for number in numbers:
        if window.is_fresh(number):
            assert number not in taken
            window.take(number)
            taken.add(number)
        assert len(window._taken) <= 2


def test_two_ends_agree_and_a_third_does_not() -> None:
    ours, theirs, stranger = Handshake("secret"), Handshake("secret"), Handshake("other")
    left, right = ours.session(OWN, OTHER, theirs.public), theirs.session(OTHER, OWN, ours.public)
    assert right.open(left.seal(b"a frame", df=True)) == b"a frame"
    sealed = left.seal(b"another", df=False)
    assert not int.from_bytes(sealed[:8], "big") & SENT_WITH_DF
    with pytest.raises(Rejected, match="not_authentic"):
        stranger.session(OTHER, OWN, ours.public).open(sealed)
    with pytest.raises(Rejected, match="bad_hello"):
        ours.session(OWN, OTHER, bytes(32))


def test_the_fragmentation_test_is_weaver_s() -> None:
    assert FRAGMENTATION_TEST_BYTES == 60001


THIRD = name_bytes("02:77:65:61:76:03")


def between(*, gossip: bool) -> tuple[Relay, list[bytes], dict[bytes, list[bytes]]]:
    """A relay with two peers that do not reach each other; what its bridge was given, and what each peer was sent."""
    injected: list[bytes] = []
    sent: dict[bytes, list[bytes]] = {OWN: [], THIRD: []}
    relay = Relay(OTHER, lambda frame: injected.append(bytes(frame)))
    for name, held in sent.items():
        write = lambda datagram, held=held: held.append(bytes(datagram))  # noqa: E731
        relay.add_peer(name, (write, write), lambda: 1500).path.established = True
    if gossip:
        relay.hops = {OWN: OWN, THIRD: THIRD}
    return relay, injected, sent


def test_a_frame_for_another_is_passed_on_with_both_names_as_they_were() -> None:
    relay, injected, sent = between(gossip=True)
    framed = encode(OWN, THIRD, frame())
    relay.peer_to_bridge(relay.peers[OWN], _reader([OWN + framed]), 0.0)
    assert sent == {OWN: [], THIRD: [OTHER + framed]}
    assert injected == []
    assert relay.counters["relayed"] == 1


@pytest.mark.parametrize(("gossip", "source", "target", "sender"), [
    (False, OWN, THIRD, OWN),  # nobody has agreed on ways
    (True, OWN, OWN, OWN),  # never back to where it came from
    (True, OWN, name_bytes("02:77:65:61:76:09"), OWN),  # to a stranger
    (True, name_bytes("02:77:65:61:76:09"), THIRD, OWN),  # of a stranger
    (True, OTHER, THIRD, OWN),  # our own
])
def test_other_frames_for_others_are_dropped(gossip: bool, source: bytes, target: bytes, sender: bytes) -> None:
    relay, injected, sent = between(gossip=gossip)
    relay.peer_to_bridge(relay.peers[sender], _reader([sender + encode(source, target, frame())]), 0.0)
    assert (injected, sent) == ([], {OWN: [], THIRD: []})
    assert relay.counters["relayed"] == 0


def test_a_control_frame_is_never_passed_on() -> None:
    relay, injected, sent = between(gossip=True)
    relay.peer_to_bridge(relay.peers[OWN], _reader([OWN + encode(OWN, THIRD, bytes(22))]), 0.0)
    assert (injected, sent) == ([], {OWN: [], THIRD: []})


def test_a_frame_that_was_passed_on_is_delivered_and_its_answer_goes_back_by_the_relay() -> None:
    relay, injected, sent = between(gossip=True)
    relay.peers[THIRD].path.established = False  # cut off; OWN relays
    relay.hops = {OWN: OWN, THIRD: OWN}
    relay.peer_to_bridge(relay.peers[OWN], _reader([OWN + encode(THIRD, OTHER, frame())]), 0.0)
    assert injected == [frame()]
    relay.bridge_to_peers(_reader([frame(MAC_B, MAC_A)]), 0.0)
    assert sent[THIRD] == []
    assert sent[OWN] == [OTHER + encode(OTHER, THIRD, frame(MAC_B, MAC_A))]
