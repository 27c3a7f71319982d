"""The encrypted variant of Weave's sleeve: one key a peer, numbers that are taken once, and the exchange of keys.

Behind the sender's name come eight bytes with a sequence number, whose uppermost bit says "sent with DF", and then the list of
frames in NaCl's secretbox (XSalsa20, and 16 bytes of Poly1305). The nonce has the direction in its first bit and those eight
bytes at its end. Each of the two streams, DF and not, has its own numbers (weaveworks/weave router/frame_crypto.go).

The session key is weaver's too: SHA-256 over the Curve25519 shared key and the password (weaveworks/mesh protocol_crypto.go).
Weaver exchanges the public keys over TCP; here a datagram of ours does it, the "hello": six zero bytes, name, key. Nothing
but the password proves who sent one, as in weaver's handshake.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from experiments.dataplanes.built.relays.sleeve_wire import NAME_BYTES, SEQUENCE_BYTES, TAG_BYTES, Rejected

if TYPE_CHECKING:
    from types import ModuleType

KEY_BYTES, NONCE_BYTES = 32, 24
SENT_WITH_DF = 1 << 63
FROM_FIRST_PEER = 0x80  # in the nonce's first byte
WINDOW_BITS = 20  # frame_crypto.go: two windows of 2^20 numbers for each stream
HELLO_PREFIX = bytes(NAME_BYTES)  # no peer has this name
HELLO_BYTES = 2 * NAME_BYTES + KEY_BYTES


class ReplayWindow:
    """Which numbers of a stream have been taken: exact for the newest block of 2^20 and the one before, older ones never.

    Its memory is 256 KiB at most, whatever arrives.
    """

    def __init__(self) -> None:
        self._newest = 0
        self._taken: dict[int, bytearray] = {}  # block -> one bit a number; never more than two blocks

    def is_fresh(self, number: int) -> bool:
        """Whether the number may still be taken."""
        block, bit = number >> WINDOW_BITS, number & ((1 << WINDOW_BITS) - 1)
        if block < self._newest - 1:
            return False
        taken = self._taken.get(block)
        return taken is None or not taken[bit >> 3] & 1 << (bit & 7)

    def take(self, number: int) -> None:
        """Mark it. Only after the datagram has proved genuine, or forged numbers would push the window away."""
        block, bit = number >> WINDOW_BITS, number & ((1 << WINDOW_BITS) - 1)
        if block > self._newest:
            self._newest = block
            self._taken = {known: bits for known, bits in self._taken.items() if known >= block - 1}
        taken = self._taken.setdefault(block, bytearray(1 << (WINDOW_BITS - 3)))
        taken[bit >> 3] |= 1 << (bit & 7)


class Session:
    """One peer's key, our next numbers, and the numbers we have taken from the peer."""

    def __init__(self, key: bytes, *, first: bool) -> None:
        """``first``: our name is the smaller one (weaver: we opened the connection). The two sides must differ in it."""
        self._bindings = sodium()
        self._key = key
        self._ours, self._theirs = (FROM_FIRST_PEER, 0) if first else (0, FROM_FIRST_PEER)
        self._next = [0, 0]  # without DF, with
        self._windows = (ReplayWindow(), ReplayWindow())

    def seal(self, frames: bytes | bytearray | memoryview, *, df: bool) -> bytes:
        """What follows the sender's name."""
        number = self._next[df]
        self._next[df] += 1
        marked = (number | (SENT_WITH_DF if df else 0)).to_bytes(SEQUENCE_BYTES, "big")
        return marked + bytes(self._bindings.crypto_secretbox(bytes(frames), _nonce(self._ours, marked), self._key))

    def open(self, sealed: bytes) -> bytes:
        """The frames in what followed the sender's name.

        Raises:
            Rejected: too short, seen before or too old, or not made with our key.
        """
        if len(sealed) < SEQUENCE_BYTES + TAG_BYTES:
            raise Rejected("truncated")
        marked = sealed[:SEQUENCE_BYTES]
        value = int.from_bytes(marked, "big")
        number, window = value & ~SENT_WITH_DF, self._windows[bool(value & SENT_WITH_DF)]
        if not window.is_fresh(number):
            raise Rejected("replayed")
        try:
            frames: bytes = self._bindings.crypto_secretbox_open(
                sealed[SEQUENCE_BYTES:], _nonce(self._theirs, marked), self._key)
        except Exception as error:  # nacl.exceptions.CryptoError; the library is only imported when it is wanted
            raise Rejected("not_authentic") from error
        window.take(number)
        return frames


class Handshake:
    """Our key pair for this run, and the password."""

    def __init__(self, password: str) -> None:
        """Make a key pair.

        Raises:
            ImportError: PyNaCl is not installed.
        """
        self._password = password.encode()
        self.public, self._private = sodium().crypto_box_keypair()

    def hello(self, name: bytes) -> bytes:
        """The datagram that tells our public key."""
        return HELLO_PREFIX + name + bytes(self.public)

    def session(self, name: bytes, peer: bytes, public: bytes) -> Session:
        """The session with a peer whose public key this is; ``name`` is ours.

        Raises:
            Rejected: the key is worthless.
        """
        try:
            shared = sodium().crypto_box_beforenm(public, self._private)
        except Exception as error:  # a point of low order
            raise Rejected("bad_hello") from error
        return Session(hashlib.sha256(bytes(shared) + self._password).digest(), first=name < peer)


def sodium() -> ModuleType:
    """libsodium by PyNaCl, imported late: the clear-text relay runs with any Python."""
    from nacl import bindings

    return bindings


def _nonce(direction: int, marked: bytes) -> bytes:
    return bytes((direction,)) + bytes(NONCE_BYTES - 1 - SEQUENCE_BYTES) + marked
