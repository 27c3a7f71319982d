"""TTL and MTU as a pod sees them, by ping."""

from __future__ import annotations

import re

from experiments.evidence import Check
from experiments.labs.base import Lab, run

ICMP_AND_IP_BYTES = 28  # ICMP echo header 8 (RFC 792), IPv4 header 20 (RFC 791)

_TTL = re.compile(r"\bttl=(\d{1,3})\b")
# "message too long, mtu=1450" by the own kernel, "Frag needed and DF set (mtu = 1450)" by a router (iputils).
_REFUSED = re.compile(r"\bmtu ?= ?\d+")


def ttl_check(lab: Lab, place: str, address: str, expected: int) -> Check:
    """The TTL of an answered ping, sent with 64 by the other side."""
    done = run(lab, place, ["ping", "-n", "-c", "1", "-W", "2", address], check=False)
    found = _TTL.search(done.stdout)
    observed = found[1] if found else "no answer"
    return Check("pod.ttl", str(expected), observed, observed == str(expected), done.command, place)


def mtu_checks(lab: Lab, place: str, address: str, mtu_bytes: int) -> list[Check]:
    """A packet of exactly the MTU passes with "don't fragment" set; one byte more is refused, with the MTU named."""
    checks = []
    for name, size, wait_s, expected in (
        ("mtu.fits", mtu_bytes, "2", "answered"),
        ("mtu.one_more", mtu_bytes + 1, "0.2", "refused"),  # the pod's own kernel refuses at once
    ):
        argv = ["ping", "-n", "-c", "1", "-W", wait_s, "-M", "do", "-s", str(size - ICMP_AND_IP_BYTES), address]
        done = run(lab, place, argv, check=False)
        observed = outcome(done.stdout + done.stderr)
        checks.append(Check(name, expected, observed, observed == expected, done.command, place))
    return checks


def outcome(text: str) -> str:
    """What became of a single ping: ``answered``, ``refused`` (too big, by whoever said so), or ``no answer``."""
    if _TTL.search(text):
        return "answered"
    return "refused" if _REFUSED.search(text) else "no answer"
