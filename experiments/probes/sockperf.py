"""sockperf: round-trip times of single messages, as real percentiles of every observation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from experiments.labs.base import Lab, run, start
from experiments.probes.errors import ProbeError
from experiments.probes.iperf3 import stop, wait_until_listening

PORT = 11111
FIRST_S = 3  # sockperf leaves out about 0.45 s of warming up
LONGEST_S = 30


@dataclass(frozen=True)
class Latency:
    """Round-trip times in microseconds."""

    samples: int
    p50_us: float
    p90_us: float
    p99_us: float
    p999_us: float
    max_us: float
    tool: str


def client_argv(address: str, seconds: int) -> list[str]:
    """One message after the other over TCP, each sent when the last was answered."""
    return ["sockperf", "ping-pong", "--tcp", "--full-rtt", "-i", address, "-p", str(PORT), "-t", str(seconds)]


def server_argv(address: str) -> list[str]:
    """The side that answers."""
    return ["sockperf", "server", "--tcp", "-i", address, "-p", str(PORT)]


def run_ping_pong(
    lab: Lab, client: str, server: str, address: str, *, samples: int,
    load: Callable[[], AbstractContextManager[None]] | None = None,
) -> tuple[Latency, str]:
    """At least ``samples`` round trips between two places; ``load`` is what runs beside them.

    The time is guessed, and made longer once if it was too short for the number of samples.

    Raises:
        ProbeError: sockperf failed, or even the longer run gave too few samples.
    """
    seconds = FIRST_S
    for _ in range(2):
        process = start(lab, server, server_argv(address))
        try:
            wait_until_listening(lab, server, PORT, process)
            with load() if load else nullcontext():
                done = run(lab, client, client_argv(address, seconds), check=False, record=False,
                           timeout_s=seconds + 15)
        finally:
            process.terminate()
            stop(process)
        result = parse(done.stdout + done.stderr)
        if result.samples >= samples:
            return result, done.stdout + done.stderr
        seconds = min(LONGEST_S, math.ceil(seconds * 1.3 * samples / max(1, result.samples)) + 1)
    raise ProbeError(f"Only {result.samples} of {samples} round trips were observed.")


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_VERSION = re.compile(r"version #(\S+?)(?:-no\.git)? ?==")
_OBSERVATIONS = re.compile(r"Total (\d+) observations")
_PERCENTILE = re.compile(r"percentile (\d+\.\d+) = +(\d+(?:\.\d+)?)")
_MAX = re.compile(r"<MAX> observation = +(\d+(?:\.\d+)?)")


def parse(text: str) -> Latency:
    """Read what sockperf prints at the end of a ping-pong run.

    Raises:
        ProbeError: it is empty or cut short, or messages were lost.
    """
    plain = _COLOUR.sub("", text)
    count, largest = _OBSERVATIONS.search(plain), _MAX.search(plain)
    percentiles = {float(p): float(v) for p, v in _PERCENTILE.findall(plain)}
    wanted = [percentiles.get(p) for p in (50.0, 90.0, 99.0, 99.9)]
    if not count or not largest or None in wanted:
        last = plain.strip().splitlines()[-1:] or ["nothing"]
        raise ProbeError(f"sockperf's output is incomplete; it ended with: {last[0][:200]}")
    dropped = re.search(r"dropped messages = (\d+)", plain)
    if dropped and int(dropped[1]):
        raise ProbeError(f"sockperf lost {dropped[1]} messages.")
    version = _VERSION.search(plain)
    p50, p90, p99, p999 = (float(value) for value in wanted if value is not None)
    tool = f"sockperf {version[1]}" if version else "sockperf"
    return Latency(int(count[1]), p50, p90, p99, p999, float(largest[1]), tool)
