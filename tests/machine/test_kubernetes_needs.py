"""What the labs in Kubernetes lack, tool by tool and limit by limit; each named with what to do, all at once.

The tools are scripts that answer what is asked here; no cluster is asked.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments import catalog
from experiments.cli import listing
from experiments.errors import UserError
from experiments.preflight import choose, containers, kubernetes, probes, readiness

DOCKER = """#!/bin/sh
case "$1 $2" in
"version --format") echo 1.44 ;;
"image inspect") ;;
"info --format") echo '{"DockerRootDir": "/"}' ;;
*) exit 1 ;;
esac
"""
TOOLS = {
    "docker": DOCKER, "containerlab": "#!/bin/sh\n", "nsenter": "#!/bin/sh\n", "setpriv": "#!/bin/sh\n",
    "kind": "#!/bin/sh\necho 0.32.0\n", "kubectl": "#!/bin/sh\necho somebody-s-cluster\n",
}
ASKED = (probes.program, probes.docker, kubernetes.context, kubernetes._kind_version, kubernetes._docker_info)


class Complete:
    """A machine that lacks nothing, to take things away from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in TOOLS.items():
            self.tool(name, text)
        for name in kubernetes.INOTIFY:
            self.write(f"inotify/{name}", "1000000\n")
        self.write("cgroup/cgroup.controllers", "")
        self.write("meminfo", f"MemTotal: 1 kB\nMemAvailable: {64 * 1024 * 1024} kB\n")
        self.write("modules", "")
        self.write("bridge-nf-call-iptables", "1\n")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def tool(self, name: str, text: str) -> None:
        self.write(f"bin/{name}", text).chmod(0o755)

    def without(self, name: str) -> None:
        (self.folder / name).unlink()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Complete]:
    made = Complete(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(probes, "SYSTEM_PATH", "")
    monkeypatch.setattr(probes, "feature", lambda name: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1 << 40, 0, 1 << 40))  # type: ignore[attr-defined]
    for module, name, path in ((containers, "MODULES", "modules"), (kubernetes, "WATCHES", "inotify"),
                               (kubernetes, "CONTROL_GROUPS", "cgroup"), (kubernetes, "MEMORY", "meminfo"),
                               (kubernetes, "BRIDGE_FILTER", "bridge-nf-call-iptables")):
        monkeypatch.setattr(module, name, tmp_path / path)
    for asked in ASKED:
        asked.cache_clear()
    yield made
    for asked in ASKED:
        asked.cache_clear()


def _missing(lab: str, mode: str = "flannel-udp") -> dict[str, str]:
    return {m.what: m.how for r in readiness(mode) if r.lab == lab for m in r.missing}


def test_a_machine_that_has_everything_is_taken_by_itself(machine: Complete) -> None:
    for mode in catalog.load():
        assert _missing("kind", mode) == {}
    choice = choose(catalog.get("calico-bgp"))
    assert (choice.lab, choice.kernel) == ("kind", "host")


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_each_tool_that_is_not_there_is_named_with_how_to_get_it(tool: str, machine: Complete) -> None:
    machine.without(f"bin/{tool}")
    missing = _missing("kind")
    assert set(missing) == {tool}
    assert missing[tool] == containers.HOW[tool]
    assert (tool in _missing("cluster")) == (tool == "kubectl")


def test_everything_is_said_at_once(machine: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in ("containerlab", "kind", "kubectl"):
        machine.without(f"bin/{tool}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    machine.without("modules")
    with pytest.raises(UserError) as refused:
        choose(catalog.get("calico-bgp"), "kind")
    for word in ("containerlab", "kind", "kubectl", "root", "/proc/modules", "Run it with sudo -E."):
        assert word in str(refused.value)


@pytest.mark.parametrize(("name", "text", "what", "how"), [
    ("inotify/max_user_watches", "8192\n", "fs.inotify.max_user_watches", "`sysctl fs.inotify.max_user_watches=524288`"),
    ("inotify/max_user_instances", "128\n", "fs.inotify.max_user_instances", "`sysctl fs.inotify.max_user_instances=512`"),
    ("meminfo", "MemAvailable: 2097152 kB\n", "memory", "a machine with more"),
])
def test_a_limit_that_is_too_low_is_named_with_the_command_that_raises_it(
    name: str, text: str, what: str, how: str, machine: Complete
) -> None:
    machine.write(name, text)
    missing = _missing("kind")
    assert set(missing) == {what}
    assert how in missing[what]


def test_what_is_broken_is_not_what_is_missing(machine: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.without("cgroup/cgroup.controllers")
    machine.without("bridge-nf-call-iptables")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 1 << 30))  # type: ignore[attr-defined]
    machine.tool("kind", "#!/bin/sh\necho 0.20.0\n")
    assert set(_missing("kind")) == {"control groups", "kernel feature br_netfilter", "disk space", "a newer kind"}
    (machine.folder / "cgroup" / "memory").mkdir()  # version 1
    assert "control groups" not in _missing("kind")


def test_docker_that_does_not_answer_or_is_too_old(machine: Complete) -> None:
    machine.tool("docker", "#!/bin/sh\n"
                           "echo 'permission denied while trying to connect to the Docker daemon socket' >&2\nexit 1\n")
    places = [m for r in readiness("calico-bgp") if r.lab == "kind" for m in r.missing]
    assert [m.what for m in places] == ["Docker's daemon"]
    assert "permission denied" in places[0].why
    probes.docker.cache_clear()
    machine.tool("docker", DOCKER.replace("1.44", "1.30"))
    assert set(_missing("kind")) == {"Docker's daemon"}


def test_flannel_s_udp_is_not_published_for_other_processors(machine: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert set(_missing("kind")) == {"a processor of amd64"}
    assert _missing("kind", "flannel-vxlan") == {}


def test_a_variant_of_the_embedded_lab_is_not_looked_for_in_kubernetes(machine: Complete) -> None:
    assert set(_missing("kind", "weave-sleeve-encrypted")) == {"weave-sleeve-encrypted in Kubernetes"}


def test_a_cluster_is_there_when_kubectl_knows_one_and_is_never_taken_by_itself(
    machine: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _missing("cluster") == {}
    machine.without("bin/kind")
    probes.program.cache_clear()
    monkeypatch.setattr(probes, "user_namespaces", lambda: "not allowed here")
    with pytest.raises(UserError):
        choose(catalog.get("calico-bgp"), kernel="host")  # neither kind nor the embedded lab: not the cluster instead
    kubernetes.context.cache_clear()
    machine.tool("kubectl", "#!/bin/sh\necho 'error: current-context is not set' >&2\nexit 1\n")
    refused = [m for r in readiness("calico-bgp") if r.lab == "cluster" for m in r.missing]
    assert [m.what for m in refused] == ["a cluster"]
    assert "current-context is not set" in refused[0].why


def test_the_list_shows_a_lab_once_and_what_a_mode_needs_beyond_it(
    machine: Complete, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.without("bin/kubectl")
    machine.without("bridge-nf-call-iptables")
    listing.run_list()
    said = capsys.readouterr().out
    assert "kind: needs kubectl\n  flannel-udp: needs also kernel feature br_netfilter\n" in said
    assert f"kubectl: {containers.HOW['kubectl']}" in said
    listing.run_list(format="json")
    kind = [place for place in json.loads(capsys.readouterr().out) if place["lab"] == "kind"]
    assert all(place["missing"][0]["what"] == "kubectl" for place in kind)
