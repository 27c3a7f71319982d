"""Whether the checksums in a captured frame are those of its bytes: IPv4's header, UDP, TCP, at every depth.

Virtual devices leave a checksum unfinished and say so beside the packet, for the card to complete (Linux, checksum-offloads).
A capture then shows bytes that no wire ever carries. The sum is RFC 1071's, the pseudo header RFC 768's and RFC 9293's. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.evidence import Header

CHECKSUM_AT = {"ipv4": 10, "udp": 6, "tcp": 16}  # of a header's bytes
PROTOCOL = {"udp": 17, "tcp": 6}
GOOD = "all good"


def told(frame: bytes, headers: Sequence[Header]) -> str:
    """``all good``, or which are not, with what stands there and what should; a UDP checksum of zero is none (RFC 768)."""
    return "; ".join(_wrong(frame, headers)) or GOOD


def _wrong(frame: bytes, headers: Sequence[Header]) -> Iterator[str]:
    ip: Header | None = None
    for depth, header in enumerate(headers, 1):
        if header.layer not in CHECKSUM_AT:
            continue
        at = header.offset_bytes + CHECKSUM_AT[header.layer]
        stands = int.from_bytes(frame[at:at + 2], "big")
        if header.layer == "ipv4":
            ip, covered, before = header, frame[header.offset_bytes:header.offset_bytes + header.length_bytes], b""
        elif ip is None or (header.layer == "udp" and stands == 0):
            continue
        else:
            covered, before = _segment(frame, ip, header)
            if len(covered) < int.from_bytes(before[-2:], "big"):
                yield f"{header.layer} (header {depth}): not captured whole"
                continue
        place = at - header.offset_bytes
        computed = checksum(before + covered[:place] + b"\0\0" + covered[place + 2:])
        if header.layer == "udp":
            computed = computed or 0xFFFF
        if stands != computed:
            yield f"{header.layer} (header {depth}): 0x{stands:04x}, its bytes give 0x{computed:04x}"


def _segment(frame: bytes, ip: Header, header: Header) -> tuple[bytes, bytes]:
    """What a checksum of UDP or TCP covers, and the pseudo header before it, which ends with its length."""
    start = ip.offset_bytes
    end = start + int.from_bytes(frame[start + 2:start + 4], "big")
    length = end - header.offset_bytes
    pseudo = frame[start + 12:start + 20] + bytes((0, PROTOCOL[header.layer])) + length.to_bytes(2, "big", signed=False)
    return frame[header.offset_bytes:end], pseudo


def checksum(data: bytes) -> int:
    """The complement of the sum of all 16-bit words with end-around carry (RFC 1071)."""
    total = sum(int.from_bytes(data[i:i + 2].ljust(2, b"\0"), "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
