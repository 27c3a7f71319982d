"""The fragments from the limit model: the figures are those of the model, and text from modes stays text."""

from __future__ import annotations

import dataclasses
import re

from experiments import catalog
from experiments.catalog import limits
from experiments.paths import ROOT
from experiments.results import reported, words
from experiments.site import limit_model
from experiments.site.templating import environment

JINJA = environment(ROOT / "docs" / "templates")
NOTE = reported.get("note-2018")


def text(fragment: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", fragment, re.S)
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
            for row in rows]


def test_every_mode_has_its_line() -> None:
    modes = catalog.load()
    rows = {row[0]: row for row in text(limit_model.fragments(JINJA, modes, {}, NOTE, modes)["model-limits.md"])[1:]}
    assert len(rows) == 1 + len(modes) + sum(len(mode.mtu.variants) for mode in modes.values())
    for mode in modes.values():
        line = limits.limit(mode)
        assert rows[mode.short_title][1:] == [
            str(line.packet_bytes), str(line.payload_bytes), str(line.overhead_bytes), str(line.underlay_length_bytes),
            str(line.wire_bytes), words.figures(100 * line.efficiency), words.quantity(line.goodput_bps(), "bit/s")]


def test_another_mtu_in_a_mode_yml_is_another_stack_and_another_answer_of_the_calculator(narrower: catalog.Mode) -> None:
    modes = {**catalog.load(), narrower.name: narrower}
    found = limit_model.fragments(JINJA, modes, {}, NOTE, modes)
    stack = r'<div class="pp-whole">\n<p><strong><a href="[^"]*">Flannel VXLAN</a>.*?</div>'
    drawn = re.search(stack, found["model-stacks.md"], re.S)
    assert drawn and "pod MTU 1350 · overhead 50 · unused 100 · payload 1298" in drawn[0]
    assert 'class="pp-unused" x="1414" width="100"' in drawn[0]
    assert '<option value="flannel-vxlan" data-overhead="50" data-default="1350">' in found["model-mtu.md"]


def test_history_is_whole() -> None:
    rows = text(limit_model.fragments(JINJA, catalog.load(), {}, NOTE, ())["model-history.md"])[1:]
    assert [row[0] for row in rows] == [line.name for line in limits.HISTORY]


def test_the_note_of_2018_is_read_as_the_page_says() -> None:
    readings = {reading.mbit: reading for reading in limit_model.readings(NOTE)}
    assert set(readings) == {937, 920, 895, 894, 694, 683}
    possible = {mbit: [n.limit.name for n in r.near if n.possible] for mbit, r in readings.items()}
    assert not any("IPIP" in name for name in possible[937])
    assert [round(100 * n.ratio, 1) for n in readings[937].near if n.possible] == [99.8, 99.5]
    assert round(100 * readings[920].near[0].ratio, 1) == 99.3
    fast = {n.limit.name: round(100 * n.ratio, 1) for n in readings[894].near if "fast data path 1" in n.limit.name}
    assert sorted(fast.values()) == [98.6, 98.9]
    assert readings[694].near == readings[683].near == []
    assert readings[683].packets_per_s[0] > 61_000 and readings[694].packets_per_s[1] < 66_000


def test_markup_in_a_mode_stays_text() -> None:
    hostile = "<b>|{{ 7 * 7 }}</b>"
    modes = {name: dataclasses.replace(mode, short_title=hostile) for name, mode in catalog.load().items()}
    found = limit_model.fragments(JINJA, modes, {}, NOTE, modes)
    assert not any("<b>" in fragment for fragment in found.values())
    assert "&lt;b&gt;|{{ 7 * 7 }}&lt;/b&gt;" in found["model-limits.md"]


def test_the_same_twice() -> None:
    first, again = (limit_model.fragments(JINJA, catalog.load(), {}, NOTE, ()) for _ in range(2))
    assert first == again
