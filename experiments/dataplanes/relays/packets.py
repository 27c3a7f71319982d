"""IPv4 packets in a buffer: the few operations that the relays need, on bytes in place."""

from __future__ import annotations

import socket
import struct

IPV4_HEADER_BYTES = 20
ICMP_PROTOCOL = 1
ICMP_UNREACHABLE = 3
ICMP_NET_UNREACHABLE = 0
ICMP_FRAGMENTATION_NEEDED = 4


def checksum(data: bytes | bytearray | memoryview) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = bytes(data) + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def decrement_ttl(packet: bytearray | memoryview) -> bool:
    """Take one off the TTL in place and mend the header's checksum (RFC 1624, equation 3); False if none is left.

    The TTL is the upper byte of its 16-bit word, so the word falls by 0x0100 and the checksum rises by as much.
    """
    if packet[8] <= 1:
        return False
    packet[8] -= 1
    total = ((packet[10] << 8) | packet[11]) + 0x0100
    total = (total & 0xFFFF) + (total >> 16)
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


def address(text: str) -> bytes:
    """An IPv4 address as four bytes."""
    return socket.inet_aton(text)
