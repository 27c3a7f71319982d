"""The page of symptoms holds every row of the modes' pages; the drawings of sessions have as many as the formulas say."""

from __future__ import annotations

import re

from experiments import catalog
from experiments.paths import ROOT
from experiments.site import mode_pages, sessions, symptoms

PAGES = {name.removeprefix("modes/").removesuffix(".md"): page if isinstance(page, str) else page.read_text()
         for name, page in mode_pages.pages(ROOT).items()}


def test_every_row_of_every_page_is_there_without_notes() -> None:
    found = symptoms.collected(catalog.load().values(), PAGES)
    rows = [row for page in PAGES.values() for row in symptoms.rows(page)]
    assert len(rows) > 50 and found.count("\n| ") == len(rows) + len(PAGES)
    assert "[^" not in found
    for words in ("BGP not established with", "failed to find plugin", "UDP: bad checksum", "too many open files"):
        assert words in found


def test_links_lead_from_the_folder_above() -> None:
    page = "\n".join([symptoms.HEADER, "|---|---|---|",
                      "| a | [b](calico-ipip.md#x) | [c](../bgp.md), [d](#here), [e](https://x.invalid/)[^n] |", "",
                      "| not | a | row |"])
    found = symptoms.collected([catalog.get("calico-bgp")], {"calico-bgp": page})
    assert "[b](modes/calico-ipip.md#x) | [c](bgp.md), [d](modes/calico-bgp.md#here), [e](https://x.invalid/) |" in found
    assert "not" not in re.sub(r"on \[its page.*", "", found)


def test_a_page_without_a_table_is_left_out() -> None:
    assert symptoms.collected(catalog.load().values(), {}) == ""


def test_as_many_sessions_as_the_formulas_say() -> None:
    n, counts = sessions.NODES, {shape.title: len(shape.sessions) for shape in sessions.shapes()}
    assert counts["Mesh"] == n * (n - 1) // 2
    assert counts["Two reflectors"] == 2 * n + 1
    assert counts["A router for each rack"] == n + sessions.RACKS
    for shape in sessions.shapes():
        assert all(15 <= one.x <= sessions.SIZE - 15 and 15 <= one.y <= sessions.SIZE - 15 for one in shape.speakers)
