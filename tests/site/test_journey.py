"""The picture of a packet's path and the captured packet's bytes: made from mode.yml and transcripts, for every mode."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.evidence import Header, Packet, TranscriptStep
from experiments.paths import ROOT
from experiments.probes.decode import decode
from experiments.probes.errors import DecodeError
from experiments.results import store
from experiments.results.fidelity import is_beside_makers
from experiments.results.model import ModeResult
from experiments.site import journey, packet, stacks
from experiments.site.templating import environment

MODES = catalog.load()


def _reference() -> dict[str, ModeResult]:
    found: dict[str, ModeResult] = {}
    for folder in sorted((ROOT / "data" / "campaigns").iterdir()):
        stored = store.Stored(folder, *store.read_campaign(folder))
        if not is_beside_makers(stored.results):
            found |= {result.mode: result for result in stored.results}
    return found


@pytest.fixture(scope="module")
def reference() -> dict[str, ModeResult]:
    return _reference()


@pytest.mark.parametrize("mode", MODES.values(), ids=lambda mode: mode.name)
def test_everything_stands_inside_and_no_box_covers_another(mode: catalog.Mode) -> None:
    for drawing in journey.drawings(mode):
        boxes = [(s.x, s.y, s.width, journey.BOX_HEIGHT) for s in drawing.stations]
        boxes += [(p.x, p.y, p.width, p.height) for p in drawing.programs]
        for x, y, width, height in [*boxes, *((f.x, f.y, f.width, f.height) for f in drawing.frames)]:
            assert x >= 0 and y >= 0 and x + width <= drawing.width and y + height <= drawing.height
        for place, (x, y, width, height) in enumerate(boxes):
            for x2, y2, width2, height2 in boxes[place + 1:]:
                assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y
        for station in drawing.stations:
            end = station.stack_x + station.stack[-1].x + station.stack[-1].width
            assert end <= drawing.width, f"{station.hop}: its headers end at {end}"


@pytest.mark.parametrize("mode", MODES.values(), ids=lambda mode: mode.name)
def test_on_the_wire_the_blocks_are_the_declared_headers(mode: catalog.Mode) -> None:
    last = max(place for place, hop in enumerate(mode.path) if hop.at == "client node")
    blocks = stacks.stack(mode, mode.path[last].headers, 2.0, payload=0)
    assert [(b.layer, b.bytes, b.width) for b in blocks] == [(h.layer, h.bytes, 2.0 * h.bytes) for h in mode.headers]
    inside = mode.pod_packet - (mode.headers[mode.pod_packet - 1].layer == "ethernet")
    assert [b.outer for b in blocks] == [bool(mode.overhead_bytes) and place < inside for place in range(len(blocks))]


@pytest.mark.parametrize("mode", MODES.values(), ids=lambda mode: mode.name)
def test_what_decides_is_found_in_the_transcript(mode: catalog.Mode, reference: dict[str, ModeResult]) -> None:
    steps = journey.steps(mode, reference[mode.name].transcript, 700)
    for step in steps:
        assert len(step.shown_by) == len(step.hop.shown_by), f"{step.hop.at}, {step.hop.device}: {step.hop.shown_by}"
    assert any(step.shown_by for step in steps)


def test_an_attested_answer_comes_before_a_typed_command_and_is_cut_to_what_decides() -> None:
    mode = replace(MODES["calico-bgp"], path=tuple(
        replace(hop, shown_by=("ip route show 192.168.2.0/26",)) if hop.device == "calipod1" else hop
        for hop in MODES["calico-bgp"].path))
    answer = '[{"dst":"192.168.2.0/26","gateway":"172.31.0.2","dev":"eth0","metric":32,"protocol":"bird","flags":[]}]'
    shown = journey.steps(mode, (
        TranscriptStep("build", "node1", "ip route show 192.168.2.0/26", "", 0),
        TranscriptStep("attest", "node2", "ip -json route show 192.168.2.0/26", "[]", 0),
        TranscriptStep("attest", "node1", "ip -json route show 192.168.2.0/26", answer, 0)), 700)[1].shown_by
    assert [(one.at, one.command) for one in shown] == [("node1", "ip -json route show 192.168.2.0/26")]
    assert shown[0].output == ('{"dst": "192.168.2.0/26", "gateway": "172.31.0.2", "dev": "eth0", "protocol": "bird", '
                               '"flags": []} …')


@pytest.mark.parametrize("output", ["", "plain words", "[1, 2]", "[" * 5000, '{"dst": 1}', "null"])
def test_other_answers_are_shown_as_they_are(output: str) -> None:
    mode = replace(MODES["calico-bgp"], path=(replace(MODES["calico-bgp"].path[0], shown_by=("ip x",)),))
    (step,) = journey.steps(mode, (TranscriptStep("attest", "pod1", "ip x", output, 0),), 700)
    assert step.shown_by[0].output == output


def test_another_mtu_in_a_mode_yml_is_another_picture(narrower: catalog.Mode) -> None:
    jinja = environment(ROOT / "docs" / "templates")
    drawn = jinja.get_template("path.md.j2").render(
        mode=narrower, drawings=journey.drawings(narrower), legend=stacks.legend(narrower), typed=None,
        steps=journey.steps(narrower, (), 700), programs=journey.programs_in_words(narrower))
    assert "MTU 1350" in drawn and "1450" not in drawn


# -- the packet -----------------------------------------------------------------------------------------------------


def test_every_byte_of_a_captured_packet_stands_in_one_row_in_order(reference: dict[str, ModeResult]) -> None:
    for result in reference.values():
        seen = next(d.packet for d in result.deployments if d.packet)
        rows = packet.rows(seen, [header.layer for header in seen.headers])
        assert "".join(piece.hex for row in rows for piece in row.pieces).replace(" ", "") == seen.hex
        named = {piece.title for row in rows for piece in row.pieces}
        assert any(title.startswith("tcp: destination port: 5201") for title in named)


def test_values_are_written_as_people_write_them() -> None:
    header = Header("ipv4", 14, 20, {"version": 4, "length_bytes": 1500, "df": True, "protocol": 17, "source": "172.31.0.1"})
    assert packet.words(header) == [("version", "4"), ("length", "1500 bytes"), ("flags", "don't fragment (DF) set"),
                                    ("protocol", "UDP (17)"), ("source", "172.31.0.1")]
    assert packet.value("ethernet", "type", 2048) == "IPv4 (0x0800)"
    assert packet.value("udp", "checksum_zero", False) == "computed"


@given(st.binary(min_size=1, max_size=160))
def test_whatever_was_captured_no_byte_is_lost(data: bytes) -> None:
    try:
        headers = decode(data)
    except DecodeError:
        headers = ()
    rows = packet.rows(Packet("node1", len(data), headers, hex=data.hex()), [header.layer for header in headers])
    assert bytes.fromhex("".join(piece.hex for row in rows for piece in row.pieces)) == data
    assert all(re.fullmatch(r"[0-9a-f]{4}", row.offset) for row in rows)
