"""Relays tell each other over TCP 6783 which of their connections stand: no store, no controller. A thread of its own.

As weaver does (weaveworks/mesh router.go, local_peer.go), everybody has a TCP connection with everybody it can reach, says
there what has changed at once, and all that it knows every now and then. Each line is one JSON object: the first is
``{"name": …}``, all others are ``{"peers": …}``.

Who may speak: only the addresses of the peers from the command line are let in, and on its connection a peer first says the
name that belongs to its address. What it then says, of others too, is believed: this keeps out strangers and nonsense, not
a peer that lies.

What is not weaver's: the form of the messages (weaver's are Go's gob), that the peer with the smaller name dials, so that two
never dial each other, that all neighbours are told and not a few of them at random, and that there is no password.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from experiments.dataplanes.built.relays.gossip_line import Line, dialled, read, written
from experiments.dataplanes.built.relays.topology import MOST_PEERS, Topology, from_plain, to_name, to_plain

PORT = 6783
LOOK_S = 0.2  # how often it is asked which connections stand
ALL_S = 30.0  # how often everything is told again (weaveworks/mesh router.go, gossipInterval)
DIAL_AGAIN_S = 2.0  # after an attempt that came to nothing (weaveworks/mesh connection_maker.go, InitialInterval)
ACCEPT_AGAIN_S = 1.0  # after a failure, such as no descriptor left: the caller goes on waiting, and we must not spin
NAME_S = 10.0  # until a connection has to stand and its peer has to have said its name
SILENT_S = 2 * ALL_S  # a peer of which no whole line comes for so long is gone (weaveworks/mesh connection.go: 2 TCPHeartbeat)


class Gossip:
    """One relay's share in it.

    ``standing`` gives the names of the peers that are reached directly; ``changed`` is told the next hops whenever these are
    others than before. Both are called from this object's thread: ``standing`` may read what the relay's thread writes, as
    long as the set of peers stays the same, and each mapping that ``changed`` gets is a new one that nobody changes any more.
    """

    def __init__(
        self, own: bytes, address: str, peers: Mapping[bytes, str], standing: Callable[[], Iterable[bytes]],
        changed: Callable[[Mapping[bytes, bytes]], None],
    ) -> None:
        """Listen.

        Raises:
            OSError: the address is not ours, the port is taken, or a peer's address is none.
            ValueError: too many peers, or two of us with one name or one address, which is what they are known by.
        """
        address = socket.gethostbyname(address)
        at = {name: socket.gethostbyname(peer) for name, peer in peers.items()}  # as accept() will write it
        if len(at) >= MOST_PEERS or own in at or len({address, *at.values()}) <= len(at):
            raise ValueError(f"gossip needs a name and an address for each peer, and fewer than {MOST_PEERS} peers")
        self._topology = Topology(own, at)
        self._address, self._peers = address, at
        self._standing, self._changed = standing, changed
        self._hops: dict[bytes, bytes] = {}
        # Of two peers only one dials, so a peer has one line, and while it dials anew a second one that has no name yet.
        self._lines: list[Line] = []
        self._callers = {where: name for name, where in at.items() if name < own}
        self._next_dial = dict.fromkeys((name for name in at if own < name), 0.0)
        self._next_accept = self._next_all = 0.0
        self._news = False
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
        for line in [line for line in self._lines if now >= line.until]:
            self._drop(line)
        self._dial(now)
        self._agree(now)
        at = {line.socket.fileno(): line for line in self._lines}
        # poll and not select, which takes no descriptor above 1023; made anew, so that it cannot differ from the lines.
        poll = select.poll()
        if now >= self._next_accept:
            poll.register(self._listener, select.POLLIN)
        for number, line in at.items():
            poll.register(number, line.events())
        for number, what in poll.poll(LOOK_S * 1000):
            if number not in at:
                self._accept(now)
            elif at[number] in self._lines:  # not dropped a moment ago
                self._serve(at[number], what, now)

    def _agree(self, now: float) -> None:
        """What is new becomes our ways, and everybody is told, the teller too: it has to hear what we say of ourselves."""
        new = self._topology.connected(self._standing()) or self._news
        self._news = False
        if new:
            hops = self._topology.next_hops()
            if hops != self._hops:
                self._hops = hops
                self._changed(hops)
        if new or now >= self._next_all:
            self._next_all = now + ALL_S
            said = written("peers", to_plain(self._topology.said))
            for line in self._lines:
                line.say(said)

    def _dial(self, now: float) -> None:
        connected = {line.peer for line in self._lines}
        for name, due in self._next_dial.items():
            if name not in connected and now >= due:
                self._next_dial[name] = now + DIAL_AGAIN_S
                with suppress(OSError):
                    made = dialled(self._address, self._peers[name], PORT)
                    self._lines.append(Line(made, name, ready=False, until=now + NAME_S))

    def _accept(self, now: float) -> None:
        try:
            made, (address, _) = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:
            self._next_accept = now + ACCEPT_AGAIN_S
            return
        peer = self._callers.get(address)
        if peer is None:
            made.close()
            return
        for other in [line for line in self._lines if line.peer == peer and not line.named]:
            self._drop(other)
        line = Line(made, peer, ready=True, until=now + NAME_S)
        self._lines.append(line)
        self._greet(line)

    def _greet(self, line: Line) -> None:
        line.say(written("name", self._topology.own.hex()))
        line.say(written("peers", to_plain(self._topology.said)))

    def _serve(self, line: Line, what: int, now: float) -> None:
        """Read and write as ``poll`` says that one can; whatever is wrong with the line, or on it, is its end."""
        try:
            if not line.ready:
                line.connected()
                self._greet(line)
            if what & ~select.POLLOUT:
                for text in line.receive():
                    self._heard(line, *read(text))
                    line.until = now + SILENT_S
            line.send()
        except (OSError, ValueError):
            self._drop(line)

    def _heard(self, line: Line, key: str, value: object) -> None:
        if key == "name" and not line.named and to_name(value) == line.peer:
            # Whoever dials has lost the line before this one, whether we have noticed or not.
            for other in [other for other in self._lines if other.peer == line.peer and other is not line]:
                self._drop(other)
            line.named = True
        elif key == "peers" and line.named:
            self._news = self._topology.learn(from_plain(value)) or self._news
        else:
            raise ValueError("neither the peer's name nor, after that, what it knows")

    def _drop(self, line: Line) -> None:
        self._lines.remove(line)
        line.socket.close()
