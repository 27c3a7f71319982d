"""Numbers changed in several places at once, as somebody would who knows the format: raw output, trial, what follows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from experiments.results import fields
from experiments.results.checks.reread import REREAD
from experiments.results.checks.trials import TOOL
from hostile.submission import Plain, Submission

Change = Callable[[Submission], object]
VIEWS = ("wire", "link", "speed", "cost")
PATHS = ("pod-pod", "host-host")


def raw(view: str, change: Callable[[Any], object], path: str = "pod-pod") -> Change:
    """Change a trial's raw output (JSON), and nothing else but its checksum."""
    def changed(s: Submission) -> None:
        trial = s.trial(view, path)
        content = s.raw(trial)
        change(content)
        s.set_raw(trial, content)
    return changed


def retold(view: str, change: Callable[[Any], object], path: str = "pod-pod") -> Change:
    """Change a trial's raw output, and read the trial's figures anew from it; what follows from them is computed again."""
    def changed(s: Submission) -> None:
        raw(view, change, path)(s)
        reread(s, s.trial(view, path))
        s.reckon()
    return changed


def reread(s: Submission, trial: Plain) -> None:
    """Take a trial's figures from its raw output."""
    content = s.raw(trial)
    text = content["output"] if content.keys() == {"tool", "output"} else json.dumps(content)
    for name, value in REREAD[trial["view"]](text).items():
        if name == TOOL or value is None:
            continue
        field = fields.get("Trial", name)
        found = [fields.rounded(field, one) for one in value] if isinstance(value, tuple) else value
        trial[name] = fields.rounded(field, found) if isinstance(found, float) else found


def put(trial: Callable[[Submission], Plain], **values: Any) -> Change:
    """Set values of a trial, and compute again what follows from them."""
    def changed(s: Submission) -> None:
        trial(s).update(values)
        s.reckon()
    return changed


def times(content: Any, factor: float, *, sizes: bool) -> None:
    """Multiply every rate of iperf3's output, with ``sizes`` every number of bytes too, so that it agrees with itself."""
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        if isinstance(value, dict | list):
            times(value, factor, sizes=sizes)
        elif key == "bits_per_second" or (sizes and key == "bytes" and value):
            content[key] = value * factor if isinstance(value, float) else round(value * factor)


def rates(factor: float, *views: str, sizes: bool, paths: tuple[str, ...] = PATHS) -> Change:
    """Multiply the rates of all trials of some views by a factor, wherever they stand."""
    def changed(s: Submission) -> None:
        for trial in s.trials():
            if trial["view"] not in views or trial["path"] not in paths:
                continue
            content = s.raw(trial)
            times({"intervals": content["intervals"], "end": content["end"]}, factor, sizes=sizes)
            s.set_raw(trial, content)
            if sizes:
                reread(s, trial)
            else:
                for name in ("goodput_bps", "sent_bps"):
                    trial[name] = round(trial[name] * factor)
                trial["intervals_bps"] = [round(value * factor) for value in trial["intervals_bps"]]
            follow(trial)
        s.reckon()
    return changed


def follow(trial: Plain) -> None:
    """What a trial's own figures give for the others of its view."""
    if trial["view"] == "cost":
        trial["core_s_per_gbit"] = round(trial["cpu_core_s"] / (trial["goodput_bps"] * trial["duration_s"] / 1e9), 4)
    if trial["view"] == "wire":
        wire = trial["underlay_tx_bytes"] + 24 * trial["underlay_tx_packets"]
        trial["wire_efficiency_ratio"] = round(trial["payload_bytes"] / wire, 6)
        trial["wire_goodput_bps"] = round(trial["payload_bytes"] / wire * 1e9)


def round_trips(factor: float, path: str = "pod-pod") -> Change:
    """Multiply all round-trip times of the first latency trial by a factor, with the number of them that fits a run."""
    def changed(s: Submission) -> None:
        trial = s.trial("latency", path)
        content = s.raw(trial)
        text = content["output"]
        for pattern in (r"(observation = +)([\d.]+)", r"(percentile [\d.]+ = +)([\d.]+)", r"(avg-rtt=)([\d.]+)"):
            text = re.sub(pattern, lambda found: f"{found[1]}{float(found[2]) * factor:.3f}", text)
        counts = (r"(Total )(\d+)", r"(Valid Duration\] RunTime=[\d.]+ sec; SentMessages=)(\d+)", r"(ReceivedMessages=)(\d+)")
        for pattern in counts:
            text = re.sub(pattern, lambda found: f"{found[1]}{round(int(found[2]) / factor)}", text)
        s.set_raw(trial, {**content, "output": text})
        reread(s, trial)
        s.reckon()
    return changed


def told(pattern: str, instead: str) -> Change:
    """Change what sockperf has printed of the first latency trial between pods, and the trial with it."""
    def changed(s: Submission) -> None:
        trial = s.trial("latency")
        content = s.raw(trial)
        text, count = re.subn(pattern, instead, content["output"], count=1)
        assert count, pattern
        s.set_raw(trial, {**content, "output": text})
    return changed


def gone(view: str, name: str) -> Change:
    """Take a key out of the first trial of a view."""
    def changed(s: Submission) -> None:
        del s.trial(view)[name]
        s.reckon()
    return changed
