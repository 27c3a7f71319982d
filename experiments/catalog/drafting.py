"""The first text of a new mode or variant: what can be taken from another mode is, what would be false of it is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from experiments.catalog.model import Mode
from experiments.catalog.reading import get, load, variants
from experiments.errors import UserError
from experiments.paths import MODES

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
LONGEST_NAME = 40
# Statements about one mode, which would be false of another: whoever writes the new one adds its own.
STATEMENTS = ("choose", "passes", "nodes", "daemon", "facts", "history", "sources")
TO_COME = "Still to be written."


def require_free(name: str) -> None:
    """Raise UserError if a mode cannot be called so, because the name is none, or is taken."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise UserError(f"'{name}' is no name of a mode.", "A CNI, a hyphen, a mode, in small letters: flannel-host-gw; "
                        f"{LONGEST_NAME} characters at most.")
    if name in {**load(), **variants()}:
        raise UserError(f"There is a mode {name} already.", f"It is in {folder_of(get(name))}.")


def folder_of(mode: Mode) -> Path:
    """The folder of a mode; a variant's is that of its mode."""
    return MODES / (mode.variant_of or mode.name)


def mode_text(text: str, name: str, like: str) -> str:
    """The ``mode.yml`` of a new mode, from the text of another's."""
    values = {"name": name, "title": name, "short_title": name, "summary": TO_COME}
    for key, value in values.items():
        text = replaced(text, {key: f"{key}: {value}\n"})
    text = replaced(text, dict.fromkeys(STATEMENTS, ""))
    body = re.sub(r"\A(#.*\n)+", "", text)
    return (f"# {name}, begun as a copy of {like}: until you change it, what stands here is that mode's.\n"
            "# The format is in experiments/catalog/model.py, its rules in rules.py. Still to come, for another mode's would\n"
            f"# be false: {', '.join(STATEMENTS)}.\n{body}")


def variant_text(name: str, of: str) -> str:
    """The file of a new variant: its name, and a place for what differs."""
    return (f"# {name}. Only what differs from ../mode.yml stands here, under the same keys; a list is replaced whole.\n"
            f"name: {name}\ntitle: {name}\nshort_title: {name}\nsummary: What differs from {of} is still to be written.\n")


def replaced(text: str, blocks: Mapping[str, str]) -> str:
    """A YAML text whose keys at the left edge have other blocks in their places; a key that is not there is left out.

    Text and comments of all other keys stay as they are, which a reader and writer of YAML would not leave them.
    """
    for key, block in blocks.items():
        found = re.search(rf"^{re.escape(key)}:.*\n(?:[ \t].*\n)*", text, re.MULTILINE)
        if found:
            text = text[:found.start()] + block + text[found.end():]
    return text
