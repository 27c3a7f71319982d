"""The figures of a trial out of the tool's own output, by the same parsers that read it when it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.probes import iperf3, sockperf
from experiments.results.checks.trials import TOOL, Reread


def _from_iperf3(text: str) -> Mapping[str, Any]:
    result = iperf3.parse(text)
    return {
        "goodput_bps": result.received_bps, "sent_bps": result.sent_bps, "duration_s": result.seconds,
        "retransmits": result.retransmits, "mss_bytes": result.mss_bytes, "intervals_bps": result.intervals_bps,
        "congestion_control": result.congestion_control or None, TOOL: result.tool,
    }


def _bytes_from_iperf3(text: str) -> Mapping[str, Any]:
    result = iperf3.parse(text)
    return {"payload_bytes": result.sent_bytes, "retransmits": result.retransmits, "mss_bytes": result.mss_bytes,
            TOOL: result.tool}


def _from_sockperf(text: str) -> Mapping[str, Any]:
    result = sockperf.parse(text)
    return {
        "samples": result.samples, "p50_us": result.p50_us, "p90_us": result.p90_us, "p99_us": result.p99_us,
        "p999_us": result.p999_us, "max_us": result.max_us, TOOL: result.tool,
    }


REREAD: Reread = {
    "wire": _bytes_from_iperf3, "speed": _from_iperf3, "link": _from_iperf3, "cost": _from_iperf3,
    "latency": _from_sockperf,
}
