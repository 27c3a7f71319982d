"""Three peers on the loopback agree on ways round a connection that is cut, whatever strangers and broken peers say to them."""

from __future__ import annotations

import errno
import json
import os
import resource
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress

import pytest

from experiments.dataplanes.built.relays import gossip
from experiments.dataplanes.built.relays.gossip import NAME_S, SILENT_S, Gossip
from experiments.dataplanes.built.relays.gossip_line import LONGEST_LINE_BYTES
from experiments.dataplanes.built.relays.topology import MOST_PEERS, MOST_VERSION, MOST_VERSION_BEFORE_START

NAMES = [bytes([2, 0, 0, 0, 0, number]) for number in (1, 2, 3)]
A, B, C = NAMES
ADDRESSES = {name: f"127.86.0.{name[-1]}" for name in NAMES}
DIRECT = {name: {other: other for other in NAMES if other != name} for name in NAMES}
ROUND = {A: {B: B, C: B}, B: {A: A, C: C}, C: {A: B, B: B}}


class Three:
    """Their objects, whom each reaches, and the ways that each was told last."""

    def __init__(self) -> None:
        self.standing = {name: {other for other in NAMES if other != name} for name in NAMES}
        self.ways: dict[bytes, Mapping[bytes, bytes]] = {}
        self.peers = {name: self._peer(name) for name in NAMES}

    def _peer(self, name: bytes) -> Gossip:
        return Gossip(name, ADDRESSES[name], {other: ADDRESSES[other] for other in NAMES if other != name},
                      lambda: self.standing[name], lambda hops: self.ways.__setitem__(name, hops))

    def turn(self) -> None:
        for peer in self.peers.values():
            peer.turn(time.monotonic())

    def until(self, wanted: dict[bytes, dict[bytes, bytes]]) -> None:
        deadline = time.monotonic() + 20
        while any(self.ways.get(name) != hops for name, hops in wanted.items()):
            assert time.monotonic() < deadline, self.ways
            self.turn()

    def still_agree(self) -> None:
        """What A and C no longer have, they learn to go round; and use again."""
        self.standing[A].discard(C)
        self.until(ROUND)
        self.standing[A].add(C)
        self.until(DIRECT)

    def stop(self, name: bytes) -> None:
        self.peers[name]._listener.close()
        for line in self.peers[name]._lines:
            line.socket.close()

    def start_again(self, name: bytes) -> None:
        self.stop(name)
        self.peers[name] = self._peer(name)

    def close(self) -> None:
        for name in self.peers:
            self.stop(name)


def free_port() -> int:
    """Free at all three addresses: a connection of the test before may still hold one at its own."""
    for _ in range(100):
        with ExitStack() as held:
            port = int(held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1])
            with suppress(OSError):
                for address in ADDRESSES.values():
                    held.enter_context(socket.create_server((address, port)))
                return port
    raise AssertionError("no port is free")


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Iterator[Three]:
    monkeypatch.setattr(gossip, "PORT", free_port())
    monkeypatch.setattr(gossip, "LOOK_S", 0.01)
    made = Three()
    yield made
    made.close()


def call(who: bytes, source: bytes | str) -> socket.socket:
    """A connection to a peer, from another's address."""
    address = ADDRESSES[source] if isinstance(source, bytes) else source
    return socket.create_connection((ADDRESSES[who], gossip.PORT), timeout=10, source_address=(address, 0))


def named(name: bytes) -> bytes:
    return json.dumps({"name": name.hex()}).encode() + b"\n"


def peers(said: Mapping[bytes, object]) -> bytes:
    return json.dumps({"peers": {name.hex(): one for name, one in said.items()}}).encode() + b"\n"


def heard_until_the_end(three: Three, caller: socket.socket) -> bytes:
    """All that the caller was told before its connection was ended, while the three go on."""
    caller.settimeout(0.01)
    heard, deadline = b"", time.monotonic() + 20
    while time.monotonic() < deadline:
        three.turn()
        try:
            came = caller.recv(65536)
        except TimeoutError:
            continue
        except ConnectionResetError:
            return heard
        if not came:
            return heard
        heard += came
    raise AssertionError("the connection was not ended")


def say(three: Three, caller: socket.socket, text: bytes) -> None:
    """All of it, while the three go on; the connection may end before."""
    caller.setblocking(False)
    deadline = time.monotonic() + 20
    while text:
        assert time.monotonic() < deadline
        three.turn()
        try:
            text = text[caller.send(text):]
        except BlockingIOError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return


def until_heard(three: Three, caller: socket.socket, wanted: bytes) -> None:
    caller.settimeout(0.01)
    heard, deadline = b"", time.monotonic() + 20
    while wanted not in heard:
        assert time.monotonic() < deadline, heard
        three.turn()
        try:
            came = caller.recv(65536)
        except TimeoutError:
            continue
        assert came
        heard += came


def test_a_cut_connection_is_gone_round_and_used_again(three: Three) -> None:
    three.until(DIRECT)
    three.standing[A].discard(C)  # only one end has noticed
    three.until(ROUND)
    three.standing[A].add(C)
    three.until(DIRECT)
    three.standing[B] = set()
    three.until({A: {C: C}, B: {}, C: {A: A}})


