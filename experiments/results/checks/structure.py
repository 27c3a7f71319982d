"""Everything in a file that does not fit its JSON Schema, in the words of the messages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from experiments.results import fields
from experiments.results.plain import Misfit
from experiments.results.schema import schema

if TYPE_CHECKING:  # only what does not fit needs it, and it takes longer to import than most commands to run
    import jsonschema

MOST = 50  # findings in one file; whoever has more mends these first
LOOKED_AT = 1000  # findings that are brought into the order of the keys; to find all of a hostile file takes minutes
_TYPES = {"string": "text; put it into quotes", "integer": "a whole number", "number": "a number",
          "boolean": "true or false", "array": "a list", "object": "a mapping"}


@cache
def _validator(kind: str) -> jsonschema.Draft7Validator:
    import jsonschema

    return jsonschema.Draft7Validator(schema(kind))


def misfits(plain: Any, kind: str) -> list[Misfit]:
    """All values that do not fit, in the order of the file's keys, at most 50.

    Raises:
        KeyError: there is no such kind of file.
    """
    found = (misfit for error in _validator(kind).iter_errors(plain) for misfit in _worded(error))
    return sorted(islice(found, LOOKED_AT), key=lambda misfit: [str(part).zfill(6) for part in misfit.key])[:MOST]


def _worded(error: jsonschema.ValidationError) -> Iterator[Misfit]:
    key = tuple(error.absolute_path)
    value: Any = error.instance
    limit: Any = error.validator_value
    schema_there: Any = error.schema
    if error.validator == "additionalProperties":
        known = schema_there.get("properties", {})
        for extra in [name for name in value if name not in known]:
            yield Misfit((*key, extra), value[extra], f"is not a key here; allowed: {', '.join(known)}")
    elif error.validator == "required":
        for name in [name for name in limit if name not in value]:
            yield Misfit((*key, name), None, "is missing")
    elif error.validator == "type":
        wanted = _TYPES.get(str(limit), "a single value")
        yield Misfit(key, value, f"must be {wanted}")
    elif error.validator == "enum":
        yield Misfit(key, value, f"is not allowed; allowed: {', '.join(map(str, limit))}")
    elif error.validator == "pattern":
        yield Misfit(key, value, f"is not allowed; allowed: text like {limit}")
    else:
        low, high = schema_there.get("minimum"), schema_there.get("maximum")
        allowed = fields.Field(minimum=low, maximum=high).allowed_in_words
        yield Misfit(key, value, f"is not allowed; allowed: {allowed}")
