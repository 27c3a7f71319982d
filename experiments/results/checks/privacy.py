"""Nothing in a result tells who somebody is or where: no public address, home, host name, token or mail address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from experiments.labs.table import LABS
from experiments.probes import environment
from experiments.results import private_names
from experiments.results.characters import UNWANTED
from experiments.results.checks import signs
from experiments.results.checks.report import File
from experiments.results.failure_model import Failures
from experiments.results.growth_model import Growth
from experiments.results.model import Campaign
from experiments.results.plain import Key, shown

_FACTS: Mapping[str, tuple[str, ...]] = {
    "host": ("slug", *environment.HOST_FACTS, *chain.from_iterable(lab.told_of_machines for lab in LABS.values()), "absent"),
    "network": ("single_host", "sysctl", "mtu_bytes", "offload"),
    "software": ("podpath", "python", *environment.TOOLS, "kubectl", "kubernetes", "absent"),
}
_SYSTEM_INFO = re.compile(r'"system_info":\s*"[^\s"]+ ([^\s"]+)')
# Podpath stores characters as they are, but for the one by which sockperf colours its words: escapes would hide names.
_ESCAPED = re.compile(r"\\u(?!001b)[0-9a-fA-F]{4}")
_NO_NAME = frozenset({"-", "host", "(none)", "localhost"})


def findings(text: str, *, own_name: bool = True) -> Iterator[tuple[str, str]]:
    """What in a text should not be published: the words, and what they are; with ``own_name`` also this machine's name."""
    text = signs.plainly(text)
    yield from signs.found_in(text)
    host = private_names.own_name() if own_name else None
    if host is not None and (named := host.search(text)):
        yield named[0], "this machine's name"


def check(file: File[Any]) -> None:
    """All texts of a file, keys included."""
    own_name = file.report.own_name
    told = False
    texts = list(_texts(file.plain, ()))
    # Most files have nothing, and then one look at all texts is quicker than one at each.
    if next(findings("\n".join(text for _, text in texts), own_name=own_name), None) is not None:
        for key, text in texts:
            if file.full:
                break
            for words, what in findings(text, own_name=own_name):
                file.error(key, f"holds {what} ({_short(words)}); take it out")
                told = True
    if not told:  # what stands in comments is published too, for the repository has the file as it is
        for words, what in findings(file.text, own_name=own_name):
            file.error((), f"holds {what} ({_short(words)}) outside of its values; take it out")


def facts(file: File[Any], value: Campaign | Growth | Failures) -> None:
    """Of a machine only what Podpath takes down: an open list would have room for its name and its serial number."""
    for group, known in _FACTS.items():
        for name in getattr(value, group, ()):
            if name not in known:
                file.error((group, name), f"is no fact that Podpath takes down; allowed: {', '.join(known)}")
    for name in value.network.get("sysctl", ()) if isinstance(value, Campaign) else ():
        if name not in environment.TCP_SYSCTLS:
            file.error(("network", "sysctl", name), "is no setting that Podpath takes down; "
                       f"allowed: {', '.join(environment.TCP_SYSCTLS)}")


def check_raw(file: File[Any], key: Key, text: str) -> None:
    """A tool's own output: as other text, and the machine's name where iperf3 puts it."""
    if (unwanted := UNWANTED.search(text.replace("\x1b", ""))) or (unwanted := _ESCAPED.search(text)):
        file.error(key, f"the raw output holds the character {shown(unwanted[0])}, which no tool prints")
    for words, what in findings(text, own_name=file.report.own_name):
        file.error(key, f"the raw output holds {what} ({_short(words)}); measure again with this version of Podpath")
    named = _SYSTEM_INFO.search(text)
    if named and named[1] not in _NO_NAME:
        file.error(key, "the raw output holds the machine's name (start.system_info)")


def _short(words: str) -> str:
    return words if len(words) <= 40 else words[:39] + "…"


def _texts(value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield key, f"{key[-1]}: {value}" if key and isinstance(key[-1], str) else value
    elif isinstance(value, dict):
        for name, item in value.items():
            if not name.isidentifier():
                yield (*key, name), name
            yield from _texts(item, (*key, name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _texts(item, (*key, position))
