"""What was asked, in words: the keys of aggregates and of baselines as a reader would say them. Pure.

A key is ``view/path/...``, as :func:`experiments.results.summary.key_of` makes it; the beginning of one is a question too.
What a key has that is not known here is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from experiments.variant import EMBEDDED, KERNELS

VIEWS: Mapping[str, str] = {
    "wire": "Wire", "link": "Link", "speed": "Speed", "cost": "Cost", "latency": "Latency", "setup": "Set-up",
    "packets": "Packets"}
PATHS: Mapping[str, str] = {"pod-pod": "pod to pod", "host-host": "host to host"}
PARTS: Mapping[str, str] = {
    "native": "", "equal": "segments of equal size", "small": "small segments", "idle": "idle", "burst": "behind a burst",
    "load-0.5": "beside a stream at half of the goodput"}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WITH_STREAMS = ("link", "speed")  # where the number of streams is a part of the question


def view(name: str) -> str:
    """A view's title."""
    return VIEWS.get(name, name.capitalize())


def place(name: str) -> int:
    """Where a view stands among all: in the order of the titles, what has none behind them."""
    return list(VIEWS).index(name) if name in VIEWS else len(VIEWS)


def title(key: str) -> str:
    """A key in words: ``speed/pod-pod/1/native`` is ``Speed, one stream, pod to pod``."""
    of, _, rest = key.partition("/")
    path, _, more = rest.partition("/")
    said = [_part(of, part) for part in more.split("/") if part]
    return ", ".join(part for part in (view(of), *said, PATHS.get(path, path)) if part)


def _part(of: str, part: str) -> str:
    if part.isdecimal() and len(part) < 6:
        number = int(part)
        if of == "packets":
            return f"datagrams of {number} bytes"
        if of not in WITH_STREAMS:
            return "" if number == 1 else part
        name = NUMBERS[number] if number < len(NUMBERS) else part
        return f"{name} stream" if number == 1 else f"{name} streams"
    return PARTS.get(part, part.replace("-", " "))


def result(name: str, titles: Mapping[str, str] | None = None) -> str:
    """A result's name in words: ``calico-ipip@uml`` is ``calico-ipip (User-Mode Linux)``, the mode by its title if given."""
    mode, *unusual = name.split("@")
    mode = (titles or {}).get(mode, mode)
    said = [KERNELS.get(part, f"{part}'s daemon" if part == "upstream" else f"{part} lab")
            for part in unusual if part != EMBEDDED]
    return f"{mode} ({', '.join(said)})" if said else mode
