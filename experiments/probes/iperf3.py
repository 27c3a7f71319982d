"""iperf3: TCP goodput between two places, as the receiver counted it.

The receiver's figure is ``end.sum_received``; ``sum_sent`` counts what was handed to the kernel and is kept beside it.
Congestion control is asked for by name, because the default differs from machine to machine.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from experiments.catalog import limits
from experiments.errors import ExperimentFailed
from experiments.labs.base import Lab, run, start
from experiments.probes import iperf3_arithmetic
from experiments.probes.errors import ProbeError
from experiments.probes.listening import serving

PORT = 5201
BACKGROUND_PORT = 5202
CONNECT_TIMEOUT_MS = 3000
BACKGROUND_SETTLE_S = 0.5  # slow start of the background stream
BACKGROUND_LONGEST_S = 120
SLACK_S = 15  # beyond the time that was asked for
BYTES_TIMEOUT_S = 30  # for a transfer of so many bytes
# Bytes that were sent but not yet received when the test ended: at most what a connection's two socket buffers hold
# (largest values of net.ipv4.tcp_wmem and tcp_rmem in common use: 4 and 6 MiB; some distributions double them). Or what was
# carried between the moments at which the two sides end the omitted second, each by its own clock: a share of the whole.
UNEQUAL_RATIO = 0.05
UNEQUAL_BYTES = 16_000_000
TIMED_OUT = 124  # how `timeout` says that it ended the command (coreutils)
LARGEST = 1e18  # no count or rate of a real run comes near; larger numbers are damage


@dataclass(frozen=True)
class IperfResult:
    """What one run says. Rates in bit/s over the measured time, without the omitted seconds."""

    received_bytes: int
    sent_bytes: int
    received_bps: float
    sent_bps: float
    seconds: float
    retransmits: int | None
    mss_bytes: int | None
    congestion_control: str
    intervals_bps: tuple[float, ...]  # of single seconds, as the sender saw them
    tool: str  # "iperf3 3.12", with a note where its output had to be tidied


def server_argv(port: int = PORT) -> list[str]:
    """One test, then the server ends."""
    return ["iperf3", "--server", "--one-off", "--port", str(port)]


def client_argv(
    address: str, *, seconds: int | None = None, size_bytes: int | None = None, omit_s: int = 0, streams: int = 1,
    mss_bytes: int | None = None, offered_bps: int | None = None, write_bytes: int | None = None,
    congestion_control: str = "cubic",
) -> list[str]:
    """The client's command line: for a time (whole seconds) or a number of bytes.

    Raises:
        ValueError: not exactly one of ``seconds`` and ``size_bytes`` is given.
    """
    if (seconds is None) == (size_bytes is None):
        raise ValueError("give seconds or size_bytes")
    argv = ["iperf3", "--client", address, "--port", str(PORT), "--json", "--congestion", congestion_control,
            "--connect-timeout", str(CONNECT_TIMEOUT_MS), "--parallel", str(streams)]
    argv += ["--time", str(seconds)] if seconds is not None else ["--bytes", str(size_bytes)]
    for option, value in (("--omit", omit_s or None), ("--set-mss", mss_bytes), ("--bitrate", offered_bps),
                          ("--length", write_bytes)):
        if value is not None:
            argv += [option, str(value)]
    return argv


def run_tcp(
    lab: Lab, client: str, server: str, address: str, *, seconds: int | None = None, size_bytes: int | None = None,
    omit_s: int = 0, streams: int = 1, mss_bytes: int | None = None, offered_bps: int | None = None,
    write_bytes: int | None = None, congestion_control: str = "cubic",
) -> tuple[IperfResult, str]:
    """Send TCP from ``client`` to ``server`` (at ``address``); the result, and iperf3's own output.

    Raises:
        ProbeError: iperf3 failed, or its output cannot be used; the message is the reason.
    """
    argv = client_argv(address, seconds=seconds, size_bytes=size_bytes, omit_s=omit_s, streams=streams,
                       mss_bytes=mss_bytes, offered_bps=offered_bps, write_bytes=write_bytes,
                       congestion_control=congestion_control)
    limit_s = (seconds or BYTES_TIMEOUT_S) + omit_s + SLACK_S
    with serving(lab, server, server_argv(), PORT, ends_itself=True):
        text = _client(lab, client, argv, limit_s)
        result = parse(text, congestion_control)
    return result, text


def _client(lab: Lab, place: str, argv: Sequence[str], limit_s: int) -> str:
    """What the client printed. ``timeout`` ends it inside the lab, so that a hanging one disturbs no later trial."""
    try:
        done = run(lab, place, ["timeout", str(limit_s), *argv], check=False, record=False, timeout_s=limit_s + 5)
    except ExperimentFailed as failure:
        raise ProbeError(failure.problem) from None
    if done.exit_code == TIMED_OUT:
        raise ProbeError(f"iperf3 on {place} did not end within {limit_s} s.")
    if not done.stdout.strip() and done.stderr.strip():
        raise ProbeError(f"iperf3 on {place} said: {_own_words(done.stderr)}")
    return without_host_name(done.stdout)


def _own_words(said: str) -> str:
    """The last line, with the cause where iperf3 names another: its random bytes go to a file in TMPDIR (iperf_api.c)."""
    last = said.strip().splitlines()[-1][:200]
    return f"{last} (so it says where TMPDIR, else /tmp, is full)" if "/dev/urandom" in last else last


def without_host_name(text: str) -> str:
    """iperf3's output, verbatim but for the machine's name: the second word of ``uname`` in ``start.system_info``."""
    return re.sub(r'("system_info":\s*"[^\s"]+ )[^\s"]+', r"\g<1>-", text)


@contextmanager
def background(lab: Lab, client: str, server: str, address: str, rate_bps: int) -> Iterator[None]:
    """A TCP stream of ``rate_bps`` bit/s beside another measurement, during the block.

    Raises:
        ProbeError: the stream did not start, or ended before the block did.
    """
    argv = ["iperf3", "--client", address, "--port", str(BACKGROUND_PORT), "--time", str(BACKGROUND_LONGEST_S),
            "--bitrate", str(rate_bps), "--congestion", "cubic", "--connect-timeout", str(CONNECT_TIMEOUT_MS)]
    with serving(lab, server, server_argv(BACKGROUND_PORT), BACKGROUND_PORT, ends_itself=True):
        stream = start(lab, client, argv)
        try:
            time.sleep(BACKGROUND_SETTLE_S)
            if stream.poll() is not None:
                raise ProbeError(f"The background stream from {client} to {address} did not start.")
            yield
            if stream.poll() is not None:
                raise ProbeError("The background stream ended before the measurement did.")
        finally:
            stream.terminate()
            stream.wait()


def parse(text: str, congestion_control: str = "cubic") -> IperfResult:
    """Read iperf3's JSON.

    Raises:
        ProbeError: it is empty, truncated, carries an error, lacks what is needed, contradicts itself, or sender and receiver
            disagree.
    """
    answer, note = _read(text)
    if answer.get("error"):
        raise ProbeError(_refusal(str(answer["error"]), congestion_control))
    start = _mapping(answer, "start")
    version = re.fullmatch(r"iperf (3\.\d[\w.+-]{0,20})", str(start.get("version")))
    if version is None:
        raise ProbeError(f"iperf3's version is {str(start.get('version'))[:40]!r}; only versions 3 are understood.")
    received, sent = _block(answer, "sum_received"), _block(answer, "sum_sent")
    result = IperfResult(
        received_bytes=round(_number(received, "bytes")),
        sent_bytes=round(_number(sent, "bytes")),
        received_bps=_number(received, "bits_per_second"),
        sent_bps=_number(sent, "bits_per_second"),
        seconds=_number(received, "seconds"),
        retransmits=_count(sent.get("retransmits")),
        mss_bytes=_mss_in_force(start, answer),
        congestion_control=str(_mapping(answer, "end").get("sender_tcp_congestion", "")),
        intervals_bps=_intervals(answer),
        tool=f"iperf3 {version[1]}{note}",
    )
    if result.received_bytes <= 0 or result.seconds <= 0:
        raise ProbeError("iperf3's receiver counted nothing.")
    if result.congestion_control and result.congestion_control != congestion_control:
        raise ProbeError(f"{congestion_control} was asked for, {result.congestion_control} was used.")
    unequal = abs(result.sent_bytes - result.received_bytes)
    streams = max(1, _count(_mapping(start, "test_start").get("num_streams")) or 1)
    if unequal > most_unequal_bytes(result.sent_bytes, streams):
        raise ProbeError(f"iperf3's sender and receiver disagree by {unequal} bytes; buffers hold {UNEQUAL_BYTES * streams}.")
    if wrong := iperf3_arithmetic.contradiction(answer):
        raise ProbeError(wrong)
    return result


def most_unequal_bytes(sent_bytes: float, streams: int) -> float:
    """How far sender and receiver of so many connections may lie apart when both have counted right."""
    return max(UNEQUAL_RATIO * sent_bytes, UNEQUAL_BYTES * streams)


def _read(text: str) -> tuple[dict[str, Any], str]:
    """The JSON object that iperf3 printed, and a note if it was not all.

    Some builds print a warning before it (esnet/iperf#1776), iperf3 3.17 prints the same object twice (esnet/iperf#1716).
    """
    if not text.strip():
        raise ProbeError("iperf3's output is empty.")
    decoder, notes = json.JSONDecoder(), []
    before, brace, _ = text.partition("\n{") if not text.lstrip().startswith(("{", "[")) else ("", "", "")
    rest = text[len(before):].strip()
    try:
        answer, end = decoder.raw_decode(rest)
        more = rest[end:].strip()
        again = json.loads(more) if more else answer
    except (ValueError, RecursionError):
        raise ProbeError("iperf3's output is not JSON.") from None
    if not isinstance(answer, dict):
        raise ProbeError("iperf3's output is not a JSON object.")
    if again != answer:
        raise ProbeError("iperf3 printed two results that differ.")
    if brace:
        notes.append(f"after a warning: {' '.join(before.split())[:80]}")
    if more:
        notes.append("its output came twice")
    return answer, f" ({'; '.join(notes)})" if notes else ""


def _refusal(error: str, congestion_control: str) -> str:
    """iperf3's own error as a reason; the one that has another cause than the network in whole sentences."""
    if "TCP_CONGESTION" in error:
        return f"The kernel does not offer the congestion control {congestion_control} to this user (iperf3: {error[:200]})."
    return f"iperf3 said: {error[:300]}"


def _mss_in_force(start: Mapping[str, Any], answer: Mapping[str, Any]) -> int | None:
    """Payload bytes of a full segment.

    Without ``--set-mss`` iperf3 asks the kernel (``tcp_mss_default``). With it, it repeats what was asked for, which the
    segments miss by the timestamps; but the congestion windows it reports are whole numbers of segments, and tell.
    """
    asked = _count(start.get("tcp_mss"))
    if not asked:
        return _count(start.get("tcp_mss_default")) or None
    windows = [window for stream in _streams(answer) if (window := _count(stream.get("snd_cwnd")))]
    less = asked - limits.TIMESTAMPS_BYTES
    if less > 0 and windows and all(window % less == 0 for window in windows):
        return less
    return asked


def _mapping(answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = answer.get(key)
    return value if isinstance(value, dict) else {}


def _block(answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    block = _mapping(_mapping(answer, "end"), key)
    if not block:
        raise ProbeError(f"iperf3's output has no end.{key}; the run was cut short or the version is another one.")
    return block


def _number(block: Mapping[str, Any], key: str) -> float:
    value = block.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LARGEST:
        raise ProbeError(f"iperf3's {key} is {str(value)[:40]}, not a number.")
    return float(value)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST else None


def _list(block: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = block.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _streams(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [stream for interval in _list(answer, "intervals") for stream in _list(interval, "streams")]


def _intervals(answer: Mapping[str, Any]) -> tuple[float, ...]:
    """Rates of the single seconds, without the omitted ones and without a remainder of a few milliseconds."""
    sums = [_mapping(interval, "sum") for interval in _list(answer, "intervals")]
    kept = [total for total in sums if total and not total.get("omitted")]
    lengths = [_number(total, "seconds") for total in kept]
    least = 0.1 * statistics.median(lengths) if lengths else 0.0
    return tuple(round(_number(total, "bits_per_second"))
                 for total, length in zip(kept, lengths, strict=True) if length >= least)
