"""A TCP connection on which two relays gossip: lines of UTF-8, each one JSON object with one key."""

from __future__ import annotations

import json
import select
import socket
from contextlib import suppress

LONGEST_LINE_BYTES = 1 << 20  # a full mesh of the most peers that there may be fits
CHUNK_BYTES = 65536


class Line:
    """The connection, what came and is not yet a line, and what the peer was not yet told."""

    def __init__(self, made: socket.socket, peer: bytes, *, ready: bool, until: float) -> None:
        """``peer`` has the address at the other end; ``until`` is when the line is given up if nothing is heard on it (s)."""
        made.setblocking(False)
        self.socket = made
        self.peer = peer
        self.ready = ready  # a connection that is being dialled is not
        self.named = False  # whether the peer itself has said its name
        self.until = until
        self._received, self._unsent = bytearray(), bytearray()

    def events(self) -> int:
        """What to wait for, as ``select.poll`` takes it; errors are always told."""
        if not self.ready:
            return select.POLLOUT
        return select.POLLIN | (select.POLLOUT if self._unsent else 0)

    def connected(self) -> None:
        """The dialling has come to an end.

        Raises:
            OSError: it came to nothing.
        """
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "nobody answers")
        self.ready = True

    def say(self, text: bytes) -> None:
        """Tell the peer, as soon as it takes it. One that has not taken a whole line's worth is told nothing more."""
        if self.ready and len(self._unsent) < LONGEST_LINE_BYTES:
            self._unsent += text

    def receive(self) -> list[bytes]:
        """The whole lines that have come.

        Raises:
            OSError: the connection is broken, or the peer has closed it.
            ValueError: a line is too long.
        """
        try:
            came = self.socket.recv(CHUNK_BYTES)
        except BlockingIOError:
            return []
        if not came:
            raise ConnectionError("closed by the peer")
        self._received += came
        whole: list[bytes] = []
        if b"\n" in came:  # asked of the new bytes only: else each byte of a slow line would cost a look at all before it
            *whole, rest = bytes(self._received).split(b"\n")
            self._received = bytearray(rest)
        if max(len(self._received), *map(len, whole), 0) > LONGEST_LINE_BYTES:
            raise ValueError("a line that is too long")
        return whole

    def send(self) -> None:
        """As much as the connection takes now.

        Raises:
            OSError: it is broken.
        """
        if self.ready and self._unsent:
            with suppress(BlockingIOError):
                del self._unsent[:self.socket.send(self._unsent)]


def dialled(own: str, address: str, port: int) -> socket.socket:
    """A connection that is being made, from our own address: by that the peer knows us.

    Raises:
        OSError: the attempt failed at once, or there is no descriptor left.
    """
    made = socket.socket()
    try:
        made.setblocking(False)
        made.bind((own, 0))
        with suppress(BlockingIOError):
            made.connect((address, port))
    except OSError:
        made.close()
        raise
    return made


def written(key: str, value: object) -> bytes:
    """One message, without blanks: with them a full mesh of the most peers would be longer than a line may be."""
    return json.dumps({key: value}, separators=(",", ":")).encode() + b"\n"


def read(text: bytes) -> tuple[str, object]:
    """The key and the value of one message.

    Raises:
        ValueError: it is none: not UTF-8, not JSON, nested too deep, a key twice, NaN, another number of keys than one.
    """
    try:
        said = json.loads(text.decode(), object_pairs_hook=_each_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(said, dict) or len(said) != 1:
        raise ValueError("not an object with one key")
    (key, value), = said.items()
    return key, value


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not JSON")
