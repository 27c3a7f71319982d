"""iperf3: TCP goodput between two places, as the receiver counted it.

The receiver's figure is ``end.sum_received``; ``sum_sent`` counts what was handed to the kernel and is kept beside it.
Congestion control is asked for by name, because the default differs from machine to machine.
"""

from __future__ import annotations

import json
import math
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from experiments.labs.base import Lab, run, start
from experiments.probes.errors import ProbeError

PORT = 5201
BACKGROUND_PORT = 5202
CONNECT_TIMEOUT_MS = 3000
BACKGROUND_SETTLE_S = 0.5  # slow start of the background stream
SLACK_S = 15.0  # beyond the time that was asked for
# Bytes that were sent but not yet received when the test ended: at most what fits into sockets and queues.
UNEQUAL_RATIO = 0.05
UNEQUAL_BYTES = 64_000_000


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
    intervals_bps: tuple[float, ...]
    tool: str  # "iperf3 3.12"


def server_argv() -> list[str]:
    """One test, then the server ends."""
    return ["iperf3", "--server", "--one-off", "--port", str(PORT)]


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
    process = start(lab, server, server_argv())
    try:
        wait_until_listening(lab, server, PORT, process)
        done = run(lab, client, argv, check=False, record=False, timeout_s=(seconds or 30) + omit_s + SLACK_S)
    finally:
        stop(process)
    return parse(done.stdout, congestion_control), done.stdout


@contextmanager
def background(lab: Lab, client: str, server: str, address: str, rate_bps: int) -> Iterator[None]:
    """A TCP stream of ``rate_bps`` bit/s beside another measurement, during the block.

    Raises:
        ProbeError: the stream did not start, or ended before the block did.
    """
    port = str(BACKGROUND_PORT)
    listener = start(lab, server, ["iperf3", "--server", "--one-off", "--port", port])
    try:
        wait_until_listening(lab, server, BACKGROUND_PORT, listener)
        stream = start(lab, client, ["iperf3", "--client", address, "--port", port, "--time", "120",
                                     "--bitrate", str(rate_bps), "--congestion", "cubic"])
        try:
            time.sleep(BACKGROUND_SETTLE_S)
            yield
            if stream.poll() is not None:
                raise ProbeError("The background stream ended before the measurement did.")
        finally:
            stream.terminate()
            stream.wait()
    finally:
        listener.terminate()
        listener.wait()


def wait_until_listening(lab: Lab, place: str, port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when a TCP socket listens on the port.

    Raises:
        ProbeError: the server ended, or did not listen within 5 s.
    """
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        listening = run(lab, place, ["ss", "--no-header", "--listening", "--tcp", "--numeric", f"sport = :{port}"],
                        record=False)
        if listening.stdout.strip():
            return
        if process.poll() is not None:
            raise ProbeError(f"The server on {place} ended before it listened on port {port}.")
        time.sleep(0.01)
    raise ProbeError(f"The server on {place} did not listen on port {port} within 5 s.")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Give a server that ends by itself a moment to do so, then end it."""
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


def parse(text: str, congestion_control: str = "cubic") -> IperfResult:
    """Read iperf3's JSON.

    Raises:
        ProbeError: it is empty, truncated, carries an error, lacks what is needed, or sender and receiver disagree.
    """
    try:
        answer = json.loads(text)
    except ValueError:
        raise ProbeError("iperf3's output is empty." if not text.strip() else "iperf3's output is not JSON.") from None
    if not isinstance(answer, dict):
        raise ProbeError("iperf3's output is not a JSON object.")
    if answer.get("error"):
        raise ProbeError(f"iperf3 said: {answer['error']}")
    received, sent = _block(answer, "sum_received"), _block(answer, "sum_sent")
    result = IperfResult(
        received_bytes=round(_number(received, "bytes")),
        sent_bytes=round(_number(sent, "bytes")),
        received_bps=_number(received, "bits_per_second"),
        sent_bps=_number(sent, "bits_per_second"),
        seconds=_number(received, "seconds"),
        retransmits=_count(sent.get("retransmits")),
        mss_bytes=_count(_mapping(answer, "start").get("tcp_mss") or _mapping(answer, "start").get("tcp_mss_default")),
        congestion_control=str(_mapping(answer, "end").get("sender_tcp_congestion", "")),
        intervals_bps=_intervals(answer),
        tool=str(_mapping(answer, "start").get("version", "iperf3")).replace("iperf ", "iperf3 "),
    )
    if result.received_bytes <= 0 or result.seconds <= 0:
        raise ProbeError("iperf3's receiver counted nothing.")
    if result.congestion_control and result.congestion_control != congestion_control:
        raise ProbeError(f"{congestion_control} was asked for, {result.congestion_control} was used.")
    missing = result.sent_bytes - result.received_bytes
    if missing > max(UNEQUAL_RATIO * result.sent_bytes, UNEQUAL_BYTES) or missing < -UNEQUAL_BYTES:
        raise ProbeError(f"Sender and receiver disagree by {missing:.0f} bytes.")
    return result


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
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ProbeError(f"iperf3's {key} is {value!r}, not a number.")
    return float(value)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _intervals(answer: Mapping[str, Any]) -> tuple[float, ...]:
    """Rates of the single seconds, without the omitted ones (as the sender saw them)."""
    found = []
    intervals = answer.get("intervals")
    for interval in intervals if isinstance(intervals, list) else []:
        total = _mapping(interval, "sum") if isinstance(interval, dict) else {}
        if total and not total.get("omitted"):
            found.append(round(_number(total, "bits_per_second")))
    return tuple(found)
