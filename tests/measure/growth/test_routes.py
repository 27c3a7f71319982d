"""What the kernel tells of routes, read from bytes; and how what is waited for is counted."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.measure.growth import routes
from experiments.measure.growth.routes import Watch, changes


def message(kind: int = routes.ADDED, destination: str = "192.168.2.0", bits: int = 26, *, protocol: int = routes.BIRD,
            table: int = routes.MAIN, route: int = routes.UNICAST) -> bytes:
    """A message as rtnetlink(7) lays it out: a gateway beside the destination."""
    body = struct.pack("=8BI", socket.AF_INET, bits, 0, 0, table, protocol, 0, route, 0)
    for attribute, address in ((1, destination), (5, "172.31.0.2")):
        body += struct.pack("=HH", 8, attribute) + socket.inet_aton(address)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def test_a_route_of_bird_s_is_read() -> None:
    both = message() + message(routes.REMOVED, "10.0.0.0", 8)
    assert list(changes(both)) == [(True, "192.168.2.0/26"), (False, "10.0.0.0/8")]


@pytest.mark.parametrize("other", [
    message(protocol=2), message(table=255), message(route=6), message(kind=16),
    message()[:20], message()[:40],
])
def test_another_s_route_or_half_a_message_is_none(other: bytes) -> None:
    assert list(changes(other)) == []


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_complaint(data: bytes) -> None:
    assert all(isinstance(destination, str) for _, destination in changes(data))


@given(st.integers(0, 255), st.integers(0, 15))
def test_a_wrong_length_ends_the_reading(value: int, at: int) -> None:
    damaged = bytearray(message() + message())
    damaged[at] = value
    assert len(list(changes(bytes(damaged)))) <= 2


def heard(watch: Watch, place: str, data: bytes) -> None:
    watch._take(place, data)


def test_what_is_waited_for_is_counted_down_and_up() -> None:
    watch = Watch()
    watch._present.update({"node1": set(), "node2": set()})
    heard(watch, "node1", message())  # before anybody waits
    watch.expect({"node1": {"192.168.2.0/26", "192.168.3.0/26"}, "node2": {"192.168.1.0/26"}}, {})
    assert (watch.left, watch.last) == (2, 0.0)
    heard(watch, "node1", message(destination="192.168.9.0"))  # nobody waits for it
    assert (watch.left, watch.last) == (2, 0.0)
    heard(watch, "node1", message(destination="192.168.3.0") * 2)  # told twice, as when a metric changes
    heard(watch, "node2", message(destination="192.168.1.0"))
    assert watch.left == 0
    assert watch.last > 0
    heard(watch, "node2", message(routes.REMOVED, "192.168.1.0"))
    assert (watch.left, watch.lacking) == (1, {"node2": {"192.168.1.0/26"}})


def test_what_is_to_go_is_counted_too() -> None:
    watch = Watch()
    watch._present["node1"] = {"192.168.2.0/26"}
    watch.expect({}, {"node1": {"192.168.2.0/26", "192.168.7.0/26"}})
    assert watch.left == 1
    heard(watch, "node1", message(routes.REMOVED))
    assert (watch.left, watch.lacking) == (0, {})
