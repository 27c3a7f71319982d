"""What others published: read, valid, and beside the limit model."""

from __future__ import annotations

from experiments.results import reported


def test_everything_reported_is_read_with_its_source() -> None:
    found = {entry.id: entry for entry in reported.load_all()}
    assert set(found) == {"note-2018", "infrabuilder-2020", "infrabuilder-2024"}
    assert all(entry.source.title and entry.source.date and entry.figures for entry in found.values())
