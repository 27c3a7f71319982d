"""Crowds of speakers, on paper: who peers with whom, and that all can be told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.labs.fabric import crowd

shapes = st.sampled_from(crowd.SHAPES)
sizes = st.integers(crowd.FEWEST, crowd.MOST + 1)


@given(shapes, st.integers(crowd.FEWEST, 70))
def test_sessions_are_those_of_the_formula_and_have_two_ends(shape: crowd.Shape, nodes: int) -> None:
    made = crowd.crowd(shape, nodes)
    own = {speaker.address: speaker for speaker in made.speakers}
    own |= {node.gateway: next(router for router in made.routers if router.index == node.rack)
            for node in made.nodes if node.rack}
    ends = {(speaker.name, own[peer.address].name) for speaker in made.speakers for peer in made.peering.peers(speaker)}
    assert {(b, a) for a, b in ends} == ends
    assert len(ends) == 2 * crowd.sessions(shape, nodes)
    assert len(made.speakers) == crowd.speakers(shape, nodes)


@given(shapes, sizes)
def test_no_two_speakers_share_an_address_or_a_number(shape: crowd.Shape, nodes: int) -> None:
    made = crowd.crowd(shape, nodes)
    assert len({speaker.address for speaker in made.speakers}) == len(made.speakers)
    assert len({line.split()[4] for speaker in made.speakers for line in made.batch(speaker) if "type veth" in line}) == len(
        made.speakers)
    if shape == "racks":
        assert len({made.peering.asn(speaker) for speaker in made.speakers}) == len(made.speakers)
    ports = [line for lines in made.ports(made.speakers).values() for line in lines]
    assert len(ports) == len(made.speakers)


@given(shapes, st.integers(crowd.FEWEST, crowd.MOST))
def test_a_larger_crowd_has_the_smaller_one_s_speakers(shape: crowd.Shape, nodes: int) -> None:
    assert set(crowd.crowd(shape, nodes).speakers) <= set(crowd.crowd(shape, nodes + 1).speakers)


def test_a_second_block_changes_its_node_alone() -> None:
    first = crowd.crowd("mesh", 3)
    block = crowd.second_block(first.nodes[0])
    before, after = first.configurations(), crowd.crowd("mesh", 3, {"node1": (block,)}).configurations()
    assert [name for name in before if before[name] != after[name]] == ["node1"]
    assert f"route {block} blackhole;" in after["node1"]
    assert f"if net = {block} then {{" in after["node1"]


@pytest.mark.parametrize(("mode", "shape"), [
    ("calico-bgp", "mesh"), ("calico-bgp-global", "reflectors"), ("calico-bgp-node", "racks")])
def test_a_mode_has_its_shape(mode: str, shape: str) -> None:
    assert crowd.shape_of(catalog.get(mode)) == shape


@pytest.mark.parametrize("shape", crowd.SHAPES)
@pytest.mark.parametrize("nodes", [2, 29, 30, 31, 60, 61])
def test_who_is_told_of_one_more_are_those_whose_configuration_differs(shape: crowd.Shape, nodes: int) -> None:
    before, after = (crowd.crowd(shape, count).configurations() for count in (nodes, nodes + 1))
    assert crowd.told_of_one_more(shape, nodes) == sum(before.get(name) != text for name, text in after.items())
