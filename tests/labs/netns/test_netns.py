"""The embedded lab, for real: what it brings up, and that nothing of it outlives the runner."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from tests_support import descended_from

from experiments import paths
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.base import Pod, Underlay, run, start
from experiments.labs.netns import backend as netns
from experiments.paths import ROOT


def test_paper_lab_writes_commands_down_and_runs_none() -> None:
    lab = netns.on_paper(nodes=2)
    commands = [step.command for step in lab.transcript.steps]
    assert "ip link add br0 mtu 1500 type bridge stp_state 0" in commands
    assert commands.count("sysctl -qw net.ipv4.ip_forward=1") == 2
    assert all(step.output == "" for step in lab.transcript.steps)


@pytest.mark.lab
def test_nodes_of_a_segment_reach_each_other() -> None:
    with netns.up(nodes=3) as lab:
        for node in lab.nodes[1:]:
            answer = run(lab, "node1", ["ping", "-c", "1", "-W", "2", node.address])
            assert "ttl=64" in answer.stdout


@pytest.mark.lab
def test_nodes_of_two_racks_reach_each_other_through_their_routers() -> None:
    with netns.up(nodes=2, underlay="routed") as lab:
        assert [router.name for router in lab.routers] == ["tor1", "tor2"]
        answer = run(lab, "node1", ["ping", "-c", "1", "-W", "2", lab.node("node2").address])
        assert "ttl=62" in answer.stdout


@pytest.mark.lab
@pytest.mark.parametrize("underlay", ["l2", "routed"])
def test_the_kernel_itself_sends_nothing_of_ipv6(underlay: Underlay) -> None:
    """No device has an IPv6 address, those of a pod and those made later included: so it reports no group and asks nobody."""
    with netns.up(underlay=underlay, reflectors=1 if underlay == "l2" else 0) as lab:
        lab.add_pod(Pod("pod1", "node1"))
        run(lab, "node1", ["ip", "link", "add", "later", "type", "veth", "peer", "name", "eth0", "netns", "pod1"])
        for place, device in (("node1", "later"), ("pod1", "eth0")):
            run(lab, place, ["ip", "link", "set", device, "up"])
        for place in ("underlay", "pod1", *(node.name for node in (*lab.nodes, *lab.routers))):
            assert json.loads(run(lab, place, ["ip", "-json", "-6", "address"]).stdout or "[]") == [], place


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user here")
def test_an_ordinary_user_of_a_login_shell_can_make_one() -> None:
    """Whose PATH lacks the system's folders, as Debian's /etc/login.defs has it."""
    become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "-i",
              "PATH=/usr/local/bin:/usr/bin:/bin", f"PYTHONPATH={ROOT}:{sysconfig.get_path('purelib')}",
              "PYTHONDONTWRITEBYTECODE=1"]
    # The interpreter of these tests may lie where only root may look.
    can = [python for python in (sys.executable, "/usr/bin/python3") if subprocess.run(
        [*become, python, "-c", "import experiments.labs.netns.backend"], cwd="/", capture_output=True).returncode == 0]
    if not can:
        pytest.skip("an ordinary user may not read this checkout, or its interpreter")
    program = "from experiments.labs.netns import backend as netns\nwith netns.up() as lab: print(lab.nodes[1].name)"
    done = subprocess.run([*become, can[0], "-c", program], cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "node2\n"), done.stderr


@pytest.mark.lab
def test_commands_see_the_devices_of_their_place_in_sys_if_they_have_to() -> None:
    with netns.up() as lab:
        run(lab, "node1", ["ip", "link", "add", "own0", "type", "veth", "peer", "name", "own1"])
        own, plain = (set(run(lab, "node1", ["ls", "/sys/class/net"], devices=devices).stdout.split())
                      for devices in (True, False))
        assert {"own0", "own1", "eth0"} <= own
        assert "own0" not in plain
        daemon = start(lab, "node1", ["cat", "/sys/class/net/own0/operstate"], stdout=subprocess.PIPE)
        assert daemon.communicate(timeout=20)[0].strip() == b"down"
        names = {link["ifname"] for link in json.loads(run(lab, "node1", ["ip", "-j", "link"]).stdout)}
        assert names == own


@pytest.mark.lab
def test_a_failing_command_names_place_command_and_message() -> None:
    with netns.up() as lab:
        with pytest.raises(ExperimentFailed, match=r"On node1: `ip link show dev nothing` ended with 1: .*nothing"):
            run(lab, "node1", ["ip", "link", "show", "dev", "nothing"])
        assert lab.transcript.steps[-1].exit_code == 1


@pytest.mark.lab
def test_a_hanging_command_is_given_up() -> None:
    with netns.up() as lab, pytest.raises(ExperimentFailed, match=r"did not end within 0\.2 s"):
        run(lab, "node1", ["sleep", "60"], timeout_s=0.2)


@pytest.mark.lab
def test_everything_is_gone_after_an_exception() -> None:
    seconds = f"600.{os.getpid()}"  # no other test's
    with pytest.raises(RuntimeError), netns.up() as lab:
        daemon = start(lab, "node1", ["sleep", seconds])
        raise RuntimeError
    assert daemon.wait(60) != 0
    assert _processes_with(f"sleep {seconds}") == []


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(paths, "PROGRAM_PATH", "/nonexistent")
    with pytest.raises(UserError, match="unshare"), netns.up():
        pass


_RUNNER = """
import sys, time
from experiments.labs.netns import backend as netns
from experiments.labs.base import run, start
print("started", flush=True)
with netns.up(nodes=3) as lab:
    print("up", flush=True)
    start(lab, "node1", ["sleep", sys.argv[1]])
    while True:
        run(lab, "node2", ["ip", "-json", "link"], record=False)
"""


@pytest.mark.lab
def test_sigkill_at_random_moments_leaves_nothing(tmp_path: Path) -> None:
    """Twenty runners are killed at random moments of their lives; afterwards the machine is as it was."""
    source = random.Random(20)
    before = _state()
    for attempt in range(20):
        mark = f"6{source.randrange(10**8):08d}.{os.getpid()}"
        runner = subprocess.Popen([sys.executable, "-c", _RUNNER, mark], stdout=subprocess.PIPE, cwd=ROOT,
                                  env={**os.environ, "PODPATH_TEST": mark})
        assert runner.stdout is not None
        assert runner.stdout.readline() == b"started\n", attempt
        time.sleep(source.uniform(0, 0.4))
        runner.send_signal(signal.SIGKILL)
        assert runner.wait(60) == -signal.SIGKILL, attempt  # it lived until then
        runner.stdout.close()
        _until(lambda mark=mark: not descended_from(mark))
    _until(lambda: _state() == before)
    assert _state() == before


def _processes_with(text: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def _state() -> dict[str, object]:
    """What a lab could leave behind on the host besides processes: links, network namespaces, mounts."""
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    return {
        "links": sorted(line.split(":")[1].strip() for line in links.splitlines()),
        "netns": sorted(path.name for path in Path("/run/netns").glob("*")),
        "mounts": len(Path("/proc/self/mounts").read_text().splitlines()),
    }


def _until(condition, timeout_s: float = 60.0) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
