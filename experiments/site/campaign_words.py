"""What a campaign's page says in words: the machine in a line, all facts by name, and what the campaign can tell.

Everything in a campaign's file may come from a stranger: values are never taken to be of the type that the format wants, and
the templates escape them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.results import questions, words
from experiments.results.comparison import Comparison, compare
from experiments.results.floors import RANKS, ViewFloor, of_question
from experiments.results.model import Campaign, ModeResult
from experiments.results.noise_floor import stored_name
from experiments.results.summary import aggregates
from experiments.variant import Variant

# Ends of keys that say a unit, and that unit.
UNITS: Mapping[str, str] = {"_bytes": "bytes", "_bps": "bit/s", "_core_s": "core·s", "_s": "s"}
# Keys whose words are not theirs with blanks for underscores.
NAMES: Mapping[str, str] = {
    "slug": "name of the machine", "arch": "architecture", "cpu_model": "processor", "os": "distribution",
    "cgroup": "control groups", "single_host": "both nodes on one machine", "id": "name of the method",
    "omit_s": "left out at the beginning",
    "trial_s": "length of a trial", "cost_s": "length of a trial of cost", "wire_bytes": "payload of a trial of the wire",
    "offered_bps": "load of a trial of cost", "mtu_bytes": "MTU", "absent": "not known",
    "dirty": "files differed from the commit",
    "sysctl": "settings of the kernel", "command": "what was typed", "ip": "iproute2", "linux.uml": "User-Mode Linux",
}
FEW = 6  # as many questions are named; of more it is said how many they are
LARGE_BYTES = 10_000  # from which a size has a prefix; a packet's has none
YES_OR_NO = {True: "yes", False: "no"}


def machine(host: Mapping[str, Any]) -> str:
    """The machine in few words: ``2 cores, 23.5 GiB, Debian 12, Linux 6.18, virtual``."""
    found: list[str] = []
    if model := host.get("cpu_model"):
        found.append(str(model))
    if isinstance(cores := host.get("cores"), int):
        found.append(words.counted(cores, "core"))
    if isinstance(memory := host.get("memory_bytes"), int):
        found.append(f"{words.figures(memory / 1024**3)} GiB")
    if name := re.match(r"(\w+)(?: \S*[^\W\d]\S*)* (\d+)", str(host.get("os", ""))):
        found.append(f"{name[1]} {name[2]}")
    elif host.get("os"):
        found.append(str(host["os"]))
    if release := re.match(r"\d+\.\d+", str(host.get("kernel", ""))):
        found.append(f"Linux {release[0]}")
    kind = str(host.get("virtualisation", ""))
    if kind:
        found.append("not virtual" if kind == "none" else "virtual")
    return ", ".join(found)


def facts(campaign: Campaign) -> list[tuple[str, str]]:
    """All that a campaign says of where and how it was measured, a line each: what it is, and its value in words."""
    groups = {"Machine": campaign.host, "Network": campaign.network, "Software": campaign.software,
              "Method": campaign.protocol, "Podpath": campaign.generator}
    return [(f"{group}: {named(str(key))}", said(str(key), value)) for group, values in groups.items()
            for key, value in values.items()]


def named(key: str) -> str:
    """A key in words."""
    if key in NAMES:
        return NAMES[key]
    if "." in key:  # the name of a setting of the kernel
        return key
    end = next((end for end in UNITS if key.endswith(end)), "")
    return key.removesuffix(end).replace("_", " ")


def said(key: str, value: Any) -> str:
    """A value as a line of text, with the unit that its key ends with."""
    if isinstance(value, bool):
        return YES_OR_NO[value]
    if isinstance(value, Mapping):
        return ", ".join(f"{named(str(name))} {said(str(name), inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        if key == "views":
            return ", ".join(questions.view(str(one)) for one in value)
        return " ".join(said("", inner) for inner in value)
    if isinstance(value, int | float):
        if key == "memory_bytes":
            return f"{words.figures(value / 1024**3)} GiB"
        end = next((end for end in UNITS if key.endswith(end)), "")
        if end and key != "mtu_bytes" and abs(value) < 1e18:
            large = end == "_bps" or (end == "_bytes" and abs(value) >= LARGE_BYTES)
            return words.quantity(value, UNITS[end]) if large else f"{value:g} {UNITS[end]}"
    return str(value)


@dataclass(frozen=True)
class Told:
    """One question of a campaign: its floor, and what the comparison of modes came to."""

    comparison: Comparison
    floor: ViewFloor
    title: str

    @property
    def apart(self) -> int:
        """How many pairs of modes can be told apart."""
        return self.comparison.apart if self.floor.ranks else 0

    @property
    def sentence(self) -> str:
        """What the question tells."""
        if self.floor.ratio is not None and not self.floor.ranks:
            return (f"The floor of this view here is {words.percent(self.floor.ratio)}: no order of modes can be read from it. "
                    "Modes stand in order of the alphabet.")
        return self.comparison.sentence

    @property
    def names(self) -> tuple[str, ...]:
        """The modes in the order in which they are shown."""
        ranked = self.floor.ranks or self.comparison.withheld
        return self.comparison.names if ranked else tuple(sorted(self.comparison.names))


def told(campaign: Campaign, results: Sequence[ModeResult]) -> list[Told]:
    """The campaign's modes by each question that two of them answered in the same lab on the same kernel."""
    asked = [(result.lab, result.kernel, one.key) for result in results for one in aggregates(result)
             if one.path == "pod-pod"]
    found = []
    for lab, kernel, key in dict.fromkeys(asked):
        if asked.count((lab, kernel, key)) > 1:
            floor = of_question(results, campaign.noise_floor, key, lab=lab, kernel=kernel)
            comparison = compare(results, key, lab=lab, kernel=kernel, floor=floor.ratio or 0.0)
            found.append(Told(comparison, floor, questions.title(key)))
    return found


