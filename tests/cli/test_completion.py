"""The Tab key, as a shell asks for it: names of modes where one may stand, else what invoke offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from experiments import catalog
from experiments.cli.completion import modes_fit
from experiments.paths import ROOT

MODES = [*catalog.load(), *catalog.variants()]


@pytest.mark.parametrize(("typed", "fits"), [
    ("experiment", True), ("experiment cal", True), ("experiment calico-bgp", True), ("scale", True), ("show", True),
    ("fail", True), ("scale calico-bgp", True), ("fail calico-bgp weave", True),
    ("fidelity", True), ("fidelity flannel-udp", True), ("fidelity flannel-udp flannel-v", True),
    ("fidelity flannel-udp --", False),
    ("setup --for", True), ("setup --for fl", True), ("campaign --modes", True), ("new-mode x-y --like", True),
    ("experiment calico-bgp --", False), ("experiment calico-bgp --lab", False), ("experiment calico-bgp bu", False),
    ("", False), ("exp", False), ("validate", False), ("setup --f", False), ("build exp", False),
])
def test_where_a_mode_fits(typed: str, fits: bool) -> None:
    assert modes_fit(typed.split(), MODES) == fits


def asked(*words: str) -> set[str]:
    done = subprocess.run([sys.executable, "-m", "invoke", "--complete", "--", "invoke", *words], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_what_the_shell_is_told() -> None:
    assert asked("experiment", "cal") == set(MODES)
    assert asked("experiment", "calico-bgp") > set(MODES)  # or the next task
    assert "--profile" in asked("experiment", "calico-bgp", "--")
    assert {"experiment", "new-mode"} <= asked("exp") and not asked("exp") & set(MODES)
