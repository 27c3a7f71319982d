"""Strict YAML: what two readers could understand differently is refused, and every refusal names its line.

libyaml reads the text; the values are made here, by the rules of JSON: ``true``, ``false``, ``null``, decimal numbers,
everything else is text. What older YAML takes for a date, an octal number or a boolean must stand in quotes. Anchors,
aliases, tags, duplicate keys, tabs, several documents and files above 384 KiB are refused.
"""

from __future__ import annotations

import errno
import math
import os
import re
import stat
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from experiments.errors import UserError
from experiments.results.characters import UNWANTED, on_one_line

# Six deployments of Calico's own daemons, with all that attests them, are 280 KiB.
MAX_BYTES = 384 * 1024
MAX_DEPTH = 24
MAX_VALUES = 50_000  # a file of 384 KiB as Podpath writes it holds 30,000; one of brackets alone would take 100 MB of memory

Plain: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
# Text that YAML 1.1 or 1.2 readers may take for something else than text.
AMBIGUOUS = re.compile(
    r"~|=|<<|(?i:yes|no|on|off|true|false|null)"  # booleans, null and merge keys
    r"|[-+]?[.]?[0-9][0-9_,]*([.:][0-9_:.]*)?([eE][-+]?[0-9]*)?"  # numbers, also sexagesimal
    r"|[-+]?0[xob][0-9a-fA-F_]+|[-+]?[.](?i:inf|nan)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"  # dates
)


def read(path: Path) -> Plain:
    """The values in a file.

    Raises:
        UserError: it cannot be read, is larger than 384 KiB, or is not strict YAML; names file and line.
    """
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a file of at most 384 KiB.

    Raises:
        UserError: it cannot be read, is too large or is not UTF-8.
    """
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
    if len(content) > MAX_BYTES:
        raise UserError(f"{path}: is larger than {MAX_BYTES // 1024} KiB.", "No result file is.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(f"{path}:{line}: is not UTF-8.") from None


def read_regular(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of a file, and one more where it is larger.

    A link is not followed: it can lead anywhere, and to another place a moment later. So it is the opened file that is looked
    at; opening does not wait for whoever writes into a pipe.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OSError(errno.ELOOP, "it is a symbolic link, not a regular file") from None
        if error.errno == errno.ENXIO:  # a socket
            raise OSError(errno.EINVAL, "it is not a regular file") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most + 1)
    finally:
        os.close(descriptor)


def parse(text: str, name: str) -> Plain:
    """The values in a text; ``name`` is what messages call the file.

    Raises:
        UserError: it is not strict YAML; names file and line.
    """
    if "\t" in text:
        line = text[: text.index("\t")].count("\n") + 1
        raise UserError(f"{name}:{line}: there is a tab.", "Use spaces; inside of quotes write \\t.")
    loader = _LOADER(text)
    try:
        return _Builder(loader, name).document()
    except yaml.YAMLError as error:
        raise UserError(f"{name}:{_line(error)}: this is not valid YAML: {_problem(error)}.") from None
    finally:
        loader.dispose()


def _line(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return int(mark.line) + 1 if mark else 1


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)


class _Builder:
    """Makes values from the parser's events; nothing is constructed that the text does not spell out."""

    def __init__(self, loader: Any, name: str) -> None:
        self.next = loader.get_event
        self.name = name
        self._values = 0

    def document(self) -> Plain:
        self.next()  # the stream begins
        event = self.next()
        if isinstance(event, yaml.StreamEndEvent):
            raise UserError(f"{self.name}:1: the file is empty.")
        value = self.value(self.next(), 0)
        self.next()  # the document ends
        event = self.next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._refused(event, "there is a second document")
        return value

    def value(self, event: Any, depth: int) -> Plain:
        kind = type(event)
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._refused(event, f"there are more than {MAX_VALUES} values")
        if kind is yaml.ScalarEvent:
            return self.scalar(event)
        if kind is yaml.AliasEvent:
            raise self._refused(event, f"there is an alias (*{event.anchor})", "Write the value out.")
        self._bare(event)
        if depth >= MAX_DEPTH:
            raise self._refused(event, f"values are nested deeper than {MAX_DEPTH}")
        if kind is yaml.MappingStartEvent:
            return self.mapping(depth + 1)
        return self.sequence(depth + 1)

    def mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        following = self.next
        while True:
            event = following()
            kind = type(event)
            if kind is yaml.MappingEndEvent:
                return found
            key = self.scalar(event) if kind is yaml.ScalarEvent else None
            if not isinstance(key, str):
                raise self._refused(event, "a key is not text", "Put it into quotes.")
            if key in found:
                raise self._refused(event, f"the key '{on_one_line(key)}' stands here twice", "Remove one of the two.")
            event = following()
            found[key] = self.value(event, depth)

    def sequence(self, depth: int) -> list[Any]:
        found: list[Any] = []
        following = self.next
        while True:
            event = following()
            if type(event) is yaml.SequenceEndEvent:
                return found
            found.append(self.value(event, depth))

    def scalar(self, event: Any) -> Plain:
        text: str = event.value
        if event.anchor is not None or event.tag is not None:
            self._bare(event)
        if unwanted := UNWANTED.search(text):
            raise self._refused(event, f"there is the character U+{ord(unwanted[0]):04X}", "No text needs it; take it out.")
        if not event.implicit[0]:  # in quotes or a block
            return text
        if text in _WORDS:
            return _WORDS[text]
        first = text[:1]
        if first.isalpha() and len(text) > 5:  # too long for any word that is not text
            return text
        if _INTEGER.fullmatch(text):
            if len(text) > 18:
                raise self._refused(event, f"the number {text[:20]}… is too large")
            return int(text)
        if _NUMBER.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                raise self._refused(event, f"the number {text} is too large")
            return number
        if text == "" or AMBIGUOUS.fullmatch(text):
            if re.fullmatch(r"[-+]?[.](?i:inf|nan)", text):
                raise self._refused(event, f"{text} is not a number that a result can have", "Leave the key out.")
            raise self._refused(event, f"{text or 'nothing'} means different things to different readers of YAML",
                                "Put text into quotes; write numbers in decimals, true or false in small letters.")
        return text

    def _bare(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._refused(event, f"there is an anchor (&{event.anchor})", "Write the value out where it is used.")
        if event.tag is not None:
            raise self._refused(event, f"there is a tag ({event.tag})", "Remove it; the format has none.")

    def _refused(self, event: Any, what: str, advice: str = "") -> UserError:
        return UserError(f"{self.name}:{event.start_mark.line + 1}: {what}.", advice)


class Lines:
    """Knows on which line of a text a key stands (1 is the first)."""

    def __init__(self, text: str) -> None:
        self._root: yaml.Node | None = None
        self._broken = 1
        try:
            self._root = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            self._broken = _line(error)

    def of(self, key: tuple[str | int, ...]) -> int:
        """The line of the value under ``key``, or that of the nearest thing around it."""
        node, line = self._root, self._broken
        for part in key:
            following = _child(node, part) if node is not None else None
            if following is None:
                break
            line, node = following
        return line


def line_of(text: str, key: tuple[str | int, ...]) -> int:
    """The line on which the value under ``key`` stands, or that of the nearest thing around it (1 is the first)."""
    return Lines(text).of(key)


def _child(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == part:
                return name.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None
