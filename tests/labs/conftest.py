"""The machine with stand-ins, made and unmade for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import Machine

from experiments.labs import private


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    (tmp_path / "standin").mkdir()
    with private.namespaces() as enter:
        yield Machine(enter, tmp_path)
