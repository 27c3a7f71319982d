"""Results and modes in, Markdown and SVG out: a pure function.

Fragments go to ``generated/`` and are pulled into the hand-written pages by ``--8<-- "<mode>-<part>.md"``; the parts
are ``facts``, ``path``, ``headers``, ``transcript``, ``measured``, ``reproduce`` and ``sources``. The list of campaigns,
the feed and the tables go to ``docs/results/``. Everything is HTML blocks made by Jinja with autoescape: text from a
result file stays text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jinja2
from markupsafe import Markup

from experiments.catalog import CAVEATS, Mode, limits
from experiments.catalog.pending import pending
from experiments.results import fields
from experiments.results.failure_model import Failures
from experiments.results.floors import RANKS
from experiments.results.growth_model import Growth
from experiments.results.model import ModeResult
from experiments.results.reported_model import Reported
from experiments.results.summary import aggregates
from experiments.site import (
    clusters,
    contributed,
    failures,
    faithful,
    figures,
    frame,
    growth,
    journey,
    limit_model,
    multiples,
    stacks,
    tables,
)
from experiments.site import packet as packets
from experiments.site import published as published_tables
from experiments.site.bridges import layouts
from experiments.site.ceilings import drawing as note_axis
from experiments.site.cells import first_trial, limit
from experiments.site.crossings import drawings as crossings
from experiments.site.entries import Entry, entries, phases
from experiments.site.figures import Given
from experiments.site.mode_pages import in_order
from experiments.site.sessions import shapes
from experiments.site.shelf import Shelf, others
from experiments.site.ways import ways
from experiments.variant import CAPSULE, EMBEDDED, KERNELS

STACK_UNITS = 698  # width of the largest header stack of a path's steps
OTHERS_SHOWN = 20  # campaigns that a mode's page lists beside those it shows in full
ENTRIES_OF_FEED = 50
LISTED = 100  # campaigns of a kind on the page of results; the table as data holds them all


def render(
    jinja: jinja2.Environment, modes: Mapping[str, Mode], variants: Mapping[str, Mode], shelf: Shelf,
    reported: Sequence[Reported], grown: Sequence[Growth] = (), broken: Sequence[Failures] = (),
) -> dict[str, str]:
    """All rendered files but those of single campaigns, path below the project's root -> text.

    A variant is told of on its mode's page, and has lines of its own in the comparison.
    """
    found: dict[str, str] = {}
    note = next(one for one in reported if one.id == "note-2018")
    found |= {f"generated/{name}": text for name, text in published_tables.fragments(jinja, reported).items()}
    found |= {f"generated/{name}": text for name, text in growth.fragments(jinja, grown, modes).items()}
    found |= {f"generated/{name}": text for name, text in failures.fragments(jinja, broken, modes).items()}
    found |= _table_files("docs/results/tables/failures", failures.rows(broken))
    found |= _table_files("docs/results/tables/growth", growth.rows(grown))
    found["generated/faithful.md"] = faithful.fragment(jinja, shelf.pairs, {**modes, **variants})
    found["generated/clusters.md"] = clusters.fragment(jinja, shelf.reference, {**modes, **variants})
    everything: list[Entry] = []
    for mode in modes.values():
        own = _entries(jinja, mode, shelf)
        told = [VariantOf(variant, _entries(jinja, variant, shelf)) for variant in variants.values()
                if variant.variant_of == mode.name]
        for part, text in _fragments(jinja, mode, own, told, shelf).items():
            found[f"generated/{mode.name}-{part}.md"] = text
        for name, shown in ((mode.name, own), *((one.mode.name, one.entries) for one in told)):
            everything += shown
            found |= _table_files(f"docs/results/tables/{name}", tables.as_rows(tables.compared(shown, {})))
    captured = {entry.mode.name for entry in everything if not entry.local and _packet(entry.result)}
    found |= {f"generated/{name}": text for name, text in limit_model.fragments(
        jinja, modes, variants, note, captured).items()}
    found["generated/to-come.md"] = '<p class="pp-to-come">Still to be written.</p>\n'
    found["generated/choose.md"] = jinja.get_template("choose.md.j2").render(
        modes=in_order(modes.values()), pending={mode.name: pending(mode) for mode in modes.values()})
    titles = {mode.name: mode.short_title for mode in (*modes.values(), *variants.values())}
    lines = tables.compared(everything, titles)
    found |= _table_files("docs/results/tables/compare", tables.as_rows(lines))
    found["generated/compare-glance.md"] = jinja.get_template("compare-glance.md.j2").render(
        groups=multiples.groups(jinja, everything), ranks=RANKS)
    found["generated/compare.md"] = jinja.get_template("compare.md.j2").render(
        lines=lines, embedded=EMBEDDED,
        views=list(dict.fromkeys((line.view, line.view_title) for line in lines)),
        modes=list(dict.fromkeys((line.mode, line.title) for line in lines)),
        labs=list(dict.fromkeys(line.lab for line in lines)), kernels=list(dict.fromkeys(line.kernel for line in lines)),
        campaigns=list(dict.fromkeys(line.campaign for line in lines)), contributed=contributed.lines(shelf.cards),
        titles=titles, at="results/",
    )
    found["generated/format.md"] = jinja.get_template("format.md.j2").render(objects=list(fields.OBJECTS.items()))
    found["generated/home-ways.md"] = jinja.get_template("home-ways.md.j2").render(ways=ways(modes.values()))
    found["generated/model-sessions.md"] = jinja.get_template("model-sessions.md.j2").render(shapes=shapes())
    found["generated/model-crossings.md"] = jinja.get_template("model-crossings.md.j2").render(
        drawings=crossings(in_order(modes.values())))
    found["generated/model-bridges.md"] = jinja.get_template("model-bridges.md.j2").render(
        layouts=layouts({**modes, **variants}))
    found["generated/model-note-axis.md"] = jinja.get_template("model-note-axis.md.j2").render(plot=note_axis(note))
    found["generated/home-plot.md"] = _home_plot(jinja, [e for e in everything if not e.local], titles)
    published = [card for card in reversed(shelf.cards) if not card.local]
    groups = (("Reference campaigns", [card for card in published if not contributed.is_contributed(card)]),
              ("Contributed campaigns", [card for card in published if contributed.is_contributed(card)]),
              ("This machine", [card for card in reversed(shelf.cards) if card.local]))
    found["docs/results/feed.xml"] = jinja.get_template("feed.xml.j2").render(campaigns=published[:ENTRIES_OF_FEED])
    found["docs/results/index.md"] = jinja.get_template("results.md.j2").render(groups=groups, most=LISTED, titles=titles)
    found |= _table_files("docs/results/tables/campaigns", tables.campaign_rows(reversed(shelf.cards)))
    found[f"docs/results/{frame.NAME}.md"] = frame.SOURCE
    return found


@dataclass(frozen=True)
class VariantOf:
    """A variant as its mode's page shows it."""

    mode: Mode
    entries: Sequence[Entry]


