"""Older result files are brought up to the present format step by step; newer ones are refused.

History of the formats:

* campaign 1, mode 1: the first. Mode 1 once described a key ``caveats`` that no version of Podpath wrote; a file that has it
  is refused like any other with a key that is not described.

A change that an older reader could misunderstand (a key renamed, a unit changed, a meaning changed) makes a new
version N and a function ``migrate_N`` here, which turns plain values of version N - 1 into version N. A key that may be
absent can be added without a new version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from experiments.results.plain import Misfit

Step = Callable[[dict[str, Any]], dict[str, Any]]

CURRENT: dict[str, int] = {"campaign": 1, "mode": 1, "reported": 1, "growth": 1, "failures": 1}

# (kind of file, version it leads to) -> the step
STEPS: dict[tuple[str, int], Step] = {}


def version_of(plain: Any, kind: str) -> int:
    """The version that a file says it has.

    Raises:
        Misfit: it says nothing, or is of another kind.
    """
    schema = plain.get("schema") if isinstance(plain, Mapping) else None
    if not isinstance(plain, Mapping):
        raise Misfit((), plain, "must be a mapping")
    match = re.fullmatch(rf"podpath/{kind}/([1-9][0-9]{{0,3}})", schema) if isinstance(schema, str) else None
    if match is None:
        allowed = f"podpath/{kind}/{CURRENT[kind]}"
        raise Misfit(("schema",), schema, f"is not the schema of a {kind} file; allowed: {allowed}")
    return int(match[1])


def migrate(plain: Any, kind: str) -> dict[str, Any]:
    """Plain values in the present format.

    Raises:
        Misfit: the file is newer than this version of Podpath, or of another kind.
    """
    version = version_of(plain, kind)
    if version > CURRENT[kind]:
        raise Misfit(
            ("schema",), plain["schema"],
            f"is newer than this version of Podpath understands (podpath/{kind}/{CURRENT[kind]}); update Podpath",
        )
    for following in range(version + 1, CURRENT[kind] + 1):
        plain = {**STEPS[kind, following](plain), "schema": f"podpath/{kind}/{following}"}
    return dict(plain)