def test_a_peer_that_was_started_again_is_heard_before_everything_is_told_again(
    three: Three, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gossip, "ALL_S", float("inf"))
    three.until(DIRECT)
    three.still_agree()  # B's number stays 1, those of A and C rise
    three.standing[A] = {B}
    three.start_again(A)  # its first word has a number that the others have passed
    three.until(ROUND)
    three.standing[B] = {C}
    three.start_again(B)  # the same number as before, with another meaning
    three.until({A: {}, B: {C: C}, C: {B: B}})


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\n", named(A) + peers({A: [9, []]})])
@pytest.mark.parametrize("source", ["127.0.0.1", "127.86.0.9", ADDRESSES[C]])
def test_who_has_no_business_here_is_shown_out_and_told_nothing(three: Three, source: str, text: bytes) -> None:
    """C is a peer of B's, but one that B dials."""
    three.until(DIRECT)
    with call(B, source) as stranger:
        stranger.sendall(text)
        assert heard_until_the_end(three, stranger) == b""
    assert B in three.peers[A]._topology.said[A].connections
    three.still_agree()


@pytest.mark.parametrize("nonsense", [
    b"\n", b"\xff\xfe\n", b"[1,2]\n", b"7\n", b"{}\n", b"{\n", b'{"name": "zz"}\n', b'{"name": 7}\n', b'{"name": null}\n',
    b'{"name": true}\n', b'{"name": NaN}\n', b'{"else": 1}\n', b'{"name": "02 00 00 0001"}\n', named(b"\x02\0\0\0\0\x09"),
    named(B), named(C), named(A)[:-2] + b', "name": "020000000001"}\n', named(A)[:-2] + b', "peers": {}}\n',
    named(A).decode().encode("utf-16"), b"[" * 100_000 + b"\n", b'{"name":' * 100_000 + b"\n",
    b"x" * (LONGEST_LINE_BYTES + 1), b'{"name": "' + b"0" * LONGEST_LINE_BYTES + b'"}\n', b"1" * 5000 + b"\n",
    peers({}), peers({A: [1, [B.hex()]]}),
], ids=lambda text: repr(text[:30]))
def test_who_does_not_begin_with_its_name_is_shown_out(
    three: Three, nonsense: bytes, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gossip, "NAME_S", float("inf"))  # not because it takes too long
    three.until(DIRECT)
    lines = list(three.peers[C]._lines)
    with call(C, A) as broken:
        say(three, broken, nonsense)
        heard_until_the_end(three, broken)
    assert three.peers[C]._lines == lines  # the real A has lost nothing
    three.still_agree()


@pytest.mark.parametrize("nonsense", [
    named(A), b'{"peers": 7}\n', b'{"peers": {"020000000001": [2, "x"]}}\n', peers({A: [True, []]}), peers({A: [9.0, []]}),
    b'{"peers": {"020000000001": [NaN, []]}}\n', b'{"peers": {"020000000001": [1e999, []]}}\n', peers({A: [-1, []]}),
    peers({A: [MOST_VERSION + 1, []]}), peers({C: [(1 << 63) - 1, []]}), peers({A: [9, [B.hex(), B.hex()]]}),
    b'{"peers": {"020000000001": [' + b"9" * 5000 + b', []]}}\n', peers({A: [9, [B.hex().upper() + "AA"]]}),
    b'{"peers": {"020000000001": [9, []], "020000000001": [9, []]}}\n',
    peers({number.to_bytes(6, "big"): [9, []] for number in range(MOST_PEERS + 1)}),
    peers({A: [9, [number.to_bytes(6, "big").hex() for number in range(MOST_PEERS + 1)]]}),
], ids=lambda text: repr(text[:60]))
def test_a_peer_that_says_nonsense_is_shown_out_and_may_come_again(three: Three, nonsense: bytes) -> None:
    three.until(DIRECT)
    before = dict(three.peers[C]._topology.said)
    with call(C, A) as broken:
        say(three, broken, named(A) + nonsense)
        heard_until_the_end(three, broken)
    assert three.peers[C]._topology.said == before
    three.still_agree()


def test_names_that_nobody_has_take_no_room(three: Three) -> None:
    three.until(DIRECT)
    with call(C, A) as broken:
        say(three, broken, named(A) + peers({bytes([6, 0, 0, 0, 0, number]): [9, []] for number in range(MOST_PEERS - 1)})
            + peers({A: [40, [B.hex()]]}))
        until_heard(three, broken, b'"020000000001":[40')
    assert three.peers[C]._topology.said.keys() == set(NAMES)
    three.still_agree()


@pytest.mark.parametrize("version", [40, MOST_VERSION_BEFORE_START, MOST_VERSION_BEFORE_START + 1, MOST_VERSION])
def test_no_number_that_is_said_to_be_ours_silences_us(three: Three, version: int) -> None:
    three.until(DIRECT)
    with call(C, A) as broken:
        say(three, broken, named(A) + peers({C: [version, []], A: [40, [B.hex(), C.hex()]]}))
        until_heard(three, broken, b'"020000000001":[40')
    three.standing[C].discard(A)
    three.until(ROUND)
    three.standing[C].add(A)
    three.until(DIRECT)
    assert three.peers[A]._topology.said[C] == three.peers[C]._topology.said[C]


