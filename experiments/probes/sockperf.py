"""sockperf: round-trip times of single messages, as real percentiles of every observation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from experiments.errors import ExperimentFailed
from experiments.labs.base import Lab, run
from experiments.probes.errors import ProbeError
from experiments.probes.listening import serving

PORT = 11111
FIRST_S = 3
NETWORK_FACTOR = 1.5  # how much longer a round trip over a network is guessed to take than one over the loopback
WARM_UP_S = 0.45  # sockperf leaves it out
MARGIN_RATIO = 1.15  # longer than the first run's pace asks for
LONGEST_S = 30
FLOOR_S = 1
SLACK_S = 15  # beyond the time that was asked for


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
    lab: Lab, client: str, server: str, address: str, *, samples: int, floor_us: float,
    load: Callable[[], AbstractContextManager[None]] | None = None,
) -> tuple[Latency, str]:
    """At least ``samples`` round trips between two places; ``load`` is what runs beside them.

    The time is guessed from ``floor_us``, a round trip over the loopback of this kernel (see :func:`floor`), and made
    longer once if it was too short for the number of samples.

    Raises:
        ProbeError: sockperf failed, or even the longer run gave too few samples.
    """
    seconds = min(LONGEST_S, max(FIRST_S, math.ceil(WARM_UP_S + samples * floor_us * 1e-6 * NETWORK_FACTOR)))
    for _ in range(2):
        result, text = _once(lab, client, server, address, seconds, load)
        if result.samples >= samples:
            return result, text
        wanted_s = (seconds - WARM_UP_S) * MARGIN_RATIO * samples / max(1, result.samples)
        seconds = min(LONGEST_S, math.ceil(WARM_UP_S + wanted_s))
    raise ProbeError(f"Only {result.samples} of {samples} round trips were observed.")


def floor(lab: Lab, place: str) -> tuple[Latency, str]:
    """Round trips over the loopback of one place: what the tool and the sockets take where there is no network.

    Raises:
        ProbeError: sockperf failed.
    """
    return _once(lab, place, place, "127.0.0.1", FLOOR_S, None)


def _once(
    lab: Lab, client: str, server: str, address: str, seconds: int, load: Callable[[], AbstractContextManager[None]] | None
) -> tuple[Latency, str]:
    limit_s = seconds + SLACK_S
    argv = ["timeout", str(limit_s), *client_argv(address, seconds)]  # a hanging client disturbs no later trial
    with serving(lab, server, server_argv(address), PORT), load() if load else nullcontext():
        try:
            done = run(lab, client, argv, check=False, record=False, timeout_s=limit_s + 5)
        except ExperimentFailed as failure:
            raise ProbeError(failure.problem) from None
    text = done.stdout + done.stderr
    return parse(text), text


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# "version #3.7-no.git"; built from a git checkout without tags it has none (Mellanox/sockperf#172).
_VERSION = re.compile(r"version #(\d\S{0,19}?)(?:-no\.git)? ?==")
_OBSERVATIONS = re.compile(r"Total (\d{1,12}) observations")
_NUMBER = r"(\d{1,12}(?:\.\d{1,6})?)"
_PERCENTILE = re.compile(rf"percentile (\d{{1,2}}\.\d{{1,3}}) = +{_NUMBER}(?!\d)")
_MAX = re.compile(rf"<MAX> observation = +{_NUMBER}(?!\d)")
_COMPLETE = re.compile(r"<MIN> observation = +\d[\d.]*\s*$", re.MULTILINE)  # the last line
_DROPPED = re.compile(r"dropped messages = (\d+)")
_VALID = re.compile(
    rf"\[Valid Duration\] RunTime={_NUMBER} sec; SentMessages=(\d{{1,12}}); ReceivedMessages=(\d{{1,12}})(?!\d)"
)
_MEAN = re.compile(rf"avg-(?:rtt|latency)={_NUMBER}")
_LEAST = re.compile(rf"<MIN> observation = +{_NUMBER}(?!\d)")
MEAN_TOLERANCE = 0.02  # of the mean, which the percentiles bound; each of them is rounded to an observation
IDLE_RATIO = 0.5  # of the time that a busy machine may spend between an answer and the next request; 1 % was seen


def parse(text: str) -> Latency:
    """Read what sockperf prints at the end of a ping-pong run.

    Raises:
        ProbeError: it is empty, cut short or damaged, or messages were lost.
    """
    plain = _COLOUR.sub("", text)
    count, largest = _OBSERVATIONS.search(plain), _MAX.search(plain)
    percentiles = {float(p): float(v) for p, v in _PERCENTILE.findall(plain)}
    wanted = [percentiles.get(p) for p in (50.0, 90.0, 99.0, 99.9)]
    if not count or not largest or None in wanted or not _COMPLETE.search(plain):
        last = plain.strip().splitlines()[-1:] or ["nothing"]
        raise ProbeError(f"sockperf's output is incomplete; it ended with: {last[0][:200]}")
    dropped = _DROPPED.search(plain)
    if dropped is None or dropped[1].strip("0"):
        raise ProbeError(f"sockperf lost {dropped[1][:12] if dropped else 'an unknown number of'} messages.")
    version = _VERSION.search(plain)
    p50, p90, p99, p999 = (float(value) for value in wanted if value is not None)
    if not p50 <= p90 <= p99 <= p999 <= float(largest[1]):
        raise ProbeError("sockperf's percentiles do not rise; its output is damaged.")
    _require_one_story(plain, int(count[1]), (p50, p90, p99, p999, float(largest[1])))
    return Latency(int(count[1]), p50, p90, p99, p999, float(largest[1]),
                   f"sockperf {version[1]}" if version else "sockperf (it does not say its version)")


def _require_one_story(plain: str, observations: int, percentiles: tuple[float, float, float, float, float]) -> None:
    """The number of round trips, their mean, their percentiles and the time they took tell the same story.

    Raises:
        ProbeError: they do not, or one of them is missing.
    """
    valid, mean, least = _VALID.search(plain), _MEAN.search(plain), _LEAST.search(plain)
    if not valid or not mean or not least:
        raise ProbeError("sockperf's output is incomplete; duration, mean or smallest observation is missing.")
    seconds, average_us, low = float(valid[1]), float(mean[1]), float(least[1])
    if int(valid[3]) != observations:
        raise ProbeError(f"sockperf counts {observations} observations, but {valid[3]} messages came back.")
    spent_s = observations * average_us / 1e6
    if not IDLE_RATIO * seconds <= spent_s <= (1 + MEAN_TOLERANCE) * seconds:
        raise ProbeError(f"sockperf's {observations} round trips of {average_us:g} µs do not make a run of {seconds:g} s.")
    # Each part of the observations lies between the percentiles at its ends, and so does its mean.
    ends, shares = (low, *percentiles), (0.5, 0.4, 0.09, 0.009, 0.001)
    lowest = sum(share * end for share, end in zip(shares, ends, strict=False))
    highest = sum(share * end for share, end in zip(shares, ends[1:], strict=True))
    if low > percentiles[0] or not (1 - MEAN_TOLERANCE) * lowest <= average_us <= (1 + MEAN_TOLERANCE) * highest:
        raise ProbeError(f"sockperf's mean of {average_us:g} µs cannot be that of its percentiles.")
