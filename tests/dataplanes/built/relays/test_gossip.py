"""Three peers on the loopback agree on ways round a connection that is cut."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping

import pytest

from experiments.dataplanes.built.relays import gossip
from experiments.dataplanes.built.relays.gossip import Gossip

NAMES = [bytes([2, 0, 0, 0, 0, number]) for number in (1, 2, 3)]
ADDRESSES = {name: f"127.86.0.{name[-1]}" for name in NAMES}


class Three:
    """Their objects, whom each reaches, and the ways that each was told last."""

    def __init__(self) -> None:
        self.standing = {name: {other for other in NAMES if other != name} for name in NAMES}
        self.ways: dict[bytes, Mapping[bytes, bytes]] = {}
        self.peers = {name: self._peer(name) for name in NAMES}

    def _peer(self, name: bytes) -> Gossip:
        return Gossip(name, ADDRESSES[name], {other: ADDRESSES[other] for other in NAMES if other != name},
                      lambda: self.standing[name], lambda hops: self.ways.__setitem__(name, hops))

    def until(self, wanted: dict[bytes, dict[bytes, bytes]]) -> None:
        deadline = time.monotonic() + 20
        while any(self.ways.get(name) != hops for name, hops in wanted.items()):
            assert time.monotonic() < deadline, self.ways
            for peer in self.peers.values():
                peer.turn(time.monotonic())

    def close(self) -> None:
        for peer in self.peers.values():
            peer._listener.close()
            for line in peer._lines.values():
                line.socket.close()


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Iterator[Three]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setattr(gossip, "PORT", free.getsockname()[1])
    monkeypatch.setattr(gossip, "LOOK_S", 0.01)
    made = Three()
    yield made
    made.close()


def test_a_cut_connection_is_gone_round_and_used_again(three: Three) -> None:
    a, b, c = NAMES
    direct = {name: {other: other for other in NAMES if other != name} for name in NAMES}
    three.until(direct)
    three.standing[a].discard(c)  # only one end has noticed
    three.until({a: {b: b, c: b}, b: {a: a, c: c}, c: {a: b, b: b}})
    three.standing[a].add(c)
    three.until(direct)
    three.standing[b] = set()
    three.until({a: {c: c}, b: {}, c: {a: a}})


def test_strangers_and_nonsense_end_their_own_connection_and_no_other(three: Three) -> None:
    a, b, c = NAMES
    direct = {a: {b: b, c: c}, b: {a: a, c: c}, c: {a: a, b: b}}
    three.until(direct)
    for nonsense in (b"\xff\xfe\n", b"[1,2]\n", b'{"peers": 7}\n', b'{"name": "020000000009"}\n', b'{"name": "zz"}\n',
                     b"[" * 100_000 + b"\n", json.dumps({"peers": {"020000000002": [9, "x"]}}).encode() + b"\n"):
        with socket.create_connection((ADDRESSES[a], gossip.PORT)) as stranger:
            stranger.sendall(nonsense)
            stranger.settimeout(0.05)
            deadline = time.monotonic() + 10
            ended = False
            while not ended and time.monotonic() < deadline:
                three.peers[a].turn(time.monotonic())
                try:
                    ended = stranger.recv(65536) == b""
                except TimeoutError:
                    continue
                except ConnectionResetError:
                    ended = True
            assert ended, nonsense[:40]
    three.until(direct)
