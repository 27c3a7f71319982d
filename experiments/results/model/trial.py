"""One timed measurement inside a deployment, and the tool's own output that it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypedDict

from experiments.field import NAME, SHA256, TIME, Field

Status = Literal["ok", "failed", "discarded", "not-run"]

_IPERF = "iperf3's JSON"
_SOCKPERF = "sockperf's report"
_SLICES = "the slices"


class Raw(TypedDict):
    """Where a tool's own output lies, as a trial says it."""

    path: Annotated[str, Field(
        "File, from the campaign's folder.", "store", pattern=r"^raw/[a-z0-9][a-z0-9@_-]*(\.[a-z0-9@_-]+)*\.json\.gz$")]
    sha256: Annotated[str, Field("SHA-256 of the file as it is stored.", "store", pattern=SHA256)]
    tool: Annotated[str, Field("Which tool wrote it, with its version.", "the output itself")]


@dataclass(frozen=True)
class Trial:
    """One timed measurement inside a deployment."""

    # calico-bgp-1-speed-1; names the raw file too
    id: Annotated[str, Field(
        "Name of the trial within its campaign; the raw file carries it too.", "campaign plan", pattern=NAME)]
    view: Annotated[str, Field(
        "What the trial looks at.", "protocol", allowed=("wire", "link", "speed", "cost", "latency", "setup",
                                                 "packets"))]
    path: Annotated[str, Field(
        "Between whom: two pods through the mode, or the two nodes themselves (the baseline).", "protocol",
        allowed=("pod-pod", "host-host"))]
    status: Annotated[Status, Field(
        "Whether the trial's numbers count. A discarded trial was disturbed by the machine.", "runner")]
    reason: Annotated[str | None, Field("Why the trial does not count; there unless the status is ok.", "runner")] = None
    phase: Annotated[str | None, Field(
        "Where it stands in the sandwich: baseline before, mode, baseline after.", "protocol",
        allowed=("before", "during", "after"))] = None
    started_at: Annotated[str | None, Field("When it began, UTC.", "clock", pattern=TIME)] = None
    streams: Annotated[int | None, Field("TCP connections at the same time.", "protocol", minimum=1, header="streams")] = None
    mss: Annotated[str | None, Field(
        "Segment size: what the path gives, the same for all modes, or small.", "protocol",
        allowed=("native", "equal", "small"), header="MSS")] = None
    mss_bytes: Annotated[int | None, Field(
        "TCP segment size in force.", _IPERF, "bytes", minimum=1, maximum=65535, header="MSS")] = None
    duration_s: Annotated[float | None, Field(
        "Measured time, without the omitted seconds.", _IPERF, "s", minimum=0, digits=3, header="duration")] = None
    congestion_control: Annotated[str | None, Field("TCP congestion control in force at the sender.", _IPERF)] = None
    processors: Annotated[Mapping[str, int], Field(
        "Which processor did what. Absent where nothing was placed.", "sched_setaffinity")] = field(default_factory=dict)
    # measured in slices of mode and baseline in turn
    clock: Annotated[str | None, Field(
        "Whose time a slice is counted in: the processor's own, or the wall's where the kernel's clock of a process leaves out "
        "soft interrupts.", _SLICES, allowed=("processor", "wall"))] = None
    pairs: Annotated[int | None, Field(
        "Slices of the mode, and as many of the baseline in between.", _SLICES, "pairs", minimum=1, header="pairs")] = None
    pair_ratio: Annotated[float | None, Field(
        "Mode over baseline: the median of the pairs' ratios. Of the view's first measure.", _SLICES, "ratio", minimum=0,
        digits=6, header="ratio of pairs")] = None
    pair_ratio_low: Annotated[float | None, Field(
        "Lower end of the sign test's interval of it.", _SLICES, "ratio", minimum=0, digits=6)] = None
    pair_ratio_high: Annotated[float | None, Field("Its upper end.", _SLICES, "ratio", minimum=0, digits=6)] = None
    pair_coverage_ratio: Annotated[float | None, Field(
        "How sure the interval is, for the pairs of this deployment.", _SLICES, "ratio", minimum=0, maximum=1, digits=6)] = None
    # wire
    payload_bytes: Annotated[int | None, Field(
        "Payload that was sent; all of it arrived, nothing was sent twice.", _IPERF, "bytes", minimum=1,
        header="payload")] = None
    underlay_tx_bytes: Annotated[int | None, Field(
        "Bytes the client's node sent on the underlay, Ethernet headers included.", "ip -s link", "bytes", minimum=1,
        header="sent on the underlay")] = None
    underlay_tx_packets: Annotated[int | None, Field(
        "Frames the client's node sent on the underlay.", "ip -s link", "frames", minimum=1,
        header="frames on the underlay")] = None
    wire_efficiency_ratio: Annotated[float | None, Field(
        "Payload over what it takes of the wire: bytes sent and 24 a frame.",
        "payload_bytes, underlay_tx_bytes, underlay_tx_packets", "ratio", minimum=0, maximum=1, better="higher", digits=6,
        header="wire efficiency")] = None
    wire_goodput_bps: Annotated[float | None, Field(
        "The same ratio as goodput of a 1 Gbit/s Ethernet.", "wire_efficiency_ratio", "bit/s", minimum=0, maximum=1e9,
        better="higher", digits=0, header="goodput on 1 Gbit/s")] = None
    # link, speed
    link_rate_bps: Annotated[int | None, Field(
        "Rate of the emulated Ethernet.", "protocol", "bit/s", minimum=1, header="link rate")] = None
    offered_bps: Annotated[int | None, Field(
        "Load that the sender was told to offer.", "protocol", "bit/s", minimum=1, header="offered load")] = None
    goodput_bps: Annotated[float | None, Field(
        "Payload per second as the receiver counted it.", _IPERF, "bit/s", minimum=0, better="higher", digits=0,
        header="goodput")] = None
    core_goodput_bps: Annotated[float | None, Field(
        "Payload per second of the processor: what one core carries when nobody else wants it.", _SLICES, "bit/s", minimum=0,
        better="higher", digits=0, header="goodput of one core")] = None
    device_rx_bytes: Annotated[int | None, Field(
        "Bytes on the receiving node's own device between two moments inside the transfer, Ethernet headers included.",
        "/sys/class/net", "bytes", minimum=1, header="received on the device")] = None
    device_rx_packets: Annotated[int | None, Field(
        "Frames on it between the same moments.", "/sys/class/net", "frames", minimum=1, header="frames on the device")] = None
    device_s: Annotated[float | None, Field(
        "Seconds between these moments.", "clock", "s", minimum=0, digits=6, header="watched")] = None
    sent_bps: Annotated[float | None, Field(
        "Payload per second as the sender counted it; never used as a result.", _IPERF, "bit/s", minimum=0, digits=0,
        header="sent")] = None
    retransmits: Annotated[int | None, Field(
        "Segments that TCP sent again; reported, never ranked.", _IPERF, "segments", minimum=0, header="retransmits")] = None
    intervals_bps: Annotated[tuple[float, ...] | None, Field(
        "Goodput of each second, without the omitted ones.", _IPERF, "bit/s", minimum=0, digits=0,
        header="goodput by second")] = None
    # cost
    cpu_core_s: Annotated[float | None, Field(
        "Time that the machine's cores were busy in the trial, less its idle rate.", "/proc/stat", "core·s", minimum=0,
        better="lower", digits=4, header="CPU time")] = None
    softirq_core_s: Annotated[float | None, Field(
        "The part of it in soft interrupts; some kernels only sample it.", "/proc/stat", "core·s", minimum=0, better="lower",
        digits=4, header="soft interrupts")] = None
    steal_core_s: Annotated[float | None, Field(
        "CPU time that the hypervisor gave to others.", "/proc/stat", "core·s", minimum=0, digits=4, header="steal")] = None
    daemon_core_s: Annotated[float | None, Field(
        "CPU time of the mode's own daemons and relays.", "/proc/PID/stat", "core·s", minimum=0, better="lower", digits=4,
        header="daemon's CPU time")] = None
    core_s_per_gbit: Annotated[float | None, Field(
        "CPU time for each gigabit that arrived.", "cpu_core_s and the payload", "core·s/Gbit", minimum=0, better="lower",
        digits=4, header="CPU per gigabit")] = None
    core_us_per_packet: Annotated[float | None, Field(
        "CPU time for each full-size segment.", _SLICES, "core·µs/packet", minimum=0, better="lower", digits=4,
        header="CPU per packet")] = None
    daemon_share_ratio: Annotated[float | None, Field(
        "The part of the CPU time that the mode's own daemons and relays took.", _SLICES, "ratio", minimum=0, maximum=1,
        digits=6, header="daemon's share")] = None
    context_switches_per_packet: Annotated[float | None, Field(
        "Context switches for each full-size segment: of the machine, or in slices of what was measured.", "/proc",
        "switches/packet", minimum=0, better="lower", digits=4, header="context switches")] = None
    # packets
    datagram_bytes: Annotated[int | None, Field(
        "Payload of a UDP datagram.", "protocol", "bytes", minimum=8, maximum=65507, header="datagram")] = None
    core_packets_per_s: Annotated[float | None, Field(
        "Datagrams that arrived per second of the processor.", _SLICES, "packets/s", minimum=0, better="higher", digits=0,
        header="packets per second of one core")] = None
    loss_ratio: Annotated[float | None, Field(
        "Datagrams that did not arrive, as a part of those sent, in all slices.", _SLICES, "ratio", minimum=0, maximum=1,
        better="lower", digits=6, header="loss")] = None
    # latency
    samples: Annotated[int | None, Field(
        "Round trips that were timed.", _SOCKPERF, "round trips", minimum=1, header="samples")] = None
    load_ratio: Annotated[float | None, Field(
        "Background load, as a part of the goodput of one stream in this deployment; 0: idle.", "protocol", "ratio", minimum=0,
        maximum=1, digits=6, header="load")] = None
    burst_bytes: Annotated[int | None, Field(
        "What another connection sends before each request. Absent: nothing.", "protocol", "bytes", minimum=1,
        header="burst")] = None
    p50_us: Annotated[float | None, Field(
        "Half of the round trips took at most this.", _SOCKPERF, "µs", minimum=0, better="lower", digits=3,
        header="median")] = None
    p90_us: Annotated[float | None, Field(
        "90 % of the round trips took at most this.", _SOCKPERF, "µs", minimum=0, better="lower", digits=3,
        header="90 %")] = None
    p99_us: Annotated[float | None, Field(
        "99 % of the round trips took at most this.", _SOCKPERF, "µs", minimum=0, better="lower", digits=3,
        header="99 %")] = None
    p999_us: Annotated[float | None, Field(
        "99.9 % of the round trips took at most this.", _SOCKPERF, "µs", minimum=0, better="lower", digits=3,
        header="99.9 %")] = None
    max_us: Annotated[float | None, Field(
        "The slowest round trip.", _SOCKPERF, "µs", minimum=0, better="lower", digits=3, header="slowest")] = None
    transactions_per_core_s: Annotated[float | None, Field(
        "Round trips, or connections with one, per second of the processor.", _SLICES, "transactions/s", minimum=0,
        better="higher", digits=0, header="transactions per second of one core")] = None
    floor_p50_us: Annotated[float | None, Field(
        "Median that the tool shows over loopback: its own share.", _SOCKPERF, "µs", minimum=0, digits=3,
        header="tool's floor")] = None
    # what judged the trial: covariates of noise, never the outcome
    noise: Annotated[Mapping[str, float], Field(
        "What else the machine did meanwhile; the only ground on which a trial is discarded.", "/proc, a fixed piece of work",
        digits=6)] = field(default_factory=dict)
    limited_by: Annotated[str | None, Field(
        "What kept the goodput from growing.", "goodput beside the limit model", allowed=("link", "cpu", "unknown"),
        header="limited by")] = None
    raw: Annotated[Raw | None, Field("The tool's own output.", "store")] = None
