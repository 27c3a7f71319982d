"""What a sleeve relay knows of another node, and what it counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from experiments.dataplanes.built.relays.sleeve_path import PeerPath

COUNTERS = ("captured", "injected", "datagrams_sent", "datagrams_received", "frames_sent", "frames_received", "flooded",
            "local", "not_established", "relayed", "by_relay", "too_short", "too_big", "fragmented", "icmp_sent",
            "wrong_sender", "own_frame", "not_for_us", "truncated", "not_authentic", "replayed", "no_session", "bad_hello",
            "strangers", "control_received", "control_ignored", "send_failed", "inject_failed")

Read = Callable[[bytearray | memoryview], int | None]  # into the buffer: how much came, or None if there is nothing
Write = Callable[[bytes | bytearray | memoryview], object]


@dataclass
class Peer:
    """Another node. ``send`` is a pair, without DF and with; ``waiting`` are datagrams that are not full yet."""

    name: bytes
    send: tuple[Write, Write]
    path: PeerPath
    waiting: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))


@dataclass(slots=True)
class Known:
    """Where a MAC address is: behind a peer, or here (None); and when it was last seen there."""

    peer: Peer | None
    seen: float
