"""One change at one place of a campaign, by what stands there: in its values, in a raw output, in a file's text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from hostile.submission import Submission

Place = tuple[Any, ...]
# What is written with the campaign and follows from all else: mended, not changed.
MENDED = ("digest", "sha256", "summary", "noise_floor")

FACTORS = (1.3, 0.5, 2, 10, 1.01, 0.99, 1e6, 1e-6, -1, 0)
TEXTS = ("", "x", "host", "uml", "ok", "failed", "62", "2026-11-24T13:59:20Z", "eth9", "é", "0" * 300, "true", "a: b", "../x")


def leaves(value: Any, *at: Any) -> Iterator[Place]:
    """Every place below a value, containers too, but for what is mended."""
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        if key not in MENDED:
            yield from leaves(one, *at, key)


def get(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


@st.composite
def changes(draw: st.DrawFn, value: Any) -> tuple[Place, str, Callable[[Any], None]]:
    """A place below a value, what is done to it in words, and the change."""
    place = draw(st.sampled_from(list(leaves(value))))
    found, parent = get(value, place), get(value, place[:-1])
    others = [other for other in (parent.values() if isinstance(parent, dict) else parent) if type(other) is type(found)]
    ways: list[tuple[str, Any]] = [("another's", draw(st.sampled_from(others)))] if others else []
    if isinstance(found, bool):
        ways = [("turned", not found)]
    elif isinstance(found, int):
        factor = draw(st.sampled_from(FACTORS))
        ways += [(f"times {factor}", round(found * factor)), ("one more", found + 1), ("one less", found - 1),
                 ("a float", found + 0.5)]
    elif isinstance(found, float):
        factor = draw(st.sampled_from(FACTORS))
        ways += [(f"times {factor}", found * factor), ("another digit", round(found * (1 + draw(st.floats(-0.1, 0.1))), 6))]
    elif isinstance(found, str):
        ways += [("another text", draw(st.sampled_from(TEXTS) | st.text(max_size=12))), ("a number", 7)]
    elif isinstance(found, list):
        ways += [("turned round", found[::-1]), ("emptied", []), ("twice", [*found, *found]), ("shorter", found[1:])]
    elif isinstance(found, dict):
        ways += [("emptied", {}), ("one key more", {**found, "surprise": 1})]
    ways.append(("taken out", None))
    said, new = draw(st.sampled_from(ways))

    def change(whole: Any) -> None:
        inside = get(whole, place[:-1])
        if said == "taken out":
            del inside[place[-1]]
        else:
            inside[place[-1]] = new

    return place, said, change


@st.composite
def text_changes(draw: st.DrawFn, text: str) -> tuple[str, str]:
    """What is done to the lines of a file, and the text with it."""
    lines = text.split("\n")
    number = draw(st.integers(0, len(lines) - 1))
    way = draw(st.sampled_from(("twice", "gone", "swapped", "deeper", "cut", "a line more")))
    if way == "twice":
        lines.insert(number, lines[number])
    elif way == "gone":
        del lines[number]
    elif way == "swapped" and number:
        lines[number - 1], lines[number] = lines[number], lines[number - 1]
    elif way == "deeper":
        lines[number] = "  " + lines[number]
    elif way == "cut":
        lines[number] = lines[number][: len(lines[number]) // 2]
    else:
        lines.insert(number, draw(st.sampled_from(("x: 1", "- x", "  {", "&a *a", "? y", "%TAG", "\t", "---", "!!python/x y"))))
    return f"line {number + 1}: {way}", "\n".join(lines)


def raw_of(submission: Submission, number: int) -> tuple[Any, Any]:
    """A trial by its number among those that have a raw output, and that output."""
    trials = [trial for trial in submission.trials() if "raw" in trial]
    trial = trials[number % len(trials)]
    return trial, submission.raw(trial)
