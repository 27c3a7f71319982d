"""Slices changed as somebody would who knows the format: in both trials of a measurement, with all that follows mended.

The honest campaign is a small one that was really measured and is kept in the tests (``slices`` in
:mod:`hostile.submission`), and not the campaign that tests measure anew and share: what a case changes has to be there at
each run, a number of pairs below the most, say, and no lab is needed to run the table. It can be made again by one command
(``tests/results/slices_sample.py``). Cases ask it for a trial by view, and for a place in a list never.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from hostile import forgery
from hostile.forgery import Change
from hostile.submission import Plain, Submission

WALL, OWN, RELAYS, SWITCHES, BYTES, RETRANSMITS, P50 = range(7)  # of a slice, as it stands in a raw output
BASELINE, MODE = 0, 1
BOTH = (BASELINE, MODE)
STREAM, TRIPS = "speed", "latency"


def couple(s: Submission, view: str = STREAM, **asked: Any) -> tuple[Plain, Plain]:
    """The baseline's and the mode's trial of one measurement: the first of a view with certain values."""
    found = [trial for trial in s.trials() if trial["view"] == view and trial["status"] == "ok"
             and all(trial.get(name) == value for name, value in asked.items())]
    return (next(trial for trial in found if trial["path"] == "host-host"),
            next(trial for trial in found if trial["path"] == "pod-pod"))


def in_both(change: Callable[[Any], object], view: str = STREAM, **asked: Any) -> Change:
    """Change the raw outputs of a mode and its baseline alike, and read both trials anew."""
    def changed(s: Submission) -> None:
        for trial in couple(s, view, **asked):
            content = s.raw(trial)
            change(content)
            put(s, trial, content)
        s.reckon()
    return changed


def in_one(change: Callable[[Any], object], view: str = STREAM, of: int = MODE, **asked: Any) -> Change:
    """Change the raw output of one of the two trials, and read it anew."""
    def changed(s: Submission) -> None:
        trial = couple(s, view, **asked)[of]
        content = s.raw(trial)
        change(content)
        put(s, trial, content)
        s.reckon()
    return changed


def put(s: Submission, trial: Plain, content: Any) -> None:
    """Another raw output for a trial; its figures are read anew, if it gives any."""
    s.set_raw(trial, content)
    try:
        forgery.reread(s, trial)
    except Exception as error:  # what cannot be read leaves the figures as they were
        assert type(error).__name__ == "ProbeError", error


def asked(view: str = STREAM, **values: Any) -> Change:
    """What the slices were asked for."""
    return in_both(lambda content: content["asked"].update(values), view)


def top(view: str = STREAM, **values: Any) -> Change:
    """Keys of the raw output."""
    return in_both(lambda content: content.update(values), view)


def scaled(view: str, of: tuple[int, ...] = BOTH, factor: float = 1.3, *, places: tuple[int, ...]) -> Change:
    """Multiply numbers of all slices of some paths."""
    def change(content: Any) -> None:
        for pair in content["pairs"]:
            for path in of:
                for place in places:
                    pair[path][place] = round(pair[path][place] * factor)
    return in_both(change, view)


def one(value: Any, place: int, view: str = STREAM, of: int = MODE) -> Change:
    """Another number in the third slice of a path."""
    def change(content: Any) -> None:
        content["pairs"][2][of][place] = value
    return in_both(change, view)


def text(old: str, new: str, view: str = STREAM) -> Change:
    """Change the text of the mode's raw output, where it stands first; nothing else but its checksum."""
    return lambda s: s.raw_text(couple(s, view)[MODE], old, new)


def moved(pairs: list[Any], by_ns: int) -> list[Any]:
    """Pairs once more, as if they were others: a little later, of a little more time."""
    found = copy.deepcopy(pairs)
    for number, pair in enumerate(found, 1):
        for path in BOTH:
            pair[path][WALL] += 1000 * by_ns + number
            pair[path][OWN] += by_ns + number
    return found


def tally(change: Callable[[dict[str, int]], dict[str, int]], view: str = TRIPS, **asked: Any) -> Change:
    """Change how many round trips were how long, of the mode alone."""
    def changed(content: Any) -> None:
        content["times_ns"] = change(content["times_ns"])
    return in_one(changed, view, **asked)


def cut(length_ns: float) -> int:
    """A length to ten binary digits, as lengths are kept."""
    less = max(0, int(length_ns).bit_length() - 10)
    return int(length_ns) >> less << less


def trips_times(factor: float, view: str = TRIPS) -> Change:
    """Multiply all round trips of the mode: tally and medians, in the raw outputs of both."""
    def changed(s: Submission) -> None:
        for trial in couple(s, view):
            content = s.raw(trial)
            for pair in content["pairs"]:
                pair[MODE][P50] = cut(pair[MODE][P50] * factor)
            if trial["path"] == "pod-pod":
                lengths: dict[str, int] = {}
                for place, number in content["times_ns"].items():
                    shorter = str(cut(int(place) * factor))
                    lengths[shorter] = lengths.get(shorter, 0) + number
                content["times_ns"] = lengths
            put(s, trial, content)
        s.reckon()
    return changed


def raw_text(make: Callable[[str], str], view: str = STREAM) -> Change:
    """Another text in the place of the mode's raw output."""
    def changed(s: Submission) -> None:
        trial = couple(s, view)[MODE]
        s.set_raw(trial, make(json.dumps(s.raw(trial))).encode())
    return changed
