"""What several commands share: modes by name, the form of an answer, where it is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.cli import fail, named, scale
from experiments.errors import UserError
from experiments.paths import ROOT


def test_all_stands_for_every_mode_and_hides_no_wrong_name() -> None:
    assert named.modes("all", ["a", "b"]) == ["a", "b"]
    assert named.modes("calico-bgp, flannel-udp calico-bgp", []) == ["calico-bgp", "flannel-udp"]
    with pytest.raises(UserError, match="Unknown mode 'nope'"):
        named.modes("all,nope", ["a"])


@pytest.mark.parametrize("out", ["file", "file/below", "/proc/x"])
def test_a_folder_that_cannot_be_is_refused_before_anything_is_measured(out: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be made: .*"):
        named.kept_at(tmp_path, "tester", store=False, out=str(tmp_path / out))


def test_a_folder_of_his_own_is_made(tmp_path: Path) -> None:
    path = named.kept_at(tmp_path, "tester", store=False, out=str(tmp_path / "a" / "b"))
    assert path is not None
    assert path.parent.is_dir()
    assert named.kept_at(tmp_path, "tester", store=False, out="") is None


@pytest.mark.parametrize("timeout", [0, -5, 10**20])
def test_a_time_out_of_range_is_refused(timeout: int) -> None:
    with pytest.raises(UserError, match=r"--timeout .*out of range"):
        scale.run_scale("calico-bgp", nodes="2", timeout=timeout)


def test_a_number_of_many_digits_fills_no_screen() -> None:
    for nodes in ("9" * 4000, "9" * 5000):
        with pytest.raises(UserError) as error:
            scale.run_scale("calico-bgp", nodes=nodes)
        assert len(str(error.value)) < 200


@pytest.mark.parametrize(("named_as", "said"), [
    ({"event": "cut,nope"}, "Unknown event 'nope'"), ({"watch": 10**400}, "--watch 1000.*… is out of range"),
    ({"watch": -1}, "out of range"), ({"format": "xml"}, "Unknown format"), ({"kernel": "best"}, "Unknown kernel"),
    ({"at_once": 0}, "nothing would run"), ({"event": "all,nope"}, "Unknown event 'nope'"),
])
def test_what_fail_cannot_do_is_refused(named_as: dict[str, int | str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        fail.run_fail("calico-bgp", **named_as)  # type: ignore[arg-type]


@pytest.mark.lab
@pytest.mark.parametrize("asked", [["scale", "calico-bgp", "--nodes", "2"], ["fail", "flannel-vxlan", "--event", "daemon"]])
def test_what_is_printed_as_json_is_json_and_progress_stands_beside(asked: list[str]) -> None:
    argv = [sys.executable, "-m", "invoke", *asked, "--format", "json"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (one,) = json.loads(done.stdout)
    assert one["mode"] == asked[1]
    assert "build" in done.stderr
