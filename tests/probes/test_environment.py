"""The machine's facts: each there or absent with a reason, and nothing that tells who or where somebody is."""

from __future__ import annotations

import getpass
import json
import platform
import re
from pathlib import Path

import pytest

from experiments import bounded
from experiments.labs.netns import backend as netns
from experiments.paths import ROOT
from experiments.probes import environment
from experiments.probes.environment import Absent, host, host_slug, parse_offloads, tool_version
from experiments.results.private_names import PLAIN_NAMES

GOLDEN = ROOT / "tests" / "golden" / "probes"


def test_every_fact_is_there_or_absent_with_a_reason() -> None:
    found = host("tester")
    absent = found.get("absent", {})
    assert set(environment.HOST_FACTS) == (set(found) | set(absent)) - {"slug", "absent"}
    assert all(value not in ("", 0, None) for value in found.values())
    assert all(reason for reason in absent.values())


@pytest.mark.parametrize("failure", [
    Absent("none here"), OSError("none here"), ValueError("none here"), bounded.TooLong("none here"),
    bounded.TooMuch("none here"),
])
def test_a_fact_that_cannot_be_had_is_left_out(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise failure

    monkeypatch.setattr(environment, "HOST_FACTS", {"kernel": environment.kernel, "governor": fails})
    found = host("tester")
    assert found["kernel"] == platform.release()
    assert "governor" not in found
    assert "none here" in found["absent"]["governor"]


def test_nothing_names_the_machine_or_its_user() -> None:
    said = json.dumps([host(host_slug()), environment.software()])
    for name in {platform.node(), getpass.getuser()} - {""}:
        # A host that is called "vm" names nobody; results say of any virtual machine that it is a vm.
        if not PLAIN_NAMES.fullmatch(name):
            assert not re.search(rf"\b{re.escape(name)}\b", said)


def test_the_machines_slug_comes_from_its_random_id_and_its_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = tmp_path / "machine-id"
    identity.write_text("0123456789abcdef0123456789abcdef\n")
    slug = host_slug(identity)
    assert re.fullmatch("h[0-9a-f]{6}", slug)
    monkeypatch.setattr(platform, "node", lambda: "another")
    assert host_slug(identity) == slug
    clone = tmp_path / "cpuinfo"
    clone.write_text("model name\t: Another Processor\n")
    assert host_slug(identity, clone) != slug
    identity.write_text("fedcba9876543210fedcba9876543210\n")
    assert host_slug(identity) != slug


@pytest.mark.parametrize("said", [None, "", "uninitialized\n"])
def test_a_machine_without_an_id_gets_one_of_ours_that_stays(
    said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = tmp_path / "machine-id"
    if said is not None:
        identity.write_text(said)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    slug = host_slug(identity)
    assert re.fullmatch("h[0-9a-f]{6}", slug)
    assert slug != "h000000"
    assert host_slug(identity) == slug
    kept = tmp_path / "state" / "podpath" / "machine-id"
    assert kept.read_text().strip() not in slug
    assert [path.name for path in kept.parent.iterdir()] == ["machine-id"]
    kept.unlink()
    assert host_slug(identity) != slug
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")  # where nothing can be kept
    assert host_slug(identity) == "h000000"


@pytest.mark.parametrize(("program", "version"), [
    ("echo ip utility, iproute2-6.1.0, libbpf 1.1.0", "6.1.0"),
    ("echo iperf 3.12 '(cJSON 1.7.15)'", "3.12"),
    ("echo sockperf, version 3.7-no.git >&2", "3.7-no.git"),
    ("echo BIRD version 2.0.12; exit 1", "2.0.12"),
])
def test_a_tools_version_is_found_in_what_it_prints(program: str, version: str) -> None:
    assert tool_version(["sh", "-c", program]) == version


@pytest.mark.parametrize(("argv", "reason"), [
    (["podpath-no-such-tool"], "not installed"), (["sh", "-c", "echo hello"], "does not say its version"),
])
def test_a_tool_without_a_version_is_absent(argv: list[str], reason: str) -> None:
    with pytest.raises(Absent, match=reason):
        tool_version(argv)


def test_offloads_of_a_real_device() -> None:
    features = parse_offloads((GOLDEN / "ethtool.txt").read_text())
    assert {name: features[name] for name in environment.OFFLOADS} == {
        "tx-checksumming": True, "tcp-segmentation-offload": True, "generic-segmentation-offload": True,
        "generic-receive-offload": False,
    }
    assert features["tx-checksum-ipv4"] is False
    assert parse_offloads("") == {}


@pytest.mark.lab
def test_what_tcp_and_the_devices_of_a_lab_are_set_to() -> None:
    with netns.up(mtu_bytes=1400) as lab:
        found = environment.network(lab, ["node1", "node2"])
        assert found["mtu_bytes"] == {"node1/eth0": 1400, "node2/eth0": 1400}
        assert set(found["offload"]["node1/eth0"]) == set(environment.OFFLOADS)
        assert set(found["sysctl"]) <= set(environment.TCP_SYSCTLS)
        assert found["sysctl"]["net.ipv4.tcp_timestamps"] == "1"
