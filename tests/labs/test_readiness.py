"""What is missing is found by looking, all at once, and each thing says how to get it."""

from __future__ import annotations

from pathlib import Path

import pytest
from described import without

from experiments import catalog
from experiments.errors import UserError
from experiments.labs.capsule import without_xstate
from experiments.labs.netns.needs_embedded import LAB_TOOLS
from experiments.labs.readiness import choose, readiness
from experiments.machine import Machine, look
from experiments.machine.features import FEATURES
from experiments.machine.packages import PACKAGES, providing


def _missing(machine: Machine, mode: str, lab: str, kernel: str) -> list[str]:
    return [m.what for r in readiness(mode, machine) if (r.lab, r.kernel) == (lab, kernel) for m in r.missing]


def test_every_tool_of_the_labs_comes_from_a_package_with_a_reason() -> None:
    needs = [need for mode in catalog.load().values() for need in (mode.needs, *([mode.daemon.needs] if mode.daemon else []))]
    wanted = {*LAB_TOOLS, *(tool for need in needs for tool in need.tools)}
    assert {tool for tool in wanted if providing(tool) is None} == set()
    assert all(package.why and package.debian for package in PACKAGES)


def test_every_feature_that_a_mode_needs_can_be_probed() -> None:
    assert {f for mode in catalog.load().values() for f in mode.needs.kernel} <= set(FEATURES)
    assert {f for mode in catalog.load().values() if mode.daemon for f in mode.daemon.needs.kernel} <= set(FEATURES)


def test_everything_missing_is_listed_at_once_with_its_remedy() -> None:
    with pytest.raises(UserError) as refused:
        choose(catalog.get("calico-bgp"), without("iperf3", "sockperf", "bird", "linux.uml"), "netns", "host")
    for word in ("iperf3", "sockperf", "bird"):
        assert word in str(refused.value)
    assert "invoke setup" in str(refused.value)
    missing = _missing(without("linux.uml", "modprobe"), "calico-ipip", "netns", "uml")
    assert {"linux.uml", "modprobe"} <= set(missing)


def test_a_relay_is_refused_in_the_capsule_unless_forced() -> None:
    with pytest.raises(UserError, match="measures User-Mode Linux"):
        choose(catalog.get("flannel-udp"), look(), "netns", "uml")
    if not [what for what in _missing(look(), "flannel-udp", "netns", "uml") if what != "the host's kernel"]:
        assert choose(catalog.get("flannel-udp"), look(), "netns", "uml", forced=True).kernel == "uml"


def test_upstream_s_daemon_is_asked_for_by_name_with_the_way_to_get_it() -> None:
    with pytest.raises(UserError) as refused:
        choose(catalog.get("flannel-udp"), without("flanneld", "etcd"), "netns", "host", daemon="upstream")
    assert "flanneld (upstream's daemon of flannel-udp)" in str(refused.value)
    assert "github.com/flannel-io/flannel, tag v0.28.9" in str(refused.value)
    assert "Debian package etcd-server" in str(refused.value)
    with pytest.raises(UserError, match=r"github\.com/rajch/weave, tag v2\.9\.0"):
        choose(catalog.get("weave-fastdp"), without("weaver"), "auto", "uml", daemon="upstream")
    with pytest.raises(UserError, match=r"github\.com/projectcalico/calico, tag v3\.32\.1"):
        choose(catalog.get("calico-bgp"), without("calico-node"), "auto", "host", daemon="upstream")


def test_what_is_not_beside_upstream_s_daemon_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image has it in ROOT/usr/bin, and its files in ROOT/etc."""
    folder = tmp_path / "usr" / "bin"
    folder.mkdir(parents=True)
    for name in ("calico-node", "bird", "birdcl"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    (tmp_path / "etc/calico/confd/templates").mkdir(parents=True)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(UserError) as refused:
        choose(catalog.get("calico-bgp"), look(), "netns", "host", daemon="upstream")
    said = str(refused.value)
    assert "calicoctl (belongs to calico-node)" in said and "etc/calico/felix.cfg (belongs to calico-node)" in said
    assert "birdcl (" not in said and "etc/calico/confd/templates (" not in said
    assert "--daemon FOLDER" in said


def test_what_upstream_s_daemons_need_is_not_installed_by_itself() -> None:
    """Debian would start a service of etcd."""
    assert {package.debian for package in PACKAGES if package.wanted_for == "upstream"} >= {"etcd-server", "etcd-client"}


def test_labs_with_containers_say_what_they_lack() -> None:
    machine = without("docker", "containerlab", "kind", "kubectl")
    assert "docker" in _missing(machine, "calico-bgp", "containerlab", "host")
    assert {"docker", "kind", "kubectl"} <= set(_missing(machine, "calico-bgp", "kind", "host"))


@pytest.mark.parametrize("amx", [False, True])
def test_containers_in_the_capsule_want_a_processor_without_amx(monkeypatch: pytest.MonkeyPatch, amx: bool) -> None:
    monkeypatch.setattr(without_xstate, "needed", lambda path: amx)
    assert ("a processor without AMX" in _missing(look(), "calico-bgp", "containerlab", "uml")) == amx
    assert "a processor without AMX" not in _missing(look(), "calico-ipip", "netns", "uml")


@pytest.mark.parametrize(("lab", "kernel", "said"), [("nowhere", "auto", "Unknown lab"), ("auto", "bsd", "Unknown kernel")])
def test_what_does_not_exist_is_named(lab: str, kernel: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        choose(catalog.get("calico-bgp"), look(), lab, kernel)
