"""TTL and MTU: real answers and real refusals in a lab, and whatever a program inside may print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.labs.base import run
from experiments.labs.netns import backend as netns
from experiments.probes import mtu
from experiments.probes.errors import ProbeError
from experiments.probes.mtu import Echo, mtu_checks, ttl_check


@given(st.text(max_size=60) | st.sampled_from(["[]", "{}", "null", '{"outcome": "answered", "more": 1}', "[" * 100_000]))
def test_another_line_is_refused(text: str) -> None:
    with pytest.raises(ProbeError, match="What became of an echo request could not be read"):
        mtu.parse(text)


@pytest.mark.lab
def test_the_underlay_carries_its_mtu_and_no_byte_more() -> None:
    with netns.up() as lab:
        assert [(check.check, check.observed, check.ok) for check in mtu_checks(lab, "node1", "172.31.0.2", 1500)] == [
            ("mtu.fits", "answered", True), ("mtu.one_more", "refused", True)]
        wrong = mtu_checks(lab, "node1", "172.31.0.2", 1450)
        assert [(check.observed, check.ok) for check in wrong] == [("answered", True), ("answered", False)]
        assert wrong[1].evidence == "ping -n -c 1 -W 0.2 -M do -s 1423 172.31.0.2"


@pytest.mark.lab
def test_the_ping_of_the_transcript_says_the_same_as_the_socket() -> None:
    with netns.up() as lab:
        mtu_checks(lab, "node1", "172.31.0.2", 1500)
        fits, one_more = lab.transcript.steps[-2:]
        assert (fits.exit_code, one_more.exit_code) == (0, 1)
        assert "1480 bytes from 172.31.0.2" in fits.output


@pytest.mark.lab
def test_a_refusal_says_by_whom_and_names_the_mtu() -> None:
    """By the own kernel at once; by a router on the way with its address, and then by the own kernel, which remembers it."""
    with netns.up(underlay="routed") as lab:
        there = "172.31.2.10"
        assert mtu.echo(lab, "node1", there, size_bytes=1501) == Echo("refused", mtu_bytes=1500)
        run(lab, "tor1", ["ip", "link", "set", "spine", "mtu", "1400"])
        assert mtu.echo(lab, "node1", there, size_bytes=1401) == Echo("refused", by="172.31.1.1", mtu_bytes=1400)
        assert mtu.echo(lab, "node1", there, size_bytes=1401) == Echo("refused", mtu_bytes=1400)
        assert mtu.echo(lab, "node1", there, size_bytes=1399) == Echo("answered", by=there, ttl=62)  # an odd number of bytes


@pytest.mark.lab
def test_silence_is_no_refusal() -> None:
    """A packet that vanishes on the way says nothing of an MTU."""
    with netns.up() as lab:
        run(lab, "node2", ["ip", "link", "set", "eth0", "down"])
        run(lab, "node1", ["ip", "neighbor", "add", "172.31.0.2", "lladdr", "02:00:00:00:00:02", "dev", "eth0"])
        checks = mtu_checks(lab, "node1", "172.31.0.2", 1499)
        assert [(check.observed, check.ok) for check in checks] == [("no answer", False), ("no answer", False)]


@pytest.mark.lab
def test_nobody_there_is_no_refusal_either() -> None:
    with netns.up() as lab:
        checks = mtu_checks(lab, "node1", "172.31.0.77", 1499)
        assert [check.ok for check in checks] == [False, False]
        assert {check.observed for check in checks} <= {"no answer", "unreachable"}
        run(lab, "node1", ["ip", "route", "del", "default"])
        assert mtu.echo(lab, "node1", "192.0.2.1").outcome == "unreachable"


@pytest.mark.lab
def test_the_ttl_tells_the_path() -> None:
    with netns.up(underlay="routed") as lab:
        assert ttl_check(lab, "node1", "172.31.2.10", 62).ok
        assert ttl_check(lab, "node1", "172.31.2.10", 64).observed == "62"
        assert mtu.hops(lab, "node1", "172.31.2.10", (1, 2, 3)) == ["172.31.1.1", "172.31.255.2", "no answer"]
        run(lab, "tor2", ["ip", "link", "set", "rack", "down"])
        assert ttl_check(lab, "node1", "172.31.2.10", 62).observed == "no answer"
