"""The fields of a trial: one timed measurement inside a deployment."""

from __future__ import annotations

from experiments.results.described.field import NAME, SHA256, TIME, Field

_IPERF = "iperf3's JSON"
_SOCKPERF = "sockperf's report"

TRIAL = (
    Field("id", "string", "Name of the trial within its campaign; the raw file carries it too.", "campaign plan",
          required=True, pattern=NAME),
    Field("view", "string", "What the trial looks at.", "protocol", required=True,
          allowed=("wire", "link", "speed", "cost", "latency")),
    Field("path", "string", "Between whom: two pods through the mode, or the two nodes themselves (the baseline).",
          "protocol", required=True, allowed=("pod-pod", "host-host")),
    Field("status", "string", "Whether the trial's numbers count. A discarded trial was disturbed by the machine.",
          "runner", required=True, allowed=("ok", "failed", "discarded", "not-run")),
    Field("reason", "string", "Why the trial does not count; there unless the status is ok.", "runner"),
    Field("phase", "string", "Where it stands in the sandwich: baseline before, mode, baseline after.", "protocol",
          allowed=("before", "during", "after")),
    Field("started_at", "string", "When it began, UTC.", "clock", pattern=TIME),
    Field("streams", "integer", "TCP connections at the same time.", "protocol", minimum=1, header="streams"),
    Field("mss", "string", "Segment size: what the path gives, the same for all modes, or small.", "protocol",
          allowed=("native", "equal", "small"), header="MSS"),
    Field("mss_bytes", "integer", "TCP segment size in force.", _IPERF, "bytes", minimum=1, maximum=65535,
          header="MSS"),
    Field("duration_s", "number", "Measured time, without the omitted seconds.", _IPERF, "s", minimum=0, digits=3,
          header="duration"),
    Field("congestion_control", "string", "TCP congestion control in force at the sender.", _IPERF),
    # wire
    Field("payload_bytes", "integer", "Payload that was sent; all of it arrived, nothing was sent twice.", _IPERF, "bytes",
          minimum=1, header="payload"),
    Field("underlay_tx_bytes", "integer", "Bytes the client's node sent on the underlay, Ethernet headers included.",
          "ip -s link", "bytes", minimum=1, header="sent on the underlay"),
    Field("underlay_tx_packets", "integer", "Frames the client's node sent on the underlay.", "ip -s link",
          "frames", minimum=1, header="frames on the underlay"),
    Field("wire_efficiency_ratio", "number", "Payload over what it takes of the wire: bytes sent and 24 a frame.",
          "payload_bytes, underlay_tx_bytes, underlay_tx_packets", "ratio", minimum=0, maximum=1, better="higher",
          digits=6, header="wire efficiency"),
    Field("wire_goodput_bps", "number", "The same ratio as goodput of a 1 Gbit/s Ethernet.", "wire_efficiency_ratio",
          "bit/s", minimum=0, maximum=1e9, better="higher", digits=0, header="goodput on 1 Gbit/s"),
    # link, speed
    Field("link_rate_bps", "integer", "Rate of the emulated Ethernet.", "protocol", "bit/s", minimum=1,
          header="link rate"),
    Field("offered_bps", "integer", "Load that the sender was told to offer.", "protocol", "bit/s", minimum=1,
          header="offered load"),
    Field("goodput_bps", "number", "Payload per second as the receiver counted it.", _IPERF, "bit/s", minimum=0,
          better="higher", digits=0, header="goodput"),
    Field("sent_bps", "number", "Payload per second as the sender counted it; never used as a result.", _IPERF,
          "bit/s", minimum=0, digits=0, header="sent"),
    Field("retransmits", "integer", "Segments that TCP sent again; reported, never ranked.", _IPERF, "segments",
          minimum=0, header="retransmits"),
    Field("intervals_bps", "list", "Goodput of each second, without the omitted ones.", _IPERF, "bit/s", of="number",
          minimum=0, digits=0, header="goodput by second"),
    # cost
    Field("cpu_core_s", "number", "Time that the machine's cores were busy in the trial, less its idle rate.", "/proc/stat",
          "core·s", minimum=0, better="lower", digits=4, header="CPU time"),
    Field("softirq_core_s", "number", "The part of it in soft interrupts; some kernels only sample it.", "/proc/stat", "core·s",
          minimum=0, better="lower", digits=4, header="soft interrupts"),
    Field("steal_core_s", "number", "CPU time that the hypervisor gave to others.", "/proc/stat", "core·s", minimum=0,
          digits=4, header="steal"),
    Field("daemon_core_s", "number", "CPU time of the mode's own daemons and relays.", "/proc/PID/stat", "core·s",
          minimum=0, better="lower", digits=4, header="daemon's CPU time"),
    Field("core_s_per_gbit", "number", "CPU time for each gigabit that arrived.", "cpu_core_s and the payload",
          "core·s/Gbit", minimum=0, better="lower", digits=4, header="CPU per gigabit"),
    Field("context_switches_per_packet", "number", "Context switches of the machine for each full-size segment.",
          "/proc/stat", "switches/packet", minimum=0, better="lower", digits=4, header="context switches"),
    # latency
    Field("samples", "integer", "Round trips that were timed.", _SOCKPERF, "round trips", minimum=1, header="samples"),
    Field("load_ratio", "number", "Background load, as a part of the goodput of one stream in this deployment; 0: idle.",
          "protocol", "ratio", minimum=0, maximum=1, digits=6, header="load"),
    Field("p50_us", "number", "Half of the round trips took at most this.", _SOCKPERF, "µs", minimum=0,
          better="lower", digits=3, header="median"),
    Field("p90_us", "number", "90 % of the round trips took at most this.", _SOCKPERF, "µs", minimum=0,
          better="lower", digits=3, header="90 %"),
    Field("p99_us", "number", "99 % of the round trips took at most this.", _SOCKPERF, "µs", minimum=0,
          better="lower", digits=3, header="99 %"),
    Field("p999_us", "number", "99.9 % of the round trips took at most this.", _SOCKPERF, "µs", minimum=0,
          better="lower", digits=3, header="99.9 %"),
    Field("max_us", "number", "The slowest round trip.", _SOCKPERF, "µs", minimum=0, better="lower", digits=3,
          header="slowest"),
    Field("floor_p50_us", "number", "Median that the tool shows over loopback: its own share.", _SOCKPERF, "µs",
          minimum=0, digits=3, header="tool's floor"),
    # what judged the trial
    Field("noise", "mapping", "What else the machine did meanwhile; the only ground on which a trial is discarded.",
          "/proc, a fixed piece of work", of="number", digits=6),
    Field("limited_by", "string", "What kept the goodput from growing.", "goodput beside the limit model",
          allowed=("link", "cpu", "unknown"), header="limited by"),
    Field("raw", "object", "The tool's own output.", "store", of="Raw"),
)

RAW = (
    Field("path", "string", "File, from the campaign's folder.", "store", required=True,
          pattern=r"^raw/[a-z0-9][a-z0-9@_-]*(\.[a-z0-9@_-]+)*\.json\.gz$"),
    Field("sha256", "string", "SHA-256 of the file as it is stored.", "store", required=True, pattern=SHA256),
    Field("tool", "string", "Which tool wrote it, with its version.", "the output itself", required=True),
)
