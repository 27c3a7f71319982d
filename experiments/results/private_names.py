"""What names a machine or a place on the Internet in a text: told once, for what is hidden and for what is looked for.

If the two differed, a name could stay in a result because nobody hides it, and pass because nobody looks for it.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator

# Host names that say nothing about anybody, or that a lab uses for its own places.
PLAIN_NAMES = re.compile(
    r"localhost|host|debian|fedora|ubuntu|arch|linux|runner|underlay|(node|pod|rr|tor)[0-9]*|\(none\)|.{0,2}"
)
IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
# Its bytes with zeros before them, in hexadecimal, or joined as names have them: 093.184.216.034, 0x5d.0xb8.…, Mesh_93_184_….
_SPELLED = re.compile(
    r"(?<![\w.-])(?:0{1,6}\d{1,3}|\d{1,3})(?:\.(?:0{1,6}\d{1,3}|\d{1,3})){3}(?![\w-]|\.\d)|(?<=_)(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)"
    r"|(?<!\d)\d{1,3}(?:_\d{1,3}){3}(?!\d)|(?<!\d)(?<!\d-)\d{1,3}(?:-\d{1,3}){3}(?!-?\d)"
    r"|(?<!\w)0[xX][0-9a-fA-F]{1,2}(?:\.0[xX][0-9a-fA-F]{1,2}){3}(?!\w)")
_ONE_NUMBER = re.compile(r"(?<!\w)0[xX]([0-9a-fA-F]{8})(?!\w)|(?<=://)(\d{8,10})(?!\w)")
IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")


def public_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address if it is routed on the Internet; None for private, documentation, multicast and reserved ones.

    None as well where the text is no address.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address if address.is_global and not address.is_multicast and not address.is_reserved else None


def public_addresses(text: str) -> Iterator[str]:
    """Every address on the Internet in a text, however it is spelled: with zeros before, in hexadecimal, inside of names."""
    for pattern in (IPV4, IPV6):
        for match in pattern.finditer(text):
            if public_address(match[0]):
                yield match[0]
    for match in _SPELLED.finditer(text):
        numbers = [int(part, 16 if part[:2].lower() == "0x" else 10) for part in re.split(r"[._-]", match[0].strip("_"))]
        if max(numbers) < 256 and public_address(".".join(map(str, numbers))):
            yield match[0]
    for match in _ONE_NUMBER.finditer(text):
        number = int(match[1], 16) if match[1] else int(match[2])
        if number < 2**32 and public_address(str(ipaddress.IPv4Address(number))):
            yield match[0]


def own_name() -> re.Pattern[str] | None:
    """Return what finds this machine's name; None if the name says nothing about anybody."""
    name = os.uname().nodename
    return None if PLAIN_NAMES.fullmatch(name) else re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
