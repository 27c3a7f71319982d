"""What names a machine or a place on the Internet in a text: told once, for what is hidden and for what is looked for.

If the two differed, a name could stay in a result because nobody hides it, and pass because nobody looks for it.
"""

from __future__ import annotations

import ipaddress
import os
import re

# Host names that say nothing about anybody, or that a lab uses for its own places.
PLAIN_NAMES = re.compile(
    r"localhost|host|debian|fedora|ubuntu|arch|linux|runner|underlay|(node|pod|rr|tor)[0-9]*|\(none\)|.{0,2}"
)
IPV4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
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


def own_name() -> re.Pattern[str] | None:
    """Return what finds this machine's name; None if the name says nothing about anybody."""
    name = os.uname().nodename
    return None if PLAIN_NAMES.fullmatch(name) else re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
