"""Objects of the model to plain values and back, led by the registry of fields; refuses whatever does not fit it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from experiments.field import Field
from experiments.results import fields
from experiments.results.characters import on_one_line
from experiments.results.yamldump import flow

T = TypeVar("T")
Key = tuple[str | int, ...]

# Objects small enough for one line of a file.
ONE_LINE = frozenset({"Raw", "Cell"})
SHOWN = 80  # characters of a wrong value in a message


class Misfit(Exception):
    """A value that the registry does not allow: under which key, which value, what is wrong and what is allowed."""

    def __init__(self, key: Key, value: Any, what: str) -> None:
        super().__init__(f"{spelled(key)} {what}")
        self.key = key
        self.value = value
        self.what = what


def spelled(key: Key) -> str:
    """A key as messages spell it: ``deployments[0].trials[3].goodput_bps``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return on_one_line(text.lstrip(".")) or "the file"


def shown(value: Any) -> str:
    """A value as messages show it: short, on one line, without control characters."""
    text = on_one_line(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


# -- out ----------------------------------------------------------------------------------------------------------


def to_plain(value: Any) -> dict[str, Any]:
    """An object of the model as it stands in a file: keys in order, what is absent left out, numbers rounded.

    Raises:
        Misfit: a number is not finite.
    """
    name = type(value).__name__
    return _object_out(name, {field.name: getattr(value, field.name) for field in fields.OBJECTS[name]}, ())


def _object_out(name: str, values: Mapping[str, Any], key: Key) -> dict[str, Any]:
    found: dict[str, Any] = {}
    described = fields.OBJECTS[name]
    for field in described:
        value = values.get(field.name)
        empty = not isinstance(value, bool | int | float) and not value
        if value is None or (empty and not field.required):
            continue
        if field.name == "exit_code" and value == 0:
            continue
        found[field.name] = _out(field, field.kind, value, (*key, field.name))
    if name in fields.OPEN:
        known = {field.name for field in described}
        found |= {k: _any_out(v, (*key, k)) for k, v in values.items() if k not in known and v is not None}
    else:
        for extra in values.keys() - {field.name for field in described}:
            raise Misfit((*key, extra), values[extra], "is not a key here")
    return cast(dict[str, Any], flow(found)) if name in ONE_LINE else found


def _out(field: Field, kind: str, value: Any, key: Key) -> Any:
    if kind == "object" or kind in fields.OBJECTS:
        name = field.of
        if name in fields.CLASSES:
            value = {f.name: getattr(value, f.name) for f in fields.OBJECTS[name]}
        return _object_out(name, value, key)
    if kind == "list":
        return [_out(field, field.of, item, (*key, i)) for i, item in enumerate(value)]
    if kind == "mapping":
        entries = {str(k): _out(field, field.of, v, (*key, k)) for k, v in value.items() if v is not None}
        return flow(entries) if field.of in ("number", "scalar") else entries
    return _any_out(value, key, field)


def _any_out(value: Any, key: Key, field: Field | None = None) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Misfit(key, str(value), "is not a finite number")
        return fields.rounded(field, value) if field else value
    if isinstance(value, Mapping):
        return {str(k): _any_out(v, (*key, k)) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_any_out(v, (*key, i)) for i, v in enumerate(value)]
    if isinstance(value, bool | int):
        return value
    raise Misfit(key, str(value), f"is a {type(value).__name__}, which a file cannot hold")


def digest(plain: Mapping[str, Any]) -> str:
    """SHA-256 (hexadecimal) over all values but the digest itself, in their JSON form with sorted keys."""
    text = json.dumps({k: v for k, v in plain.items() if k != "digest"}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# -- in -----------------------------------------------------------------------------------------------------------


def from_plain(wanted: type[T], plain: Any) -> T:
    """The object that plain values describe; ``None`` counts as absent, so ``dataclasses.asdict`` is accepted too.

    Raises:
        Misfit: an unknown or missing key, a wrong type, a value that is not allowed.
    """
    return cast(T, _object_in(wanted.__name__, plain, ()))


@cache
def _layout(name: str) -> tuple[dict[str, Field], tuple[str, ...]]:
    described = fields.OBJECTS[name]
    return {f.name: f for f in described}, tuple(f.name for f in described if f.required)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _object_in(name: str, plain: Any, key: Key) -> Any:
    if not isinstance(plain, dict):
        raise Misfit(key, plain, "must be a mapping")
    known, required = _layout(name)
    found: dict[str, Any] = {}
    for k, value in plain.items():
        field = known.get(k)
        if field is None:
            if name not in fields.OPEN:
                raise Misfit((*key, k), value, f"is not a key here; allowed: {', '.join(known)}")
            found[k] = value
        elif value is not None and (value or k != "digest"):
            found[k] = _in(field, field.kind, value, (*key, k))
    for wanted in required:
        if wanted not in found and wanted != "digest":  # an object that was never stored has none
            raise Misfit((*key, wanted), None, "is missing")
    if name not in fields.CLASSES:
        return found
    for k, value in found.items():
        if type(value) is list:
            found[k] = tuple(value)
    return fields.CLASSES[name](**found)


def _in(field: Field, kind: str, value: Any, key: Key) -> Any:
    if kind == "string":
        if type(value) is not str:
            raise Misfit(key, value, "must be text; put it into quotes")
        if field.allowed and value not in field.allowed:
            raise Misfit(key, value, f"is not allowed; allowed: {field.allowed_in_words}")
        if field.pattern and not _pattern(field.pattern).fullmatch(value):
            raise Misfit(key, value, f"is not allowed; allowed: {field.allowed_in_words}")
        return value
    if kind == "number" or kind == "integer":
        if type(value) is not int and (kind == "integer" or type(value) is not float):
            raise Misfit(key, value, "must be a whole number" if kind == "integer" else "must be a number")
        if (field.minimum is not None and value < field.minimum) or (
            field.maximum is not None and value > field.maximum
        ):
            raise Misfit(key, value, f"is not allowed; allowed: {field.allowed_in_words}")
        return value
    if kind == "boolean":
        if type(value) is not bool:
            raise Misfit(key, value, "must be true or false")
        return value
    if kind == "list":
        if not isinstance(value, list | tuple):
            raise Misfit(key, value, "must be a list")
        return [_in(field, field.of, item, (*key, i)) for i, item in enumerate(value)]
    if kind == "mapping":
        if not isinstance(value, dict):
            raise Misfit(key, value, "must be a mapping")
        return {k: _in(field, field.of, v, (*key, k)) for k, v in value.items() if v is not None}
    if kind == "scalar":
        if type(value) not in (str, int, float, bool):
            raise Misfit(key, value, "must be a single value")
        return value
    if kind == "any":
        return value
    return _object_in(field.of, value, key)
