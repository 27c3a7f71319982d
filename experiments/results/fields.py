"""The registry of fields: every field of every object in a result file, as the classes of the model declare it.

From here come the JSON Schema (:mod:`experiments.results.schema`), what the reader and the validator accept, the
rounding of the writer, the headers of tables and the rows of the reference page. Nothing is said here of a field: its
name, its type and whether a file must have it follow from the class, all else from the :class:`Field` in the annotation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

from experiments.evidence import Check, Header, Packet, TranscriptStep
from experiments.field import Field, Kind
from experiments.results.failure_model import Failures, Incident, Pair, Seen, Way
from experiments.results.growth_model import Growth, GrowthChange, GrowthPoint
from experiments.results.model import Campaign, Cell, Deployment, Generator, ModeResult, Protocol, Raw, Trial
from experiments.results.reported_model import Figure, Publication, Reading, Reported

__all__ = ["CLASSES", "FILES", "OBJECTS", "OPEN", "Field", "declared", "get", "rounded"]

_KINDS: Mapping[Any, Kind] = {str: "string", int: "integer", float: "number", bool: "boolean", Any: "any"}


def declared(described: type[Any]) -> tuple[Field, ...]:
    """Return the fields of a dataclass or a ``TypedDict``, in order, with what its annotations and defaults say.

    Raises:
        TypeError: a field has no :class:`Field`, or is of a type that no file can hold.
    """
    hints = get_type_hints(described, include_extras=True)
    may_be_absent = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    if dataclasses.is_dataclass(described):
        may_be_absent = {field.name for field in dataclasses.fields(described) if _has_default(field)}
    return tuple(_field(f"{described.__name__}.{name}", name, hint, name not in may_be_absent) for name, hint in hints.items())


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _field(where: str, name: str, hint: Any, required: bool) -> Field:
    wanted = get_args(hint)[0] if get_origin(hint) is NotRequired else hint
    said = [known for known in getattr(wanted, "__metadata__", ()) if isinstance(known, Field)]
    if get_origin(wanted) is not Annotated or not said:
        raise TypeError(f"{where} is not described: its annotation has no Field.")
    kind, of, words = _type(where, get_args(wanted)[0])
    return dataclasses.replace(
        said[0], name=name, kind=kind, of=of, allowed=said[0].allowed or words, required=said[0].required or required,
    )


def _type(where: str, annotation: Any) -> tuple[Kind, str, tuple[str, ...]]:
    """Kind, kind of the items (of an object: its name), and the words that a ``Literal`` allows."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if annotation in _KINDS:
        return _KINDS[annotation], "", ()
    if origin is Literal:
        return "string", "", inside
    if origin in (Union, UnionType):
        present = [one for one in inside if one is not NoneType]
        return _type(where, present[0]) if len(present) == 1 else ("scalar", "", ())
    if origin in (tuple, list):
        return "list", _item(where, inside[0]), ()
    if origin is Mapping:
        return "mapping", _item(where, inside[1]), ()
    if isinstance(annotation, type):
        return "object", annotation.__name__, ()
    raise TypeError(f"{where} is of the type {annotation}, which no file can hold.")


def _item(where: str, annotation: Any) -> str:
    kind, of, _ = _type(where, annotation)
    return of if kind == "object" else kind


# In the order in which the reference page explains them.
_DESCRIBED: tuple[type[Any], ...] = (
    Campaign, Generator, Protocol, Cell, ModeResult, Deployment, Check, Trial, Raw, Packet, Header, TranscriptStep,
    Reported, Publication, Figure, Reading, Growth, GrowthPoint, GrowthChange, Failures, Incident, Pair,
    Seen, Way,
)

OBJECTS: Mapping[str, tuple[Field, ...]] = {one.__name__: declared(one) for one in _DESCRIBED}

# Objects that are dataclasses; the others are plain mappings with known keys.
CLASSES: Mapping[str, type[Any]] = {one.__name__: one for one in _DESCRIBED if dataclasses.is_dataclass(one)}

# Objects that may have more keys than the described ones.
OPEN = frozenset({"Protocol"})

# Kinds of files and the object that each consists of.
FILES: Mapping[str, str] = {"campaign": "Campaign", "mode": "ModeResult", "reported": "Reported", "growth": "Growth",
                             "failures": "Failures"}


@cache
def _by_name(described: str) -> Mapping[str, Field]:
    return {field.name: field for field in OBJECTS[described]}


def get(described: str, name: str) -> Field:
    """The field ``name`` of the object ``described``, as in ``get("Trial", "goodput_bps")``.

    Raises:
        KeyError: there is no such object or field.
    """
    return _by_name(described)[name]


def rounded(field: Field, value: float) -> int | float:
    """The number as it is stored: with the field's decimals, without a decimal point where there are none."""
    if field.digits is None or isinstance(value, int):
        return value
    return round(value) if field.digits == 0 else round(value, field.digits)
