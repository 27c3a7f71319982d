"""A captured packet as readers see it: its bytes by header and field, and the fields' values in the words people use.

Where a field stands in its header is from the formats: IEEE 802.3, RFC 791 (IPv4), RFC 768 (UDP), RFC 9293 (TCP), RFC 7348
(VXLAN), weaveworks/weave router/sleeve.go (sleeve). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from experiments.evidence import Header, Packet

BYTES_A_ROW = 16

# layer -> (field as the decoder names it, how readers call it, offset, bytes); 0 bytes: to the header's end.
FIELDS: Mapping[str, Sequence[tuple[str, str, int, int]]] = {
    "ethernet": (("destination", "destination", 0, 6), ("source", "source", 6, 6), ("type", "type", 12, 2)),
    "ipv4": (("version", "version and header length", 0, 1), ("", "DSCP and ECN", 1, 1), ("length_bytes", "length", 2, 2),
             ("identification", "identification", 4, 2), ("df", "flags and fragment offset", 6, 2), ("ttl", "TTL", 8, 1),
             ("protocol", "protocol", 9, 1), ("", "header checksum", 10, 2), ("source", "source", 12, 4),
             ("destination", "destination", 16, 4)),
    "udp": (("source_port", "source port", 0, 2), ("destination_port", "destination port", 2, 2),
            ("length_bytes", "length", 4, 2), ("checksum_zero", "checksum", 6, 2)),
    "vxlan": (("", "flags", 0, 1), ("", "reserved", 1, 3), ("vni", "network identifier (VNI)", 4, 3), ("", "reserved", 7, 1)),
    "sleeve": (("sender", "sender", 0, 6), ("source_peer", "source peer", 6, 6),
               ("destination_peer", "destination peer", 12, 6), ("frame_bytes", "length of the frame", 18, 2)),
    "sealed": (("sender", "sender", 0, 6), ("df", "sequence number, first bit: sent with DF", 6, 8)),
    "tcp": (("source_port", "source port", 0, 2), ("destination_port", "destination port", 2, 2), ("", "sequence number", 4, 4),
            ("", "acknowledgement number", 8, 4), ("", "header length and flags", 12, 2), ("", "window", 14, 2),
            ("", "checksum", 16, 2), ("", "urgent pointer", 18, 2), ("", "options", 20, 0)),
}
ETHERTYPES = {0x0800: "IPv4", 0x0806: "ARP", 0x86DD: "IPv6"}  # IANA, IEEE 802 numbers
PROTOCOLS = {1: "ICMP", 4: "IPv4 in IPv4", 6: "TCP", 17: "UDP", 50: "ESP"}  # IANA, protocol numbers


@dataclass(frozen=True)
class Piece:
    """A field's bytes within one row."""

    layer: str
    title: str  # "UDP destination port: 8472"; empty for what is no header
    hex: str
    number: int  # of the header, from 1; 0: none
    begins: bool  # whether the field begins here, and not in the row before


@dataclass(frozen=True)
class ByteRow:
    """Sixteen bytes."""

    offset: str
    pieces: tuple[Piece, ...]


def value(layer: str, name: str, found: str | int | bool) -> str:
    """A decoded field's value in words: "IPv4 (0x0800)", "set", "1500 bytes"."""
    if layer == "ethernet" and name == "type" and isinstance(found, int):
        return f"{ETHERTYPES.get(found, 'unknown')} (0x{found:04x})"
    if name == "protocol" and isinstance(found, int):
        return f"{PROTOCOLS.get(found, 'unknown')} ({found})"
    if name == "df":
        return "don't fragment (DF) set" if found else "don't fragment (DF) not set"
    if name == "checksum_zero":
        return "zero: none" if found else "computed"
    if name.endswith("_bytes"):
        return f"{found} bytes"
    return str(found)


def words(header: Header) -> list[tuple[str, str]]:
    """The fields of a header that were decoded, as readers call them, with their values."""
    names = {name: title for name, title, _, _ in FIELDS.get(header.layer, ()) if name}
    names |= {"df": "flags", "version": "version"} if header.layer == "ipv4" else {}
    return [(names.get(name, name.replace("_", " ")), value(header.layer, name, found))
            for name, found in header.fields.items()]


def rows(packet: Packet, titles: Sequence[str]) -> tuple[ByteRow, ...]:
    """The packet's stored bytes in rows; ``titles`` are those of its headers."""
    data = bytes.fromhex(packet.hex)
    spans = list(_spans(packet, titles, len(data)))
    found = []
    for start in range(0, len(data), BYTES_A_ROW):
        end = min(start + BYTES_A_ROW, len(data))
        pieces = [Piece(layer, title, data[max(a, start):min(b, end)].hex(" "), number, a >= start)
                  for a, b, layer, title, number in spans if a < end and b > start]
        found.append(ByteRow(f"{start:04x}", tuple(pieces)))
    return tuple(found)


def _spans(packet: Packet, titles: Sequence[str], length: int) -> Iterator[tuple[int, int, str, str, int]]:
    """Every field from the first byte to the last: begin, end, layer, title, number of its header."""
    at = 0
    for number, (header, title) in enumerate(zip(packet.headers, titles, strict=True), 1):
        end = min(header.offset_bytes + header.length_bytes, length)
        for name, called, offset, size in FIELDS.get(header.layer, ()):
            begin = header.offset_bytes + offset
            stop = min(begin + size, end) if size else end
            if begin < at or stop <= begin:
                continue
            known = f": {value(header.layer, name, header.fields[name])}" if name in header.fields else ""
            yield begin, stop, header.layer, f"{title}: {called}{known}", number
            at = stop
        if at < end:
            yield at, end, header.layer, title, number
            at = end
    if at < length:
        yield at, length, "payload", "", 0
