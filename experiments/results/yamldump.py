"""Writes YAML that :mod:`experiments.results.yamlfile` reads back unchanged, and that is pleasant in a review.

Keys keep their order; lists of numbers and small mappings stand on one line; text of several lines is a block; text that
some reader of YAML would take for a number, a date or a boolean is quoted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml

from experiments.results.yamlfile import AMBIGUOUS

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Flow(dict[str, Any]):
    """A mapping that is written on one line."""


def flow(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Mark a small mapping to be written on one line."""
    return _Flow(value)


class _Dumper(_DUMPER):  # type: ignore[misc]
    """Writes what :func:`parse` reads back unchanged."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> yaml.Node:
    style = None
    if "\n" in value:
        style = "|"
    elif AMBIGUOUS.fullmatch(value) or value == "":
        style = '"'
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)
    return node


def _numbers_in_a_row(dumper: Any, value: list[Any]) -> yaml.Node:
    simple = all(isinstance(item, int | float) or (isinstance(item, str) and len(item) < 24) for item in value)
    node: yaml.Node = dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=simple)
    return node


def _number(dumper: Any, value: float) -> yaml.Node:
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be stored")
    text = repr(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")  # older YAML wants the point
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:float", text)
    return node


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
_Dumper.add_representer(list, _numbers_in_a_row)
_Dumper.add_representer(dict, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=False))
_Dumper.add_representer(_Flow, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v.items(), flow_style=True))


def dump(value: Mapping[str, Any]) -> str:
    """The text of a file with these values, keys in their order.

    Raises:
        ValueError: a number is not finite.
    """
    text: str = yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110,
                          default_flow_style=False)
    return text
