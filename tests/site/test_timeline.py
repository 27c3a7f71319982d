"""The timeline is drawn from the page's own table: each bar has its row, each row its bar."""

from __future__ import annotations

import re

import pytest

from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.site import timeline
from experiments.site.templating import environment

PAGE = (ROOT / timeline.WHERE).read_text(encoding="utf-8")
TEMPLATE = environment(ROOT / "docs" / "templates").get_template("model-timeline.md.j2")


def drawn(page: str) -> str:
    return TEMPLATE.render(plot=timeline.drawing(timeline.spans(page)))


def test_each_bar_leads_to_a_row_with_a_source() -> None:
    spans = timeline.spans(PAGE)
    assert {span.product for span in spans} == {"Calico", "Flannel", "Weave Net"}
    anchors = [span.anchor for span in spans]
    assert len(anchors) == len(set(anchors)) and re.findall(r'href="#([^"]+)"', drawn(PAGE)) == anchors
    for anchor in anchors:
        (row,) = [line for line in PAGE.splitlines() if f"{{ #{anchor} }}" in line]
        assert "[^" in row


def test_bars_stand_in_their_order_and_inside() -> None:
    plot = timeline.drawing(timeline.spans(PAGE))
    for bar in plot.bars:
        assert bar.x >= timeline.LEFT and bar.x + bar.width <= timeline.RIGHT + 0.2 and bar.width > 1 and bar.y < plot.height
        assert len(bar.span.what) < 50
    place = {bar.span.anchor: bar for bar in plot.bars}
    assert place["default-bird"].x + place["default-bird"].width == pytest.approx(place["default-felix"].x, abs=0.2)
    assert place["default-sleeve"].x + place["default-sleeve"].width == pytest.approx(place["default-fastdp"].x, abs=0.2)
    assert [bar.span.anchor for bar in plot.bars if bar.span.earlier] == ["default-ipip", "default-bird", "default-sleeve"]
    assert place["default-end"].span.until == pytest.approx(2024 + 2.5 / 12)


def test_another_date_in_the_table_is_another_drawing() -> None:
    changed = PAGE.replace("| July 2024 | today |", "| July 2020 | today |")
    assert changed != PAGE and drawn(changed) != drawn(PAGE)


@pytest.mark.parametrize(("page", "said"), [
    (PAGE.replace(timeline.HEADING, "## Others"), "no table follows"),
    (PAGE.replace("| October 2014 | today |", "| long ago | today |"), "no year in"),
    (PAGE.replace("**Flannel**{ #default-udp }", "Flannel"), "has not the form"),
])
def test_a_table_that_cannot_be_drawn_is_refused(page: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        timeline.spans(page)


def test_markup_in_the_table_stays_text() -> None:
    assert "<b>" not in drawn(PAGE.replace("| sleeve alone |", "| <b>sleeve |"))
