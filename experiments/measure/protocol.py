"""How long, how often and in which order: the numbers of the method, frozen under a name.

A protocol's id stands in every campaign. Whoever changes a number here changes the id too and writes a line in
CHANGELOG.md; results of different ids are never pooled.
"""

from __future__ import annotations

from dataclasses import dataclass

from experiments.errors import UserError
from experiments.results import model

VIEWS = ("wire", "link", "speed", "cost", "latency", "setup", "packets")
ETHERNET_BPS = 1_000_000_000  # the network of the 2018 measurements
CAPSULE_LINK_BPS = 100_000_000  # in UML the shaper is exact up to here and no further
EQUAL_MSS_BYTES = 1300  # below the smallest native MSS of all modes (Weave, MTU 1376: 1324), so that all can carry it
SMALL_MSS_BYTES = 536  # RFC 9293 section 3.7.1: the MSS that every IPv4 host takes; here it shows the cost per packet
MSS_BYTES = {"native": None, "equal": EQUAL_MSS_BYTES, "small": SMALL_MSS_BYTES}  # None: what the path gives
OFFERED_BPS = 200_000_000  # cost is compared at equal work; below what every mode reaches on a slow machine
CONGESTION_CONTROL = "cubic"
NOISE_LIMITS = {"steal_ratio": 0.02, "canary_ratio": 1.5}  # a trial above one of them is discarded, once repeated
# Of slices a busy machine takes no time away: what counts is the processor's own. Only what a hypervisor hides is left.
NOISE_LIMITS_OF_SLICES = {"steal_ratio": 0.02}
# Pairs of slices, one of the mode and one of its baseline: as many as the ratio's interval needs, between a least and a most.
PAIRS_A_BATCH = 4
WIDE_ENOUGH = 0.02  # the interval's upper end over its lower end, less 1
OMIT_CORE_S = 0.005  # at the beginning of a slice: caches and windows of the other path's
MESSAGE_BYTES = 64  # of a request and its response
BURST_BYTES = 65536  # ahead of a request, where a message's wait behind others is asked for: one super-packet
# Payload of a datagram: a short message (as MESSAGE_BYTES), the size up to which DNS answered before EDNS (RFC 1035), and what
# fits into the smallest MTU here (Weave, 1376) less 28 bytes of headers.
DATAGRAM_BYTES = (64, 512, 1300)
# Sent before they are read. The queue of a tun device holds 500, a socket's buffer 90 of the largest size; and with one at a
# time a relay's wake-up, not its work, would be measured.
DATAGRAM_WINDOW = 32
# What a TCP receiver in slices offers at most. A relay's socket holds some 90 packets (net.core.rmem_default): with less on the
# way nothing is lost by the sender's pace, and a connection does not settle in one of two states, 8 % apart (docs/method).
STREAM_WINDOW_BYTES = 65536
MOST_STREAMS_APART = 4  # of iperf3: the outputs of more would be larger than what `validate` unpacks of a campaign


@dataclass(frozen=True)
class Profile:
    """One profile of the method. Times in seconds, sizes in bytes, rates in bit/s."""

    profile: str
    deployments: int
    trial_s: int
    omit_s: int  # slow start; measured but not used
    cost_s: int  # long enough that the clock's tick of /proc/stat (10 ms) is small beside the CPU time
    wire_bytes: int
    latency_samples: int
    slice_core_s: float = 0.05  # time of the processor
    pairs_least: int = 12
    pairs_most: int = 32
    run_s: int = 1
    run_pairs: int = 4  # of iperf3, where no process can hold both ends: an interval of 95 % would want 6
    views: tuple[str, ...] = VIEWS
    streams: tuple[int, ...] = (1, 4, 64)
    equal_mss: bool = True
    datagram_bytes: tuple[int, ...] = DATAGRAM_BYTES
    repeats: bool = True  # a trial beside which the machine was busy

    @property
    def id(self) -> str:
        """The name under which these numbers are frozen."""
        return f"p3-{self.profile}"

    def as_mapping(self, seed: int, nodes: int) -> model.Protocol:
        """Return what the campaign file says of the method: these numbers, the plan's seed, and how many nodes a lab has."""
        return {
            "id": self.id,
            "profile": self.profile,
            "deployments": self.deployments,
            "trial_s": self.trial_s,
            "omit_s": self.omit_s,
            "cost_s": self.cost_s,
            "wire_bytes": self.wire_bytes,
            "latency_samples": self.latency_samples,
            "slice_core_s": self.slice_core_s,
            "pairs_least": self.pairs_least,
            "pairs_most": self.pairs_most,
            "pair_ratio_width": WIDE_ENOUGH,
            "run_s": self.run_s,
            "burst_bytes": BURST_BYTES,
            "datagram_window": DATAGRAM_WINDOW,
            "stream_window_bytes": STREAM_WINDOW_BYTES,
            "views": list(self.views),
            "order": "block-random",
            "seed": seed,
            "offered_bps": OFFERED_BPS,
            "equal_mss_bytes": EQUAL_MSS_BYTES,
            "congestion_control": CONGESTION_CONTROL,
            "nodes": nodes,
        }


PROFILES = {
    protocol.profile: protocol
    for protocol in (
        # Shows that everything works. Nobody compares its speed: what the machine did meanwhile is only written down.
        Profile("smoke", 1, 1, 1, 4, 8_000_000, 20_000, 0.02, 8, 8, run_pairs=2, views=("wire", "speed"), streams=(1,),
                equal_mss=False, repeats=False),
        Profile("quick", 1, 2, 1, 4, 32_000_000, 20_000, streams=(1,), equal_mss=False,
                datagram_bytes=(64, 1300)),
        Profile("standard", 6, 2, 1, 4, 32_000_000, 20_000),
    )
}


def profile(name: str) -> Profile:
    """The protocol of a profile.

    Raises:
        UserError: there is no such profile.
    """
    if name not in PROFILES:
        raise UserError(f"Unknown profile '{name}'.", f"Profiles: {', '.join(PROFILES)}.")
    return PROFILES[name]
