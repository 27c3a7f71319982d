"""Characters that no text of a result needs, and over which some reader stumbles: a terminal, a page, an XML parser, a log."""

from __future__ import annotations

import re

# Control characters but tab and end of line; what turns the direction of the text after it; ends of line that are none
# everywhere; what Unicode calls no character (XML 1.0 has none of them); halves of pairs, as file names of other bytes have.
UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_LINE_ENDING = re.compile(f"[\t\n]|{UNWANTED.pattern}")
_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # by which a terminal changes colours


def wanted(text: str) -> str:
    """The text without unwanted characters, and with ends of line of one kind."""
    return UNWANTED.sub("", _SEQUENCE.sub("", text.replace("\r\n", "\n"))) if UNWANTED.search(text) else text


def on_one_line(text: str) -> str:
    r"""The text with ends of line and unwanted characters spelled out (``\n``): it cannot begin a line, nor hide a part."""
    return _LINE_ENDING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
