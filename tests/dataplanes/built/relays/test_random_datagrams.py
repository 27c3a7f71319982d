"""Random datagrams by the hundred thousand: the relays live, and their memory stays flat."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from test_flannel_relay import Wires
from test_sleeve_relay import OTHER, OWN, end

BATCH = 64


def _flannel() -> Callable[[list[bytes]], None]:
    wires = Wires()

    def feed(data: list[bytes]) -> None:
        wires.from_tun(data)
        wires.from_udp(data)
        wires.sent.clear()
        wires.written.clear()

    return feed


def _sleeve(password: str) -> Callable[[list[bytes]], None]:
    left, now = end(OWN, OTHER, password), 0.0

    def feed(data: list[bytes]) -> None:
        nonlocal now
        now += 1.0
        left.received(data, now)
        left.received([OTHER + OTHER + OWN + one for one in data], now)
        left.captured(data, now)
        left.relay.tick(now)
        left.sent.clear()
        left.injected.clear()

    return feed


@pytest.mark.parametrize("which", ["flannel", "sleeve", "sleeve, sealed"])
@pytest.mark.timeout(3600)
def test_random_datagrams_leave_it_alive_and_its_memory_flat(which: str) -> None:
    """100,000 by default; PODPATH_DATAGRAMS=10000000 for the long run."""
    batches = int(os.environ.get("PODPATH_DATAGRAMS", "100000")) // BATCH
    pool = os.urandom(1 << 16)
    feed = _flannel() if which == "flannel" else _sleeve("secret" if "sealed" in which else "")
    settled = 0
    for batch in range(batches):
        starts = [(batch * BATCH + number) * 7919 % 65000 for number in range(BATCH)]
        feed([pool[start:start + start % 97] for start in starts])
        if batch == batches // 5:
            settled = _resident()
    assert _resident() - settled < 8 * 1024


def _resident() -> int:
    """Resident memory in KiB."""
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
