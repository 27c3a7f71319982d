"""`invoke bench`: what is offered can be run, and what was measured before an interruption is shown."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.cli import bench


def test_every_name_is_a_benchmark_s() -> None:
    for name in bench.benchmarks():
        assert callable(importlib.import_module(f"experiments.bench.{name}").figures)


def test_interrupted_it_shows_what_it_has(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def figures() -> Iterator[BenchFigure | NotRun]:
        yield BenchFigure("the first", "1.0 s", "under 2 s")
        yield NotRun("the second", "it is not here")
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module("experiments.bench.harness"), "figures", figures)
    with pytest.raises(KeyboardInterrupt):
        bench.run_bench("harness")
    table = capsys.readouterr().out.partition("Benchmarks")[2]
    assert "1.0 s" in table
    assert "not run, because it is not here" in " ".join(table.split())
