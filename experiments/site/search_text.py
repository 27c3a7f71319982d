"""What the search finds in a page: cells that end as words do, and only what a reader would look for. Pure.

The theme's search reads a page's HTML without its tags. Where two cells meet without a blank, their words would become one.
What it is not to read has an attribute, which the theme takes out of the page again; that holds up to the next end of an
element of the same name, so nothing is marked that holds another of its own kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# How much a match on a page counts, by the beginning of the page's address: what explains and what mends comes before what
# only mentions it. Long reference pages hold nearly every word, and notebooks nearly every number. All others count 1.
WEIGHTS: Mapping[str, float] = {
    "modes/": 2.0, "symptoms": 2.0, "method/contribute": 2.0, "scope": 1.5, "encapsulation": 1.2,
    "failures": 0.4, "growth": 0.6, "history": 0.6, "reported": 0.6, "method/trust": 0.6, "method/dispute": 0.6, "sources": 0.5,
    "note-2018": 0.4,
    "method/changes": 0.4, "method/format": 0.3, "notebooks/": 0.3,
}
# Elements that stand apart on the screen; the tags of paragraphs, lists and code divide words already.
_END = re.compile(r'(?<=\S)(?<!">)(?<!<td>)(?<!<th>)(?=</(?:td|th|caption|option|dt|dd|summary|label)>|<br ?/?>)')
# Drawings, whose figures stand in a table too; filters; bytes; the long transcripts, whose deciding lines are steps of the
# path; a step's row of headers; the table of every figure, which has a filter of its own.
_UNREAD = re.compile(r'<(?:svg|figcaption)\b|<form(?= class="pp-filters)|<div(?= class="pp-row")|<p(?= class="pp-headers")'
                     r'|<pre(?= class="pp-output pp-transcript")|<table(?= class="pp-compare")')


def prepared(html: str) -> str:
    """A page's HTML as the search is to read it; on the screen it is the same."""
    return _UNREAD.sub(lambda match: f'{match[0]} data-search-exclude="true"', _END.sub(" ", html))


def weight(address: str) -> float:
    """How much a match counts on the page with this address below ``docs/``."""
    return next((found for begin, found in WEIGHTS.items() if address.startswith(begin)), 1.0)
