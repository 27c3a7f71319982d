"""The capsule, for real: a mode that the host's kernel cannot carry, and what happens when something is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from tests_support import descended_from

from experiments import catalog, paths
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import private
from experiments.labs.capsule import capsule, start
from experiments.measure.deployment import Job
from experiments.paths import ROOT
from experiments.variant import Variant

no_uml = pytest.mark.skipif(paths.find("linux.uml") is None, reason="no User-Mode Linux here: `invoke setup`")
MODES = ("calico-ipip", "weave-fastdp")  # the host's kernel may lack what they need


@pytest.fixture(scope="module")
def booted() -> Iterator[capsule.Capsule]:
    """One boot for all tests that leave the capsule as they found it."""
    features = sorted({feature for name in MODES for feature in catalog.get(name).needs.kernel})
    with capsule.boot(features=features) as made:
        yield made


@pytest.mark.capsule
@pytest.mark.lab
@no_uml
@pytest.mark.timeout(600)
def test_kernel_modes_are_attested_in_one_boot(booted: capsule.Capsule) -> None:
    for name in MODES:
        job = asdict(Job(Variant(name, kernel="uml"), 1, "smoke", nodes=3))
        outcome = booted.call("experiments.measure.kernels:deploy_plain", job, timeout_s=300, on_progress=lambda _: None)
        deployment = outcome["deployment"]
        assert deployment["status"] == "ok", deployment["reason"]
        assert all(check["ok"] for check in deployment["attestation_before"])
        layers = [header["layer"] for header in deployment["packet"]["headers"]]
        assert layers == [header.layer for header in catalog.get(name).headers]


@pytest.mark.capsule
@pytest.mark.lab
@no_uml
@pytest.mark.timeout(900)
def test_what_breaks_in_mid_run_fails_the_run_in_the_capsule_too(booted: capsule.Capsule) -> None:
    """What tests/measure skips where the host's kernel lacks something, on a kernel that has it."""
    chosen = "(ipip and mid_run) or (fastdp and mid_run) or removed_flow or (fastdp and goes_round)"
    # Inside, each module takes several times as long to import: no plugin that nothing here needs.
    argv = ["env", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            "-p", "pytest_timeout", "--timeout=300", "tests/measure/test_deployment.py",
            "tests/measure/failure/test_incident.py", "-k", chosen]
    done = booted.call("experiments.labs.capsule.guest:program", {"argv": argv, "cwd": str(ROOT)}, timeout_s=800,
                       on_progress=lambda _: None)
    assert done["status"] == 0, done["stdout"] + done["stderr"]
    assert "6 passed" in done["stdout"]


@pytest.mark.capsule
@no_uml
def test_errors_inside_come_out_as_sentences() -> None:
    with capsule.boot() as made:  # of its own: it is left in the middle of a job
        with pytest.raises(UserError, match="Unknown mode 'nothing'"):
            made.call("experiments.measure.kernels:deploy_plain", asdict(Job(Variant("nothing"), 1, "smoke")), timeout_s=60,
                      on_progress=lambda _: None)
        with pytest.raises(ExperimentFailed, match="not a module of this package"):
            made.call("os:getcwd", {}, timeout_s=60, on_progress=lambda _: None)
        with pytest.raises(ExperimentFailed, match="did not finish its job within the time allowed"):
            made.call("experiments.measure.kernels:deploy_plain", asdict(Job(Variant("calico-bgp"), 1, "smoke")),
                      timeout_s=0.1, on_progress=lambda _: None)


def test_what_python_compiled_is_taken_along_where_it_can_be_had_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my cache").mkdir()
    for kept, taken in ((None, []), (str(tmp_path), [str(tmp_path)]), (str(tmp_path / "my cache"), []), ("/tmp", []),
                        ("relative", []), (str(tmp_path / "gone"), [])):
        monkeypatch.setattr(sys, "pycache_prefix", kept)
        assert capsule._compiled() == taken


def test_without_user_mode_linux_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "find", lambda program: None)
    with pytest.raises(UserError, match="User-Mode Linux is not installed"), capsule.boot():
        pass


@pytest.mark.capsule
@no_uml
@pytest.mark.parametrize(("right", "wrong", "reason"), [
    ("-t sysfs sysfs /sys", "-t nothing sysfs /sys", "mount sysfs: `mount -t nothing sysfs /sys` ended with "),
    ("/mnt/exchange -o", "/mnt/exchange-of-nobody -o", "mount the exchange folder: the host's /run/podpath is not seen"),
    ("ip link set lo up", "ip link set nowhere up", "bring up the loopback: `ip link set nowhere up` ended with 1: Cannot"),
    ("capsule.guest ||", "nothing_of_that_name ||", "run Python: it ended with 1"),
])
def test_a_step_of_the_start_that_fails_ends_it_with_its_reason(
    right: str, wrong: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right in start.SCRIPT
    monkeypatch.setattr(start, "SCRIPT", start.SCRIPT.replace(right, wrong))
    with pytest.raises(ExperimentFailed) as failure, capsule.boot():
        pass
    assert failure.value.problem.startswith(f"The capsule could not start: {reason}")


@pytest.mark.capsule
@no_uml
def test_folders_of_the_host_are_seen_where_the_capsule_has_a_tmpfs(tmp_path: Path) -> None:
    """Read-only, as all of the host's is; whatever this kernel calls the option that names a folder of the host."""
    (tmp_path / "file").write_text("of the host")
    argv = ["sh", "-c", f"cat {tmp_path}/file && ! touch {tmp_path}/other 2>/dev/null"]
    with capsule.boot(folders=[str(tmp_path)]) as booted:
        done = booted.call("experiments.labs.capsule.guest:program", {"argv": argv, "cwd": "/"}, timeout_s=60,
                           on_progress=lambda _: None)
    assert (done["status"], done["stdout"]) == (0, "of the host")


def test_a_step_before_the_start_that_fails_says_which() -> None:
    with private.namespaces() as enter, pytest.raises(ExperimentFailed, match=r"could not copy mount: .*no-such-file"):
        capsule._type(enter, "copy mount", "cp", "/no-such-file", "/run/podpath/mount")


@pytest.mark.capsule
@no_uml
def test_too_little_memory_is_a_message_with_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capsule, "BOOT_TIMEOUT_S", 20.0)
    with pytest.raises(ExperimentFailed, match="console"), capsule.boot(memory_mb=8):
        pass


@pytest.mark.capsule
@no_uml
def test_sigkill_to_the_runner_leaves_no_process() -> None:
    script = ("import time\nfrom experiments.labs.capsule import capsule\n"
              "with capsule.boot():\n print('up', flush=True)\n time.sleep(60)")
    mark = f"capsule-killed-{os.getpid()}"
    runner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT,
                              env={**os.environ, "PODPATH_TEST": mark})
    assert runner.stdout is not None
    assert runner.stdout.readline() == b"up\n"
    assert any("linux.uml" in command for command in descended_from(mark))
    runner.kill()
    runner.wait()
    runner.stdout.close()
    deadline = time.monotonic() + 60
    while descended_from(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert descended_from(mark) == []
