"""A transfer whose bytes are counted by the receiving device itself, between two moments well inside of it.

What a receiver's socket counts in some seconds can be more than a link carries in them: bytes that had come before, out of
order, are handed over all at once, and a queue drains into the time. What the device counts cannot. The tool that made the
transfer is checked by the same counters: one that says it has received more than the device has is not believed.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType

from experiments.catalog import limits
from experiments.labs.base import Lab, start
from experiments.probes import count_device, iperf3
from experiments.probes.errors import ProbeError

TOOL = "podpath counters 1"
MARGIN_S = 0.2  # at both ends, beside the seconds that are omitted
LEAST_S = 0.3
MORE_THAN_CARRIED = 1.005  # headers are subtracted as those of full segments
END_TIMEOUT_S = 5.0
LARGEST = 10**18

Sample = tuple[int, int, int]  # nanoseconds, bytes, packets


@dataclass(frozen=True)
class Watched:
    """What the device received between two moments inside, and in all of it."""

    seconds: float
    rx_bytes: int
    rx_packets: int
    all_bytes: int
    all_packets: int

    def payload_bytes(self, header_bytes: int) -> int:
        """The payload in between, where each packet has so many bytes of headers."""
        return self.rx_bytes - header_bytes * self.rx_packets

    @property
    def wire_bps(self) -> float:
        """What of the wire was in use, gaps between the frames included."""
        return 8 * (self.rx_bytes + limits.ETHERNET_EXTRA_BYTES * self.rx_packets) / self.seconds


class Watching:
    """Counts on a device of a place during a ``with`` block; afterwards it has its ``samples``."""

    def __init__(self, lab: Lab, place: str, device: str) -> None:
        self._lab, self._place, self._device = lab, place, device
        self.samples: tuple[Sample, ...] = ()

    def __enter__(self) -> Watching:
        program = Path(self._lab.source, *count_device.__name__.split(".")).with_suffix(".py")
        self._said = tempfile.TemporaryFile()
        argv = [*self._lab.python, "-I", "-S", str(program), self._device]
        self._process = start(self._lab, self._place, argv, stdout=self._said)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._said:
            self._said.seek(0)
            whole = self._said.read().decode(errors="replace").rpartition("\n")[0]
        try:
            self.samples = tuple(_sample(line.split()) for line in whole.splitlines())
        except (ValueError, IndexError):
            self.samples = ()


def _sample(parts: Sequence[object]) -> Sample:
    moment, size, packets = (int(str(part)) for part in parts)
    if not all(0 <= number < LARGEST for number in (moment, size, packets)):
        raise ValueError("not a count")
    return moment, size, packets


def read(samples: Sequence[Sample], omit_s: float) -> Watched:
    """The account of a transfer: from ``omit_s`` and a margin after its first packets to a margin before its last.

    Raises:
        ProbeError: there are none or too few samples, or too little time between them.
    """
    if not samples:
        raise ProbeError("The counters of the receiving device were not read at all: what reads them does not run there.")
    if any(later[0] <= earlier[0] or later[1] < earlier[1] or later[2] < earlier[2]
           for earlier, later in pairwise(samples)):
        raise ProbeError("The counters of the device went backwards.")
    busy = _busy(samples)
    inside = [one for one in samples if busy and busy[0] + (omit_s + MARGIN_S) * 1e9 <= one[0] <= busy[1] - MARGIN_S * 1e9]
    if len(inside) < 2 or inside[-1][0] - inside[0][0] < LEAST_S * 1e9:
        raise ProbeError("The counters of the receiving device were not read often enough: the machine is too busy.")
    first, last = inside[0], inside[-1]
    return Watched((last[0] - first[0]) / 1e9, last[1] - first[1], last[2] - first[2],
                   samples[-1][1] - samples[0][1], samples[-1][2] - samples[0][2])


def _busy(samples: Sequence[Sample]) -> tuple[int, int] | None:
    """When the transfer began and ended: the samples around all but the first and the last hundredth of its bytes."""
    low, high = samples[0][1], samples[-1][1]
    if low == high:
        return None
    begun = max(one[0] for one in samples if one[1] <= low + 0.01 * (high - low))
    ended = min(one[0] for one in samples if one[1] >= high - 0.01 * (high - low))
    return begun, ended


def believed(result: iperf3.IperfResult, watched: Watched, header_bytes: int) -> None:
    """Compare what iperf3's receiver says with what the device had to do with it.

    Raises:
        ProbeError: it says more than the device carried.
    """
    carried = watched.all_bytes - header_bytes * watched.all_packets
    if result.received_bytes > carried * MORE_THAN_CARRIED:
        raise ProbeError(f"iperf3 says that {result.received_bytes} bytes were received, and the receiving device "
                         f"carried {carried}: it is not believed.")


def text(samples: Sequence[Sample], header_bytes: int, omit_s: float, said: str) -> str:
    """What is kept: the counters, and iperf3's own output."""
    return json.dumps({"tool": TOOL, "header_bytes": header_bytes, "omit_s": omit_s,
                       "samples": [list(one) for one in samples], "iperf3": said})


def is_ours(said: str) -> bool:
    """Whether a raw output is of this kind."""
    return said.startswith('{"tool": "podpath counters')


def iperf3_inside(said: str) -> str:
    """iperf3's own output out of what :func:`text` wrote and :func:`parse` has taken."""
    return str(json.loads(said)["iperf3"])


def parse(said: str) -> tuple[Watched, int, iperf3.IperfResult]:
    """Read what :func:`text` wrote: the account, the headers' bytes of a packet, iperf3's result.

    Raises:
        ProbeError: it is damaged, or iperf3 says more than the device carried.
    """
    try:
        plain = json.loads(said)
        samples = [_sample(one) for one in plain["samples"]]
        header_bytes, omit_s, inside = int(plain["header_bytes"]), float(plain["omit_s"]), str(plain["iperf3"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise ProbeError("The counters of the device cannot be read: what is kept is damaged.") from None
    found, result = read(samples, omit_s), iperf3.parse(inside)
    believed(result, found, header_bytes)
    return found, header_bytes, result
