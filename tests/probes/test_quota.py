"""Quotas of control groups, both versions, from folders like the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.cli import noise
from experiments.probes import quota


def _files(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(("own", "files", "expected"), [
    ("0::/user.slice/app", {"user.slice/app/cpu.max": "50000 100000\n", "user.slice/cpu.max": "max 100000\n"}, 0.5),
    ("0::/user.slice/app", {"user.slice/app/cpu.max": "max 100000\n", "user.slice/cpu.max": "150000 100000\n"}, 1.5),
    ("0::/user.slice/app", {"user.slice/app/cpu.max": "max 100000\n"}, None),
    ("0::/", {"cpu.max": "25000 100000\n"}, 0.25),
    ("4:cpu,cpuacct:/a/b", {"cpu,cpuacct/cpu.cfs_quota_us": "120000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, 1.2),
    ("4:cpu,cpuacct:/", {"cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, None),
    ("3:memory:/", {"cpu/cpu.cfs_quota_us": "1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
    ("0::/x", {"x/cpu.max": "many 0\n"}, None),
    ("0::/x", {"x/cpu.max": "5 0\n"}, None),
    ("", {}, None),
])
def test_the_smallest_quota_counts(tmp_path: Path, own: str, files: dict[str, str], expected: float | None) -> None:
    (tmp_path / "own").write_text(own + "\n")
    assert quota.processors(_files(tmp_path / "groups", files), tmp_path / "own") == expected


def test_nothing_is_known_where_nothing_is_told(tmp_path: Path) -> None:
    assert quota.processors(tmp_path, tmp_path / "missing") is None


def test_a_quota_is_said_before_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "processors", lambda: 0.5)
    assert "leaves this process 0.500 of a processor" in noise.where()
    monkeypatch.setattr(quota, "processors", lambda: None)
    assert "leaves" not in noise.where()
