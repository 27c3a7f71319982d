"""Who reaches whom: merged from what peers say, and turned into ways."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.dataplanes.built.relays.topology import Said, Topology, from_plain, to_plain

NAMES = [bytes([0, 0, 0, 0, 0, number]) for number in range(1, 7)]
names = st.sampled_from(NAMES)
links = st.sets(st.frozensets(names, min_size=2, max_size=2))


def of(own: bytes, standing: set[frozenset[bytes]]) -> Topology:
    made = Topology(own)
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
    made = Topology(a)
    made.connected([b])
    made.learn({b: Said(1, frozenset({a, c})), c: Said(1, frozenset())})
    assert made.next_hops() == {b: b}
    made.learn({c: Said(2, frozenset({b}))})
    assert made.next_hops() == {b: b, c: b}


def test_only_what_is_newer_replaces_and_is_passed_on() -> None:
    a, b = NAMES[:2]
    made = Topology(a)
    assert made.learn({b: Said(3, frozenset({a}))})
    assert not made.learn({b: Said(3, frozenset())})
    assert not made.learn({b: Said(2, frozenset())})
    assert made.said[b].connections == {a}
    assert not made.connected([])
    assert made.connected([b])
    assert not made.connected([b])


def test_a_number_of_ours_from_before_a_start_is_overtaken() -> None:
    a, b = NAMES[:2]
    made = Topology(a)
    assert made.learn({a: Said(40, frozenset({b}))})
    assert made.said[a] == Said(41, frozenset())


@given(links)
def test_what_is_told_is_understood(standing: set[frozenset[bytes]]) -> None:
    said = of(NAMES[0], standing).said
    assert from_plain(to_plain(said)) == said


@given(st.recursive(st.none() | st.integers() | st.text(max_size=14), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=14), inner, max_size=3)))
def test_what_is_no_topology_is_refused(plain: object) -> None:
    try:
        from_plain(plain)
    except ValueError:
        return
    assert plain == {} or isinstance(plain, dict)


@pytest.mark.parametrize("plain", [
    [], {"xx": [1, []]}, {"00000000000g": [1, []]}, {"000000000001": [-1, []]}, {"000000000001": [True, []]},
    {"000000000001": [1, ["0"]]}, {"000000000001": [1, [7]]}, {"000000000001": [1 << 63, []]},
])
def test_each_of_these_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match=r"not|non-hex"):
        from_plain(plain)
