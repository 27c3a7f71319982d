"""What a file says of the machine: numbers that a machine can have, and names that fit on a line.

Which facts may stand there is a matter of privacy (:mod:`experiments.results.checks.privacy`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.results.checks.report import File
from experiments.results.plain import Key

MOST_CORES = 8192  # CONFIG_NR_CPUS is no larger in any of Linux' architectures (arch/x86/Kconfig, NR_CPUS_RANGE_END)
MOST_MEMORY_BYTES = 1 << 52  # x86-64 has 52 bits of physical address, and arm64 too
LONGEST_NAME = 200  # characters; /proc/cpuinfo has names of 64, and a reason is a sentence
_NUMBERS = {"cores": MOST_CORES, "memory_bytes": MOST_MEMORY_BYTES}


def check(file: File[Any], host: Mapping[str, Any], software: Mapping[str, Any]) -> None:
    """The facts of the machine and the versions of its tools."""
    numbers(file, host)
    for group, facts in (("host", host), ("software", software)):
        for key, text in _unnamed(facts):
            file.error((group, *key), text)


def numbers(file: File[Any], host: Mapping[str, Any]) -> None:
    """What is counted of the machine."""
    for name, most in _NUMBERS.items():
        if host.get(name) is not None and _number(host, name) is None:
            file.error(("host", name), f"no machine has that; allowed: a whole number, 1 to {most}")


def cores(host: Mapping[str, Any]) -> int:
    """A machine's processors; where it does not say them, the most that there can be."""
    return _number(host, "cores") or MOST_CORES


def memory_bytes(host: Mapping[str, Any]) -> int | None:
    """A machine's memory (bytes); None where it does not say it."""
    return _number(host, "memory_bytes")


def _number(host: Mapping[str, Any], name: str) -> int | None:
    value = host.get(name)
    return value if type(value) is int and 1 <= value <= _NUMBERS[name] else None


def _unnamed(facts: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    for name, value in facts.items():
        if name == "absent":
            for inner, reason in value.items() if isinstance(value, dict) else [("", value)]:
                if not _is_name(reason):
                    yield ("absent", inner) if inner else ("absent",), "is not why a fact is absent"
        elif name not in _NUMBERS and not _is_name(value):
            yield (name,), f"is no name or version; allowed: text of 1 to {LONGEST_NAME} characters"


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_NAME
