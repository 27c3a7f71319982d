"""The closed window of datagrams: what comes, what is lost, and what comes late."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from experiments.probes.datagrams import Datagrams

WINDOW = 4
BUFFER = bytearray(2048)


class Leaky(socket.socket):
    """A socket that keeps back what it is told to."""

    kept: list[bytes]
    to_keep = 0

    def send(self, data: bytes | bytearray, flags: int = 0) -> int:  # type: ignore[override]
        """Send it, or keep it."""
        if self.to_keep:
            self.to_keep -= 1
            self.kept.append(bytes(data))
            return len(data)
        return super().send(data, flags)

    def let_go(self) -> None:
        """Send what was kept."""
        for data in self.kept:
            super().send(data)
        self.kept.clear()


@pytest.fixture
def near() -> Iterator[Leaky]:
    with Leaky(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.kept = []
        yield made


@pytest.fixture
def flow(near: Leaky) -> Iterator[Datagrams]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        near.connect(far.getsockname())
        yield Datagrams(near, far, 64, WINDOW)


def test_a_window_that_comes_is_counted(flow: Datagrams) -> None:
    assert [flow.turn(BUFFER) for _ in range(3)] == [WINDOW] * 3
    assert (flow.came, flow.came_bytes, flow.lost) == (12, 12 * 64, 0)


def test_what_does_not_come_is_lost_and_nothing_waits_for_it_longer(near: Leaky, flow: Datagrams) -> None:
    near.to_keep = 1
    assert (flow.turn(BUFFER), flow.turn(BUFFER)) == (WINDOW - 1, WINDOW)
    assert (flow.came, flow.lost) == (7, 1)
    near.to_keep = WINDOW
    assert flow.turn(BUFFER) == 0


def test_what_comes_late_has_come(near: Leaky, flow: Datagrams) -> None:
    near.to_keep = 2
    flow.turn(BUFFER)
    assert flow.lost == 2
    near.let_go()
    assert flow.turn(BUFFER) == WINDOW
    assert (flow.came, flow.lost) == (8, 0)


def test_what_comes_after_the_slice_s_last_window_is_waited_for(near: Leaky, flow: Datagrams) -> None:
    near.to_keep = 1
    flow.turn(BUFFER)
    near.let_go()
    flow.late(BUFFER)
    assert (flow.came, flow.lost) == (4, 0)


def test_what_belongs_to_an_earlier_slice_counts_for_none(near: Leaky, flow: Datagrams) -> None:
    near.to_keep = 1
    flow.turn(BUFFER)
    flow.afresh()
    near.let_go()
    assert flow.turn(BUFFER) == WINDOW
    assert (flow.came, flow.lost) == (7, 1), "what was lost stays lost: its slice has its account"


def test_a_way_that_carries_nothing_is_named(near: Leaky) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        near.connect(far.getsockname())
        near.to_keep = 1000
        with pytest.raises(TimeoutError, match="no datagram came through"):
            Datagrams(near, far, 64, WINDOW)
