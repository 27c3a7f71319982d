"""What the labs in Kubernetes lack, tool by tool and limit by limit; each named with what to do, all at once.

The tools are scripts that answer what is asked here; no cluster is asked.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from described import BRIDGE_FILTER, Described, described, tool, write

from experiments import catalog
from experiments.catalog.pending import in_kubernetes
from experiments.cli import campaign as command
from experiments.cli import listing
from experiments.errors import UserError
from experiments.labs.containerlab import needs_containers as containers
from experiments.labs.kind import needs_kind as kubernetes
from experiments.labs.readiness import choose, readiness
from experiments.measure import campaign
from experiments.variant import Variant

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


class Complete:
    """A machine that lacks nothing, to take things away from. Each question takes another look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = described(folder)
        for name, text in TOOLS.items():
            tool(folder, name, text)
        for name in kubernetes.INOTIFY:
            write(folder, f"proc/sys/fs/inotify/{name}", "1000000\n")
        write(folder, "sys/fs/cgroup/cgroup.controllers", "")
        write(folder, "proc/meminfo", f"MemTotal: 1 kB\nMemAvailable: {64 * 1024 * 1024} kB\n")
        write(folder, "proc/modules", "")
        write(folder, BRIDGE_FILTER.lstrip("/"), "1\n")

    def look(self) -> Described:
        return replace(self.seen)

    def but(self, **changed: object) -> None:
        self.seen = replace(self.seen, **changed)  # type: ignore[arg-type]

    def without(self, name: str) -> None:
        (self.folder / name.lstrip("/")).unlink()

    def missing(self, lab: str, mode: str = "flannel-udp") -> dict[str, str]:
        return {m.what: m.how for r in readiness(mode, self.look()) if r.lab == lab for m in r.missing}


@pytest.fixture
def complete(tmp_path: Path) -> Complete:
    return Complete(tmp_path)


def test_a_machine_that_has_everything_is_taken_by_itself(complete: Complete) -> None:
    for mode in filter(in_kubernetes, catalog.load()):
        assert complete.missing("kind", mode) == {}
    choice = choose(catalog.get("calico-bgp"), complete.look())
    assert (choice.lab, choice.kernel) == ("kind", "host")


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_each_tool_that_is_not_there_is_named_with_how_to_get_it(tool: str, complete: Complete) -> None:
    complete.without(f"bin/{tool}")
    missing = complete.missing("kind")
    assert set(missing) == {tool}
    assert missing[tool] == containers.HOW[tool]
    assert (tool in complete.missing("cluster")) == (tool == "kubectl")


def test_everything_is_said_at_once(complete: Complete) -> None:
    for name in ("containerlab", "kind", "kubectl"):
        complete.without(f"bin/{name}")
    complete.but(root=False)
    complete.without(containers.MODULES)
    with pytest.raises(UserError) as refused:
        choose(catalog.get("calico-bgp"), complete.look(), "kind")
    for word in ("containerlab", "kind", "kubectl", "root", "/proc/modules", "Run it with sudo -E."):
        assert word in str(refused.value)


@pytest.mark.parametrize(("name", "text", "what", "how"), [
    ("proc/sys/fs/inotify/max_user_watches", "8192\n", "fs.inotify.max_user_watches",
     "`sysctl fs.inotify.max_user_watches=524288`"),
    ("proc/sys/fs/inotify/max_user_instances", "128\n", "fs.inotify.max_user_instances",
     "`sysctl fs.inotify.max_user_instances=512`"),
    ("proc/meminfo", "MemAvailable: 2097152 kB\n", "memory", "a machine with more"),
])
def test_a_limit_that_is_too_low_is_named_with_the_command_that_raises_it(
    name: str, text: str, what: str, how: str, complete: Complete
) -> None:
    write(complete.folder, name, text)
    missing = complete.missing("kind")
    assert set(missing) == {what}
    assert how in missing[what]


