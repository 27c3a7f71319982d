"""The rules for what was counted: the wire's bytes; what was measured in slices, or by a device's counters; strict ones.

Nothing stands in a queue, in a socket or in a tool's rounding that could explain a figure above its ceiling. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from experiments import catalog
from experiments.catalog import limits
from experiments.results.model import Trial
from experiments.results.words import percent, quantity

CEILING_TOLERANCE = 1.005  # the shaper's burst (32 kB), which at 100 Mbit/s is 0.2 % of a second and a half
WALL_TOLERANCE = 1.05  # medians of the same slices, each by another clock
ROUNDING = 1e-3
COUNT_TOLERANCE = 1.00001  # digits that were rounded off
HIGHER_IS_BETTER = ("speed", "packets")
# RFC 2544 (26.1) knows no loss at all; MLRsearch (draft-ietf-bmwg-mlrsearch) leaves its goal to who searches, and FD.io's CSIT
# searches for 0 and for 0.5 %. What is lost was worked for in vain, and makes the figure smaller by that part: a thousandth is
# a twentieth of the width that the ratio's interval may have.
MOST_LOSS_RATIO = 0.001
# One call sends a datagram, one reads it: half of what a round trip has in one process (LEAST_ROUND_TRIP_OF_ONE_PROCESS_US).
MOST_PACKETS_PER_S = 4e6
MOST_TRANSACTIONS_PER_S = 2e6
MOST_RATIO = 5.0  # of a mode to its own nodes, the good way: as of the figures of two trials (experiments/results/rules.py)


def applies(trial: Trial) -> bool:
    """Whether the trial was measured so."""
    return trial.view == "wire" or trial.device_s is not None or trial.pairs is not None


def lossy(trial: Trial) -> str:
    """That too much was lost for the figure to count, in words; empty if not."""
    if trial.loss_ratio is None or trial.loss_ratio <= MOST_LOSS_RATIO:
        return ""
    return f"{percent(trial.loss_ratio)} of the datagrams did not arrive; allowed: at most {percent(MOST_LOSS_RATIO)}"


def broken(trial: Trial, mode: str, ceiling_bps: float | None) -> Iterator[tuple[str, str]]:
    """Every rule that a trial of a mode breaks: the field, and a sentence.

    Raises:
        UserError: there is no such mode.
    """
    of = catalog.get(mode) if trial.path == "pod-pod" else None
    if trial.view == "wire":
        yield from _wire(trial, limits.limit(of).payload_bytes, ceiling_bps)
    if trial.device_s is not None:
        yield from _link(trial, limits.header_bytes(of), ceiling_bps)
    if trial.pairs is not None:
        yield from _pairs(trial)


def _wire(trial: Trial, payload_bytes: int, ceiling_bps: float | None) -> Iterator[tuple[str, str]]:
    """Bytes over bytes, without a clock. Segments are larger than the limit's only where TCP does without timestamps."""
    if ceiling_bps is None or trial.wire_goodput_bps is None:
        return
    if trial.mss_bytes == payload_bytes + limits.TIMESTAMPS_BYTES:
        ceiling_bps *= trial.mss_bytes / payload_bytes
    if trial.wire_goodput_bps > ceiling_bps * COUNT_TOLERANCE:
        yield "wire_goodput_bps", (f"the headers leave {quantity(ceiling_bps, 'bit/s')} of this link; "
                                   "bytes were counted, so none can be more")


def _link(trial: Trial, header_bytes: int, ceiling_bps: float | None) -> Iterator[tuple[str, str]]:
    if not (trial.device_rx_bytes and trial.device_rx_packets and trial.device_s and trial.link_rate_bps and trial.goodput_bps):
        yield "device_rx_bytes", "or what stands beside it is missing; the link view is made of them"
        return
    wire_bps = 8 * (trial.device_rx_bytes + limits.ETHERNET_EXTRA_BYTES * trial.device_rx_packets) / trial.device_s
    most = trial.link_rate_bps * CEILING_TOLERANCE
    if wire_bps > most:
        yield "device_rx_bytes", (f"the counters give {quantity(wire_bps, 'bit/s')} on a wire of "
                                  f"{quantity(trial.link_rate_bps, 'bit/s')}: the shaper did not hold; allowed: 0.5 % more")
    payload_bps = 8 * (trial.device_rx_bytes - header_bytes * trial.device_rx_packets) / trial.device_s
    if abs(trial.goodput_bps - payload_bps) > ROUNDING * payload_bps:
        yield "goodput_bps", f"the counters give {payload_bps:.0f}"
    if ceiling_bps is not None and trial.goodput_bps > ceiling_bps * CEILING_TOLERANCE:
        yield "goodput_bps", (f"the headers leave {quantity(ceiling_bps, 'bit/s')} of this link; allowed: at most "
                              f"{quantity(ceiling_bps * CEILING_TOLERANCE, 'bit/s')}")


def _pairs(trial: Trial) -> Iterator[tuple[str, str]]:
    low, middle, high = trial.pair_ratio_low, trial.pair_ratio, trial.pair_ratio_high
    if middle is not None and low is not None and high is not None and not low <= middle <= high:
        yield "pair_ratio", f"is outside of its own interval ({low:g} to {high:g})"
    if middle is not None and trial.view in HIGHER_IS_BETTER and middle > MOST_RATIO:
        yield "pair_ratio", f"no mode is so much faster than its own nodes; allowed: at most {MOST_RATIO:g}"
    if middle is not None and trial.view not in HIGHER_IS_BETTER and middle < 1 / MOST_RATIO:
        yield "pair_ratio", f"no mode takes so much less than its own nodes; allowed: at least {1 / MOST_RATIO:g}"
    if trial.core_goodput_bps is not None and trial.goodput_bps and trial.goodput_bps > trial.core_goodput_bps * WALL_TOLERANCE:
        carried = quantity(trial.core_goodput_bps, "bit/s")
        yield "goodput_bps", f"by the wall's clock is more than one processor carries ({carried}), and there is one"
    if trial.core_us_per_packet is not None and trial.core_s_per_gbit is not None and trial.mss_bytes:
        found = trial.core_s_per_gbit * trial.mss_bytes * 8 / 1e3
        if abs(found - trial.core_us_per_packet) > 1e-4 + 1e-4 * trial.mss_bytes * 8 / 1e3 + ROUNDING * found:
            yield "core_us_per_packet", f"core_s_per_gbit and the segment's size give {found:.4f}"
    yield from _packets(trial)


def _packets(trial: Trial) -> Iterator[tuple[str, str]]:
    """What is counted, not weighed: datagrams and transactions."""
    if why := lossy(trial):
        yield "loss_ratio", why
    for name, most in (("core_packets_per_s", MOST_PACKETS_PER_S), ("transactions_per_core_s", MOST_TRANSACTIONS_PER_S)):
        if (getattr(trial, name) or 0) > most:
            yield name, f"no kernel does so much with one processor; allowed: at most {most:.0f}"
    if trial.core_packets_per_s is not None and trial.datagram_bytes and trial.goodput_bps:
        carried = 8 * trial.core_packets_per_s * trial.datagram_bytes
        if trial.goodput_bps > carried * WALL_TOLERANCE:
            yield "goodput_bps", f"by the wall's clock is more than one processor carries ({quantity(carried, 'bit/s')})"
