"""Who reaches whom: merged from what peers say, and turned into ways."""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.dataplanes.built.relays.gossip_line import LONGEST_LINE_BYTES, read, written
from experiments.dataplanes.built.relays.topology import (
    MOST_PEERS,
    MOST_VERSION,
    MOST_VERSION_BEFORE_START,
    Said,
    Topology,
    from_plain,
    to_plain,
)

NAMES = [bytes([0, 0, 0, 0, 0, number]) for number in range(1, 7)]
names = st.sampled_from(NAMES)
links = st.sets(st.frozensets(names, min_size=2, max_size=2))


def of(own: bytes, standing: set[frozenset[bytes]]) -> Topology:
    made = Topology(own, NAMES)
    made.said |= {name: Said(1, frozenset(other for link in standing if name in link for other in link if other != name))
                  for name in NAMES}
    return made


def distances(start: bytes, standing: set[frozenset[bytes]]) -> dict[bytes, int]:
    """By adding links until nothing changes (Bellman and Ford): another way than the one that is tested."""
    found = {start: 0}
    for _ in NAMES:
        for link, (a, b) in product(standing, ((0, 1), (1, 0))):
            ends = sorted(link)
            if ends[a] in found:
                found[ends[b]] = min(found.get(ends[b], 99), found[ends[a]] + 1)
    return found


@given(links)
def test_ways_are_shortest_and_lead_to_the_end(standing: set[frozenset[bytes]]) -> None:
    tables = {name: of(name, standing).next_hops() for name in NAMES}
    for source in NAMES:
        reached = distances(source, standing)
        assert tables[source].keys() == reached.keys() - {source}
        for target, hop in tables[source].items():
            steps, at = 1, hop
            while at != target:
                at = tables[at][target]
                steps += 1
            assert steps == reached[target]


def test_a_connection_of_which_only_one_end_knows_does_not_count() -> None:
    a, b, c = NAMES[:3]
    made = Topology(a, NAMES)
    made.connected([b])
    made.learn({b: Said(1, frozenset({a, c})), c: Said(1, frozenset())})
    assert made.next_hops() == {b: b}
    made.learn({c: Said(2, frozenset({b}))})
    assert made.next_hops() == {b: b, c: b}


def test_only_what_is_newer_replaces_and_is_passed_on() -> None:
    a, b = NAMES[:2]
    made = Topology(a, NAMES)
    assert made.learn({b: Said(3, frozenset({a}))})
    assert not made.learn({b: Said(3, frozenset())})
    assert not made.learn({b: Said(2, frozenset())})
    assert made.said[b].connections == {a}
    assert not made.connected([])
    assert made.connected([b])
    assert not made.connected([b])


def test_a_number_of_ours_from_before_a_start_is_overtaken() -> None:
    a, b = NAMES[:2]
    made = Topology(a, NAMES)
    assert made.learn({a: Said(40, frozenset({b}))})
    assert made.said[a] == Said(41, frozenset())
    assert not made.learn({a: Said(41, frozenset())})
    assert made.learn({a: Said(41, frozenset({b}))})  # the same number, from before: else nobody would hear of this one
    assert made.said[a] == Said(42, frozenset())


def test_numbers_end_and_ours_is_never_past_the_end() -> None:
    a, b = NAMES[:2]
    made = Topology(a, NAMES)
    assert not made.learn({a: Said(MOST_VERSION_BEFORE_START + 1, frozenset())})
    assert made.learn({a: Said(MOST_VERSION_BEFORE_START, frozenset())})
    assert made.said[a].version == MOST_VERSION_BEFORE_START + 1
    assert not made.learn({a: Said(MOST_VERSION_BEFORE_START + 1, frozenset({b}))})
    made.said[a] = Said(MOST_VERSION, frozenset())
    assert made.connected([b])
    assert made.said[a] == Said(MOST_VERSION, frozenset({b}))


def test_who_is_no_peer_is_not_kept() -> None:
    a, b, c = NAMES[:3]
    made = Topology(a, [b])
    assert not made.learn({c: Said(1, frozenset())})
    assert made.said.keys() == {a}


@given(links)
def test_what_is_told_is_understood(standing: set[frozenset[bytes]]) -> None:
    said = of(NAMES[0], standing).said
    assert from_plain(to_plain(said)) == said


words = st.one_of(
    st.integers(), st.sampled_from([0, 1, -1, 1 << 31, 1 << 32, (1 << 32) + 1, (1 << 63) - 1, 1 << 63, True, False, None, 1.0]),
    st.floats(), st.text(st.characters(), max_size=14), st.sampled_from([name.hex() for name in NAMES]),
    st.sampled_from(["0200000000AA", "02 00 00 00 ", "\udc80" * 12, "٠" * 12, "000000000001\n", "NaN"]),
)
anything = st.recursive(words, lambda inner: st.lists(inner, max_size=3)
                        | st.dictionaries(st.text(max_size=14), inner, max_size=3))


