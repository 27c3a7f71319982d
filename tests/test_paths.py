"""The user's folders, where programs are looked for, and that a result does not say whose they are."""

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


def test_the_person_s_own_path_comes_first_and_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/home/somebody/bin:/usr/bin::/bin")
    assert paths.program_path() == "/home/somebody/bin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin"
    assert paths.environment(MORE="1")["PATH"] == paths.program_path()


def test_without_a_path_the_system_s_folders_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")
    assert paths.program_path() == paths.PROGRAM_PATH


def test_a_program_is_found_where_only_root_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "sysctl"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(paths, "PROGRAM_PATH", str(tmp_path))
    assert paths.find("sysctl") == str(program)
    assert paths.find("nothing-of-that-name") is None


def test_who_has_no_home_has_a_place_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert paths.home() == Path("/nonexistent")
    assert paths.cache() == Path("/nonexistent/.cache/podpath")
    assert paths.shown(tmp_path / "x") == "x"


@pytest.mark.parametrize("folder", ["bin", "usr/bin", ""])
def test_what_came_with_a_program_is_beside_it_or_above(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / "bird").touch()
    (tmp_path / "etc").mkdir()
    program = tmp_path / folder / "calico-node"
    assert paths.part(program, "bird") == tmp_path / folder / "bird"
    assert paths.part(program, "etc") == tmp_path / "etc"
    assert paths.part(program, "nothing") is None