def summary(found: Sequence[Told], deployments: int, failed: int) -> list[str]:
    """Three sentences: what can be told apart, what cannot, how noisy it was."""
    return [_apart(found), _alike(found), _noisy(found, deployments, failed)]


def _apart(found: Sequence[Told]) -> str:
    if not found:
        return "No two modes were measured in the same place, so nothing here compares them."
    able = [one for one in found if one.apart]
    if not able:
        return "No question tells any two modes apart."
    if len(able) <= FEW:
        named = [f"{_named(one, found)} ({one.apart} of {words.counted(len(one.comparison.pairs), 'pair')})" for one in able]
        return f"Modes can be told apart by: {'; '.join(named)}."
    return f"Modes can be told apart by {_counted(able, found, pairs=True)}."


def _alike(found: Sequence[Told]) -> str:
    noisy = [one for one in found if one.floor.ratio is not None and not one.floor.ranks]
    withheld = [one for one in found if one.floor.ranks and one.comparison.withheld]
    none = [one for one in found if one.floor.ranks and not one.comparison.withheld and not one.apart]
    unknown = [one for one in found if one.floor.ratio is None]
    reasons = ((noisy, f"the floor is above {words.percent(RANKS)}"), (none, "the modes lie too near together"),
               (withheld, "there are too few deployments"), (unknown, "no floor is known"))
    kept = [f"by {_listed(ones, found)}, because {reason}" for ones, reason in reasons if ones]
    return f"They cannot be told apart {', nor '.join(kept)}." if kept else "Every question tells some of them apart."


def _noisy(found: Sequence[Told], deployments: int, failed: int) -> str:
    known = sorted((one.floor.ratio, _named(one, found)) for one in found if one.floor.ratio is not None)
    lost = f"; {failed} of {words.counted(deployments, 'deployment')} gave no number" if failed else ""
    if not known:
        return f"How noisy it was is not known{lost}."
    if len(known) == 1:
        return f"The noise floor was {words.percent(known[0][0])} ({known[0][1]}){lost}."
    return (f"The noise floor lay between {words.percent(known[0][0])} ({known[0][1]}) and "
            f"{words.percent(known[-1][0])} ({known[-1][1]}){lost}.")


def _listed(some: Sequence[Told], found: Sequence[Told]) -> str:
    """A few questions by name, many by their number."""
    return "; ".join(_named(one, found) for one in some) if len(some) <= FEW else _counted(some, found)


def _counted(some: Sequence[Told], found: Sequence[Told], *, pairs: bool = False) -> str:
    """How many of the questions of each place, with the pairs that each of them tells apart."""
    places = dict.fromkeys(one.comparison.place for one in found)
    parts = []
    for place in places:
        own = [one for one in some if one.comparison.place == place]
        if own:
            every = sum(one.comparison.place == place for one in found)
            least, most = min(one.apart for one in own), max(one.apart for one in own)
            told_apart = f"{least}" if least == most else f"{least} to {most}"
            of = words.counted(max(len(one.comparison.pairs) for one in own), "pair")
            each = f", {told_apart} of {of} by each" if pairs else ""
            parts.append(f"{len(own)} of {words.counted(every, 'question')}{f' ({place})' if len(places) > 1 else ''}{each}")
    return "; ".join(parts)


def _named(one: Told, found: Sequence[Told]) -> str:
    """The question without "pod to pod", which all share; with its place where the campaign has several."""
    title = one.title.removesuffix(f", {questions.PATHS['pod-pod']}")
    places = {(other.comparison.lab, other.comparison.kernel) for other in found}
    return f"{title}, {one.comparison.place}" if len(places) > 1 else title


@dataclass(frozen=True)
class Floor:
    """A line of the table of baselines."""

    title: str
    place: str
    n: str
    spread: str
    variation: str


def baselines(campaign: Campaign, results: Sequence[ModeResult]) -> Iterator[Floor]:
    """How much each baseline varied over the campaign, as it stores it."""
    known = {stored_name(result.lab, result.kernel, one.key): (result, one.key)
             for result in results for one in aggregates(result)}
    for name, entry in campaign.noise_floor.items():
        if name not in known or not isinstance(entry, Mapping) or "measure" not in entry:
            continue
        result, key = known[name]
        yield Floor(questions.title(key), Variant("", result.lab, result.kernel).place, str(entry.get("n", "")),
                    _percent(entry.get("spread_ratio")), _percent(entry.get("cv_ratio")))


def _percent(value: Any) -> str:
    return words.percent(value) if isinstance(value, int | float) else ""
