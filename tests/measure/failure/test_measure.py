"""Several incidents at once: interrupted, all end, and what was seen before is kept."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.paths import ROOT
from experiments.results import dated
from experiments.results.failure_model import Failures

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_all_end_and_what_was_seen_is_kept(number: signal.Signals, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "invoke", "fail", "flannel-vxlan,calico-bgp", "--event", "daemon", "--watch", "500",
            "--at-once", "2", "--out", str(tmp_path), "--host", "tester"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          start_new_session=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "watch for 500 s" in line:
                break
        else:
            pytest.fail(said)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=60)  # far less than is watched
    assert process.returncode == 128 + number, rest
    assert "what was running has been taken down" in rest
    (kept,) = tmp_path.glob("*-tester.yml")
    (one,) = dated.read(kept, "failures", Failures).incidents  # the kernel carries it: nothing to be watched
    assert (one.mode, one.status) == ("flannel-vxlan", "not-run")
