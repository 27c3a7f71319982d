"""The header arithmetic: what TCP can reach at most on an Ethernet of a given rate, mode by mode.

A full-size packet carries ``MTU - 20 - 32`` bytes of payload (IPv4 header, TCP header with timestamps: RFC 791, 9293,
7323). On the wire it takes that payload, every header in front of it, and 24 bytes that each Ethernet frame costs
besides its header: preamble and start of frame 8, frame check sequence 4, gap 12 (IEEE 802.3). Acknowledgements travel
the other way and cost nothing on a full-duplex link. So the limit is payload over wire bytes, times the rate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.catalog import Mode

IPV4_HEADER_BYTES = 20
TIMESTAMPS_BYTES = 12  # RFC 7323 appendix A: the option and its padding; the MSS does not count them (RFC 6691)
TCP_HEADER_BYTES = 20 + TIMESTAMPS_BYTES
ETHERNET_HEADER_BYTES = 14
# Preamble and start of frame 8, frame check sequence 4, gap 12 (IEEE 802.3): what neither a device's counters nor tbf see.
ETHERNET_EXTRA_BYTES = 24
GIGABIT_BPS = 1_000_000_000


@dataclass(frozen=True)
class Limit:
    """One line of the model, with every term (bytes of one full-size packet).

    Raises:
        ValueError: no byte of payload fits, or a size is negative.
    """

    name: str
    pod_mtu_bytes: int
    overhead_bytes: int  # between the Ethernet header and the pod's IP packet
    mss_bytes: int | None = None  # payload of a segment, where it is smaller than the MTU allows

    def __post_init__(self) -> None:
        if self.overhead_bytes < 0 or self.payload_bytes < 1:
            raise ValueError(f"{self.name}: no payload fits into an MTU of {self.pod_mtu_bytes} bytes.")

    @property
    def payload_bytes(self) -> int:
        """TCP payload of one packet."""
        native = self.pod_mtu_bytes - IPV4_HEADER_BYTES - TCP_HEADER_BYTES
        return native if self.mss_bytes is None else min(native, self.mss_bytes)

    @property
    def packet_bytes(self) -> int:
        """Length of the pod's own IP packet."""
        return self.payload_bytes + IPV4_HEADER_BYTES + TCP_HEADER_BYTES

    @property
    def underlay_length_bytes(self) -> int:
        """Length of the IP packet on the underlay."""
        return self.packet_bytes + self.overhead_bytes

    @property
    def wire_bytes(self) -> int:
        """What the packet takes of the wire, gap included."""
        return self.underlay_length_bytes + ETHERNET_HEADER_BYTES + ETHERNET_EXTRA_BYTES

    @property
    def efficiency(self) -> float:
        """Payload over wire bytes, between 0 and 1."""
        return self.payload_bytes / self.wire_bytes

    def goodput_bps(self, rate_bps: int = GIGABIT_BPS) -> float:
        """The limit in bit/s on an Ethernet of ``rate_bps`` bit/s."""
        return self.efficiency * rate_bps


BASELINE = Limit("host to host", 1500, 0)

# Defaults of the years, so that old measurements can be read: name, pod MTU, overhead (bytes). The MTUs are from the
# manifests and sources of each version; docs/history.md lists them with their files.
HISTORY = (
    Limit("Host, Flannel host-gw, Calico BGP 3.17 and later", 1500, 0),
    Limit("Calico BGP, manifests 3.1 to 3.16", 1440, 0),
    Limit("Calico IPIP 3.17 and later", 1480, 20),
    Limit("Calico IPIP 2.6 to 3.16", 1440, 20),
    Limit("Flannel UDP", 1472, 28),
    Limit("Calico VXLAN 3.17 and later, Flannel VXLAN", 1450, 50),
    Limit("Calico VXLAN manifest 3.16, Weave fast data path 1.2 to 1.8", 1410, 50),
    Limit("Weave fast data path 1.9 and later", 1376, 50),
    Limit("Weave sleeve without datapath (path MTU 1438)", 1438, 62),
    Limit("Weave sleeve as fallback", 1376, 62),
    Limit("Weave sleeve encrypted, without datapath (path MTU 1414)", 1414, 86),
    Limit("Weave fast data path with ESP", 1376, 84),
    Limit("Weave sleeve encrypted, as fallback", 1376, 86),
)


def limit(mode: Mode | None, mss_bytes: int | None = None) -> Limit:
    """The model's line for a mode, or for the baseline (None), optionally with a smaller payload a segment."""
    if mode is None:
        return Limit(BASELINE.name, BASELINE.pod_mtu_bytes, BASELINE.overhead_bytes, mss_bytes)
    return Limit(mode.title, mode.mtu.pod_bytes, mode.overhead_bytes, mss_bytes)


def variants(mode: Mode) -> tuple[Limit, ...]:
    """The lines for the other MTUs that a mode has in other circumstances, by the largest packet that fits."""
    return tuple(
        Limit(f"{mode.title}, {variant.when}", variant.packet_bytes, mode.mtu.underlay_bytes - variant.packet_bytes)
        for variant in mode.mtu.variants
    )


def wire_efficiency(mode: Mode | None, mss_bytes: int | None = None) -> float:
    """Payload over wire bytes of a full-size packet, between 0 and 1."""
    return limit(mode, mss_bytes).efficiency


def header_bytes(mode: Mode | None) -> int:
    """What a packet of TCP has on the underlay besides its payload, as a device counts it."""
    line = limit(mode)
    return ETHERNET_HEADER_BYTES + line.underlay_length_bytes - line.payload_bytes


def goodput_limit_bps(mode: Mode | None, rate_bps: int = GIGABIT_BPS, mss_bytes: int | None = None) -> float:
    """What TCP can reach at most, in bit/s, on an Ethernet of ``rate_bps`` bit/s."""
    return limit(mode, mss_bytes).goodput_bps(rate_bps)


@dataclass(frozen=True)
class Nearness:
    """A measured figure beside a line of the model: ``ratio`` is measured over limit."""

    limit: Limit
    ratio: float

    @property
    def possible(self) -> bool:
        """Whether the line allows the figure at all."""
        return self.ratio <= 1


def near(measured_bps: float, lines: Iterable[Limit] = HISTORY, within: float = 0.03) -> list[Nearness]:
    """The lines of the model within ``within`` of a figure measured on 1 Gbit/s, nearest first, impossible ones too."""
    found = [Nearness(line, measured_bps / line.goodput_bps()) for line in lines]
    return sorted((n for n in found if abs(1 - n.ratio) <= within), key=lambda n: abs(1 - n.ratio))
