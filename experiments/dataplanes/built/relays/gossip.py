"""Relays tell each other over TCP 6783 which of their connections stand: no store, no controller. A thread of its own.

As weaver does (weaveworks/mesh router.go, local_peer.go), everybody has a TCP connection with everybody it can reach, says
there what has changed at once, and all that it knows every now and then. Each line is one JSON object.

What is not weaver's: the form of the messages (weaver's are Go's gob), that the peer with the smaller name dials, that all
neighbours are told and not a few of them at random, and that there is no password.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from experiments.dataplanes.built.relays.topology import Topology, from_plain, to_plain

PORT = 6783
LOOK_S = 0.2  # how often it is asked which connections stand
ALL_S = 30.0  # how often everything is told again (weaveworks/mesh router.go, gossipInterval)
DIAL_AGAIN_S = 2.0  # after an attempt that came to nothing (weaveworks/mesh connection_maker.go, InitialInterval)
LONGEST_LINE_BYTES = 1 << 20
CHUNK_BYTES = 65536


class _Line:
    """A TCP connection with a peer: what it sent and is not yet a line, what it was not yet told."""

    def __init__(self, made: socket.socket, *, ready: bool) -> None:
        made.setblocking(False)
        self.socket = made
        self.ready = ready  # a connection that is being dialled is not
        self.name = b""  # not known until the peer has said so
        self.received = bytearray()
        self.unsent = bytearray()


class Gossip:
    """One relay's share in it.

    ``standing`` gives the names of the peers that are reached directly; ``changed`` is told the next hops whenever these are
    others than before. Both are called from this object's thread.
    """

    def __init__(
        self, own: bytes, address: str, peers: Mapping[bytes, str], standing: Callable[[], Iterable[bytes]],
        changed: Callable[[Mapping[bytes, bytes]], None],
    ) -> None:
        """Listen.

        Raises:
            OSError: the address is not ours, or the port is taken.
        """
        self._topology = Topology(own)
        self._address, self._peers = address, dict(peers)
        self._standing, self._changed = standing, changed
        self._hops: dict[bytes, bytes] = {}
        self._lines: dict[int, _Line] = {}
        self._next_dial = dict.fromkeys((name for name in peers if own < name), 0.0)
        self._next_all = 0.0
        self._listener = socket.create_server((address, PORT), reuse_port=False)
        self._listener.setblocking(False)

    def start(self) -> None:
        """Run until the process ends."""
        threading.Thread(target=self._run, daemon=True, name="gossip").start()

    def _run(self) -> None:
        while True:
            self.turn(time.monotonic())

    def turn(self, now: float) -> None:
        """Look once at everything; waits a fifth of a second at most."""
        self._dial(now)
        new = self._topology.connected(self._standing())
        if new or now >= self._next_all:
            self._next_all = now + ALL_S
            self._tell(self._lines.values())
        self._route()
        readers = [self._listener, *(line.socket for line in self._lines.values() if line.ready)]
        writers = [line.socket for line in self._lines.values() if line.unsent or not line.ready]
        readable, writable, _ = select.select(readers, writers, [], LOOK_S)
        for one in readable:
            if one is self._listener:
                self._accept()
            elif one.fileno() in self._lines:
                self._read(self._lines[one.fileno()])
        for one in writable:
            if one.fileno() in self._lines:
                self._write(self._lines[one.fileno()])

    def _dial(self, now: float) -> None:
        connected = {line.name for line in self._lines.values()}
        for name, due in self._next_dial.items():
            if name in connected or now < due:
                continue
            self._next_dial[name] = now + DIAL_AGAIN_S
            made = socket.socket()
            made.setblocking(False)
            with suppress(OSError):
                made.bind((self._address, 0))
            with suppress(BlockingIOError):
                try:
                    made.connect((self._peers[name], PORT))
                except BlockingIOError:
                    raise
                except OSError:
                    made.close()
                    continue
            line = self._lines[made.fileno()] = _Line(made, ready=False)
            line.name = name

    def _accept(self) -> None:
        with suppress(OSError):
            made, _ = self._listener.accept()
            self._greet(self._lines.setdefault(made.fileno(), _Line(made, ready=True)))

    def _greet(self, line: _Line) -> None:
        line.unsent += json.dumps({"name": self._topology.own.hex()}).encode() + b"\n"
        self._tell([line])

    def _tell(self, lines: Iterable[_Line]) -> None:
        said = json.dumps({"peers": to_plain(self._topology.said)}).encode() + b"\n"
        for line in list(lines):
            if line.ready and len(line.unsent) < LONGEST_LINE_BYTES:
                line.unsent += said

    def _read(self, line: _Line) -> None:
        try:
            came = line.socket.recv(CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            came = b""
        line.received += came
        if not came or len(line.received) > LONGEST_LINE_BYTES:
            self._drop(line)
            return
        *whole, rest = bytes(line.received).split(b"\n")
        line.received = bytearray(rest)
        try:
            for text in whole:
                self._heard(line, json.loads(text))
        except (ValueError, RecursionError):
            self._drop(line)

    def _heard(self, line: _Line, said: object) -> None:
        if not isinstance(said, dict):
            raise ValueError("not an object")
        if "name" in said:
            name = bytes.fromhex(str(said["name"]))
            if name not in self._peers:
                raise ValueError("a stranger")
            line.name = name
        elif self._topology.learn(from_plain(said.get("peers"))):
            self._tell(other for other in self._lines.values() if other is not line)

    def _write(self, line: _Line) -> None:
        if not line.ready:
            if line.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._drop(line)
                return
            line.ready = True
            self._greet(line)
        try:
            del line.unsent[:line.socket.send(line.unsent)]
        except BlockingIOError:
            return
        except OSError:
            self._drop(line)

    def _drop(self, line: _Line) -> None:
        self._lines.pop(line.socket.fileno(), None)
        line.socket.close()

    def _route(self) -> None:
        hops = self._topology.next_hops()
        if hops != self._hops:
            self._hops = hops
            self._changed(hops)
