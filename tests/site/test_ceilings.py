"""The note's figures beside the limits: where they stand, which are excluded, and that both follow the data."""

from __future__ import annotations

from dataclasses import replace

from experiments.catalog.limits import HISTORY, Limit
from experiments.paths import ROOT
from experiments.results import reported
from experiments.site import ceilings
from experiments.site.templating import environment

NOTE = reported.get("note-2018")
TEMPLATE = environment(ROOT / "docs" / "templates").get_template("model-note-axis.md.j2")


def test_all_six_stand_on_one_axis_that_says_where_it_begins() -> None:
    drawn = ceilings.drawing(NOTE)
    assert [[mbit for mbit, _ in group.figures] for group in drawn.groups] == [[920, 937], [683, 694, 894, 895]]
    assert 0 < drawn.axis.begins < 683
    text = TEMPLATE.render(plot=drawn)
    assert text.count(drawn.axis.sentence("Mbit/s")) == 2 and "pp-broken" in text
    for group in drawn.groups:
        for bar in group.bars:
            for mark in bar.marks:
                assert (mark.x <= bar.x) == mark.possible == (mark.mbit <= bar.mbit)


def test_what_is_excluded_is_what_the_model_excludes() -> None:
    calico, weave = ceilings.drawing(NOTE).groups
    excluded = {bar.title: [mark.mbit for mark in bar.marks if not mark.possible] for bar in (*calico.bars, *weave.bars)}
    assert excluded["Calico IPIP 2.6 to 3.16".removeprefix("Calico ")] == [937]
    assert excluded["BGP 3.17 and later"] == excluded["BGP, manifests 3.1 to 3.16"] == []
    assert excluded["Fast data path 1.9 and later"] == []
    assert sum(len(bars.bars) for bars in (calico, weave)) == len(excluded)  # no two titles are the same


def test_another_figure_or_another_limit_is_another_drawing() -> None:
    before = TEMPLATE.render(plot=ceilings.drawing(NOTE))
    faster = replace(NOTE, figures=tuple(replace(f, goodput_bps=945e6) if f.id == "calico-a" else f for f in NOTE.figures))
    after = ceilings.drawing(faster)
    assert {m.mbit for bar in after.groups[0].bars for m in bar.marks if not m.possible} == {937, 945}
    assert TEMPLATE.render(plot=after) != before
    lines = [Limit(line.name, 1300, line.overhead_bytes) if "IPIP 2.6" in line.name else line for line in HISTORY]
    assert TEMPLATE.render(plot=ceilings.drawing(NOTE, lines)) != before


def test_nothing_leaves_the_drawing() -> None:
    drawn = ceilings.drawing(NOTE)
    for group in drawn.groups:
        assert all(0 < x < ceilings.WIDTH for _, x in (*group.numbers, *group.figures)) and group.bottom < drawn.height
        assert all(len(bar.title) < 42 for bar in group.bars)  # beside its limit it has room for so many letters
