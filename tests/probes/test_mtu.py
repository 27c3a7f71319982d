"""TTL and MTU by ping: real answers, and real refusals in a lab."""

from __future__ import annotations

import pytest

from experiments.labs.base import run
from experiments.labs.netns import backend as netns
from experiments.paths import ROOT
from experiments.probes.mtu import mtu_checks, outcome, ttl_check

GOLDEN = ROOT / "tests" / "golden" / "probes"


@pytest.mark.parametrize(("name", "expected"), [
    ("answered", "answered"), ("too-big", "refused"), ("no-answer", "no answer"),
])
def test_real_answers(name: str, expected: str) -> None:
    assert outcome((GOLDEN / f"ping-{name}.txt").read_text()) == expected


def test_a_refusal_by_a_router_is_one_too() -> None:
    assert outcome("From 172.31.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)\n") == "refused"
    assert outcome("") == "no answer"


@pytest.mark.lab
def test_the_underlay_carries_its_mtu_and_no_byte_more() -> None:
    with netns.up() as lab:
        assert [(check.check, check.observed, check.ok) for check in mtu_checks(lab, "node1", "172.31.0.2", 1500)] == [
            ("mtu.fits", "answered", True), ("mtu.one_more", "refused", True)]
        wrong = mtu_checks(lab, "node1", "172.31.0.2", 1450)
        assert [(check.observed, check.ok) for check in wrong] == [("answered", True), ("answered", False)]
        assert wrong[1].evidence == "ping -n -c 1 -W 0.2 -M do -s 1423 172.31.0.2"


@pytest.mark.lab
def test_silence_is_no_refusal() -> None:
    """A packet that vanishes on the way says nothing of an MTU."""
    with netns.up() as lab:
        checks = mtu_checks(lab, "node1", "172.31.0.77", 1499)
        assert [(check.observed, check.ok) for check in checks] == [("no answer", False), ("no answer", False)]


@pytest.mark.lab
def test_the_ttl_tells_the_path() -> None:
    with netns.up(underlay="routed") as lab:
        assert ttl_check(lab, "node1", "172.31.2.10", 62).ok
        assert ttl_check(lab, "node1", "172.31.2.10", 64).observed == "62"
        run(lab, "tor2", ["ip", "link", "set", "rack", "down"])
        assert ttl_check(lab, "node1", "172.31.2.10", 62).observed == "no answer"