def _entries(jinja: jinja2.Environment, mode: Mode, shelf: Shelf) -> list[Entry]:
    published = entries(jinja, mode, shelf.reference, shelf.standing.records, local=False)
    return [*published, *entries(jinja, mode, shelf.local, local=True)]


def _table_files(path: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A table as CSV and as JSON."""
    return {f"{path}.csv": tables.as_csv(rows), f"{path}.json": tables.as_json(rows)}


def _home_plot(jinja: jinja2.Environment, own: Sequence[Entry], titles: Mapping[str, str]) -> str:
    """Every mode over the emulated link of the embedded lab, as a share of the link's rate: on the host's kernel if it can.

    Where a maker's own daemon was measured, its row comes first, and ours stands below it. What a relay carries in the capsule
    says more about User-Mode Linux than about the relay, and is left out, whose ever it is.
    """
    found: dict[str, dict[bool, Given]] = {}  # mode -> whether by the maker's daemon -> its row
    campaigns: dict[str, None] = {}
    for entry in (one for one in own if one.result.lab == EMBEDDED and not (one.mode.relay and one.result.kernel == CAPSULE)):
        rows, makers = found.setdefault(entry.result.mode, {}), entry.result.daemon is not None
        for aggregate in aggregates(entry.result):
            _, trial = first_trial(entry.result, aggregate)
            rate_bps = trial.link_rate_bps if trial else None
            shaped = aggregate.view == "link" and aggregate.path == "pod-pod"
            if not (shaped and rate_bps) or makers in rows:
                continue
            campaigns[entry.campaign.id] = None
            limit_bps = limit(entry.mode, aggregate, trial)
            samples = [100 * value / rate_bps for value in aggregate.values.get("goodput_bps", {}).values()]
            share = 100 * limit_bps / rate_bps if limit_bps else None
            rows[makers] = Given(titles[entry.result.mode], samples, share, entry.badge)
    shown = []
    for rows in found.values():
        otherwise = "Podpath's recipe" if len(rows) > 1 else ""  # of ours, where the kernel alone moves the packets
        shown += [replace(row, badge=row.badge or otherwise) for _, row in sorted(rows.items(), reverse=True)]
    if not shown:
        return ""
    drawings = []
    for kind in ("wide", "tall"):
        plot = figures.plot("What TCP delivers from pod to pod over an emulated link", "% of the link's rate", "higher", shown,
                            beside=True, wide=kind == "wide")
        drawings.append(Markup(jinja.get_template("plot.svg.j2").render(plot=plot, identity=f"home-{kind}", kind=kind)))
    return jinja.get_template("home-plot.md.j2").render(drawings=drawings, campaigns=list(campaigns))


def _fragments(
    jinja: jinja2.Environment, mode: Mode, own: Sequence[Entry], variants: Sequence[VariantOf], shelf: Shelf
) -> dict[str, str]:
    """The parts of a mode's page that come from data."""
    more = others(shelf.cards, (mode.name, *(one.mode.name for one in variants)))
    shown = next((e for e in own if _packet(e.result)), None)
    packet = _packet(shown.result) if shown else None
    titles = _titles(mode, packet)
    typed = next((e for e in own if e.result.transcript), None)
    values: dict[str, Mapping[str, Any]] = {
        "facts": {"entries": own, "limit": figures.shown("goodput_bps", limits.goodput_limit_bps(mode)),
                  "pending": pending(mode), "variants": variants, "limits": {
                      one.mode.name: figures.shown("goodput_bps", limits.goodput_limit_bps(one.mode)) for one in variants}},
        "path": {"drawings": journey.drawings(mode), "legend": stacks.legend(mode), "typed": typed,
                 "programs": journey.programs_in_words(mode),
                 "steps": journey.steps(mode, typed.result.transcript if typed else (), STACK_UNITS)},
        "headers": {"entry": shown, "packet": packet, "titles": titles, "outer": mode.pod_packet if mode.overhead_bytes else 0,
                    "rows": packets.rows(packet, titles) if packet else (),
                    "words": [packets.words(header) for header in packet.headers] if packet else []},
        "transcript": {"entry": typed, "phases": phases(typed.result.transcript) if typed else []},
        "measured": {"entries": own, "variants": variants, "others": more[:OTHERS_SHOWN],
                     "left_out": len(more[OTHERS_SHOWN:]), "kernels": KERNELS, "at": "../results/",
                     "contributed": [line for one in (mode, *(v.mode for v in variants))
                                     for line in contributed.lines(shelf.cards, one.name)],
                     "titles": {one.name: one.short_title for one in (mode, *(v.mode for v in variants))}},
        "reproduce": {"caveats": CAVEATS},
        "sources": {},
    }
    return {part: jinja.get_template(f"{part}.md.j2").render(mode=mode, **named) for part, named in values.items()}


def _packet(result: ModeResult) -> Any:
    return next((d.packet for d in result.good if d.packet), None)


def _titles(mode: Mode, packet: Any) -> list[str]:
    """The declared titles where the stack is the declared one, else the plain names of the layers."""
    if packet is None:
        return []
    layers = [header.layer for header in packet.headers]
    if layers == [header.layer for header in mode.headers]:
        return [header.title for header in mode.headers]
    return layers
