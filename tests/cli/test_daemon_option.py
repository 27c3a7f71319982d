"""``--daemon PATH``: a program, or a folder that has it; where it then stands on this run's PATH."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments import paths
from experiments.cli.daemon_option import use_each
from experiments.cli.experiment import run_experiment
from experiments.errors import UserError


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin")
    program = _program(tmp_path / "flanneld")
    run_experiment("flannel-udp", daemon=str(program), dry_run=True)
    assert paths.find("flanneld") == str(program)
    assert os.environ["PATH"].startswith(f"{tmp_path}:")


@pytest.mark.parametrize("folder", ["bin", "usr/bin", ""])
def test_an_unpacked_image_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """Its folder has a whole system's programs, which are not to stand in for the machine's."""
    monkeypatch.setenv("PATH", "/bin")
    program = _program(tmp_path / folder / "calico-node")
    _program(tmp_path / folder / "sh")
    run_experiment("calico-bgp", daemon=str(tmp_path), dry_run=True)
    assert paths.find("calico-node") == str(program)
    assert paths.find("sh") == "/bin/sh"


def test_another_of_the_name_before_it_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = _program(tmp_path / "other" / "calico-node")
    _program(tmp_path / "image" / "bin" / "calico-node")
    monkeypatch.setenv("PATH", f"{other.parent}:/bin")
    with pytest.raises(UserError, match=f"PATH has another calico-node before it, {other}"):
        run_experiment("calico-bgp", daemon=str(tmp_path / "image"), dry_run=True)


def test_a_folder_without_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="upstream's daemon of calico-bgp is called calico-node"):
        run_experiment("calico-bgp", daemon=str(tmp_path), dry_run=True)


def test_several_places_serve_several_modes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin")
    flanneld = _program(tmp_path / "flanneld")
    node = _program(tmp_path / "image" / "bin" / "calico-node")
    use_each(f"{flanneld}:{tmp_path / 'image'}", ["calico-bgp", "calico-ipip", "flannel-udp", "flannel-vxlan"])
    assert (paths.find("flanneld"), paths.find("calico-node")) == (str(flanneld), str(node))
    with pytest.raises(UserError, match=f"--daemon {flanneld}: there is no weaver"):
        use_each(str(flanneld), ["weave-sleeve"])
