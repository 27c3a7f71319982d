"""containerlab's topologies: the committed files are what the function makes, and containerlab's own schema takes them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.errors import UserError
from experiments.labs.containerlab import topology
from experiments.paths import MODES as FOLDER
from experiments.paths import ROOT

# containerlab's schema belongs to containerlab and is not kept here: schemas/clab.schema.json of its repository, v0.79.0.
SCHEMA = Path(os.environ.get("PODPATH_CLAB_SCHEMA", ROOT.parent / "shared" / "schemas" / "clab.schema.json"))
MODES = sorted(catalog.load())


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/topology.clab.yml")), ids=lambda path: path.parent.name)
def test_the_committed_file_is_the_function_s(path: Path) -> None:
    name = path.parent.name
    wanted = topology.text(catalog.get(name))
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(wanted)
    assert path.read_text() == wanted


@pytest.mark.skipif(not SCHEMA.exists(), reason="no clab.schema.json here: `PODPATH_CLAB_SCHEMA=FILE invoke test`")
@pytest.mark.parametrize("name", MODES)
def test_containerlab_s_schema_takes_it(name: str) -> None:
    # Its patterns are those of another dialect (\\p{L}), so the schema is not itself checked first.
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(topology.topology(catalog.get(name), 3))] == []


@given(st.sampled_from(MODES), st.integers(2, 98))
def test_every_link_has_two_ends_of_its_own_and_the_underlay_s_mtu(name: str, nodes: int) -> None:
    mode = catalog.get(name)
    made = topology.topology(mode, nodes)
    places, links = made["topology"]["nodes"], made["topology"]["links"]
    ends = [end for link in links for end in link["endpoints"]]
    assert len(ends) == len(set(ends))
    assert {end.split(":")[0] for end in ends} == set(places)
    assert {link["mtu"] for link in links} == {mode.mtu.underlay_bytes}
    assert sum(place.startswith("node") for place in places) == nodes
    addresses = [word for commands in places.values() for command in commands if command.startswith("ip address add")
                 for word in command.split() if "/" in word]
    assert len(addresses) == len(set(addresses))


def test_the_addresses_are_those_of_the_embedded_lab() -> None:
    places = topology.topology(catalog.get("calico-bgp-global"))["topology"]["nodes"]
    assert "ip address add 172.31.0.2/24 dev eth0" in places["node2"]["exec"]
    assert "ip address add 172.31.0.101/24 dev eth0" in places["rr1"]["exec"]


@pytest.mark.parametrize("nodes", [1, 99])
def test_too_few_and_too_many_are_refused(nodes: int) -> None:
    with pytest.raises(UserError, match=f"{nodes} nodes? cannot"):
        topology.topology(catalog.get("calico-bgp"), nodes)


def test_a_file_reads_back_as_what_was_meant() -> None:
    mode = catalog.get("calico-bgp-node")
    assert yaml.safe_load(topology.text(mode)) == topology.topology(mode)
