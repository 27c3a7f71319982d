"""The trials of a deployment, in their order, and what is not measured where the nodes are somebody's."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.measure.protocol import BURST_BYTES, MOST_STREAMS_APART, Profile
from experiments.probes.slices import Ends

# What is not measured where the nodes are somebody's, and why. Speed and latency are.
NOT_OURS = {
    "wire": "the counters of a node's network card count everybody's packets, and a cluster's cards are not ours to change",
    "link": "it would shape a node's own network card, and a cluster's cards are not ours to change",
    "cost": "processor time is counted on this machine, and the nodes are others",
}


@dataclass(frozen=True)
class TrafficPath:
    """Between whom a trial runs."""

    name: str  # pod-pod | host-host
    client: str
    server: str
    address: str

    @property
    def ends(self) -> Ends:
        """The same for slices."""
        return Ends(self.client, self.server, self.address)


@dataclass(frozen=True)
class Ask:
    """One trial of the plan; ``paired``: the mode's, with a baseline of the same kind, in slices or runs in turn."""

    view: str
    path: str
    streams: int = 1
    mss: str = "native"
    load_ratio: float = 0.0
    burst_bytes: int = 0
    datagram_bytes: int = 0
    paired: bool = False

    @property
    def phase(self) -> str:
        """Where it stands: baselines come first, where they are not measured in turn with the mode."""
        return "before" if self.path == "host-host" and not self.paired else "during"


def plan(protocol: Profile, *, one_process: bool = True) -> list[Ask]:
    """The trials of a deployment; ``one_process``: the lab lets one process hold both ends of a connection."""
    kinds = [("native", streams) for streams in protocol.streams if one_process or streams <= MOST_STREAMS_APART]
    kinds += [("equal", 1), ("small", 1)] if protocol.equal_mss else []
    asks: list[Ask] = []
    for view in protocol.views:
        if view == "speed":
            asks += [Ask("speed", "pod-pod", streams, mss, paired=True) for mss, streams in kinds]
        elif view == "cost" and one_process:
            asks += [Ask("cost", "pod-pod", mss=mss, paired=True) for mss in ("native", "small")]
        elif view == "latency" and one_process:
            asks += [Ask("latency", "pod-pod", burst_bytes=burst, paired=True) for burst in (0, BURST_BYTES)]
        elif view == "setup":
            asks += [Ask("setup", "pod-pod", paired=True)] if one_process else []
        elif view == "packets":
            sizes = protocol.datagram_bytes if one_process else ()
            asks += [Ask("packets", "pod-pod", datagram_bytes=size, paired=True) for size in sizes]
        else:
            asks += [Ask(view, "host-host"), Ask(view, "pod-pod")]
            asks += [Ask(view, "pod-pod", load_ratio=0.5)] if view == "latency" else []
    return asks
