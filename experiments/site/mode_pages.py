"""The pages of the modes: each is ``page.md`` in its mode's folder, and the site finds it by itself.

So a mode is one folder, and nothing else names it: MkDocs is given the pages under ``modes/`` and their places in the
navigation. A mode whose page is still to be written has the sections without prose: what comes from data is shown already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments import catalog
from experiments.catalog import Mode, pending

# The sections of every page, in their order, and what a section shows that comes from data.
SECTIONS: Mapping[str, str] = {
    "The packet's path": "path", "In short": "facts", "The headers": "headers", "Hop by hop": "transcript", "Control plane": "",
    "When something fails": "", "Measured": "measured", "Why this number": "", "What it cannot tell": "",
    "Reproduce this": "reproduce", "Sources": "sources",
}
WITHOUT_PROSE = ("In short", "Measured", "Reproduce this", "Sources")
GROUP = "Modes"  # in mkdocs.yml: the group of the navigation that the modes' pages follow in


def in_order(modes: Iterable[Mode]) -> list[Mode]:
    """Modes as the navigation has them: by product; what stays in the kernel before what passes a process; by name."""
    return sorted(modes, key=lambda mode: (mode.cni.name, mode.relay, mode.name))


def skeleton(mode: Mode) -> str:
    """A page with all its sections, in which the prose is still to come."""
    about = f"{mode.title}, packet by packet - what happens to a packet between two nodes, and what it costs."
    parts = [f"---\ndescription: {about}\n---\n# {mode.title}", pending.TO_COME]
    for title, part in SECTIONS.items():
        parts.append(f"## {title}")
        if part:
            parts.append(_fragment(mode, part))
        if title not in WITHOUT_PROSE:
            parts.append(pending.TO_COME)
    return "\n\n".join(parts) + "\n"


def _fragment(mode: Mode, part: str) -> str:
    return f'--8<-- "{mode.name}-{part}.md"'


def pages(root: Path) -> dict[str, Path | str]:
    """Each mode's page by its address below ``docs/``: the file, or the text where no file has been written yet."""
    found: dict[str, Path | str] = {}
    folder = root / "experiments" / "modes"
    for mode in in_order(catalog.load(folder).values()):
        path = folder / mode.name / pending.PAGE
        found[address(mode.name)] = path if path.is_file() else skeleton(mode)
    return found


def address(name: str) -> str:
    """Where MkDocs has a mode's page, below ``docs/``."""
    return f"modes/{name}.md"


def navigation(nav: list[Any], root: Path) -> list[Any]:
    """The navigation of mkdocs.yml with every mode at the end of its group."""
    entries = [{mode.short_title: address(mode.name)}
               for mode in in_order(catalog.load(root / "experiments" / "modes").values())]
    return [{GROUP: [*item[GROUP], *entries]} if isinstance(item, dict) and GROUP in item else item for item in nav]
