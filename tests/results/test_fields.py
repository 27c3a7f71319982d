"""A field is declared once, in its class: what the registry takes from annotation and default, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from experiments.field import Field
from experiments.results import fields


class Ends(TypedDict):
    first: Annotated[str, Field("The first.")]
    last: NotRequired[Annotated[list[str], Field("The last ones.")]]


@dataclass(frozen=True)
class Line:
    name: Annotated[str, Field("What it is called.", pattern="^[a-z]+$")]
    colour: Annotated[Literal["red", "blue"] | None, Field("Its colour.", "paint")] = None
    length_m: Annotated[float | None, Field("Its length.", unit="m", minimum=0, better="lower", digits=2)] = None
    bends: Annotated[tuple[int, ...], Field("Where it bends.")] = ()
    ends: Annotated[Ends | None, Field("Its ends.")] = None
    parts: Annotated[tuple[Line, ...], Field("What it consists of.")] = ()
    marks: Annotated[Mapping[str, str | int | bool], Field("Marks.")] = field(default_factory=dict)
    notes: Annotated[Mapping[str, Any], Field("Notes.")] = field(default_factory=dict)
    seal: Annotated[str, Field("Put there later.", required=True)] = ""


def test_type_and_requiredness_follow_from_annotation_and_default() -> None:
    found = {one.name: (one.kind, one.of, one.required) for one in fields.declared(Line)}
    assert found == {
        "name": ("string", "", True), "colour": ("string", "", False), "length_m": ("number", "", False),
        "bends": ("list", "integer", False), "ends": ("object", "Ends", False), "parts": ("list", "Line", False),
        "marks": ("mapping", "scalar", False), "notes": ("mapping", "any", False), "seal": ("string", "", True),
    }
    assert [(one.name, one.kind, one.of, one.required) for one in fields.declared(Ends)] == [
        ("first", "string", "", True), ("last", "list", "string", False)]


def test_all_else_is_what_the_declaration_says() -> None:
    name, colour, length, *_ = fields.declared(Line)
    assert (name.meaning, name.pattern) == ("What it is called.", "^[a-z]+$")
    assert (colour.source, colour.allowed) == ("paint", ("red", "blue"))
    assert (length.unit, length.better, length.digits, length.allowed_in_words) == ("m", "lower", 2, "0 or more")
    assert (length.title, length.type_in_words) == ("length m (m)", "number")


def test_a_field_that_is_not_described_is_named() -> None:
    @dataclass
    class Bare:
        silent: int = 0

    with pytest.raises(TypeError, match=r"^Bare\.silent is not described: its annotation has no Field\.$"):
        fields.declared(Bare)


def test_a_type_that_no_file_can_hold_is_named() -> None:
    @dataclass
    class Odd:
        call: Annotated[Literal["a"] | type[int], Field("Odd.")]
        what: Annotated[type[int], Field("Odder.")]

    with pytest.raises(TypeError, match=r"^Odd\.what is of the type type\[int\], which no file can hold\.$"):
        fields.declared(Odd)


def test_everything_in_a_file_says_what_it_means_and_where_it_comes_from() -> None:
    silent = [(name, one.name) for name, rows in fields.OBJECTS.items() for one in rows if not (one.meaning and one.source)]
    assert silent == []
    # what an object consists of is described as well, else the reader could not follow
    inner = {one.of for rows in fields.OBJECTS.values() for one in rows if one.kind == "object"}
    assert inner <= fields.OBJECTS.keys()
