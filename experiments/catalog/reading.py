"""Modes and variants as they are read from ``experiments/modes/``.

A mode is data. Adding one is a folder with a ``mode.yml`` (and, if its data plane is new, a recipe): there is no list
elsewhere to edit.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from experiments.catalog.model import Mode
from experiments.catalog.rules import check
from experiments.errors import UserError, echoed
from experiments.paths import MODES
from experiments.typed_yaml import Document

OWN = ("title", "short_title", "summary")  # what a variant never shares with its mode, besides its name


def get(name: str) -> Mode:
    """The mode of that name, or the variant of a mode.

    Raises:
        UserError: there is none; the message names the closest one and all of them.
    """
    modes = {**load(), **variants()}
    if name in modes:
        return modes[name]
    close = difflib.get_close_matches(name, modes, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise UserError(f"Unknown mode '{echoed(name)}'.{meant}", f"Modes: {', '.join(modes)}.")


def load(folder: Path = MODES) -> dict[str, Mode]:
    """All modes by name, in the order of their names.

    Raises:
        UserError: a ``mode.yml`` is broken; the message names file, line, key, value and what is allowed.
    """
    return dict(_load(folder))


@cache
def _load(folder: Path) -> Mapping[str, Mode]:
    return {path.parent.name: read(path) for path in sorted(folder.glob("*/mode.yml"))}


@cache
def variants(folder: Path = MODES) -> Mapping[str, Mode]:
    """The variants of all modes by name: not modes of their own, but to be measured under their own name.

    Raises:
        UserError: a file is broken; the message names file, line, key, value and what is allowed.
    """
    found: dict[str, Mode] = {}
    for path in sorted(folder.glob("*/variants/*.yml")):
        document = Document(path, "The format is that of mode.yml, of which only what differs stands in a variant's file.")
        of = load(folder)[path.parents[1].name]
        document.lay_over(Document(path.parents[1] / "mode.yml", ""))
        mode = document.read(Mode)
        # What the mode's MTU is in other circumstances is told on its own page.
        mode = replace(mode, variant_of=of.name, mtu=replace(mode.mtu, variants=()))
        check(mode, document, f"{of.name}-{path.stem}")
        for key in OWN:
            if getattr(mode, key) == getattr(of, key):
                raise document.error("is missing: the variant has its own", key)
        found[mode.name] = mode
    return found


def read(path: Path) -> Mode:
    """Read and check one ``mode.yml``.

    Raises:
        UserError: it is not valid YAML or not a valid mode.
    """
    document = Document(path, "The format is in experiments/catalog/model.py; modes/calico-bgp/mode.yml is an example.")
    mode = document.read(Mode)
    check(mode, document, path.parent.name)
    return mode
