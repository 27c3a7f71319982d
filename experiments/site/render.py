"""Results and modes in, Markdown and SVG out: a pure function.

Fragments go to ``generated/`` and are pulled into the hand-written pages by ``--8<-- "<mode>-<part>.md"``; the parts
are ``facts``, ``path``, ``headers``, ``transcript``, ``measured``, ``reproduce`` and ``sources``. The list of campaigns,
the feed and the tables go to ``docs/results/``. Everything is HTML blocks made by Jinja with autoescape: text from a
result file stays text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from experiments.catalog import CAVEATS, Mode, limits
from experiments.results import fields
from experiments.results.model import ModeResult
from experiments.results.reported_model import Reported
from experiments.results.summary import cells
from experiments.site import contributed, figures, frame, limit_model, tables
from experiments.site import published as published_tables
from experiments.site.entries import Entry, entries, first_trial, limit, phases
from experiments.site.shelf import Shelf, others
from experiments.variant import EMBEDDED, KERNELS

HEX_A_LINE = 16
OTHERS_SHOWN = 20  # campaigns that a mode's page lists beside those it shows in full
ENTRIES_OF_FEED = 50
LISTED = 100  # campaigns of a kind on the page of results; the table as data holds them all


def environment(templates: Path) -> jinja2.Environment:
    """Jinja as every template here uses it: escaping by default, no silent blanks."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )


def render(
    jinja: jinja2.Environment, modes: Mapping[str, Mode], shelf: Shelf, reported: Sequence[Reported]
) -> dict[str, str]:
    """All rendered files but those of single campaigns, path below the project's root -> text."""
    found: dict[str, str] = {}
    note = next(one for one in reported if one.id == "note-2018")
    found |= {f"generated/{name}": text for name, text in published_tables.fragments(jinja, reported).items()}
    found |= {f"generated/{name}": text for name, text in limit_model.fragments(jinja, modes, note).items()}
    everything: list[Entry] = []
    for mode in modes.values():
        references = entries(jinja, mode, shelf.reference, shelf.standing.records, local=False)
        own = [*references, *entries(jinja, mode, shelf.local, local=True)]
        everything += own
        for part, text in _fragments(jinja, mode, own, shelf).items():
            found[f"generated/{mode.name}-{part}.md"] = text
        found |= _table_files(f"docs/results/tables/{mode.name}", tables.as_rows(tables.compared(own, {})))
    titles = {mode.name: mode.short_title for mode in modes.values()}
    lines = tables.compared(everything, titles)
    found |= _table_files("docs/results/tables/compare", tables.as_rows(lines))
    found["generated/compare.md"] = jinja.get_template("compare.md.j2").render(
        lines=lines, views=list(dict.fromkeys(line.view for line in lines)),
        modes=list(dict.fromkeys((line.mode, line.title) for line in lines)),
        labs=list(dict.fromkeys(line.lab for line in lines)), kernels=list(dict.fromkeys(line.kernel for line in lines)),
        campaigns=list(dict.fromkeys(line.campaign for line in lines)), contributed=contributed.lines(shelf.cards),
        titles=titles, at="results/",
    )
    found["generated/format.md"] = jinja.get_template("format.md.j2").render(objects=list(fields.OBJECTS.items()))
    found["generated/home-plot.md"] = _home_plot(jinja, [e for e in everything if not e.local], titles)
    published = [card for card in reversed(shelf.cards) if not card.local]
    groups = (("Reference campaigns", [card for card in published if not contributed.is_contributed(card)]),
              ("Contributed campaigns", [card for card in published if contributed.is_contributed(card)]),
              ("This machine", [card for card in reversed(shelf.cards) if card.local]))
    found["docs/results/feed.xml"] = jinja.get_template("feed.xml.j2").render(campaigns=published[:ENTRIES_OF_FEED])
    found["docs/results/index.md"] = jinja.get_template("results.md.j2").render(groups=groups, most=LISTED)
    found |= _table_files("docs/results/tables/campaigns", tables.campaign_rows(reversed(shelf.cards)))
    found[f"docs/results/{frame.NAME}.md"] = frame.SOURCE
    return found


