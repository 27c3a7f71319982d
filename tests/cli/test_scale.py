"""What `invoke scale` prints: a line for each size, what a change costs, and what the columns mean, in 80 columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.cli import progress, scale
from experiments.results import dated, growth
from experiments.results.growth_model import Growth


def test_every_size_and_every_change_has_its_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress.console, "width", 80)
    points = [point for point in dated.load_all(growth.FOLDER, "growth", Growth, growth.check)[0].points if point.n == 1]
    scale._show([*points, replace(points[0], status="failed", reason="node1 waits\x1b[31m", changes=())])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    largest = max((point for point in points if point.mode == "calico-bgp"), key=lambda point: point.nodes)
    assert any(line.split()[:2] == [str(largest.nodes), str(largest.sessions)] for line in lines)
    assert any(f"({change.touched})" in line for change in largest.changes for line in lines if line.startswith("200"))
    assert f"{points[0].mode}, {points[0].nodes} nodes: failed: node1 waits" in lines
    assert "routes: from then until the last one stood" in " ".join(lines)
