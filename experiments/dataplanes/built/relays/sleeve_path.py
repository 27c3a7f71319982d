"""Whether a sleeve peer is reached, and with packets of which size: heartbeat, MTU search, fragmentation test.

As weaver does it (weaveworks/weave router/sleeve.go): a heartbeat, 14 zero bytes and an 8-byte connection id, goes out with DF
every 500 ms until it is acknowledged, then every 10 s; 60 s without one from the peer, and the peer is lost. The kernel is
asked for the path's MTU; a frame of zeros of just that size has to be acknowledged before it is believed, after 10 ms, 20 ms,
and so on for 8 attempts; if it is not, the size is searched between 552 and there. Every five minutes a frame of 60,001
bytes without DF tests whether fragments arrive.

What is ours: weaver sends acknowledgements over its TCP connection, here they are frames. They have zero addresses as well,
and EtherType 0x88B5, which IEEE 802 leaves to experiments; so no peer of weaver's could mistake them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from experiments.dataplanes.built.relays.sleeve_wire import ETHERNET_BYTES

HEARTBEAT_FAST_S, HEARTBEAT_SLOW_S = 0.5, 10.0  # until acknowledged, and then (router/network_router.go)
LOST_AFTER_S = 6 * HEARTBEAT_SLOW_S
HURRY_S = 0.05  # at most this often does a peer's sign of life bring our next heartbeat forward
FIRST_TIMEOUT_S, ATTEMPTS = 0.01, 8
SMALLEST_LIMIT_BYTES = 552
FRAGMENTATION_TEST_BYTES, FRAGMENTATION_TEST_S = 60001, 300.0

HEARTBEAT_FRAME_BYTES = ETHERNET_BYTES + 8
ACK_TYPE = 0x88B5
HEARTBEAT, SIZE = 1, 2  # what an acknowledgement is about
_ACK = struct.Struct(">12xHBQ")


class PeerPath:
    """One peer's state. No socket, no clock: frames leave by ``send(frame, df)``, the time is told."""

    def __init__(
        self, overhead_bytes: int, kernel_mtu: Callable[[], int], send: Callable[[bytes, bool], None], connection: int
    ) -> None:
        """``kernel_mtu`` gives the underlay's path MTU as the kernel knows it (bytes); ``connection`` is our 64-bit id."""
        self.established = False
        self.can_fragment = False
        self._overhead, self._kernel_mtu, self._send, self._connection = overhead_bytes, kernel_mtu, send, connection
        self._next_heartbeat = self._last_heartbeat = float("-inf")
        self._last_heard = 0.0
        self._next_test = self._next_probe = float("inf")
        self._good = self._bad = self._candidate = self._attempt = 0
        self.limit = self._kernel_limit()
        self._start_search()

    @property
    def limit_is_proved(self) -> bool:
        """Whether the search for the MTU has ended."""
        return self._next_probe == float("inf") and self.established

    def due(self) -> float:
        """When :meth:`tick` has something to do next."""
        times = [self._next_heartbeat, self._next_probe, self._next_test]
        return min([*times, self._last_heard + LOST_AFTER_S] if self.established else times)

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.established and now >= self._last_heard + LOST_AFTER_S:
            self.established = False
            self._next_heartbeat, self._next_probe, self._next_test = now, float("inf"), float("inf")
        if now >= self._next_heartbeat:
            self._last_heartbeat = now
            self._next_heartbeat = now + (HEARTBEAT_SLOW_S if self.established else HEARTBEAT_FAST_S)
            self._send(bytes(ETHERNET_BYTES) + self._connection.to_bytes(8, "big"), True)
        if now >= self._next_probe:
            self._probe(now)
        if now >= self._next_test:
            self._next_test = now + FRAGMENTATION_TEST_S
            self._send(bytes(FRAGMENTATION_TEST_BYTES), False)

    def hurry(self, now: float) -> None:
        """The peer is there: do not wait for the next turn to say so, too."""
        if not self.established and now - self._last_heartbeat >= HURRY_S:
            self._next_heartbeat = now

    def heard(self, frame: memoryview, now: float) -> None:
        """A frame with zero addresses: a heartbeat, a test, or an acknowledgement.

        Raises:
            ValueError: it acknowledges what was not sent, or is none of them.
        """
        kind = int.from_bytes(frame[12:14], "big")
        if kind == 0 and len(frame) == HEARTBEAT_FRAME_BYTES:
            self._last_heard = now
            self._acknowledge(HEARTBEAT, int.from_bytes(frame[ETHERNET_BYTES:], "big"))
            self.hurry(now)
        elif kind == 0 and len(frame) > HEARTBEAT_FRAME_BYTES:
            self._acknowledge(SIZE, len(frame))
        elif kind == ACK_TYPE and len(frame) == _ACK.size:
            _, about, value = _ACK.unpack(frame)
            self._acknowledged(about, value, now)
        else:
            raise ValueError("not a frame that we know")

    def too_big(self) -> None:
        """The kernel refused a datagram for its size: if its path MTU has fallen, search again."""
        if self._kernel_limit() < self.limit:
            self.limit = self._kernel_limit()
            self._start_search()
            self._next_probe = 0.0 if self.established else float("inf")

    def _acknowledge(self, kind: int, value: int) -> None:
        self._send(_ACK.pack(ACK_TYPE, kind, value), True)

    def _acknowledged(self, kind: int, value: int, now: float) -> None:
        if kind == HEARTBEAT and value == self._connection:
            if not self.established:
                self.established = True
                self._last_heard = now
                self._next_heartbeat = now + HEARTBEAT_SLOW_S
                self._start_search()
                self._next_probe = self._next_test = now
        elif kind == SIZE and value == FRAGMENTATION_TEST_BYTES:
            self.can_fragment = True
        elif kind == SIZE and value == self._candidate + ETHERNET_BYTES and self._attempt:
            self._good = self.limit = self._candidate
            self._next_candidate(now)
        else:
            raise ValueError("acknowledges what was not sent")

    # -- the search: every size up to _good has arrived, none from _bad on --------------------------------------------

    def _kernel_limit(self) -> int:
        return max(0, self._kernel_mtu() - self._overhead)

    def _start_search(self) -> None:
        self._candidate = self._kernel_limit()
        self._good, self._bad = min(SMALLEST_LIMIT_BYTES, self._candidate), self._candidate + 1
        self._attempt = 0

    def _probe(self, now: float) -> None:
        if self._attempt == ATTEMPTS:
            self._bad = self._candidate
            self.limit = self._good
            self._next_candidate(now)
            return
        self._next_probe = now + FIRST_TIMEOUT_S * 2 ** self._attempt
        self._attempt += 1
        self._send(bytes(self._candidate + ETHERNET_BYTES), True)

    def _next_candidate(self, now: float) -> None:
        self._attempt = 0
        self._candidate = (self._good + self._bad) // 2
        self._next_probe = float("inf") if self._candidate == self._good else now
