"""The user's folders, and that a result does not say whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments import paths


def test_they_are_where_the_specification_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the specification has such a value ignored
    assert paths.state() == tmp_path / ".local" / "state" / "podpath"
    assert paths.cache() == tmp_path / ".cache" / "podpath"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert paths.state() == tmp_path / "elsewhere" / "podpath"


def test_a_path_is_shown_without_the_user_s_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home" / "somebody"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert paths.shown(paths.state() / "logs") == "$XDG_STATE_HOME/podpath/logs"
    assert paths.shown(paths.cache() / "manifests") == "~/.cache/podpath/manifests"
    assert paths.shown(tmp_path / "other" / "file.yml") == "file.yml"
