"""The link view: TCP over an emulated Ethernet, counted by the receiving device; and whether the link was the limit."""

from __future__ import annotations

from dataclasses import replace

from experiments.catalog import limits
from experiments.labs.base import run
from experiments.measure.attestation import set_segmentation
from experiments.measure.views.bench import Bench
from experiments.measure.views.plan import Ask, TrafficPath
from experiments.probes import watched
from experiments.results import pairs
from experiments.results.model import Trial

REACHED = 0.97  # of the limit: then it was the link that limited


def measure(bench: Bench, trial: Trial, path: TrafficPath, ask: Ask) -> Trial:
    """A transfer over the shaped devices."""
    lab, mode = bench.lab, bench.mode if path.name == "pod-pod" else None
    shape = ["root", "tbf", "rate", f"{bench.link_bps // 1_000_000}mbit", "burst", "32kb", "limit", "2mb",
             "overhead", str(limits.ETHERNET_EXTRA_BYTES)]
    # The shaper adds the bytes that no counter sees to each packet, and a super-packet is one: from a pod it was 1 % too fast.
    pods = (path.client, path.server) if mode else ()
    set_segmentation(lab, on=False, pods=pods)
    try:
        for node in lab.nodes[:2]:
            run(lab, node.name, ["tc", "qdisc", "replace", "dev", node.device, *shape])
        receiver = lab.nodes[1]
        with watched.Watching(lab, receiver.name, receiver.device) as watching:
            bench.iperf3(trial, path, seconds=bench.protocol.trial_s, omit_s=bench.protocol.omit_s)
    finally:
        for node in lab.nodes[:2]:
            run(lab, node.name, ["tc", "qdisc", "delete", "dev", node.device, "root"], check=False)
        set_segmentation(lab, on=True, pods=pods)
    header_bytes = limits.header_bytes(mode)
    _, said = bench.raws[trial.id]
    kept = watched.text(watching.samples, header_bytes, bench.protocol.omit_s, said)
    bench.raws[trial.id] = (watched.TOOL, kept)
    found = pairs.link(kept)
    limit = limits.goodput_limit_bps(mode, bench.link_bps)
    return replace(trial, **found, link_rate_bps=bench.link_bps,
                   limited_by="link" if found["goodput_bps"] >= REACHED * limit else "cpu")
