"""A converted notebook's HTML without its baggage.

mkdocs-jupyter puts JupyterLab's styles and scripts into every notebook's page: 618 KB, of which a reader uses nothing but
the text. They are taken out, with the ids that differ from build to build; docs/assets/podpath.css has the few rules that
remain. (Its version 0.27 can be told to leave them out, but needs Python 3.12.)
"""

from __future__ import annotations

import re

# What stands in a notebook's outputs is made by our own code from checked results, and is not touched.
_BAGGAGE = [re.compile(pattern, re.S) for pattern in (
    r"<style\b.*?</style>", r"<script\b.*?</script>", r"<link\b[^>]*>", r"<meta\b[^>]*>", r"<!--.*?-->",
    r"<clipboard-copy\b.*?</clipboard-copy>", r'<div class="zeroclipboard-container">.*?</div>',
    r'<div class="clipboard-copy-txt"[^>]*>.*?</div>',
    r'<div class="jp-(?:Input|Output)Prompt[^"]*">.*?</div>', r'<div class="jp-(?:Input|Output)Collapser[^"]*">\s*</div>',
    r' id="cell-id=[^"]*"', r' data-mime-type="[^"]*"',
    r"</?(?:html|head|body|main)\b[^>]*>",
)]
_FOCUS = re.compile(r'(<div[^>]*class="[^"]*jp-[^"]*"[^>]*) tabindex="0"')
_HEAD_TITLE = re.compile(r"<head\b.*?</head>", re.S)


def without_baggage(html: str) -> str:
    """Text, code and outputs: no styles, scripts, prompts, copy buttons, or ids made at random."""
    html = _HEAD_TITLE.sub("", html)
    for pattern in _BAGGAGE:
        html = pattern.sub("", html)
    # What scrolls has to be within reach of a keyboard (WCAG 2.1.1).
    return _FOCUS.sub(r"\1", html).replace("<pre>", '<pre tabindex="0">')
