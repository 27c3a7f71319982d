"""The wire view: payload over what the underlay carried for it; counts, no clock."""

from __future__ import annotations

from dataclasses import replace

from experiments.catalog import limits
from experiments.labs.base import run
from experiments.measure.attestation import set_segmentation
from experiments.measure.protocol import ETHERNET_BPS
from experiments.measure.views.bench import Bench
from experiments.measure.views.plan import Ask, TrafficPath
from experiments.probes import counters
from experiments.probes.errors import ProbeError
from experiments.results.model import Trial
from experiments.results.words import quantity

# Offered slowly, in writes of whole segments: no queue overflows, no segment is half full, each packet counts once. A lost
# packet is sent, and counted, twice: then the transfer is made again, at a quarter of the rate; a relay may not keep up before.
OFFERED_BPS = (200_000_000, 50_000_000, 12_500_000)
SEGMENTS_A_WRITE = 10
# A sender that has to wait for an answer sends its last segment again, to be sure (tail loss probe, RFC 8985 section 7): on a
# busy machine nothing was lost, and it is counted as sent twice all the same. 3 is Linux's default, 0 switches it off.
PROBES = "net.ipv4.tcp_early_retrans"


def measure(bench: Bench, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
    """A transfer without loss.

    Raises:
        ProbeError: none of the transfers was.
    """
    segment = limits.limit(bench.mode if path.name == "pod-pod" else None).payload_bytes
    set_segmentation(bench.lab, on=False)
    run(bench.lab, path.client, ["sysctl", "-qw", f"{PROBES}=0"], check=False, record=False)
    try:
        for offered_bps in OFFERED_BPS:
            counted, wrong = _once(bench, trial, path, segment, offered_bps)
            if not wrong:
                return counted
    finally:
        run(bench.lab, path.client, ["sysctl", "-qw", f"{PROBES}=3"], check=False, record=False)
        set_segmentation(bench.lab, on=True)
    raise ProbeError(f"{wrong} So it was in each of {len(OFFERED_BPS)} transfers, the last of which was offered at "
                     f"{quantity(offered_bps, 'bit/s')}.")


def _once(bench: Bench, trial: Trial, path: TrafficPath, segment: int, offered_bps: int) -> tuple[Trial, str]:
    """One transfer, and why its counts are not those of its payload; empty if they are."""
    node = bench.lab.nodes[0]
    before = counters.read(bench.lab, node.name, node.device)
    result = bench.iperf3(trial, path, size_bytes=bench.protocol.wire_bytes, offered_bps=offered_bps,
                          write_bytes=SEGMENTS_A_WRITE * segment)
    sent = counters.read(bench.lab, node.name, node.device) - before
    if result.retransmits:
        return trial, "Packets were lost, and counted twice."
    # Sent is what the socket took. What the device had not carried yet when it was read makes the ratio too good.
    try:
        ratio = counters.wire_efficiency(result.sent_bytes, sent)
    except ProbeError as impossible:
        return trial, str(impossible)
    counted = replace(
        trial, payload_bytes=result.sent_bytes, underlay_tx_bytes=sent.tx_bytes,
        underlay_tx_packets=sent.tx_packets, wire_efficiency_ratio=round(ratio, 6),
        wire_goodput_bps=round(ratio * ETHERNET_BPS), retransmits=result.retransmits, mss_bytes=result.mss_bytes,
    )
    return counted, bench.broken(counted)
