"""Whether a tool's own output is of this trial: its time, its kernel, its addresses, and what the tool was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from experiments.labs.table import LABS
from experiments.probes import iperf3_start
from experiments.results.checks.protocol import of
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.variant import CAPSULE

# Between a trial's beginning and its tool's: a second's watch of the idle machine, at most two transfers that had to be made
# again, of half a minute each. Clocks may be set meanwhile.
EARLIEST_S, LATEST_S = -5.0, 120.0


@dataclass(frozen=True)
class Place:
    """What the trials of one deployment have in common."""

    campaign: Campaign
    result: ModeResult
    deployment: Deployment

    @property
    def foreign(self) -> bool:
        """Whether the nodes are somebody's, with clocks, kernels and addresses that are not told."""
        return LABS[self.result.lab].foreign


def contradictions(place: Place, trial: Trial, text: str, *, in_turn: bool = False) -> Iterator[str]:
    """What in iperf3's account of its own beginning does not fit the trial, as sentences.

    With ``in_turn`` it is one of the trial's short runs.

    Raises:
        ProbeError: the output is not JSON.
    """
    start = iperf3_start.read(text)
    yield from _asked(place, trial, start, in_turn=in_turn)
    if place.foreign:
        return
    if start.began_s is None:
        yield "does not say when it began"
    elif trial.started_at and not EARLIEST_S <= start.began_s - _seconds(trial.started_at) <= LATEST_S:
        began = datetime.fromtimestamp(min(max(start.began_s, 0), 4e9)).astimezone().isoformat()
        yield f"began at {began}, the trial at {trial.started_at}"
    yield from _kernel(place, start.release)
    yield from _addresses(place, trial, start)


def _asked(place: Place, trial: Trial, start: iperf3_start.Start, *, in_turn: bool) -> Iterator[str]:
    """What the tool was told, beside what the protocol has."""
    frozen = of(place.campaign)
    if frozen is None or not frozen.one_run_a_trial:
        return
    numbers = frozen.numbers
    wanted: dict[str, Any] = {"streams": trial.streams}
    if in_turn:
        wanted |= {"seconds": numbers["run_s"], "omitted_s": 0, "offered_bps": 0}
    elif trial.view == "wire":
        wanted |= {"size_bytes": numbers["wire_bytes"]}
    elif trial.view == "cost":
        wanted |= {"seconds": numbers["cost_s"], "omitted_s": 0, "offered_bps": trial.offered_bps}
    else:
        wanted |= {"seconds": numbers["trial_s"], "omitted_s": numbers["omit_s"], "offered_bps": 0}
    for name, value in wanted.items():
        found = getattr(start, name)
        if found is not None and value is not None and found != value:
            yield f"was asked for {name} = {found:g}; the trial has {value:g}"
    # iperf3 ends by its own timer; a machine that is busy may be late, never early.
    seconds = wanted.get("seconds")
    if seconds and trial.duration_s is not None and not 0.9 * seconds <= trial.duration_s <= 2 * seconds + 1:
        yield f"lasted {trial.duration_s:g} s; the protocol asks for {seconds:g}"


def _kernel(place: Place, release: str) -> Iterator[str]:
    """The release of the kernel that carried the packets, by the word of the tool that ran on it."""
    host, capsule = place.campaign.host.get("kernel"), place.campaign.software.get("linux.uml")
    if not release:
        yield "does not say on which kernel it ran (start.system_info)"
    elif place.result.kernel == CAPSULE:
        if release == host or (capsule is not None and release != capsule):
            yield f"ran on Linux {release}; User-Mode Linux is {capsule or 'another kernel than the host'}"
    elif release != host:
        yield f"ran on Linux {release}; the host's kernel is {host or 'not told'}"


def _addresses(place: Place, trial: Trial, start: iperf3_start.Start) -> Iterator[str]:
    """Pods have the addresses of the captured packet's innermost header, nodes have others."""
    packet = place.deployment.packet
    found = [header.fields for header in packet.headers if header.layer == "ipv4"] if packet else []
    if not found or any(header.layer == "sealed" for header in (packet.headers if packet else ())):
        return
    inside = {found[-1].get("source"), found[-1].get("destination")}
    measured = {start.client, start.server}
    if trial.path == "pod-pod" and measured != inside:
        yield f"ran between {' and '.join(sorted(measured))}; the pods are {' and '.join(sorted(map(str, inside)))}"
    if trial.path == "host-host" and measured & inside:
        yield f"ran between pods ({' and '.join(sorted(measured))}); a baseline is between nodes"


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