def _table_files(path: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A table as CSV and as JSON."""
    return {f"{path}.csv": tables.as_csv(rows), f"{path}.json": tables.as_json(rows)}


def _home_plot(jinja: jinja2.Environment, own: Sequence[Entry], titles: Mapping[str, str]) -> str:
    """Every mode over the emulated link of the embedded lab, as a share of the link's rate: on the host's kernel if it can."""
    rows, seen = [], set()
    campaigns: dict[str, None] = {}
    for entry in (one for one in own if one.result.lab == EMBEDDED):
        for cell in cells(entry.result):
            _, trial = first_trial(entry.result, cell)
            rate_bps = trial.link_rate_bps if trial else None
            ours = entry.result.daemon is None
            if not (ours and cell.view == "link" and cell.path == "pod-pod" and rate_bps) or entry.result.mode in seen:
                continue
            seen.add(entry.result.mode)
            campaigns[entry.campaign.id] = None
            limit_bps = limit(entry.mode, cell, trial)
            samples = tuple(value / rate_bps for value in cell.values.get("goodput_bps", {}).values())
            rows.append((titles[entry.result.mode], samples, limit_bps / rate_bps if limit_bps else None))
    if not rows:
        return ""
    plot = figures.plot("TCP goodput from pod to pod over an emulated link", "link_share_ratio", "higher is better", rows,
                        beside=True)
    drawing = jinja.get_template("plot.svg.j2").render(plot=plot, identity="home")
    return jinja.get_template("home-plot.md.j2").render(drawing=Markup(drawing), campaigns=list(campaigns))


def _fragments(jinja: jinja2.Environment, mode: Mode, own: Sequence[Entry], shelf: Shelf) -> dict[str, str]:
    """The parts of a mode's page that come from data."""
    boxes, height = figures.path_boxes(mode)
    more = others(shelf.cards, mode.name)
    shown = next((e for e in own if _packet(e.result)), None)
    packet = _packet(shown.result) if shown else None
    typed = next((e for e in own if e.result.transcript), None)
    values: dict[str, Mapping[str, Any]] = {
        "facts": {"entries": own, "limit": figures.shown("goodput_bps", limits.goodput_limit_bps(mode))},
        "path": {"boxes": boxes, "height": height},
        "headers": {"entry": shown, "packet": packet, "titles": _titles(mode, packet),
                    "hex": _hex_lines(packet.hex) if packet else []},
        "transcript": {"entry": typed, "phases": phases(typed.result.transcript) if typed else []},
        "measured": {"entries": own, "others": more[:OTHERS_SHOWN], "left_out": len(more[OTHERS_SHOWN:]),
                     "kernels": KERNELS, "contributed": contributed.lines(shelf.cards, mode.name), "at": "../results/",
                     "titles": {mode.name: mode.short_title}},
        "reproduce": {"caveats": CAVEATS},
        "sources": {},
    }
    return {part: jinja.get_template("path.svg.j2" if part == "path" else f"{part}.md.j2").render(mode=mode, **named)
            for part, named in values.items()}


def _packet(result: ModeResult) -> Any:
    return next((d.packet for d in result.deployments if d.packet and d.status == "ok"), None)


def _titles(mode: Mode, packet: Any) -> list[str]:
    """The declared titles where the stack is the declared one, else the plain names of the layers."""
    if packet is None:
        return []
    layers = [header.layer for header in packet.headers]
    if layers == [header.layer for header in mode.headers]:
        return [header.title for header in mode.headers]
    return layers


def _hex_lines(text: str) -> list[str]:
    data = bytes.fromhex(text)
    return [f"{i:04x}  {data[i:i + HEX_A_LINE].hex(' ')}" for i in range(0, len(data), HEX_A_LINE)]
