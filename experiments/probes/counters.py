"""Counters of a device: what really went over the underlay."""

from __future__ import annotations

import json
from dataclasses import dataclass

from experiments.catalog import limits
from experiments.labs.base import Lab, run
from experiments.probes.errors import ProbeError


@dataclass(frozen=True)
class Counters:
    """Sent bytes (Ethernet header included, check sequence not) and packets of a device."""

    tx_bytes: int
    tx_packets: int

    def __sub__(self, earlier: Counters) -> Counters:
        return Counters(self.tx_bytes - earlier.tx_bytes, self.tx_packets - earlier.tx_packets)


def read(lab: Lab, place: str, device: str) -> Counters:
    """The counters of a device now.

    Raises:
        ProbeError: the device does not exist, or its counters cannot be read.
    """
    argv = ["ip", "-s", "-json", "link", "show", "dev", device]
    return parse(run(lab, place, argv, record=False).stdout)


def parse(text: str) -> Counters:
    """Read the answer of ``ip -s -json link show dev …``.

    Raises:
        ProbeError: it is not such an answer.
    """
    try:
        sent = json.loads(text)[0]["stats64"]["tx"]
        return Counters(int(sent["bytes"]), int(sent["packets"]))
    except (ValueError, KeyError, IndexError, TypeError):
        raise ProbeError("The counters of a device could not be read from `ip -s -json link`.") from None


def wire_efficiency(payload_bytes: int, sent: Counters) -> float:
    """Payload over the bytes of the wire that carried it, between 0 and 1.

    Raises:
        ProbeError: less was counted on the wire than was received.
    """
    wire_bytes = sent.tx_bytes + limits.ETHERNET_EXTRA_BYTES * sent.tx_packets
    if wire_bytes <= payload_bytes:
        raise ProbeError(f"The underlay counted {wire_bytes} bytes for {payload_bytes} bytes of payload.")
    return payload_bytes / wire_bytes
