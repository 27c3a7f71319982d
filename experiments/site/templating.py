"""Jinja as every template here uses it."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from experiments.results import questions, words
from experiments.site import axis


def environment(templates: Path) -> jinja2.Environment:
    """Jinja as every template here uses it: escaping by default, no silent blanks."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )
    made.globals |= {"label": axis.label, "three": words.figures, "percent": words.percent, "view": questions.view,
                     "result_in_words": questions.result, "counted": words.counted}
    made.filters["code"] = code
    return made


def code(text: str) -> Markup:
    """Plain text as HTML, what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
