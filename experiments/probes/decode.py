"""From the bytes of a captured frame to the header stack that the site shows, and the comparison with the declared one.

Standard layers are scapy's. Two formats it does not know: Flannel's udp backend puts the pod's IP packet straight into
UDP (flannel-io/flannel pkg/backend/udp/proxy_amd64.c), and Weave's sleeve puts names and a length in front of each
Ethernet frame (weaveworks/weave router/sleeve.go and router/frame_crypto.go). Encrypted, only the sender's name and a number
can be read: the stack ends there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from experiments.catalog import DeclaredHeader
from experiments.evidence import Check, Header
from experiments.probes.errors import DecodeError

VXLAN_PORTS = frozenset({4789, 8472, 6784})  # IANA and Calico; the kernel's old default and Flannel; Weave
FLANNEL_UDP_PORT = 8285
SLEEVE_PORT = 6783
SLEEVE_NAME_BYTES = 6
SLEEVE_HEADER_BYTES = 3 * SLEEVE_NAME_BYTES + 2  # sender, source peer, destination peer, length of the frame
SEALED_HEADER_BYTES = SLEEVE_NAME_BYTES + 8  # sender, sequence number, whose uppermost bit says "sent with DF"
SEAL_BYTES = 16  # Poly1305's tag, the least that follows
MAX_LAYERS = 12

Fields = dict[str, str | int | bool]


def decode(frame: bytes) -> tuple[Header, ...]:
    """The headers of an Ethernet frame, outermost first, with offsets.

    Raises:
        DecodeError: the bytes are not a frame of a kind that occurs here.
    """
    headers: list[Header] = []
    kind, offset = "ethernet", 0
    while kind:
        if len(headers) == MAX_LAYERS:
            raise DecodeError(f"More than {MAX_LAYERS} headers in one frame.")
        length, fields, following = _LAYERS[kind](frame[offset:])
        headers.append(Header(kind, offset, length, fields))
        kind, offset = following, offset + length
    return tuple(headers)


def _layer(name: str, data: bytes, length: int) -> Any:
    """One layer by scapy's dissector, which gets the header's ``length`` bytes and nothing of what follows."""
    if len(data) < length:
        raise DecodeError(f"{len(data)} bytes are too few for the {name} header of {length}.")
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN

    kinds = {"ethernet": Ether, "ipv4": IP, "udp": UDP, "tcp": TCP, "icmp": ICMP, "vxlan": VXLAN}
    try:
        return kinds[name](data[:length])
    except Exception as error:  # scapy's dissectors raise whatever they meet in hostile bytes
        raise DecodeError(f"The {name} header could not be read: {error}") from None


def _ethernet(data: bytes) -> tuple[int, Fields, str]:
    layer = _layer("ethernet", data, 14)
    kind = int.from_bytes(data[12:14], "big")
    return 14, {"destination": str(layer.dst), "source": str(layer.src), "type": kind}, "ipv4" if kind == 0x0800 else ""


def _ipv4(data: bytes) -> tuple[int, Fields, str]:
    length = (data[0] & 0x0F) * 4 if data else 0
    if length < 20 or data[0] >> 4 != 4:
        raise DecodeError("These bytes do not begin an IPv4 packet.")
    layer = _layer("ipv4", data, length)
    offset = int.from_bytes(data[6:8], "big") & 0x1FFF
    fields: Fields = {
        "version": 4, "length_bytes": int(layer.len), "identification": int(layer.id), "df": bool(data[6] & 0x40),
        "ttl": int(layer.ttl), "protocol": int(layer.proto), "source": str(layer.src), "destination": str(layer.dst),
    }
    # Behind the first fragment stands no header.
    following = {4: "ipv4", 6: "tcp", 17: "udp", 1: "icmp"}.get(data[9], "") if offset == 0 else ""
    return length, fields, following


def _udp(data: bytes) -> tuple[int, Fields, str]:
    layer = _layer("udp", data, 8)
    port = int(layer.dport)
    fields: Fields = {"source_port": int(layer.sport), "destination_port": port, "length_bytes": int(layer.len),
                      "checksum_zero": data[6:8] == b"\0\0"}
    following = ""
    if port in VXLAN_PORTS:
        following = "vxlan"
    elif port == FLANNEL_UDP_PORT:
        following = "ipv4"
    elif port == SLEEVE_PORT:
        following = "sleeve" if _is_clear(data[8:]) else "sealed"
    return 8, fields, following


def _vxlan(data: bytes) -> tuple[int, Fields, str]:
    layer = _layer("vxlan", data, 8)
    return 8, {"vni": int(layer.vni)}, "ethernet"


def _is_clear(data: bytes) -> bool:
    """Whether a sleeve datagram names its sender twice, as whoever captured the frame does, or its frames' lengths add up.

    In a sealed one both would be chance.
    """
    if len(data) >= SLEEVE_HEADER_BYTES and data[:SLEEVE_NAME_BYTES] == data[SLEEVE_NAME_BYTES:2 * SLEEVE_NAME_BYTES]:
        return True
    offset = SLEEVE_NAME_BYTES
    while offset < len(data):
        lengths_at = offset + 2 * SLEEVE_NAME_BYTES
        offset = lengths_at + 2 + int.from_bytes(data[lengths_at:lengths_at + 2], "big")
    return offset == len(data)


def _sealed(data: bytes) -> tuple[int, Fields, str]:
    if len(data) < SEALED_HEADER_BYTES + SEAL_BYTES:
        raise DecodeError(f"{len(data)} bytes are too few for a sleeve header, sealed or not.")
    return SEALED_HEADER_BYTES, {"sender": data[:SLEEVE_NAME_BYTES].hex(":"), "df": bool(data[SLEEVE_NAME_BYTES] & 0x80)}, ""


def _sleeve(data: bytes) -> tuple[int, Fields, str]:
    if len(data) < SLEEVE_HEADER_BYTES:
        raise DecodeError(f"{len(data)} bytes are too few for a sleeve header.")
    sender, source, destination = (
        data[i:i + SLEEVE_NAME_BYTES].hex(":") for i in range(0, 3 * SLEEVE_NAME_BYTES, SLEEVE_NAME_BYTES)
    )
    fields: Fields = {"sender": sender, "source_peer": source, "destination_peer": destination,
                      "frame_bytes": int.from_bytes(data[18:20], "big")}
    return SLEEVE_HEADER_BYTES, fields, "ethernet"


def _tcp(data: bytes) -> tuple[int, Fields, str]:
    length = (data[12] >> 4) * 4 if len(data) > 12 else 0
    if length < 20:
        raise DecodeError("These bytes do not begin a TCP segment.")
    layer = _layer("tcp", data, length)
    return length, {"source_port": int(layer.sport), "destination_port": int(layer.dport)}, ""


def _icmp(data: bytes) -> tuple[int, Fields, str]:
    layer = _layer("icmp", data, 8)
    return 8, {"type": int(layer.type), "code": int(layer.code)}, ""


_LAYERS = {"ethernet": _ethernet, "ipv4": _ipv4, "udp": _udp, "vxlan": _vxlan, "sleeve": _sleeve,
           "sealed": _sealed, "tcp": _tcp, "icmp": _icmp}


def compare(
    headers: Iterable[Header], declared: Iterable[DeclaredHeader], names: Mapping[str, str], *, at: str
) -> list[Check]:
    """The captured stack beside the declared one: the layers and their sizes, then every declared field.

    ``names`` fills the placeholders of the declaration (``{client_pod}``) with the lab's values. What is declared behind a
    sealed header cannot be seen, and is not compared.
    """
    found, wanted = tuple(headers), tuple(declared)
    sealed = [number for number, header in enumerate(wanted, 1) if header.layer == "sealed"]
    wanted = wanted[:sealed[0]] if sealed else wanted
    evidence = "capture of a full-size packet on the underlay"
    stack = " | ".join(f"{h.layer} {h.length_bytes}" for h in found)
    expected = " | ".join(f"{h.layer} {h.bytes}" for h in wanted)
    checks = [Check("packet.headers", expected, stack, stack == expected, evidence, at)]
    if stack != expected:
        return checks
    for number, (header, declaration) in enumerate(zip(found, wanted, strict=True), 1):
        for name, value in declaration.fields.items():
            text = value.format_map(names) if isinstance(value, str) else str(value)
            observed = str(header.fields.get(name, "absent"))
            check = f"packet.{number}.{header.layer}.{name}"
            checks.append(Check(check, text, observed, text == observed, evidence, at))
    return checks
