"""TTL and MTU as a pod sees them: ``ping`` shows them to a person, a socket of our own decides.

The words of ``ping`` are not the same everywhere: of a packet that is too big, iputils 20221126 says "local error: message
too long, mtu=1500" and iputils 20240905 "sendmsg: Message too long". So the same packet is sent once more by
:mod:`experiments.probes.echo`, which asks the kernel.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from experiments.evidence import Check
from experiments.labs.base import Lab, run
from experiments.probes.errors import ProbeError

ICMP_AND_IP_BYTES = 28  # ICMP echo header 8 (RFC 792), IPv4 header 20 (RFC 791)
PING_BYTES = 84  # what ping sends when no size is asked for: 56 bytes of data
WAIT_S = 2.0
START_S = 20.0  # for Python to start; in the capsule, where everything is slow, it takes about a second


@dataclass(frozen=True)
class Echo:
    """What became of one echo request: ``answered``, ``refused`` (too big), ``expired``, ``unreachable`` or ``no answer``."""

    outcome: str
    by: str = ""  # who answered or said so; empty where this kernel itself did
    ttl: int | None = None  # of the answer
    mtu_bytes: int | None = None  # that the refusal names


def echo(
    lab: Lab, place: str, address: str, *, size_bytes: int = PING_BYTES, wait_s: float = WAIT_S, hops: int = 0
) -> Echo:
    """Send an IP packet of ``size_bytes`` with "don't fragment" from a place, with a time to live of ``hops`` if given.

    Raises:
        ExperimentFailed: it could not be sent.
        ProbeError: what the program inside says cannot be read.
    """
    argv = [*lab.python, f"{lab.source}/experiments/probes/echo.py", address, str(size_bytes), str(wait_s)]
    argv += [str(hops)] if hops else []
    done = run(lab, place, argv, record=False, timeout_s=wait_s + START_S)
    return parse(done.stdout)


def parse(text: str) -> Echo:
    """Read the line of the program inside.

    Raises:
        ProbeError: it is not such a line.
    """
    try:
        return Echo(**json.loads(text))
    except (ValueError, TypeError, RecursionError):
        raise ProbeError("What became of an echo request could not be read.") from None


def ttl_check(lab: Lab, place: str, address: str, expected: int) -> Check:
    """The TTL of an answered echo request, sent with 64 by the other side."""
    shown = run(lab, place, ["ping", "-n", "-c", "1", "-W", f"{WAIT_S:g}", address], check=False)
    found = echo(lab, place, address)
    observed = str(found.ttl) if found.outcome == "answered" else "no answer"
    return Check("pod.ttl", str(expected), observed, observed == str(expected), shown.command, place)


def mtu_checks(lab: Lab, place: str, address: str, mtu_bytes: int) -> list[Check]:
    """A packet of exactly the MTU passes with "don't fragment" set; one byte more is refused as too big."""
    checks = []
    for name, size, wait_s, expected in (
        ("mtu.fits", mtu_bytes, WAIT_S, "answered"),
        ("mtu.one_more", mtu_bytes + 1, 0.2, "refused"),  # the pod's own kernel refuses at once
    ):
        argv = ["ping", "-n", "-c", "1", "-W", f"{wait_s:g}", "-M", "do", "-s", str(size - ICMP_AND_IP_BYTES), address]
        shown = run(lab, place, argv, check=False)
        observed = echo(lab, place, address, size_bytes=size, wait_s=wait_s).outcome
        checks.append(Check(name, expected, observed, observed == expected, shown.command, place))
    return checks


def hops(lab: Lab, place: str, address: str, distances: tuple[int, ...]) -> list[str]:
    """Who says that the time to live ran out, at the given distances from a place; ``ping`` shows the same."""
    found = []
    for distance in distances:
        run(lab, place, ["ping", "-n", "-c", "1", "-W", "1", "-t", str(distance), address], check=False)
        said = echo(lab, place, address, wait_s=1.0, hops=distance)
        found.append(said.by if said.outcome == "expired" else "no answer")
    return found