def test_a_line_may_come_byte_by_byte(three: Three) -> None:
    three.until(DIRECT)
    with call(C, A) as slow:
        for byte in named(A) + peers({A: [40, []]}):
            say(three, slow, bytes([byte]))
        until_heard(three, slow, b'"020000000001":[40')


@pytest.mark.parametrize(("said", "after_s"), [
    (b"", NAME_S), (b'{"na', NAME_S), (named(A), SILENT_S), (named(A) + b"{", SILENT_S),
])
def test_who_says_nothing_whole_is_given_up(three: Three, said: bytes, after_s: float) -> None:
    three.until(DIRECT)
    with call(C, A) as silent:
        say(three, silent, said)
        until_heard(three, silent, b'"peers"')
        for _ in range(10):  # what was said has arrived
            three.turn()
        kept = [line for line in three.peers[C]._lines if line.peer == A]
        three.peers[C].turn(time.monotonic() + after_s + 1)
        assert not any(line in three.peers[C]._lines for line in kept if line.named == (after_s == SILENT_S))
        heard_until_the_end(three, silent)
    three.still_agree()


def test_each_address_has_one_line_and_one_that_has_no_name_yet(three: Three) -> None:
    three.until(DIRECT)
    with ExitStack() as held:
        callers = [held.enter_context(call(C, A)) for _ in range(20)]
        for caller in callers[:-1]:
            heard_until_the_end(three, caller)
        until_heard(three, callers[-1], b'"peers"')
        assert sorted((line.peer, line.named) for line in three.peers[C]._lines) == [(A, False), (A, True), (B, True)]
        say(three, callers[-1], named(A))
        deadline = time.monotonic() + 20
        while sorted((line.peer, line.named) for line in three.peers[C]._lines) == [(A, False), (A, True), (B, True)]:
            assert time.monotonic() < deadline
            three.peers[C].turn(time.monotonic())  # A itself must not dial again meanwhile
        assert [line.named for line in three.peers[C]._lines if line.peer == A] == [True]
    three.still_agree()


def _fill(held: ExitStack) -> None:
    """Take all descriptors that there still are."""
    while True:
        try:
            held.callback(os.close, os.dup(0))
        except OSError as error:
            assert error.errno == errno.EMFILE
            return


@pytest.fixture
def descriptors() -> Iterator[int]:
    """How many there may be in this process, for this test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("needs 2048 descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))
    yield 2048
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_a_descriptor_left_the_others_wait(
    three: Three, monkeypatch: pytest.MonkeyPatch, descriptors: int,
) -> None:
    three.until(DIRECT)
    accepted: list[bytes] = []
    accept = Gossip._accept
    monkeypatch.setattr(Gossip, "_accept", lambda self, now: (accepted.append(self._topology.own), accept(self, now))[1])
    now = time.monotonic()
    with socket.socket() as caller:
        caller.bind((ADDRESSES[A], 0))
        with ExitStack() as held:
            _fill(held)
            caller.settimeout(10)
            caller.connect((ADDRESSES[C], gossip.PORT))  # the kernel's part of it
            for _ in range(5):
                three.peers[C].turn(now)
            assert accepted == [C]  # tried once, and not at every turn
            for line in list(three.peers[A]._lines):
                three.peers[A]._drop(line)
            _fill(held)
            three.peers[A].turn(now + gossip.DIAL_AGAIN_S)
            assert three.peers[A]._lines == []
        three.peers[C].turn(now + gossip.ACCEPT_AGAIN_S)
        until_heard(three, caller, b'"name"')
    three.still_agree()
    assert {line.peer for line in three.peers[A]._lines} == {B, C}


def test_descriptors_above_1023_are_like_others(monkeypatch: pytest.MonkeyPatch, descriptors: int) -> None:
    with ExitStack() as held:
        while True:
            number = os.dup(0)
            held.callback(os.close, number)
            if number > 1024:
                break
        monkeypatch.setattr(gossip, "LOOK_S", 0.01)
        monkeypatch.setattr(gossip, "PORT", free_port())
        three = Three()
        held.callback(three.close)
        three.until(DIRECT)
        assert min(line.socket.fileno() for peer in three.peers.values() for line in peer._lines) > 1023
        three.still_agree()


@pytest.mark.parametrize("others", [
    {A: "127.86.0.2"}, {B: "127.86.0.1"}, {B: "127.86.0.2", C: "127.86.0.2"}, {B: "127.86.2", C: "127.86.0.2"},
    {number.to_bytes(6, "big"): f"127.87.{number // 200}.{number % 200}" for number in range(1, MOST_PEERS + 1)},
])
def test_peers_that_could_not_be_told_apart_are_refused(others: dict[bytes, str]) -> None:
    with pytest.raises(ValueError, match="a name and an address for each peer"):
        Gossip(A, ADDRESSES[A], others, lambda: [], lambda hops: None)
