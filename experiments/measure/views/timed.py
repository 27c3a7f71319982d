"""Speed, cost and latency where no process can hold both ends: by iperf3 and sockperf, each end at its own place."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

from experiments.measure.attestation import set_segmentation
from experiments.measure.protocol import MSS_BYTES, OFFERED_BPS
from experiments.measure.views.bench import Bench
from experiments.measure.views.plan import Ask, TrafficPath
from experiments.probes import cpu, iperf3, runs, sockperf
from experiments.probes.errors import ProbeError
from experiments.results import pairs
from experiments.results.model import Trial

IDLE_S = 1.0  # how long the idle machine is watched before a cost trial


def speed(bench: Bench, both: tuple[Trial, Trial], ask: Ask) -> tuple[Trial, Trial]:
    """Runs of mode and baseline in turn, in random order within a pair; only the mode's where the nodes' network is refused."""
    source, made = random.Random(bench.seed(ask)), []
    names = ("pod-pod",) if bench.lab.refused else ("host-host", "pod-pod")
    for _ in range(bench.protocol.run_pairs):
        said = {}
        for name in source.sample(names, len(names)):
            _, said[name] = iperf3.run_tcp(
                bench.lab, bench.paths[name].client, bench.paths[name].server, bench.paths[name].address,
                seconds=bench.protocol.run_s, streams=ask.streams, mss_bytes=MSS_BYTES[ask.mss])
        made.append([said[name] for name in names])
    trials = []
    for trial in both:
        if trial.path not in names:
            trials.append(trial)
            continue
        kept = runs.text(made, names.index(trial.path))
        bench.raws[trial.id] = (runs.TOOL, kept)
        trials.append(replace(trial, **pairs.runs(kept)))
    if ask.streams == 1 and ask.mss == "native":
        bench.capacity_bps = trials[1].goodput_bps
    return trials[0], trials[1]


def cost(bench: Bench, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
    """CPU time and context switches at an offered load that is the same for every mode, in packets as they are on a wire."""
    set_segmentation(bench.lab, on=False)
    try:
        idle = cpu.rate_when_idle(IDLE_S)
        meter = cpu.Meter(bench.lab, bench.recipe.daemons())
        result = bench.iperf3(trial, path, seconds=bench.protocol.cost_s, offered_bps=OFFERED_BPS)
        used = meter.stop(idle)
    finally:
        set_segmentation(bench.lab, on=True)
    gigabits = result.received_bytes * 8 / 1e9
    packets = result.received_bytes / (result.mss_bytes or 1448)
    return replace(
        trial, duration_s=round(result.seconds, 3), goodput_bps=round(result.received_bps), sent_bps=round(result.sent_bps),
        retransmits=result.retransmits, mss_bytes=result.mss_bytes, intervals_bps=result.intervals_bps,
        congestion_control=result.congestion_control, offered_bps=OFFERED_BPS, cpu_core_s=round(used.busy_core_s, 4),
        softirq_core_s=round(used.softirq_core_s, 4), steal_core_s=round(used.steal_core_s, 4),
        daemon_core_s=round(used.daemon_core_s, 4), core_s_per_gbit=round(used.busy_core_s / gigabits, 4),
        context_switches_per_packet=round(used.context_switches / packets, 4),
    )


def latency(bench: Bench, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
    """Request and response, one at a time: idle, or beside a stream at a share of this mode's own goodput."""
    if bench.floor_p50_us is None:
        bench.floor_p50_us = sockperf.floor(bench.lab, path.client)[0].p50_us
    load = None
    if ask.load_ratio:
        if bench.capacity_bps is None:
            raise ProbeError("There is no goodput of this deployment to take a share of.")
        rate_bps = round(ask.load_ratio * bench.capacity_bps)
        trial = replace(trial, offered_bps=rate_bps)
        load = partial(iperf3.background, bench.lab, path.client, path.server, path.address, rate_bps)
    result, text = sockperf.run_ping_pong(
        bench.lab, path.client, path.server, path.address, samples=bench.protocol.latency_samples,
        floor_us=bench.floor_p50_us, load=load,
    )
    bench.raws[trial.id] = (result.tool, text)
    return replace(
        trial, streams=None, mss=None, congestion_control=None, samples=result.samples, p50_us=result.p50_us,
        p90_us=result.p90_us, p99_us=result.p99_us, p999_us=result.p999_us, max_us=result.max_us,
        floor_p50_us=bench.floor_p50_us,
    )