def test_what_is_broken_is_not_what_is_missing(complete: Complete) -> None:
    complete.without("sys/fs/cgroup/cgroup.controllers")
    complete.without(BRIDGE_FILTER)
    complete.but(free=1 << 30)
    tool(complete.folder, "kind", "#!/bin/sh\necho 0.20.0\n")
    assert set(complete.missing("kind")) == {"control groups", "kernel feature br_netfilter", "disk space", "a newer kind"}
    (complete.folder / "sys/fs/cgroup/memory").mkdir()  # version 1
    assert "control groups" not in complete.missing("kind")


def test_docker_that_does_not_answer_or_is_too_old(complete: Complete) -> None:
    said = "permission denied while trying to connect to the Docker daemon socket"
    tool(complete.folder, "docker", f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    places = [m for r in readiness("calico-bgp", complete.look()) if r.lab == "kind" for m in r.missing]
    assert [m.what for m in places] == ["Docker's daemon"]
    assert "permission denied" in places[0].why
    tool(complete.folder, "docker", DOCKER.replace("1.44", "1.30"))
    assert set(complete.missing("kind")) == {"Docker's daemon"}


def test_flannel_s_udp_is_not_published_for_other_processors(complete: Complete) -> None:
    complete.but(processor="arm64")
    assert set(complete.missing("kind")) == {"a processor of amd64"}
    assert complete.missing("kind", "flannel-vxlan") == {}


def test_a_variant_of_the_embedded_lab_is_not_looked_for_in_kubernetes(complete: Complete) -> None:
    assert set(complete.missing("kind", "weave-sleeve-encrypted")) == {"weave-sleeve-encrypted in Kubernetes"}


def test_a_campaign_of_clusters_has_every_mode_that_can_be_had_there(
    complete: Complete, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    complete.but(lacks=frozenset({"ipip"}))
    begun: list[campaign.Request] = []

    def stop(request: campaign.Request, root: Path) -> Path:
        begun.append(request)
        raise UserError("Far enough.")

    monkeypatch.setattr(command, "look", complete.look)
    monkeypatch.setattr(campaign, "begin", stop)
    with pytest.raises(UserError, match="Far enough"):
        command.run_campaign(lab="kind", profile="smoke", out=str(tmp_path / "out"))
    able = [Variant(name, "kind") for name in catalog.load() if in_kubernetes(name) and name != "calico-ipip"]
    assert list(begun[0].variants) == able
    said = " ".join(capsys.readouterr().out.split())
    assert "calico-ipip in the lab kind, on the host kernel: not run, for this is missing: kernel feature ipip" in said


def test_a_cluster_is_there_when_kubectl_knows_one_and_is_never_taken_by_itself(
    complete: Complete,
) -> None:
    assert complete.missing("cluster") == {}
    complete.without("bin/kind")
    complete.but(refuses="not allowed here")
    with pytest.raises(UserError):  # neither kind nor the embedded lab: not the cluster instead
        choose(catalog.get("calico-bgp"), complete.look(), kernel="host")
    tool(complete.folder, "kubectl", "#!/bin/sh\necho 'error: current-context is not set' >&2\nexit 1\n")
    refused = [m for r in readiness("calico-bgp", complete.look()) if r.lab == "cluster" for m in r.missing]
    assert [m.what for m in refused] == ["a cluster"]
    assert "current-context is not set" in refused[0].why


def test_the_list_shows_a_lab_once_and_what_a_mode_needs_beyond_it(
    complete: Complete, capsys: pytest.CaptureFixture[str]
) -> None:
    complete.without("bin/kubectl")
    complete.without(BRIDGE_FILTER)
    listing.run_list(machine=complete.look())
    said = capsys.readouterr().out
    assert "\nkind: not ready, needs kubectl\n" in said
    assert containers.HOW["kubectl"] not in said
    listing.run_list(lab="kind", machine=complete.look())
    said = capsys.readouterr().out
    flannel = ", ".join(name for name, mode in catalog.load().items() if mode.cni.name == "flannel")
    assert f" kind: not ready, needs kubectl (and br_netfilter for {flannel}) " in " ".join(said.split())
    assert f"kubectl: {containers.HOW['kubectl']}" in " ".join(said.split())
    listing.run_list(format="json", machine=complete.look())
    kind = [place for place in json.loads(capsys.readouterr().out) if place["lab"] == "kind"]
    assert all(place["missing"][0]["what"] == "kubectl" for place in kind)
