"""Saved clusters: what is broken, hostile or mixed is refused by file and reason; what is missing is only not visible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from clusters import NODES, PODS, calico, flannel, node, with_files
from test_recognise import ask

from experiments.dataplanes.found import collect, saved
from experiments.dataplanes.found.node_view import Broken
from experiments.dataplanes.table import FOUND
from experiments.errors import UserError

DAEMON_SETS = "daemonsets.apps.json"
Damage = Callable[[Path], object]


def _write(file: str, text: str | bytes) -> Damage:
    def damage(folder: Path) -> None:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(text if isinstance(text, bytes) else text.encode())

    return damage


def _cut(file: str) -> Damage:
    return lambda folder: (folder / file).write_text((folder / file).read_text()[:-40])


def _large(folder: Path) -> None:
    with (folder / "nodes.json").open("r+b") as file:  # a hole: it takes no room
        file.truncate(saved.LARGEST_BYTES + 1)


def _other_machine(folder: Path) -> None:
    (folder / "n1" / "links.json").write_bytes((folder / "n2" / "links.json").read_bytes())


@pytest.mark.parametrize(("damage", "file", "reason"), [
    (_cut("nodes.json"), "nodes.json", "is cut off, or not JSON"),
    (_cut(DAEMON_SETS), DAEMON_SETS, "is cut off, or not JSON"),
    (_cut("n2/links.json"), "n2/links.json", "is cut off, or not JSON"),
    (_cut("n1/routes.json"), "n1/routes.json", "is cut off, or not JSON"),
    (_write("n1/routes.json", "[" * 100_000), "n1/routes.json", "is cut off, or not JSON"),
    (_write("n1/routes.json", "[1, 2]"), "n1/routes.json", "something else than objects"),
    (_write("nodes.json", '{"items": ' + "[" * 100_000), "nodes.json", "nested too deeply"),
    (_write("nodes.json", '{"items": [{"metadata": []}]}'), "nodes.json", "something else than Kubernetes' objects"),
    (_write("nodes.json", '{"items": 7}'), "nodes.json", "something else than Kubernetes' objects"),
    (_write("nodes.json", b'{"items": "\xff"}'), "nodes.json", "no text in UTF-8"),
    (_large, "nodes.json", "32 MiB are read at most"),
    (_write(DAEMON_SETS, json.dumps({"items": [{"kind": "Secret", "metadata": {}}]})), DAEMON_SETS, "DaemonSet is wanted"),
    (_write(DAEMON_SETS, json.dumps({"items": [
        {"kind": "DaemonSet", "apiVersion": "extensions/v1beta1", "metadata": {}}]})), DAEMON_SETS, "of extensions/v1beta1"),
    (_write("n9/links.json", "[]"), "n9", "no node of that name"),
    (_other_machine, "n1/links.json", "no link there has its address 10.0.0.1"),
    (_write("pods.txt", "NODE ...\nelsewhere default web Running 10.9.9.9 <none> web\n"), "pods.txt", "pods on elsewhere"),
])
def test_what_cannot_be_used_is_refused_with_file_and_reason(damage: Damage, file: str, reason: str, tmp_path: Path) -> None:
    damage(flannel().write(tmp_path))
    with pytest.raises(Broken) as refusal:
        ask(tmp_path, "n1,n2")
    assert file in refusal.value.problem and reason in refusal.value.problem
    assert refusal.value.advice
    assert len(refusal.value.problem) < 500


def test_a_folder_without_nodes_is_refused_and_says_how_one_is_made(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(UserError) as refusal:
            saved.nodes(folder)
        assert "invoke recognise --collect" in refusal.value.advice
    (tmp_path / "nodes.json").touch()
    (tmp_path / "nodes.json.err").write_text("E1126 memcache\nUnable to connect to the server: i/o timeout\n")
    with pytest.raises(UserError, match="Unable to connect to the server: i/o timeout"):
        saved.nodes(tmp_path)


@pytest.mark.parametrize(("file", "said", "words"), [
    (DAEMON_SETS, "Error from server (Forbidden): daemonsets.apps is forbidden", "daemon sets (Error from server (Forbidden)"),
    ("ippools.crd.projectcalico.org.json", "error: the server doesn't have a resource type \"ippools\"",
     "IPPools (the cluster's API has no such kind)"),
    ("n1/links.json", "exec: \"ip\": executable file not found in $PATH", "executable file not found"),
])
def test_a_command_that_failed_is_not_visible_with_its_own_words(file: str, said: str, words: str, tmp_path: Path) -> None:
    calico().write(tmp_path)
    (tmp_path / file).write_text("")
    (tmp_path / f"{file}.err").write_text(f"{said}\n")
    assert any(words in one for one in ask(tmp_path).hidden)


def test_an_ip_that_knows_no_json_is_not_visible(tmp_path: Path) -> None:
    busybox = "BusyBox v1.36.1 multi-call binary.\n\nUsage: ip [OPTIONS]\n"
    verdict = ask(with_files(calico(), {"n1/links.json": busybox, "n1/tcp.txt": "cat: no such file\n"}).write(tmp_path))
    assert any("no JSON, but: BusyBox" in one for one in verdict.hidden)
    assert any("no table of sockets, but: cat" in one for one in verdict.hidden)
    assert verdict.mode == ""


EVIL = ["<script>alert(1)</script>", "[bold red]x[/]", "\x1b[2Jgone", "../../etc", "--kubeconfig=/tmp/x", "a;reboot", "n" * 400]


@pytest.mark.parametrize("name", EVIL)
def test_a_node_of_a_hostile_name_is_left_out(name: str, tmp_path: Path) -> None:
    cluster = calico()
    cluster.files["nodes.json"].insert(0, node(name))
    assert ask(cluster.write(tmp_path)).mode == "calico-bgp"


@pytest.mark.parametrize("name", EVIL)
def test_hostile_words_are_shown_as_text_and_no_longer_than_a_line(name: str, tmp_path: Path) -> None:
    cluster = calico()
    cluster.files[DAEMON_SETS][0]["metadata"]["name"] = name
    cluster.files[DAEMON_SETS][0]["metadata"]["namespace"] = name
    cluster.files["ippools.crd.projectcalico.org.json"][0]["spec"]["cidr"] = name
    cluster.write(tmp_path)
    done = _invoke("--from", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "\x1b[2J" not in done.stdout
    assert len(done.stdout) < 20_000
    assert all(len(one.said) <= 300 for one in ask(tmp_path).findings)


def _invoke(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "invoke", "recognise", *arguments], capture_output=True, text=True,
                          timeout=120, check=False, env={**os.environ, "COLUMNS": "80"})


def test_the_command_prints_evidence_reasons_and_what_follows(tmp_path: Path) -> None:
    done = _invoke("--from", str(calico().write(tmp_path)), "--on", "n2,n1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Between the nodes n2 and n1:")
    assert done.stdout.endswith("It is calico-bgp, and the nodes' own view agrees.\n")
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    again = _invoke("--from", str(tmp_path), "--format", "json")
    plain = json.loads(again.stdout)
    assert (plain["mode"], plain["candidates"], plain["nodes"]) == ("calico-bgp", ["calico-bgp"], ["n1", "n2"])
    against = {one["mode"]: one["against"] for one in plain["modes"]}
    assert against["calico-bgp"] == [] and any("ipipMode Never" in words for words in against["calico-ipip"])


def test_what_is_typed_wrongly_is_said(tmp_path: Path) -> None:
    typed = (("--from", str(tmp_path / "no"), "there is no such folder"), ("--format", "xml", "Unknown format"))
    for option, value, words in typed:
        done = _invoke(option, value)
        assert (done.returncode, words in done.stderr) == (2, True), done.stderr


# -- the script that saves a cluster ----------------------------------------------------------------------------------

# Answers of a cluster, as the script asks for them; unknown kinds and containers as kubectl refuses them.
KUBECTL = """#!{python}
import json, pathlib, sys
saved, argv = pathlib.Path({folder!r}), sys.argv[1:]
pathlib.Path({log!r}).open("a").write(json.dumps(argv) + "\\n")
if argv[0] == "get":
    name = {{"pods": "pods.txt", "configmaps": "configmap.kube-flannel-cfg.json"}}.get(argv[1], argv[1] + ".json")
    if not (saved / name).exists():
        sys.exit('error: the server doesn\\'t have a resource type "' + argv[1].partition(".")[0] + '"')
    print((saved / name).read_text(), end="")
elif argv[0] == "exec":
    pod, command = argv[3], argv[argv.index("--") + 1:]
    file = {files!r}.get(" ".join(command))
    if file is None or not (saved / pod[-2:] / file).exists():
        sys.exit("OCI runtime exec failed: executable file not found in $PATH: " + command[0])
    print((saved / pod[-2:] / file).read_text(), end="")
else:
    sys.exit("stand-in: this does not only read: " + argv[0])
"""


@pytest.mark.parametrize("which", ["calico", "flannel"])
def test_what_the_script_saves_is_what_is_read(which: str, tmp_path: Path) -> None:
    cluster, pod = {"calico": (calico(), "calico-node"), "flannel": (flannel(), "kube-flannel")}[which]
    rows = [f"{name} kube-system {pod}-{name} Running {NODES[name]} true other,{pod}\n" for name in PODS]
    original = with_files(cluster, {"pods.txt": cluster.files["pods.txt"] + "".join(rows)}).write(tmp_path / "original")
    asked = {**collect.QUESTIONS, **{file: argv for cni in FOUND.values() for file, argv in cni.questions.items()}}
    (tmp_path / "bin").mkdir()
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.write_text(KUBECTL.format(python=sys.executable, folder=str(original), log=str(tmp_path / "log"),
                                      files={" ".join(argv): file for file, argv in asked.items()}))
    kubectl.chmod(0o755)
    printed = _invoke("--collect")
    assert printed.returncode == 0, printed.stderr
    done = subprocess.run(["sh", "-us", str(tmp_path / "copy")], input=printed.stdout, capture_output=True, text=True,
                          timeout=120, check=False, env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    assert done.returncode == 0, done.stderr
    assert f"invoke recognise --from {tmp_path / 'copy'}" in done.stdout
    assert ask(tmp_path / "copy").mode == {"calico": "calico-bgp", "flannel": "flannel-vxlan"}[which]
    verbs = {json.loads(line)[0] for line in (tmp_path / "log").read_text().splitlines()}
    assert verbs == {"get", "exec"}  # nothing that changes
