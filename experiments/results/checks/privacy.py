"""Nothing in a result tells who somebody is or where: no public address, home, host name, token or mail address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from experiments.results import private_names
from experiments.results.checks.report import File
from experiments.results.plain import Key

# What is looked for, and how messages call it. Tokens by the prefixes that their makers document.
_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Weave Net's images have its program in /home/weave (rajch/weave prog/weave-kube/launch.sh): nobody lives there.
    (re.compile(r"(?<![\w.~-])/(?:home|Users)/(?!weave/weave(?![\w/.-]))[^\s\"'/]+"
                r"|(?<![\w.~-])/root(?=[/\s\"':]|$)"), "a path of somebody's home"),
    # Where an environment lies is chosen by a person; the system's own places say nothing about anybody.
    (re.compile(r"(?<![\w.~-])/(?!usr/)[^\s\"']*/bin/python[\d.]*"), "a path of this machine"),
    (re.compile(r"[A-Za-z]:\\+Users\\+[^\s\\\"']+"), "a path of somebody's home"),
    (re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}"
                r"|(?:AKIA|ASIA)[0-9A-Z]{16}|eyJ[\w-]{10,}\.eyJ[\w-]{10,})"), "something like a token"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
    # not the names of our files (flannel-vxlan@uml.yml) and of units (getty@tty1.service)
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.(?!(?:yml|json|gz|service|socket|conf)\b)[A-Za-z]{2,}\b"),
     "a mail address"),
)
_SYSTEM_INFO = re.compile(r'"system_info":\s*"[^\s"]+ ([^\s"]+)')
_NO_NAME = frozenset({"-", "host", "(none)", "localhost"})


def findings(text: str, *, own_name: bool = True) -> Iterator[tuple[str, str]]:
    """What in a text should not be published: the words, and what they are; with ``own_name`` also this machine's name."""
    for pattern, what in _SIGNS:
        for match in pattern.finditer(text):
            yield match[0], what
    for pattern in (private_names.IPV4, private_names.IPV6):
        for match in pattern.finditer(text):
            if private_names.public_address(match[0]):
                yield match[0], "a public address"
    host = private_names.own_name() if own_name else None
    if host is not None and (named := host.search(text)):
        yield named[0], "this machine's name"


def check(file: File[Any]) -> None:
    """All texts of a file, keys included."""
    texts = list(_texts(file.plain, ()))
    if next(findings("\n".join(text for _, text in texts), own_name=file.report.own_name), None) is None:
        return
    for key, text in texts:
        for words, what in findings(text, own_name=file.report.own_name):
            file.error(key, f"holds {what} ({_short(words)}); take it out")


def check_raw(file: File[Any], key: Key, text: str) -> None:
    """A tool's own output: as other text, and the machine's name where iperf3 puts it."""
    for words, what in findings(text, own_name=file.report.own_name):
        file.error(key, f"the raw output holds {what} ({_short(words)}); measure again with this version of Podpath")
    named = _SYSTEM_INFO.search(text)
    if named and named[1] not in _NO_NAME:
        file.error(key, "the raw output holds the machine's name (start.system_info)")


def _short(words: str) -> str:
    return words if len(words) <= 40 else words[:39] + "…"


def _texts(value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            if not name.isidentifier():
                yield (*key, name), name
            yield from _texts(item, (*key, name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _texts(item, (*key, position))
