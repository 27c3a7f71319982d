"""What others published: read, valid, and beside the limit model."""

from __future__ import annotations

from experiments.results import reported


def test_everything_reported_is_read_with_its_source() -> None:
    found = {entry.id: entry for entry in reported.load_all()}
    assert set(found) == {"note-2018", "infrabuilder-2020", "infrabuilder-2024"}
    assert all(entry.source.title and entry.source.date and entry.figures for entry in found.values())


def test_the_note_s_lines_are_explained_by_headers_or_not() -> None:
    explained = {round(entry.figure.goodput_bps / 1e6): entry.explained
                 for entry in reported.beside_limits(reported.get("note-2018"))}
    assert explained == {920: True, 937: True, 894: True, 895: True, 683: False, 694: False}
