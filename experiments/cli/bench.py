"""``invoke bench``: figures about Podpath itself, side by side in one run."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from rich.table import Table

from experiments import bench
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.cli.progress import console, telling
from experiments.errors import UserError

# What the benchmarks share.
NOT_BENCHMARKS = ("bench_figure", "copies")


def benchmarks() -> list[str]:
    """The names of all benchmarks."""
    return sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in NOT_BENCHMARKS)


def run_bench(which: str = "") -> None:
    """Run the benchmarks named in ``which`` (comma-separated; all by default) and print a line a figure.

    Raises:
        UserError: there is no benchmark of that name.
    """
    found = benchmarks()
    names = [name.strip() for name in which.split(",") if name.strip()] or found
    for name in names:
        if name not in found:
            raise UserError(f"Unknown benchmark '{name}'.", f"Benchmarks: {', '.join(found)}.")
    table = Table(title="Benchmarks", title_justify="left")
    for header in ("figure", "value", "beside", "ratio", "aim"):
        table.add_column(header, overflow="fold")
    try:
        with telling() as tell:
            for name in names:
                tell(name)
                for row in _rows(name):
                    table.add_row(*row)
                    tell(f"{name}: {row[0]}: {row[1]}")
    finally:  # interrupted after minutes, it shows what it has
        console.print(table)


def _rows(name: str) -> Iterator[tuple[str, ...]]:
    module = importlib.import_module(f"experiments.bench.{name}")
    for figure in module.figures():
        if isinstance(figure, NotRun):
            yield figure.name, f"not run, because {figure.reason}", "", "", ""
        elif isinstance(figure, BenchFigure):
            ratio = f"{figure.ratio:.4f}" if figure.ratio is not None else ""
            yield figure.name, figure.value, figure.beside, ratio, figure.aim
