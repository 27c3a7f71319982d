"""JSON Schema (draft 7) of the result files, made from the registry of fields.

The files in ``data/schema/`` are for editors and for other programs; Podpath itself checks with the same registry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from experiments.field import Field
from experiments.paths import DATA
from experiments.results import fields
from experiments.results.migrate import CURRENT

SCHEMA_DIR = DATA / "schema"

_SCALAR = {"type": ["string", "integer", "number", "boolean"]}


def schema(kind: str) -> dict[str, Any]:
    """The schema of a kind of file: ``campaign``, ``mode``.

    Raises:
        KeyError: there is no such kind.
    """
    root = fields.FILES[kind]
    used: dict[str, dict[str, Any]] = {}
    _collect(root, used)
    top = used.pop(root)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"podpath/{kind}/{CURRENT[kind]}",
        "description": "Made from the registry of fields in experiments/results/fields.py; do not edit.",
        **top,
        "definitions": used,
    }


def _collect(name: str, used: dict[str, dict[str, Any]]) -> None:
    if name in used:
        return
    used[name] = {}
    for field in fields.OBJECTS[name]:
        if field.of in fields.OBJECTS:
            _collect(field.of, used)
    used[name] = {
        "type": "object",
        "properties": {field.name: _property(field) for field in fields.OBJECTS[name]},
        "required": [field.name for field in fields.OBJECTS[name] if field.required],
        "additionalProperties": name in fields.OPEN,
    }


def _property(field: Field) -> dict[str, Any]:
    text = field.meaning + (f" Unit: {field.unit}." if field.unit else "")
    return {"description": text, **_type(field, field.kind)}


def _type(field: Field, kind: str) -> dict[str, Any]:
    if kind == "list":
        return {"type": "array", "items": _type(field, field.of)}
    if kind == "mapping":
        return {"type": "object", "additionalProperties": _type(field, field.of)}
    if kind == "scalar":
        return _SCALAR
    if kind == "any":
        return {}
    if kind == "string":
        limits: dict[str, Any] = {"enum": list(field.allowed)} if field.allowed else {}
        return {"type": "string", **limits, **({"pattern": field.pattern} if field.pattern else {})}
    if kind in ("integer", "number"):
        bounds = {"minimum": field.minimum, "maximum": field.maximum}
        return {"type": kind, **{k: v for k, v in bounds.items() if v is not None}}
    if kind == "boolean":
        return {"type": "boolean"}
    return {"$ref": f"#/definitions/{field.of}"}


@cache  # the registry is fixed, and whoever checks a tree of data asks
def files() -> Mapping[str, str]:
    """What belongs into ``data/schema/``: name and text of each file."""
    return MappingProxyType({
        f"{kind}-{CURRENT[kind]}.schema.json": json.dumps(schema(kind), indent=1, ensure_ascii=False) + "\n"
        for kind in fields.FILES
    })


def write(folder: Path = SCHEMA_DIR) -> list[Path]:
    """Write the schema files; the paths of those that were not up to date.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in files().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
