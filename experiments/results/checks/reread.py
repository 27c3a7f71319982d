"""The figures of a trial out of the tool's own output, by the same parsers that read it when it was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from experiments.probes import iperf3, runs, slices, sockperf, watched
from experiments.results import pairs
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


def _from_counters(text: str) -> Mapping[str, Any]:
    """The link view: by the counters of the receiving device, or as older protocols had it by iperf3 alone."""
    return {**pairs.link(text), TOOL: watched.TOOL} if watched.is_ours(text) else _from_iperf3(text)


def _from_slices(view: str, otherwise: Callable[[str], Mapping[str, Any]]) -> Callable[[str], Mapping[str, Any]]:
    """The parser of a view that was measured in slices, or by another tool."""
    def read(text: str) -> Mapping[str, Any]:
        if slices.is_ours(text):
            return {**pairs.figures(view, text), TOOL: slices.TOOL}
        return {**pairs.runs(text), TOOL: runs.TOOL} if runs.is_ours(text) else otherwise(text)
    return read


REREAD: Reread = {
    "wire": _bytes_from_iperf3, "link": _from_counters, "speed": _from_slices("speed", _from_iperf3),
    "cost": _from_slices("cost", _from_iperf3), "latency": _from_slices("latency", _from_sockperf),
    "setup": _from_slices("setup", _from_sockperf), "packets": _from_slices("packets", _from_iperf3),
}
