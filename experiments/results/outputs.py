"""What tools print, made fit to be stored: as a terminal shows it, without this machine's names, not too long."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import math
import re
import sys
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from experiments import paths
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results.characters import wanted
from experiments.results.model import ModeResult
from experiments.results.private_names import own_name

# Characters of one step's output that are kept; the next one is tried when the file would be too large.
LIMITS = (6000, 3000, 1500, 700, 300, 100, 0)
_MARK = re.compile(r"\[… (\d+) lines left out …\]")


class TooLarge(Exception):
    """The file would be larger than a result file may be."""


def shorten(result: ModeResult, limit: int) -> ModeResult:
    """The result with at most about ``limit`` characters of output for each step of its transcript."""
    steps = []
    for step in result.transcript:
        output = shortened(as_shown(private(step.output)), limit)
        steps.append(dataclasses.replace(step, command=private(step.command), output=output))
    return dataclasses.replace(result, transcript=tuple(steps))


def as_shown(text: str) -> str:
    """What a terminal would show: tabs to columns of 8, no control sequences, no blanks at the ends of lines."""
    lines = wanted(text).splitlines()
    return "\n".join(line.expandtabs(8).rstrip() for line in lines)


def shortened(text: str, limit: int) -> str:
    """The first and the last lines of a text, with a line in the middle that says how many are missing."""
    if len(text) <= limit:
        return text
    lines = [line if len(line) <= 400 else line[:400] + " …" for line in text.split("\n")]
    head: list[str] = []
    tail: list[str] = []
    room = limit
    while lines and room >= len(lines[0]):
        head.append(lines.pop(0))
        room -= len(head[-1]) + 1
        if lines and len(head) % 2 == 0 and room >= len(lines[-1]):
            tail.insert(0, lines.pop())
            room -= len(tail[0]) + 1
    if not lines:
        return "\n".join([*head, *tail])
    missing = sum(int(mark[1]) if (mark := _MARK.fullmatch(line)) else 1 for line in lines)
    return "\n".join([*head, f"[… {missing} lines left out …]", *tail])


# -- names of this machine ----------------------------------------------------------------------------------------


@cache
def _paths() -> tuple[tuple[re.Pattern[str], str], ...]:
    # The interpreter first: its environment can lie anywhere, below the checkout or not.
    found = [(re.compile(rf"(?<![\w/.-]){re.escape(sys.prefix)}/bin/python[\d.]*(?![\w-])"), "python3")]
    found.append((re.compile(rf"(?<![\w/.-]){re.escape(str(ROOT))}/"), ""))
    for path, instead in ((str(ROOT), "."), (str(paths.home()), "~")):
        if len(path) > 2:
            found.append((re.compile(rf"(?<![\w/.-]){re.escape(path)}(?![\w-])"), instead))
    return tuple(found)


def without_paths(text: str) -> str:
    """The text with paths of the checkout made relative, ``python3`` for the interpreter, ``~`` for the user's home."""
    if "/" in text:
        for pattern, instead in _paths():
            text = pattern.sub(instead, text)
    return text


def private(text: str) -> str:
    """The text without this machine's host name and without the paths of its user and of the checkout."""
    host = own_name()
    return without_paths(host.sub("host", text) if host else text)


def fit_to_store(value: Any) -> Any:
    """Plain values whose texts have no unwanted characters, and no paths of this machine."""
    if isinstance(value, str):
        return without_paths(wanted(value))
    if isinstance(value, dict):
        return type(value)({k: fit_to_store(v) for k, v in value.items()})
    return [fit_to_store(v) for v in value] if isinstance(value, list) else value


# -- the tools' own outputs ---------------------------------------------------------------------------------------


def pack(text: str, tool: str) -> bytes:
    """A tool's output as JSON: as it is where it is a JSON object, else with the tool's name beside it."""
    try:
        if isinstance(json.loads(text), dict):
            return text.encode()
    except ValueError:
        pass
    return json.dumps({"tool": tool, "output": text}, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number that a tool could mean")
    return number


def unpack(packed: bytes, path: Path, most: int) -> str:
    """The tool's output again.

    Raises:
        UserError: the file is damaged, or unpacks to more than ``most`` bytes.
    """
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise UserError(f"{path}: unpacks to more than {most // 1024} KiB.")
        text = content.decode("utf-8")
        found: Any = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise UserError(f"{path}: is damaged: its values are nested too deep.") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise UserError(f"{path}: is damaged: {error}.") from None
    if isinstance(found, dict) and found.keys() == {"tool", "output"}:
        return str(found["output"])
    return text
