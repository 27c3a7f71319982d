"""kubectl's command lines, commands that end with their input, and what a cluster says, whatever it is.

Where kubectl is called, a script stands in for it; no cluster is started here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.errors import ExperimentFailed
from experiments.labs.base import Node, Pod, own_words, run, start
from experiments.labs.kubernetes import attached, base
from experiments.labs.kubernetes.base import Kubectl, KubernetesLab
from experiments.paths import ROOT

NODES = (Node("node1", 1, "192.0.2.1"), Node("node2", 2, "192.0.2.2"))
ATTACHED = [sys.executable, attached.__file__]


@pytest.fixture
def lab() -> Iterator[KubernetesLab]:
    made = KubernetesLab("kind", Kubectl("kubeconfig"), "podpath", NODES, {"node1": "a", "node2": "b"},
                         routers={Node("tor1", 1, "192.0.2.3", role="tor"): ["enter"]})
    yield made
    made.close()


def _script(folder: Path, text: str) -> None:
    (folder / "kubectl").write_text(f"#!{sys.executable}\nimport os, sys\n{text}\n")
    (folder / "kubectl").chmod(0o755)


def test_a_command_line_says_which_cluster_it_means() -> None:
    assert Kubectl().argv("get", "nodes") == ["kubectl", "get", "nodes"]
    assert Kubectl("file", "there").argv("get") == ["kubectl", "--kubeconfig", "file", "--context", "there", "get"]


def test_each_place_is_entered_in_its_own_way(lab: KubernetesLab) -> None:
    inside = lab.command("pod1", ["ping", "192.0.2.2"])
    assert inside[:3] == ["kubectl", "--kubeconfig", "kubeconfig"]
    assert inside[3:] == ["exec", "--stdin", "--namespace", "podpath", "pod1", "--container", "lab", "--", "python3",
                          "/opt/podpath/experiments/labs/kubernetes/attached.py", "ping", "192.0.2.2"]
    assert lab.command("tor1", ["ip", "route"]) == ["enter", "ip", "route"]
    assert lab.command("", ["cat", "/proc/stat"]) == ["cat", "/proc/stat"]
    assert "--tty" in lab.shell("node2") and lab.shell("node2")[-1] == "bash"
    for wrong in ("pod3", "node3", "--"):
        with pytest.raises(KeyError):
            lab.command(wrong, ["true"])
    with pytest.raises(ExperimentFailed, match="Kubernetes' to make"):
        lab.add_pod(Pod("pod3", "node1"))
    with pytest.raises(ExperimentFailed, match="nothing is written into a pod"):
        lab.write_file("pod1", "/tmp/x", "")


def test_output_and_status_are_the_command_s(tmp_path: Path) -> None:
    script = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"
    done = subprocess.run([*ATTACHED, sys.executable, "-c", script], stdin=subprocess.PIPE, capture_output=True, text=True)
    # Its input was closed at once; either it had ended by then, or it was ended.
    assert done.returncode in (7, attached.SIGNALLED + signal.SIGTERM)
    reading, writing = os.pipe()
    try:
        done = subprocess.run([*ATTACHED, sys.executable, "-c", script], stdin=reading, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")
        done = subprocess.run([*ATTACHED, "/nonexistent"], stdin=reading, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (attached.NOT_FOUND, "/nonexistent: No such file or directory\n")
        done = subprocess.run([*ATTACHED, ""], stdin=reading, capture_output=True, text=True)
        assert done.returncode == attached.NOT_FOUND and "Traceback" not in done.stderr
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("stubborn", [False, True])
def test_a_command_ends_when_its_input_closes_even_against_its_will(stubborn: bool) -> None:
    script = "import signal, sys, time\n" + ("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if stubborn else "")
    script += "print('ready', flush=True)\ntime.sleep(60)"
    # A child of the command's, as `timeout` has one, goes with it.
    process = subprocess.Popen([*ATTACHED, "timeout", "60", sys.executable, "-c", script], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdin.close()
    assert process.wait(60) > 0
    assert process.stdout.read() == b""  # nobody holds it open any more
    process.stdout.close()


def test_what_was_started_inside_ends_with_the_lab_and_with_its_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kubectl is a script that runs the command here: the pipe that holds the commands is the real one."""
    _script(tmp_path, "os.execvp(sys.argv[sys.argv.index('--') + 1], sys.argv[sys.argv.index('--') + 1:])")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(KubernetesLab, "python", (sys.executable,))
    monkeypatch.setattr(KubernetesLab, "source", str(ROOT))
    lab = KubernetesLab("kind", Kubectl(), "podpath", NODES, {})
    process = start(lab, "pod1", ["sleep", "60"])
    assert run(lab, "pod1", ["echo", "meanwhile"]).stdout == "meanwhile\n"
    assert process.poll() is None
    lab.close()
    assert process.wait(60) != 0
    program = ("import sys, time\nfrom experiments.labs.base import Node, start\n"
               "from experiments.labs.kubernetes.base import Kubectl, KubernetesLab\n"
               f"KubernetesLab.python = ({sys.executable!r},); KubernetesLab.source = {str(ROOT)!r}\n"
               "lab = KubernetesLab('kind', Kubectl(), 'podpath', (Node('node1', 1, ''),), {})\n"
               "print(start(lab, 'pod1', ['sleep', '60']).pid, flush=True)\ntime.sleep(60)")
    runner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert runner.stdout is not None
    inside = Path(f"/proc/{int(runner.stdout.readline())}")
    runner.kill()
    runner.wait()
    runner.stdout.close()
    deadline = time.monotonic() + 60
    while inside.exists() and "State:\tZ" not in (inside / "status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_kubectl_s_own_last_line_is_not_the_command_s() -> None:
    assert own_words("bind: Address already in use\ncommand terminated with exit code 1\n") == "bind: Address already in use\n"
    assert own_words("command terminated with exit code 1 was said\n") == "command terminated with exit code 1 was said\n"
    assert own_words("") == ""


def test_a_refusal_is_quoted_and_what_is_not_json_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    _script(tmp_path, "sys.exit('Error from server (Forbidden): nodes is forbidden')")
    said = r"`kubectl get nodes --output json` ended with 1: Error from server \(Forbidden\)"
    with pytest.raises(ExperimentFailed, match=said):
        Kubectl("/home/somebody/kubeconfig").json("get", "nodes")
    _script(tmp_path, "print('{')")
    with pytest.raises(ExperimentFailed, match="did not print JSON"):
        Kubectl().json("get", "nodes")
    _script(tmp_path, "print(sys.stdin.read().upper())")
    assert Kubectl().text("apply", given="text") == "TEXT\n"


@pytest.mark.parametrize("said", ["", "null", "-1", "fd00::1", "192.0.2.1; reboot", None, ["192.0.2.1"]])
def test_an_address_that_is_none_is_refused(said: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                            lab: KubernetesLab) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    _script(tmp_path, f"print({json.dumps(json.dumps({'status': {'podIP': said}}))})")
    with pytest.raises(ExperimentFailed, match="no IPv4 address"):
        lab.pods()
    _script(tmp_path, f"print({json.dumps(json.dumps({'status': {'podIP': '192.0.2.9'}}))})")
    assert lab.pods() == (Pod("pod1", "node1", "192.0.2.9"), Pod("pod2", "node2", "192.0.2.9"))


def test_why_pods_and_nodes_wait() -> None:
    state = {"image": "example/one:1", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}}
    begins = {"image": "example/two:1", "state": {"waiting": {"reason": "PodInitializing"}}}
    pods = {"items": [{"status": {"initContainerStatuses": [state], "containerStatuses": [begins, state]}}]}
    assert base.waiting(pods) == ["example/one:1: ErrImagePull, no such host"]
    nodes = {"items": [{"metadata": {"name": "a"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}},
                       {"metadata": {"name": "b"}, "status": {"conditions": [{"type": "Ready", "status": "False",
                                                                               "message": "cni plugin not initialized"}]}}]}
    assert base.not_ready(nodes) == ["b: cni plugin not initialized"]


_anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["items", "status", "conditions", "containerStatuses", "state", "waiting", "reason", "type"]), inner),
    max_leaves=12,
)


@given(_anything)
def test_whatever_a_cluster_says_is_read_without_falling_over(said: Any) -> None:
    for found in (said, {"items": [said]}, {"items": [{"status": said}]}, {"items": [{"status": {"conditions": said}}]}):
        assert all(isinstance(one, str) for one in (*base.waiting(found), *base.not_ready(found)))
