"""The one registry of fields: every field of every object in a result file, with all that is known of it.

From here come the JSON Schema (:mod:`experiments.results.schema`), what the reader and the validator accept, the
rounding of the writer, the headers of tables and the rows of the reference page. A test holds it equal to the
dataclasses of :mod:`experiments.results.model` and :mod:`experiments.results.reported_model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from experiments import evidence
from experiments.results import model, reported_model
from experiments.results.described import campaigns, modes, publications, trials
from experiments.results.described.field import Field

__all__ = ["CLASSES", "FILES", "OBJECTS", "OPEN", "Field", "get", "measures", "rounded"]

# Objects in the order in which the reference page explains them.
OBJECTS: Mapping[str, tuple[Field, ...]] = {
    "Campaign": campaigns.CAMPAIGN,
    "Generator": campaigns.GENERATOR,
    "Protocol": campaigns.PROTOCOL,
    "Cell": campaigns.CELL,
    "ModeResult": modes.MODE_RESULT,
    "Deployment": modes.DEPLOYMENT,
    "Check": modes.CHECK,
    "Trial": trials.TRIAL,
    "Raw": trials.RAW,
    "Packet": modes.PACKET,
    "Header": modes.HEADER,
    "TranscriptStep": modes.TRANSCRIPT_STEP,
    "Reported": publications.REPORTED,
    "Publication": publications.PUBLICATION,
    "Figure": publications.FIGURE,
    "Reading": publications.READING,
}

# Objects that are dataclasses; the others are plain mappings with known keys.
CLASSES: Mapping[str, type[Any]] = {
    "Campaign": model.Campaign,
    "ModeResult": model.ModeResult,
    "Deployment": model.Deployment,
    "Check": evidence.Check,
    "Trial": model.Trial,
    "Packet": evidence.Packet,
    "Header": evidence.Header,
    "TranscriptStep": evidence.TranscriptStep,
    "Reported": reported_model.Reported,
    "Publication": reported_model.Publication,
    "Figure": reported_model.Figure,
    "Reading": reported_model.Reading,
}

# Objects that may have more keys than the described ones.
OPEN = frozenset({"Protocol"})

# Kinds of files and the object that each consists of.
FILES: Mapping[str, str] = {"campaign": "Campaign", "mode": "ModeResult", "reported": "Reported"}


@cache
def _by_name(described: str) -> Mapping[str, Field]:
    return {field.name: field for field in OBJECTS[described]}


def get(described: str, name: str) -> Field:
    """The field ``name`` of the object ``described``, as in ``get("Trial", "goodput_bps")``.

    Raises:
        KeyError: there is no such object or field.
    """
    return _by_name(described)[name]


def measures() -> dict[str, Field]:
    """The measures of a trial by name: the fields of which a reader wants more, or less."""
    return {field.name: field for field in OBJECTS["Trial"] if field.better}


def rounded(field: Field, value: float) -> int | float:
    """The number as it is stored: with the field's decimals, without a decimal point where there are none."""
    if field.digits is None or isinstance(value, int):
        return value
    return round(value) if field.digits == 0 else round(value, field.digits)
