"""The front door as a person uses it: ``invoke …`` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.paths import ROOT

TASKS = ["bench", "build", "campaign", "check", "clean", "experiment", "fail", "fidelity", "list", "new-mode", "noise",
         "recognise", "render", "scale", "serve", "setup", "show", "submit", "test", "validate"]


def invoke(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "120"} | ({"PATH": path} if path is not None else {})
    return subprocess.run([sys.executable, "-m", "invoke", *arguments], cwd=ROOT, capture_output=True, text=True,
                          timeout=120, env=environment, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("task", ["experiment", "show", "new-mode", "list"])
def test_help_may_follow_the_task_too(task: str) -> None:
    done = invoke(task, "--help")
    assert done.returncode == 0 and "Options:" in done.stdout and done.stdout == invoke("--help", task).stdout


def test_every_task_is_listed_with_a_short_help() -> None:
    lines = [line.split(maxsplit=1) for line in invoke("--list").stdout.splitlines() if line.startswith("  ")]
    tasks = dict(lines)
    assert set(tasks) == set(TASKS)
    assert all(len(text) < 62 for text in tasks.values())


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_help(task: str) -> None:
    done = invoke("--help", task)
    assert done.returncode == 0
    assert "Docstring:" in done.stdout
    assert ("--nodes=INT" in done.stdout) == (task == "experiment")


def test_an_unknown_mode_is_answered_with_the_closest_one_and_all() -> None:
    done = invoke("experiment", "calico-bpg")
    assert done.returncode == 2
    assert done.stderr == (
        "Unknown mode 'calico-bpg'. Did you mean calico-bgp?\n"
        "Modes: calico-bgp, calico-bgp-global, calico-bgp-node, calico-ipip, flannel-udp, flannel-vxlan, weave-fastdp, "
        "weave-sleeve, weave-sleeve-encrypted, weave-sleeve-pcap.\n"
    )


@pytest.mark.parametrize(("arguments", "message"), [
    (("experiment", "calico-bgp", "--profile", "fast"), "Unknown profile 'fast'."),
    (("experiment", "calico-bgp", "--lab", "cellar"), "Unknown lab 'cellar'."),
    (("experiment", "calico-bgp", "--kernel", "bsd"), "Unknown kernel 'bsd'."),
    (("experiment", "calico-bgp", "--lab", "kind", "--nodes", "5"), "5 nodes cannot be had in the lab kind"),
    (("experiment", "calico-bgp", "--lab", "kind", "--manifests", "/nonexistent"), "there is no such folder"),
    (("experiment", "calico-bgp", "--lab", "kind", "--image-archive", "/nonexistent"), "there is no such file"),
    (("experiment", "calico-bgp", "--daemon", "/nonexistent/calico-node"), "there is no such program"),
    (("experiment", "flannel-udp", "--daemon", "upstream", "--lab", "containerlab"), "is for the embedded lab"),
    (("experiment", "flannel-udp", "--daemon", "upstream", "--lab", "kind", "--dry-run"), "is for the embedded lab"),
    (("experiment", "flannel-udp", "--daemon", "theirs"), "Unknown daemon 'theirs'."),
    (("experiment", "calico-bgp", "--nodes", "abc"), "--nodes abc: that is not a whole number.\nFor example --nodes 2.\n"),
    (("experiment", "calico-bgp", "--seed", "1.5"), "--seed 1.5: that is not a whole number."),
    (("scale", "calico-bgp", "--nodes", "abc"), "'abc' is not a list of numbers."),
    (("scale", "calico-bgp", "--timeout", "soon"), "--timeout soon: that is not a whole number."),
    (("scale", "flannel-vxlan"), "calico-bgp"),
    (("fail",), "No mode is named."),
    (("fail", "calico-bgp", "--event", "earthquake"), "Events: cut, silent, mtu, daemon, or all."),
    (("fail", "calico-bgp", "--watch", "abc"), "--watch abc: that is not a whole number.\nFor example --watch 1.\n"),
    (("fail", "calico-bgp", "--watch", "-3"), "0 is the event's own time"),
    (("test", "--", "-n", "0", "-k", "nothingatall", "tests/cli/test_door.py"), "No test was selected."),
    (("list", "--lab", "cellar"), "Unknown lab 'cellar'."),
    (("list", "--format", "xml"), "Unknown format 'xml'."),
    (("campaign", "--modes", "nothing"), "Unknown mode 'nothing'."),
    (("campaign", "--lab", "auto"), "Labs of a campaign: netns, containerlab, kind."),
    (("campaign", "--kernels", "bsd"), "Unknown choice of kernels 'bsd'."),
    (("campaign", "--manifests", "/tmp"), "Use them with --lab kind."),
    (("campaign", "--seed", "9" * 30), "that is too large a number."),
    (("campaign", "--lab", "cluster"), "Measure it: `invoke experiment auto --lab cluster --profile standard`."),
    (("campaign", "--lab", "kind", "--manifests", "/nonexistent"), "there is no such folder"),
    (("fidelity", "flannel-udp", "nothing"), "Unknown mode 'nothing'."),
    (("fidelity", "--deployments", "0"), "--deployments 0: that is not a whole number from 1 to 30."),
    (("fidelity", "--kernel", "bsd"), "Unknown kernel 'bsd'."),
    (("fidelity", "flannel-udp", "--from", "nothing"), "There is no result 'nothing'."),
    (("bench", "--which", "nothing"), "Unknown benchmark 'nothing'."),
])
def test_a_user_s_mistake_is_one_message_and_exit_status_2(arguments: tuple[str, ...], message: str) -> None:
    done = invoke(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path) -> None:
    script = (
        "from described import without\n"
        "from experiments import catalog\n"
        "from experiments.labs.readiness import choose\n"
        "choose(catalog.get('calico-bgp'), without('bird'))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"})
    assert "UserError: calico-bgp cannot run here: bird (speaks BGP in the Calico modes)" in done.stderr
    assert "Run `invoke setup` (Debian package bird2)." in done.stderr


def test_list_as_json_says_of_every_mode_where_it_runs() -> None:
    places = json.loads(invoke("list", "--format", "json").stdout)
    assert {place["mode"] for place in places} >= {"calico-bgp", "flannel-vxlan", "weave-sleeve"}
    for place in places:
        assert place["ready"] == (not place["missing"])
        assert all(missing["what"] and missing["how"] for missing in place["missing"])


def test_dry_run_prints_commands_and_stores_nothing(tmp_path: Path) -> None:
    done = invoke("experiment", "flannel-vxlan", "--dry-run", "--out", str(tmp_path))
    assert done.returncode == 0
    assert "node1# ip link add flannel.1 address 02:00:00:00:00:01 mtu 1450 type vxlan id 1" in done.stdout
    assert "wire, pod-pod" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_dry_run_of_the_kind_lab_prints_files_and_commands_to_paste(tmp_path: Path) -> None:
    done = invoke("experiment", "calico-bgp-node", "--lab", "kind", "--dry-run", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "cannot be run" not in done.stdout
    for line in ("cat > cluster.kind.yml <<'END'", "cat > tor3.bird.conf <<'END'",
                 "kind create cluster --name podpath-calico-bgp-node --config cluster.kind.yml --kubeconfig kubeconfig "
                 "--retain",
                 "containerlab deploy --topo fabric.clab.yml",
                 "kubectl --kubeconfig kubeconfig apply --server-side --filename manifest.yml",
                 "kind delete cluster --name podpath-calico-bgp-node --kubeconfig kubeconfig", "wire, pod-pod"):
        assert line in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_dry_run_with_upstream_s_daemon_prints_its_commands(tmp_path: Path) -> None:
    done = invoke("experiment", "flannel-udp", "--daemon", "upstream", "--dry-run", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "node2# flanneld --etcd-endpoints http://172.31.0.1:2379 --iface eth0" in done.stdout
    assert "etcdctl --endpoints http://172.31.0.1:2379 put /coreos.com/network/subnets/10.244.2.0-24" in done.stdout
    assert "relays.flannel_udp" not in done.stdout


def test_setup_dry_run_says_what_and_why_and_installs_nothing() -> None:
    done = invoke("setup", "--dry-run")
    assert done.returncode == 0
    assert "bird2" in done.stdout
    assert "speaks BGP in the Calico modes" in done.stdout


def test_pytest_gets_its_arguments_as_the_shell_gave_them() -> None:
    here = "tests/labs/netns/test_netns.py"
    done = invoke("test", "--", "-n0", "--collect-only", "-q", "-m", "not lab", here)
    assert done.returncode == 0, done.stderr
    assert f"{here}::test_a_missing_tool_is_named\n" in done.stdout
    assert "sigkill" not in done.stdout
    quick = invoke("test", "--quick", "--", "-n0", "--collect-only", "-q", here)
    collected, again = (sorted(line for line in one.stdout.splitlines() if "::" in line) for one in (done, quick))
    assert again == collected


@pytest.mark.lab
def test_an_experiment_ends_with_a_table_and_a_stored_file(tmp_path: Path) -> None:
    done = invoke("experiment", "calico-bgp", "--profile", "smoke", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "941 Mbit/s" in done.stdout
    stored = list(tmp_path.glob("*/calico-bgp.yml"))
    assert len(stored) == 1
    assert str(stored[0]) in done.stdout
    assert (stored[0].parent / "campaign.yml").exists()


@pytest.mark.lab
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_that_ends_it_is_an_interruption(number: signal.Signals, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "invoke", "experiment", "calico-bgp", "--lab", "netns", "--profile", "smoke", "--out",
            str(tmp_path)]
    # A background job of a shell ignores SIGINT, one under nohup SIGHUP, and so would what it starts.
    with subprocess.Popen(argv, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          preexec_fn=lambda: signal.signal(number, signal.SIG_DFL)) as running:
        assert running.stdout is not None
        assert any("measure" in line for line in running.stdout)
        running.send_signal(number)
        _, said = running.communicate(timeout=120)
    assert running.returncode == 128 + number
    assert said.strip() == "Interrupted; what was running has been taken down."


@pytest.mark.lab
def test_under_nohup_it_goes_on_when_the_terminal_is_gone(tmp_path: Path) -> None:
    argv = ["nohup", sys.executable, "-m", "invoke", "experiment", "calico-bgp", "--lab", "netns", "--profile", "smoke",
            "--out", str(tmp_path)]
    with subprocess.Popen(argv, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        assert running.stdout is not None
        assert any("measure" in line for line in running.stdout)
        running.send_signal(signal.SIGHUP)
        said, _ = running.communicate(timeout=120)
    assert running.returncode == 0, said
    assert len(list(tmp_path.glob("*/calico-bgp.yml"))) == 1


@pytest.mark.lab
def test_tasks_chain(tmp_path: Path) -> None:
    done = invoke("setup", "--dry-run", "experiment", "flannel-vxlan", "--dry-run", "list")
    assert done.returncode == 0, done.stderr
    assert "\nNext: invoke experiment" in done.stdout
