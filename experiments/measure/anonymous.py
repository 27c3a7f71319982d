"""A cluster's result without what says whose cluster it is: names of nodes, public addresses, hardware addresses.

A result is made to be published. Kubernetes' names of nodes become ``node1``, ``node2``, and ``node`` for all others;
addresses that are routed on the Internet become those of RFC 5737 and RFC 3849; MAC addresses that a maker has burnt in
become locally administered ones (IEEE 802, the second bit of the first byte), in the captured packet too. The same thing
becomes the same stand-in everywhere in a result, so that what agreed before agrees afterwards.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, TypeVar

from experiments.evidence import Header, Packet
from experiments.results import store
from experiments.results.private_names import IPV4, IPV6, PLAIN_NAMES, public_address

T = TypeVar("T")

_IPV4_IN_A_NAME = re.compile(r"(?<=_)(?:\d{1,3}_){3}\d{1,3}(?!\d)")  # Calico's names of sessions: Mesh_203_0_113_7
_MAC = re.compile(r"(?<![\w:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![\w:])", re.I)
_NET4 = ipaddress.IPv4Network("192.0.2.0/24")  # RFC 5737
_NET6 = ipaddress.IPv6Network("2001:db8::/32")  # RFC 3849


class Anonymous:
    """Stand-ins for one cluster; ``names`` are real names of nodes, and what stands in their place."""

    def __init__(self, names: Mapping[str, str]) -> None:
        # A name that says nothing stays: it could be one that results use for their own places.
        self.names = {real: ours for real, ours in names.items() if real and not PLAIN_NAMES.fullmatch(real)}
        self._addresses: dict[str, str] = {}
        self._macs: dict[str, str] = {}

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        words = sorted(self.names, key=len, reverse=True)
        return re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, words))})(?![\w-])") if words else None

    def text(self, text: str) -> str:
        """A text with stand-ins."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self.names[found[0]], text)
        text = _MAC.sub(lambda found: self.mac(found[0]), text)
        text = IPV4.sub(lambda found: self.address(found[0]), text)
        text = _IPV4_IN_A_NAME.sub(lambda found: self.address(found[0].replace("_", ".")).replace(".", "_"), text)
        return IPV6.sub(lambda found: self.address(found[0]), text)

    def address(self, text: str) -> str:
        """An address as it is, or a stand-in for one that is routed on the Internet."""
        found = public_address(text)
        if found is None:
            return text
        if text not in self._addresses:
            number = len(self._addresses) + 1
            self._addresses[text] = str(_NET4[min(number, 255)] if found.version == 4 else _NET6[number])
        return self._addresses[text]

    def mac(self, text: str) -> str:
        """A MAC address as it is, or a stand-in for one that its maker has burnt in."""
        first = int(text[:2], 16)
        if first & 0b11 or not int(text.replace(":", ""), 16):  # group, locally administered, or none at all
            return text
        return self._macs.setdefault(text.lower(), f"02:00:00:00:01:{len(self._macs) + 1 & 0xFF:02x}")

    def packet(self, packet: Packet) -> Packet:
        """A captured packet with stand-ins in its bytes as well."""
        content = bytearray.fromhex(packet.hex)
        headers = []
        for header in packet.headers:
            fields = {name: self.text(value) if isinstance(value, str) else value for name, value in header.fields.items()}
            headers.append(Header(header.layer, header.offset_bytes, header.length_bytes, fields))
            for start, length in _PLACES.get(header.layer, ()):
                self._put(content, header.offset_bytes + start, length)
        return replace(packet, headers=tuple(headers), hex=bytes(content).hex())

    def _put(self, content: bytearray, start: int, length: int) -> None:
        """Replace the address of ``length`` bytes that stands there, if it is whole."""
        found = bytes(content[start:start + length])
        if len(found) == 6:
            content[start:start + 6] = bytes.fromhex(self.mac(found.hex(":")).replace(":", ""))
        elif len(found) == 4:
            content[start:start + 4] = ipaddress.IPv4Address(self.address(str(ipaddress.IPv4Address(found)))).packed

    def everywhere(self, value: Any) -> Any:
        """Plain values with :meth:`text` applied to every text among them; keys are ours and stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.everywhere(inner) for key, inner in value.items()}
        return [self.everywhere(inner) for inner in value] if isinstance(value, list | tuple) else value

    def instance(self, kind: type[T], value: T) -> T:
        """An object of the result model with stand-ins in all its texts."""
        return store.from_plain(kind, self.everywhere(asdict(value)))  # type: ignore[call-overload]


# Where addresses stand in a header: bytes from its beginning, and how many.
_PLACES: Mapping[str, tuple[tuple[int, int], ...]] = {"ethernet": ((0, 6), (6, 6)), "ipv4": ((12, 4), (16, 4))}
