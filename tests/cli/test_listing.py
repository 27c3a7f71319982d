"""``invoke list`` on machines that are described: short where all is ready, each reason once, and what to type next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from described import BRIDGE_FILTER, Described, described, tool, write

from experiments import catalog
from experiments.catalog.pending import pending
from experiments.cli import listing, progress
from experiments.errors import UserError
from experiments.labs.containerlab import lab_image
from experiments.labs.containerlab import needs_containers as containers
from experiments.labs.readiness import choose
from experiments.machine.packages import PACKAGES

DOCKER = "#!/bin/sh\n[ $1 = version ] && echo 1.44 || echo '{\"DockerRootDir\": \"/\"}'\n"


@pytest.fixture
def complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Described:
    """A machine where everything is ready."""
    monkeypatch.setattr(progress.console, "_width", 80)
    monkeypatch.setattr(lab_image, "archive", lambda: write(tmp_path, "image.tar", ""))
    for name in (*containers.HOW, *(program for package in PACKAGES for program in package.programs), "genl"):
        tool(tmp_path, name)
    for name, text in (("docker", DOCKER), ("kind", "#!/bin/sh\necho 0.32.0\n"), ("kubectl", "#!/bin/sh\necho mine\n")):
        tool(tmp_path, name, text)
    for name in (containers.MODULES, BRIDGE_FILTER, "sys/fs/cgroup/cgroup.controllers"):
        write(tmp_path, name.lstrip("/"), "")
    write(tmp_path, "etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    return described(tmp_path)


def listed(machine: Described, capsys: pytest.CaptureFixture[str], **asked: str) -> str:
    listing.run_list(machine=replace(machine), **asked)  # type: ignore[arg-type]
    return capsys.readouterr().out


def rows(said: str) -> dict[str, str]:
    return {line.split()[0]: line for line in said.splitlines() if line.split()[:1] and line.split()[0] in
            {**catalog.load(), **catalog.variants()}}


def test_where_all_is_ready_it_fits_a_small_terminal_with_the_variants(
    complete: Described, capsys: pytest.CaptureFixture[str]
) -> None:
    said = listed(complete, capsys)
    lines = said.splitlines()
    unfinished = sum(bool(pending(mode)) for mode in catalog.load().values())
    assert len(lines) <= 13 + len(rows(said)) + unfinished  # with ten modes and variants 23, and the prompt
    assert max(map(len, lines)) <= 80
    assert set(rows(said)) == {*catalog.load(), *catalog.variants()}
    assert rows(said)["calico-bgp"].split()[1:] == ["ready"] * 6
    assert lines[-1] == "Next: invoke experiment calico-bgp"


def test_a_reason_stands_in_its_row_and_its_remedy_once_below(
    complete: Described, capsys: pytest.CaptureFixture[str]
) -> None:
    said = listed(replace(complete, lacks=frozenset({"ipip"})), capsys)
    assert "no ipip" in rows(said)["calico-ipip"]
    assert sum(line.startswith("ipip: ") for line in said.splitlines()) == 1


def test_without_user_namespaces_neither_kernel_has_the_embedded_lab(
    complete: Described, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = replace(complete, refuses="user namespaces are switched off")
    places = json.loads(listed(machine, capsys, format="json"))
    embedded = [place for place in places if place["lab"] == "netns"]
    assert {place["kernel"] for place in embedded} == {"host", "uml"}
    assert all("user namespaces" in {missing["what"] for missing in place["missing"]} for place in embedded)
    assert "netns, capsule: not ready, needs user namespaces" in listed(machine, capsys)


def test_a_narrow_terminal_folds_words_and_cuts_none(
    complete: Described, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress.console, "_width", 40)
    said = listed(replace(complete, lacks=frozenset({"openvswitch"})), capsys)
    assert "no" in said
    assert "…" not in said


def test_json_has_each_variant_with_the_mode_it_is_of(complete: Described, capsys: pytest.CaptureFixture[str]) -> None:
    places = json.loads(listed(complete, capsys, format="json"))
    of = {place["mode"]: place["variant_of"] for place in places}
    assert of["weave-sleeve-encrypted"] == "weave-sleeve"
    assert of["weave-sleeve"] == ""
    assert {"mode", "lab", "kernel", "missing", "ready"} <= set(places[0])


def test_nothing_installed_leads_to_setup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = listed(described(tmp_path), capsys)
    assert said.endswith("Next: invoke setup\n")
    assert "kernel feature" not in said  # a tool that would tell is missing, not the feature


def refused(machine: Described, mode: str, **asked: str) -> UserError:
    with pytest.raises(UserError) as raised:
        choose(catalog.get(mode), replace(machine), "netns", **asked)  # type: ignore[arg-type]
    return raised.value


def test_a_relay_that_the_host_lacks_something_for_is_not_sent_to_the_capsule(complete: Described) -> None:
    refusal = refused(replace(complete, lacks=frozenset({"packet-socket"})), "weave-sleeve")
    assert refusal.problem == "weave-sleeve cannot run here: kernel feature packet-socket (no packet-socket here)."
    assert refusal.advice == "Load its module (`modprobe af_packet`), or use another kernel."


def test_only_what_is_missing_is_named_when_upstream_s_daemon_is(complete: Described) -> None:
    refusal = refused(complete, "flannel-udp", daemon="upstream")
    assert refusal.problem == "flannel-udp cannot run here: flanneld (upstream's daemon of flannel-udp)."
    assert "kernel" not in refusal.advice


def test_what_the_capsule_lacks_is_the_advice_where_the_host_s_kernel_cannot(complete: Described) -> None:
    (complete.files / "bin" / "linux.uml").unlink()
    refusal = refused(replace(complete, lacks=frozenset({"ipip"})), "calico-ipip")
    assert refusal.advice == "Run `invoke setup` (Debian package user-mode-linux)."
    assert "modprobe ipip" in refused(replace(complete, lacks=frozenset({"ipip"}), processor="arm64"), "calico-ipip").advice


def test_kind_is_mentioned_to_who_has_it(complete: Described) -> None:
    (complete.files / "proc/modules").unlink()
    sentence = choose(catalog.get("calico-bgp"), replace(complete)).sentence
    assert sentence == "Lab: netns, on the host's kernel: kind is not ready here (/proc/modules)."
    (complete.files / "bin" / "kind").unlink()
    assert choose(catalog.get("calico-bgp"), replace(complete)).sentence == "Lab: netns, on the host's kernel."
