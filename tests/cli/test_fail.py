"""`invoke fail`, for real: what is printed when nothing is kept, and when the time was too short."""

from __future__ import annotations

import subprocess
import sys

import pytest

from experiments.cli.fail import run_fail
from experiments.errors import UserError
from experiments.paths import ROOT


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "invoke", "fail", *arguments], cwd=ROOT, capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


@pytest.mark.lab
def test_a_short_watch_says_that_it_was_short_and_that_nothing_is_kept() -> None:
    said = run("calico-bgp", "--watch", "1")
    assert "What takes longer was not seen: without --watch, 90 s are watched." in said
    assert "with --store it goes to data/failures." in said


@pytest.mark.lab
def test_an_event_that_a_mode_cannot_have_is_not_run_with_its_reason() -> None:
    said = run("flannel-vxlan", "--event", "daemon")
    assert "flannel-vxlan: not run, because no process of this mode runs on a node of this lab" in said
    assert "lost from" not in said


@pytest.mark.parametrize("watch", [-1, 3601, 10**9])
def test_a_time_that_nobody_watches_is_refused(watch: int) -> None:
    with pytest.raises(UserError, match="is out of range"):
        run_fail("calico-bgp", watch=watch)
