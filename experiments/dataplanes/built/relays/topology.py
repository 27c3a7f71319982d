"""Who reaches whom, as peers tell each other, and by which neighbour a peer is reached that one does not reach oneself. Pure.

As weaver's (weaveworks/mesh routes.go, peer.go): each peer says which connections of its own stand, under a number that
rises; what is newer replaces what was known, and is passed on. A connection counts if both of its ends say that it stands.
The way to a peer is the shortest, found by breadth-first search; of several the one by the peer with the smallest name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_PEERS = 256
NAME_DIGITS = 12


@dataclass(frozen=True)
class Said:
    """What one peer says of itself: its connections, under a number."""

    version: int
    connections: frozenset[bytes]


class Topology:
    """One peer's knowledge of all."""

    def __init__(self, own: bytes) -> None:
        self.own = own
        self.said: dict[bytes, Said] = {own: Said(0, frozenset())}

    def connected(self, peers: Iterable[bytes]) -> bool:
        """Say that these connections of our own stand, and no others; whether that is new."""
        mine = self.said[self.own]
        now = frozenset(peers)
        if now == mine.connections:
            return False
        self.said[self.own] = Said(mine.version + 1, now)
        return True

    def learn(self, heard: Mapping[bytes, Said]) -> bool:
        """Take in what another peer knows; whether something of it was new. Nobody tells us about ourselves.

        But for one thing: a number of ours that is higher than we know is from before we were started again. We go on
        above it.
        """
        new = False
        for name, said in heard.items():
            known = self.said.get(name)
            if name == self.own:
                if said.version > self.said[name].version:
                    self.said[name] = Said(said.version + 1, self.said[name].connections)
                    new = True
            elif (known is None and len(self.said) < MOST_PEERS) or (known is not None and said.version > known.version):
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
    found = {}
    for name, one in plain.items():
        if not (isinstance(one, list) and len(one) == 2 and isinstance(one[1], list) and len(one[1]) <= MOST_PEERS):
            raise ValueError("not what a peer says of itself")
        version, connections = one
        if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version < 1 << 63:
            raise ValueError("not a version")
        found[_name(name)] = Said(version, frozenset(_name(other) for other in connections))
    return found


def _name(text: object) -> bytes:
    if not isinstance(text, str) or len(text) != NAME_DIGITS:
        raise ValueError("not a peer's name")
    return bytes.fromhex(text)
