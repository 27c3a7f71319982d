"""What a mode's folder does not hold yet, in the words of lists and pages: nothing of it keeps a mode from being there.

A folder begins with ``mode.yml``. ``page.md`` may come later or be half written, ``kind.yml`` (with it Kubernetes) too.
"""

from __future__ import annotations

import re
from pathlib import Path

from experiments.catalog.model import Mode
from experiments.paths import MODES

PAGE, KUBERNETES = "page.md", "kind.yml"
# What stands in a section of a page that nobody has written yet; the site says so there.
TO_COME = '--8<-- "to-come.md"'
SOURCES_ONLY = "explained from sources only"
PROSE = "prose still to come"
NOT_IN_KUBERNETES = "not yet in Kubernetes"


def in_kubernetes(name: str, folder: Path = MODES) -> bool:
    """Whether the folder of a mode says what it is in Kubernetes."""
    return (folder / name / KUBERNETES).is_file()


def unwritten(text: str) -> list[str]:
    """The sections of a page that are still to come, in their order; a page without any has an empty text for its name."""
    sections = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    return [title for title, body in zip(["", *sections[1::2]], sections[::2], strict=True) if TO_COME in body]


def pending(mode: Mode, folder: Path = MODES) -> list[str]:
    """What a mode lacks, a phrase each; a variant lacks what its mode does."""
    name = mode.variant_of or mode.name
    page = folder / name / PAGE
    missing = []
    if mode.explained_only:
        missing.append(SOURCES_ONLY)
    if not in_kubernetes(name, folder):
        missing.append(NOT_IN_KUBERNETES)
    if not page.is_file() or unwritten(page.read_text(encoding="utf-8")):
        missing.append(PROSE)
    return missing
