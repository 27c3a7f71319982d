"""The page about what breaks: for each event a timeline and a table of all modes, with the captured way round. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from experiments.catalog import Mode
from experiments.evidence import Header
from experiments.results.failure_model import Event, Failures, Incident
from experiments.site import axis, stacks
from experiments.site.axis import Axis
from experiments.variant import HOST, KERNELS

TITLES: Mapping[Event, str] = {
    "cut": "Two nodes no longer reach each other", "silent": "A node falls silent",
    "mtu": "The underlay's MTU shrinks to 1400", "daemon": "The mode's process is killed",
}
LEFT, WIDTH, ROW, ABOVE = 14, 330, 44, 6


@dataclass(frozen=True)
class Bar:
    """One mode's row: where packets were lost, and what changed in between."""

    label: str
    y: int
    answered: tuple[tuple[float, float], ...]  # pieces, from where to how wide
    lost: tuple[tuple[float, float], ...]
    marks: tuple[tuple[float, str], ...]  # what the first node says from there on
    said: str
    anchor: str


@dataclass(frozen=True)
class Timeline:
    """All modes after one event."""

    event: Event
    title: str
    bars: tuple[Bar, ...]
    axis: Axis
    height: int

    def x(self, seconds: float) -> float:
        """Where a moment stands from left to right."""
        return round(LEFT + WIDTH * self.axis.share(seconds), 1)


@dataclass(frozen=True)
class Line:
    """A line of the table: what one incident came to, with the place in the file of each figure."""

    anchor: str
    title: str
    kernel: str
    incident: Incident
    lost: str
    again: str
    way: str
    healed: str
    tables: tuple[str, ...]
    source: str


def fragments(jinja: jinja2.Environment, found: Sequence[Failures], modes: Mapping[str, Mode]) -> dict[str, str]:
    """The rendered part of each event, and the captured way round, by the name of their file in ``generated/``."""
    newest = found[-1] if found else None
    titles = {name: mode.short_title for name, mode in modes.items()}
    parts = {}
    for event in TITLES:
        own = [(place, one) for place, one in enumerate(newest.incidents) if one.event == event] if newest else []
        own.sort(key=lambda one: list(modes).index(one[1].mode) if one[1].mode in modes else len(modes))
        parts[f"failures-{event}.md"] = jinja.get_template("failures.md.j2").render(
            failures=newest, event=event, timeline=timeline(event, [one for _, one in own], titles),
            lines=[_line(newest, place, one, titles) for place, one in own if newest])
    relayed = [one for one in (newest.incidents if newest else ()) if any(way.way == "by node2" for way in one.ways)]
    parts["failures-relayed.md"] = jinja.get_template("failures-relayed.md.j2").render(
        relayed=[(titles.get(one.mode, one.mode), one, [_words(packet.headers) for packet in one.packets]) for one in relayed])
    return parts


def rows(found: Sequence[Failures]) -> list[dict[str, Any]]:
    """Every pair of pods of every incident as a line of a table of data."""
    return [
        {"file": one.id, "mode": incident.mode, "event": incident.event, "kernel": incident.kernel, "status": incident.status,
         "watched_s": incident.watched_s, "source": pair.source, "target": pair.target,
         "packet_bytes": pair.packet_bytes, "pings": pair.pings, "lost": pair.lost,
         "first_lost_s": pair.first_lost_s, "connected_again_s": pair.connected_again_s, "healed_s": incident.healed_s}
        for one in found for incident in one.incidents for pair in incident.pairs]


def timeline(event: Event, incidents: Sequence[Incident], titles: Mapping[str, str]) -> Timeline | None:
    """A bar for each mode that was watched; None where none was."""
    watched = [one for one in incidents if one.status == "ok" and one.pairs]
    if not watched:
        return None
    scale = axis.linear([0.0, *(one.watched_s or 0.0 for one in watched)])
    empty = Timeline(event, TITLES[event], (), scale, 0)
    bars = []
    for number, one in enumerate(watched):
        far, end = one.pairs[-1], one.watched_s or 0.0
        first, again = far.first_lost_s, far.connected_again_s
        lost = () if first is None else ((first, end if again is None else again),)
        kept = ((0.0, end if first is None else first), *(((again, end),) if again is not None else ()))
        bars.append(Bar(
            titles.get(one.mode, one.mode), ABOVE + ROW * number + 30,
            tuple((empty.x(a), round(empty.x(b) - empty.x(a), 1)) for a, b in kept if b > a),
            tuple((empty.x(a), round(empty.x(b) - empty.x(a), 1)) for a, b in lost if b > a),
            tuple((empty.x(seen.at_s), seen.says) for seen in one.tables[1:]), _said(one), _anchor(event, one.mode)))
    return Timeline(event, TITLES[event], tuple(bars), scale, ABOVE + ROW * len(bars) + 46)


def _said(one: Incident) -> str:
    """A bar in words."""
    far = one.pairs[-1]
    if far.first_lost_s is None:
        return f"all answered for {one.watched_s:.0f} s"
    return f"lost from {far.first_lost_s:.1f} s on" + (
        f", answered again from {far.connected_again_s:.1f} s" if far.connected_again_s is not None else
        f", and until the end after {one.watched_s:.0f} s")


def _line(failures: Failures, place: int, one: Incident, titles: Mapping[str, str]) -> Line:
    kernel = "" if one.kernel == HOST else KERNELS.get(one.kernel, one.kernel)
    title, anchor = titles.get(one.mode, one.mode), _anchor(one.event, one.mode)
    source = f"failures/{failures.id}.yml#incidents[{place}]"
    if one.status != "ok":
        return Line(anchor, title, kernel, one, "", "", "", "", (), source)
    far = one.pairs[-1]
    ways = {way.when: way.way for way in one.ways}
    again = _seconds(far.connected_again_s) or (f"not within {one.watched_s:.0f} s" if far.lost else "")
    tables = tuple(f"{seen.says}, from {_seconds(seen.at_s)}" if number else seen.says
                   for number, seen in enumerate(one.tables))
    return Line(anchor, title, kernel, one, _seconds(far.first_lost_s) or "never", again, ways.get("during", ""),
                _seconds(one.healed_s), tables, source)


def _anchor(event: str, mode: str) -> str:
    return f"{event}-{mode}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}\u00a0s"


def _words(headers: Sequence[Header]) -> list[tuple[str, str]]:
    """Of each header what tells the way: addresses, the tunnel's number, the peers' names."""
    wanted = ("source", "destination", "vni", "sender", "source_peer", "destination_peer")
    return [(stacks.NAMES.get(header.layer, header.layer.upper()),
             ", ".join(f"{name.replace('_', ' ')} {header.fields[name]}" for name in wanted if name in header.fields))
            for header in headers]
