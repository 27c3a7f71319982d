"""Who reaches whom, as peers tell each other, and by which neighbour a peer is reached that one does not reach oneself. Pure.

As weaver's (weaveworks/mesh routes.go, peer.go): each peer says which connections of its own stand, under a number that
rises; what is newer replaces what was known, and is passed on. A connection counts if both of its ends say that it stands.
The way to a peer is the shortest, found by breadth-first search; of several the one by the peer with the smallest name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_PEERS = 256
# A number rises by one with each change: at five changes a second, more than anybody makes, this one is 27 years away.
MOST_VERSION = 1 << 32
# What we go above if a peer says that it is ours. One that is higher was never ours, and half of the numbers stay free: else
# one wrong word would leave us at the end, unable to say anything new. They do not begin again at the end, for then three
# could each be newer than the next, and would go round for ever (the ARPANET, 27 October 1980; RFC 789).
MOST_VERSION_BEFORE_START = MOST_VERSION // 2
_NAME = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True)
class Said:
    """What one peer says of itself: its connections, under a number."""

    version: int
    connections: frozenset[bytes]


class Topology:
    """One peer's knowledge of all."""

    def __init__(self, own: bytes, peers: Iterable[bytes]) -> None:
        """``peers``: the names of the others; what is said of anybody else is not kept."""
        self.own = own
        self._peers = frozenset(peers)
        self.said: dict[bytes, Said] = {own: Said(0, frozenset())}

    def connected(self, peers: Iterable[bytes]) -> bool:
        """Say that these connections of our own stand, and no others; whether that is new."""
        mine = self.said[self.own]
        now = frozenset(peers)
        if now == mine.connections:
            return False
        self.said[self.own] = Said(min(mine.version + 1, MOST_VERSION), now)
        return True

    def learn(self, heard: Mapping[bytes, Said]) -> bool:
        """Take in what another peer knows; whether something of it was new. Nobody tells us about ourselves.

        But for one thing: a number of ours that is higher than we know, or has other connections than now, is from before we
        were started again. We go on above it.
        """
        new = False
        for name, said in heard.items():
            known = self.said.get(name)
            if name == self.own:
                mine = self.said[name]
                if said != mine and mine.version <= said.version <= MOST_VERSION_BEFORE_START:
                    self.said[name] = Said(said.version + 1, mine.connections)
                    new = True
            elif name in self._peers and (known is None or said.version > known.version):
                self.said[name] = said
                new = True
        return new

    def next_hops(self) -> dict[bytes, bytes]:
        """For each peer that can be reached, the neighbour that is the first on the way to it."""
        found: dict[bytes, bytes] = {}
        edge = [(neighbour, neighbour) for neighbour in sorted(self._neighbours(self.own))]
        while edge:
            following: list[tuple[bytes, bytes]] = []
            for name, first in edge:
                if name not in found and name != self.own:
                    found[name] = first
                    following += [(beyond, first) for beyond in sorted(self._neighbours(name))]
            edge = following
        return found

    def _neighbours(self, name: bytes) -> set[bytes]:
        """Peers to which a connection stands by the word of both ends."""
        mine = self.said.get(name)
        if mine is None:
            return set()
        return {other for other in mine.connections if other in self.said and name in self.said[other].connections}


def to_plain(said: Mapping[bytes, Said]) -> dict[str, object]:
    """What is known, as it travels: JSON's values."""
    return {name.hex(): [one.version, sorted(other.hex() for other in one.connections)] for name, one in said.items()}


def from_plain(plain: object) -> dict[bytes, Said]:
    """What came from a peer.

    Raises:
        ValueError: it is not such a thing.
    """
    if not isinstance(plain, dict) or len(plain) > MOST_PEERS:
        raise ValueError("not a topology")
    return {to_name(name): _said(one) for name, one in plain.items()}


def _said(one: object) -> Said:
    if not isinstance(one, list) or len(one) != 2 or not isinstance(one[1], list) or len(one[1]) > MOST_PEERS:
        raise ValueError("not what a peer says of itself")
    version, connections = one[0], frozenset(map(to_name, one[1]))
    if type(version) is not int or not 0 <= version <= MOST_VERSION:  # a bool is an int by inheritance
        raise ValueError("not a version")
    if len(connections) != len(one[1]):
        raise ValueError("a connection twice")
    return Said(version, connections)


def to_name(text: object) -> bytes:
    """A peer's name from how it travels.

    Raises:
        ValueError: it is not that: 12 small hexadecimal digits, so that there are no two spellings of one name.
    """
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise ValueError("not a peer's name")
    return bytes.fromhex(text)
