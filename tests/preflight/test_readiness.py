"""What is missing is found by looking, all at once, and each thing says how to get it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments import catalog
from experiments.errors import UserError
from experiments.labs.capsule import without_xstate
from experiments.preflight import probes, readiness
from experiments.preflight.packages import PACKAGES, providing
from experiments.preflight.readiness import LAB_TOOLS, choose


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """The answers are kept while a program runs; a test must not see those of another."""
    for asked in (probes.program, probes.user_namespaces, probes.feature):
        asked.cache_clear()
    yield
    for asked in (probes.program, probes.user_namespaces, probes.feature):
        asked.cache_clear()


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> object:
    """Hide programs: as if they were not installed."""

    def hide(*names: str) -> None:
        real = probes.program
        monkeypatch.setattr(probes, "program", lambda name: None if name in names else real(name))

    return hide


def _missing(mode: str, lab: str, kernel: str) -> list[str]:
    return [m.what for r in readiness(mode) if (r.lab, r.kernel) == (lab, kernel) for m in r.missing]


def test_every_tool_of_the_labs_comes_from_a_package_with_a_reason() -> None:
    needs = [need for mode in catalog.load().values() for need in (mode.needs, *([mode.daemon.needs] if mode.daemon else []))]
    wanted = {*LAB_TOOLS, *(tool for need in needs for tool in need.tools)}
    assert {tool for tool in wanted if providing(tool) is None} == set()
    assert all(package.why and package.debian for package in PACKAGES)


def test_every_feature_that_a_mode_needs_can_be_probed() -> None:
    assert {f for mode in catalog.load().values() for f in mode.needs.kernel} <= set(probes.FEATURES)
    assert {f for mode in catalog.load().values() if mode.daemon for f in mode.daemon.needs.kernel} <= set(probes.FEATURES)


def test_everything_missing_is_listed_at_once_with_its_remedy(without) -> None:  # type: ignore[no-untyped-def]
    without("iperf3", "sockperf", "bird", "linux.uml")
    with pytest.raises(UserError) as refused:
        choose(catalog.get("calico-bgp"), "netns", "host")
    for word in ("iperf3", "sockperf", "bird"):
        assert word in str(refused.value)
    assert "invoke setup" in str(refused.value)
    without("linux.uml", "modprobe")
    assert {"linux.uml", "modprobe"} <= set(_missing("calico-ipip", "netns", "uml"))


def test_a_relay_is_refused_in_the_capsule_unless_forced(without) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UserError, match="measures User-Mode Linux"):
        choose(catalog.get("flannel-udp"), "netns", "uml")
    if not [what for what in _missing("flannel-udp", "netns", "uml") if what != "the host's kernel"]:
        assert choose(catalog.get("flannel-udp"), "netns", "uml", forced=True).kernel == "uml"


def test_upstream_s_daemon_is_asked_for_by_name_with_the_way_to_get_it(without) -> None:  # type: ignore[no-untyped-def]
    without("flanneld", "etcd")
    with pytest.raises(UserError) as refused:
        choose(catalog.get("flannel-udp"), "netns", "host", daemon="upstream")
    assert "flanneld (upstream's daemon of flannel-udp)" in str(refused.value)
    assert "github.com/flannel-io/flannel@v0.28.9" in str(refused.value)
    assert "Debian package etcd-server" in str(refused.value)
    without("weaver")
    with pytest.raises(UserError, match=r"github\.com/rajch/weave/prog/weaver@"):
        choose(catalog.get("weave-fastdp"), "auto", "uml", daemon="upstream")


@pytest.mark.parametrize("name", ["calico-bgp", "calico-ipip"])
def test_a_mode_without_a_daemon_of_upstream_s_says_so(name: str) -> None:
    with pytest.raises(UserError, match="BIRD"):
        choose(catalog.get(name), daemon="upstream")


def test_what_upstream_s_daemons_need_is_not_installed_by_itself() -> None:
    """Debian would start a service of etcd."""
    assert {package.debian for package in PACKAGES if package.wanted_for == "upstream"} >= {"etcd-server", "etcd-client"}


def test_labs_with_containers_say_what_they_lack(without) -> None:  # type: ignore[no-untyped-def]
    without("docker", "containerlab", "kind", "kubectl")
    assert "docker" in _missing("calico-bgp", "containerlab", "host")
    assert {"docker", "kind", "kubectl"} <= set(_missing("calico-bgp", "kind", "host"))


@pytest.mark.parametrize("amx", [False, True])
def test_containers_in_the_capsule_want_a_processor_without_amx(monkeypatch: pytest.MonkeyPatch, amx: bool) -> None:
    monkeypatch.setattr(without_xstate, "needed", lambda: amx)
    assert ("a processor without AMX" in _missing("calico-bgp", "containerlab", "uml")) == amx
    assert "a processor without AMX" not in _missing("calico-ipip", "netns", "uml")


@pytest.mark.parametrize(("lab", "kernel", "said"), [("nowhere", "auto", "Unknown lab"), ("auto", "bsd", "Unknown kernel")])
def test_what_does_not_exist_is_named(lab: str, kernel: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        choose(catalog.get("calico-bgp"), lab, kernel)


@pytest.mark.parametrize(("path", "value", "how"), [
    ("unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    ("apparmor_restrict_unprivileged_userns", "1", "apparmor_restrict_unprivileged_userns=0"),
])
def test_forbidden_user_namespaces_name_the_switch(
    path: str, value: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "_refused", lambda *argv: "Operation not permitted")
    monkeypatch.setattr(Path, "exists", lambda self: self.name == path)
    monkeypatch.setattr(Path, "read_text", lambda self: value)
    assert how in (probes.user_namespaces() or "")


def test_a_link_of_each_kind_is_really_made() -> None:
    """A kind that no kernel has is refused by the kernel itself; veth is everywhere."""
    if probes.user_namespaces():
        pytest.skip(str(probes.user_namespaces()))
    assert probes._link("podpath-nothing") is not None
    assert probes.feature("veth") is None
