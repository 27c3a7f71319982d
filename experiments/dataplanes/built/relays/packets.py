"""IPv4 packets in a buffer: the few operations that the relays need, on bytes in place."""

from __future__ import annotations

import socket
import struct

IPV4_HEADER_BYTES = 20
ICMP_PROTOCOL = 1
ICMP_UNREACHABLE = 3
ICMP_NET_UNREACHABLE = 0
ICMP_FRAGMENTATION_NEEDED = 4
MORE_FRAGMENTS = 0x2000


def checksum(data: bytes | bytearray | memoryview) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = bytes(data) + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def decrement_ttl(packet: bytearray | memoryview) -> bool:
    """Take one off the TTL in place and mend the header's checksum (RFC 1624, equation 3); False if none is left.

    The TTL is the upper byte of its word: the word falls by 0x0100, the checksum grows by as much. Its upper byte grows by
    one, then, and only from 0xFE on may that carry; a carry comes in again below. 0xFFFF is written as 0, as a full
    computation has it.
    """
    ttl, upper = packet[8], packet[10]
    if ttl <= 1:
        return False
    packet[8] = ttl - 1
    if upper < 0xFE:
        packet[10] = upper + 1
        return True
    total = (upper << 8 | packet[11]) + 0x0100
    if total >= 0xFFFF:
        total -= 0xFFFF
    packet[10], packet[11] = total >> 8, total & 0xFF
    return True


def ipv4(source: bytes, destination: bytes, payload: bytes, *, ttl: int, protocol: int) -> bytes:
    """A packet without options (RFC 791); addresses as four bytes."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, IPV4_HEADER_BYTES + len(payload), 0, 0, ttl, protocol, 0, source,
                         destination)
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def icmp_unreachable(
    offender: bytes | bytearray | memoryview, source: bytes, *, code: int, next_hop_mtu: int = 0, ttl: int
) -> bytes | None:
    """Destination unreachable (RFC 792) for a packet: its header and eight bytes go back to its sender.

    None where none may be sent: about ICMP itself, and about fragments other than the first (RFC 1122, 3.2.2).
    """
    length = (offender[0] & 0x0F) * 4
    fragment_offset = ((offender[6] & 0x1F) << 8) | offender[7]
    if offender[9] == ICMP_PROTOCOL or fragment_offset or not IPV4_HEADER_BYTES <= length <= len(offender):
        return None
    quoted = bytes(offender[:length + 8])
    body = struct.pack(">BBHHH", ICMP_UNREACHABLE, code, 0, 0, next_hop_mtu) + quoted
    body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
    return ipv4(source, bytes(offender[12:16]), body, ttl=ttl, protocol=ICMP_PROTOCOL)


def fragments(packet: bytes | bytearray | memoryview, mtu: int) -> list[bytes] | None:
    """The fragments of an IPv4 packet without DF, none longer than ``mtu`` bytes (RFC 791, 3.2).

    None for what we do not take apart: packets with options, of false length or place, or where eight bytes do not fit.
    """
    total = int.from_bytes(packet[2:4], "big")
    step = (mtu - IPV4_HEADER_BYTES) & ~7
    if packet[0] != 0x45 or not IPV4_HEADER_BYTES <= total <= len(packet) or step < 8:
        return None
    word = int.from_bytes(packet[6:8], "big")
    flags, offset = word & ~0x1FFF, word & 0x1FFF  # of a packet that may be a fragment itself
    if offset * 8 + total > 0xFFFF:
        return None
    made = []
    for start in range(0, total - IPV4_HEADER_BYTES, step):
        part = packet[IPV4_HEADER_BYTES + start:min(IPV4_HEADER_BYTES + start + step, total)]
        last = IPV4_HEADER_BYTES + start + len(part) == total
        header = bytearray(packet[:IPV4_HEADER_BYTES])
        header[2:4] = (IPV4_HEADER_BYTES + len(part)).to_bytes(2, "big")
        header[6:8] = (flags | offset + start // 8 | (0 if last else MORE_FRAGMENTS)).to_bytes(2, "big")
        header[10:12] = b"\0\0"
        header[10:12] = checksum(header).to_bytes(2, "big")
        made.append(bytes(header + part))
    return made


def address(text: str) -> bytes:
    """An IPv4 address as four bytes."""
    return socket.inet_aton(text)