def mutated(plain: object, draw: st.DataObject) -> object:
    """What was valid, with one place in it, at whatever depth, replaced by something else, doubled or left out."""
    if isinstance(plain, dict) and plain and draw.draw(st.booleans()):
        key = draw.draw(st.sampled_from(sorted(plain)))
        rest = {name: one for name, one in plain.items() if name != key}
        return rest | {draw.draw(st.just(key) | st.text(max_size=14)): mutated(plain[key], draw)}
    if isinstance(plain, list) and plain and draw.draw(st.booleans()):
        at = draw.draw(st.integers(0, len(plain) - 1))
        times = draw.draw(st.integers(0, 2))
        return [*plain[:at], *[mutated(plain[at], draw)] * times, *plain[at + 1:]]
    return draw.draw(anything)


def check_understood_or_refused(plain: object) -> None:
    """A topology is one that would be told in just the same way, and that can be learnt; ours stays one that can be told."""
    try:
        found = from_plain(plain)
    except ValueError:
        return
    assert isinstance(plain, dict)
    assert to_plain(found) == {name: [one[0], sorted(one[1])] for name, one in plain.items()}
    ours = Topology(NAMES[0], NAMES)
    ours.connected(NAMES[1:])
    ours.learn(found)
    ours.connected(NAMES[2:])
    assert from_plain(to_plain(ours.said)) == ours.said
    assert ours.next_hops().keys() <= set(NAMES[1:])


@given(anything)
def test_what_is_no_topology_is_refused(plain: object) -> None:
    check_understood_or_refused(plain)


@given(links, st.data())
def test_what_is_almost_a_topology_is_refused_or_is_one(standing: set[frozenset[bytes]], data: st.DataObject) -> None:
    check_understood_or_refused(mutated(to_plain(of(NAMES[0], standing).said), data))


@given(links, st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 2), st.binary(max_size=4)), max_size=3))
def test_a_message_with_other_bytes_is_refused_or_is_one(
    standing: set[frozenset[bytes]], edits: list[tuple[int, int, bytes]],
) -> None:
    text = written("peers", to_plain(of(NAMES[0], standing).said)).rstrip()
    for at, removed, put in edits:
        at %= len(text)
        text = text[:at] + put + text[at + removed:]
    try:
        key, value = read(text)
    except ValueError:
        return
    assert isinstance(key, str)
    check_understood_or_refused(value)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_message_or_refused(text: bytes) -> None:
    with suppress(ValueError):
        assert len(read(text)) == 2


@pytest.mark.parametrize("text", [
    b"", b"\xff", b"\xef\xbb\xbf{}", b"{}", b"[]", b"null", b'{"a":1,"a":1}', b'{"a":{"b":1,"b":1}}', b'{"a":1,"b":1}',
    b'{"a":NaN}', b'{"a":-Infinity}', b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' + b"1" * 5000 + b"}",
    '{"a":1}'.encode("utf-16"),
])
def test_each_of_these_is_no_message(text: bytes) -> None:
    with pytest.raises(ValueError):
        read(text)


def test_the_largest_full_mesh_is_one_line() -> None:
    everybody = [bytes([255, 255, 255, 255, 255, number]) for number in range(MOST_PEERS)]
    said = {name: Said(MOST_VERSION, frozenset(everybody) - {name}) for name in everybody}
    text = written("peers", to_plain(said))
    assert len(text) <= LONGEST_LINE_BYTES
    assert from_plain(read(text)[1]) == said


@pytest.mark.parametrize("plain", [
    [], {"xx": [1, []]}, {"00000000000g": [1, []]}, {"000000000001": [-1, []]}, {"000000000001": [True, []]},
    {"000000000001": [1, ["0"]]}, {"000000000001": [1, [7]]}, {"000000000001": [MOST_VERSION + 1, []]},
    {"000000000001": [1.0, []]}, {"000000000001": [1, {}]}, {"000000000001": [1]}, {"000000000001": [1, [], []]},
    {"0000000000AA": [1, []]}, {"00 00 00 0001": [1, []]}, {"00 00 00 00 ": [1, []]}, {"000000000001\n": [1, []]},
    {"000000000001": [1, ["000000000002", "000000000002"]]}, {"000000000001": [1, [["000000000002"]]]},
    {f"{number:012x}": [1, []] for number in range(MOST_PEERS + 1)},
    {"000000000001": [1, [f"{number:012x}" for number in range(MOST_PEERS + 1)]]},
])
def test_each_of_these_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match=r"not a|not what|twice"):
        from_plain(plain)
