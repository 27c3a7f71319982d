"""The sleeve relay with a password: every datagram sealed, keys exchanged by "hello" before the first heartbeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from experiments.dataplanes.built.relays.sleeve_crypto import HELLO_BYTES, HELLO_PREFIX, KEY_BYTES, Handshake, Session
from experiments.dataplanes.built.relays.sleeve_peer import Peer, Write
from experiments.dataplanes.built.relays.sleeve_relay import MAC_AGE_S, Relay
from experiments.dataplanes.built.relays.sleeve_wire import ENCRYPTED_OVERHEAD_BYTES, NAME_BYTES, Rejected

HELLO_AGAIN_S = 0.25  # a hello is not answered more often than this
SILENT_S = 60.0  # a session is in use if something genuine came in this time


@dataclass
class Keys:
    """What we know of one peer's keys."""

    session: Session | None = None
    public: bytes = b""
    last_genuine: float = 0.0
    last_hello: float = float("-inf")


class SealedRelay(Relay):
    """A relay that neither says nor believes anything in clear text, but the hello."""

    overhead_bytes = ENCRYPTED_OVERHEAD_BYTES

    def __init__(self, name: bytes, inject: Write, password: str, *, mac_age_s: float = MAC_AGE_S) -> None:
        """As :class:`Relay`.

        Raises:
            ImportError: PyNaCl is not installed.
        """
        super().__init__(name, inject, mac_age_s=mac_age_s)
        self._handshake = Handshake(password)
        self._keys: dict[bytes, Keys] = {}

    def add_peer(self, name: bytes, send: tuple[Write, Write], kernel_mtu: Callable[[], int]) -> Peer:
        """As :meth:`Relay.add_peer`."""
        self._keys[name] = Keys()
        return super().add_peer(name, send, kernel_mtu)

    def _send(self, peer: Peer, datagram: bytes | bytearray | memoryview, df: bool) -> None:
        session = self._keys[peer.name].session
        if session is None:
            self._say_hello(peer)  # the heartbeat that cannot be sent yet sets the pace
        else:
            super()._send(peer, self.name + session.seal(datagram[NAME_BYTES:], df=df), df)

    def _received(self, peer: Peer, length: int) -> None:
        """A sealed datagram, or a hello, lies in the buffer: it is opened in place."""
        data, keys = bytes(self._in_view[:length]), self._keys[peer.name]
        try:
            if data.startswith(HELLO_PREFIX):
                self._hello(peer, data)
            elif not data.startswith(peer.name):
                raise Rejected("wrong_sender")
            elif keys.session is None:
                raise Rejected("no_session")
            else:
                frames = keys.session.open(data[NAME_BYTES:])
                keys.last_genuine = self._now
                self._in[NAME_BYTES:NAME_BYTES + len(frames)] = frames
                self._split(peer, NAME_BYTES + len(frames))
        except Rejected as reason:
            self.counters[str(reason)] += 1

    def _hello(self, peer: Peer, hello: bytes) -> None:
        """A peer's public key. A session in use is not given up for it: anybody can send one."""
        if len(hello) != HELLO_BYTES or hello[NAME_BYTES:2 * NAME_BYTES] != peer.name:
            raise Rejected("bad_hello")
        keys, public = self._keys[peer.name], hello[-KEY_BYTES:]
        is_new = public != keys.public
        if is_new and keys.session is not None and self._now - keys.last_genuine < SILENT_S:
            raise Rejected("bad_hello")
        if is_new:
            keys.session = self._handshake.session(self.name, peer.name, public)
            keys.public, keys.last_genuine = public, self._now
        if not peer.path.established:
            if is_new or self._now - keys.last_hello >= HELLO_AGAIN_S:
                self._say_hello(peer)
            peer.path.hurry(self._now)

    def _say_hello(self, peer: Peer) -> None:
        self._keys[peer.name].last_hello = self._now
        super()._send(peer, self._handshake.hello(self.name), True)
