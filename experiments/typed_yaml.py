"""YAML into dataclasses, with messages that name file, line, key, value and what is allowed.

The dataclasses are the format: their fields are the keys, their types what a value must be, a field without default
is a key that must stand there. YAML is read as nodes, not as plain values, because only nodes know their line.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import yaml

from experiments.errors import UserError

T = TypeVar("T")

SHOWN_CHARACTERS = 60  # of a wrong value; a message must stay readable whatever a file holds
TEXT_TAG = "tag:yaml.org,2002:str"
KINDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _quick_loader() -> Any:
    """PyYAML's own composer over libyaml's parser: every command reads the catalogue first, and this takes half the time.

    libyaml's own composer is no choice: a text that is nested deeply enough makes it end the process.
    """
    if not yaml.__with_libyaml__:
        return yaml.SafeLoader
    from yaml._yaml import CParser

    class Quick(yaml.composer.Composer, CParser, yaml.resolver.Resolver):
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            yaml.composer.Composer.__init__(self)
            yaml.resolver.Resolver.__init__(self)

    return Quick


_QUICK = _quick_loader()


@cache  # they are evaluated anew each time, and a mode has dozens of objects of few types
def _hints(wanted: type) -> Mapping[str, Any]:
    return typing.get_type_hints(wanted)


class Document:
    """One YAML file read as nodes; ``path`` and ``advice`` go into every message."""

    def __init__(self, path: Path, advice: str) -> None:
        self.path = path
        self.advice = advice
        self._constructor = yaml.constructor.SafeConstructor()
        self.root = self._compose()
        self._below: Document | None = None

    def lay_over(self, below: Document) -> None:
        """Take from ``below``, which is valid, what this document does not say; lists are taken or replaced whole.

        Raises:
            UserError: this document repeats a value of the other's.
        """
        self.root = self._laid(self.root, below.root, "")
        self._below = below

    def _laid(self, ours: yaml.Node | None, theirs: yaml.Node | None, key: str) -> yaml.Node:
        mine, other = self._entries(ours, key), self._entries(theirs, key)
        merged = dict(other)
        for name, (key_node, value) in mine.items():
            full = f"{key}.{name}".lstrip(".")
            beneath = other[name][1] if name in other else None
            if isinstance(value, yaml.MappingNode) and isinstance(beneath, yaml.MappingNode):
                value = self._laid(value, beneath, full)
            elif beneath is not None and _plain(value) == _plain(beneath):
                raise self._error(key_node, full, "is what the mode has anyway; only what differs stands here")
            merged[name] = (key_node, value)
        assert isinstance(ours, yaml.MappingNode)
        return yaml.MappingNode(ours.tag, list(merged.values()), ours.start_mark, ours.end_mark)

    def _compose(self) -> yaml.Node | None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{self.path}: cannot be read: {error}.", self.advice) from None
        with contextlib.suppress(yaml.YAMLError, UnicodeEncodeError, RecursionError):
            return yaml.compose(text, Loader=_QUICK)
        try:  # again, for the words: libyaml's say less
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise UserError(f"{self.path}:{line}: this is not valid YAML: {error.reason}.", self.advice) from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise UserError(f"{self.path}:{line}: this is not valid YAML: {error.problem}.", self.advice) from None
        except RecursionError:
            raise UserError(f"{self.path}: this is nested too deeply.", self.advice) from None

    def read(self, wanted: type[T]) -> T:
        """The whole file as the dataclass ``wanted``.

        Raises:
            UserError: a key is unknown, missing or there twice, or a value is not of its field's type.
        """
        return cast(T, self._object(self.root, wanted, ""))

    def error(self, what: str, *keys: str | int) -> UserError:
        """A message about the value at the end of ``keys``, for rules that types cannot say."""
        node, name = self.root, ""
        for key in keys:
            name += f"[{key}]" if isinstance(key, int) else f".{key}"
            if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
            elif isinstance(node, yaml.MappingNode):
                node = next((value for k, value in node.value if k.value == key), node)
        return self._error(node, name.lstrip("."), what)

    def _value(self, node: yaml.Node, wanted: Any, key: str) -> Any:
        origin = typing.get_origin(wanted)
        if dataclasses.is_dataclass(wanted):
            return self._object(node, cast(type, wanted), key)
        if origin is tuple:
            if not isinstance(node, yaml.SequenceNode):
                raise self._error(node, key, f"is {self._shown(node)}; a list is wanted")
            inner = typing.get_args(wanted)[0]
            return tuple(self._value(item, inner, f"{key}[{number}]") for number, item in enumerate(node.value))
        if origin is Mapping:
            return {name: self._value(value, typing.get_args(wanted)[1], f"{key}.{name}")
                    for name, (_, value) in self._entries(node, key).items()}
        if origin in (typing.Union, types.UnionType):
            kinds = [kind for kind in typing.get_args(wanted) if kind is not type(None)]
            return self._value(node, kinds[0], key) if len(kinds) == 1 else self._scalar(node, kinds, key)
        if origin is Literal:
            allowed = typing.get_args(wanted)
            value = self._scalar(node, sorted({type(one) for one in allowed}, key=str), key)
            if value not in allowed:
                raise self._error(node, key, f"is {self._shown(node)}; allowed: {', '.join(map(str, allowed))}")
            return value
        return self._scalar(node, [wanted], key)

    def _scalar(self, node: yaml.Node, kinds: list[type], key: str) -> Any:
        wanted = " or ".join(KINDS[kind] for kind in kinds)
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, key, f"is {self._shown(node)}; {wanted} is wanted")
        try:
            value = self._constructor.construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            value = None
        if float in kinds and type(value) is int:
            value = float(value)
        if type(value) not in kinds:
            quotes = " (put it in quotes)" if str in kinds and node.value else ""
            raise self._error(node, key, f"is {self._shown(node)}; {wanted} is wanted{quotes}")
        return value

    def _entries(self, node: yaml.Node | None, key: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, key, f"is {self._shown(node)}; keys with values are wanted")
        entries: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value_node in node.value:
            name = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if name in entries:
                raise self._error(key_node, f"{key}.{name}".lstrip("."), "stands here twice")
            entries[name] = (key_node, value_node)
        return entries

    def _object(self, node: yaml.Node | None, wanted: type, key: str) -> Any:
        entries = self._entries(node, key)
        hints = _hints(wanted)
        fields = {field.name: field for field in dataclasses.fields(wanted)}
        for name, (key_node, _) in entries.items():
            if name not in fields:
                close = difflib.get_close_matches(name, fields, n=1)
                meant = f" (did you mean {close[0]}?)" if close else ""
                full = f"{key}.{name}".lstrip(".")
                raise self._error(key_node, full, f"is not a key here{meant}; allowed: {', '.join(fields)}")
        for name, field in fields.items():
            required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            if required and name not in entries:
                raise self._error(node, f"{key}.{name}".lstrip("."), "is missing")
        return wanted(**{name: self._value(value, hints[name], f"{key}.{name}".lstrip("."))
                         for name, (_, value) in entries.items()})

    def _shown(self, node: yaml.Node | None) -> str:
        if isinstance(node, yaml.SequenceNode):
            return "a list"
        if isinstance(node, yaml.MappingNode):
            return "a group of keys"
        if node is None or node.value == "":
            return "empty"
        text = repr(node.value) if node.tag == TEXT_TAG else str(node.value)
        return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"

    def _error(self, node: yaml.Node | None, key: str, what: str) -> UserError:
        line = node.start_mark.line + 1 if node is not None else 1
        if self._below is not None and _within(node, self._below.root):
            return UserError(f"{self._below.path}:{line}: {key} {what}.",
                             f"{self.path} changes what this follows from, so it has to say this too.")
        return UserError(f"{self.path}:{line}: {key or 'the file'} {what}.", self.advice)


def _plain(node: yaml.Node) -> Any:
    """What a node says, without its place and its style."""
    if isinstance(node, yaml.MappingNode):
        return {_plain(key): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return node.tag, node.value


def _within(node: yaml.Node | None, root: yaml.Node | None) -> bool:
    """Whether a node is one of a tree's own."""
    if node is root:
        return node is not None
    children = [one for pair in root.value for one in pair] if isinstance(root, yaml.MappingNode) else (
        root.value if isinstance(root, yaml.SequenceNode) else [])
    return any(_within(node, child) for child in children)
