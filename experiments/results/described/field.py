"""What is known of one field of a result file. Schema, validator, table headers and reference page are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "integer", "number", "boolean", "list", "mapping", "object"]
Better = Literal["higher", "lower", ""]

# RFC 3339, UTC, to the second: the only way a time is written.
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
# Names become file names, so nothing in them may lead out of the campaign's folder.
NAME = r"^[a-z0-9][a-z0-9@_-]*(\.[a-z0-9@_-]+)*$"
SHA256 = r"^[0-9a-f]{64}$"


@dataclass(frozen=True)
class Field:
    """One field: its name, type and unit, what it means, where it comes from, what is allowed in it.

    ``kind`` is the type. For a ``list`` or a ``mapping``, ``of`` is the type of its items: a kind, the name of one of
    the described objects ("Check"), ``scalar`` (string, integer, number or boolean) or ``any``; for an ``object``,
    ``of`` is its name. ``digits`` are the decimals that the writer keeps of a number (0: a whole number).
    ``better`` says of a measure which direction a reader should be glad about.
    """

    name: str
    kind: Kind
    meaning: str
    source: str = ""
    unit: str = ""
    of: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    better: Better = ""
    digits: int | None = None
    header: str = ""

    @property
    def type_in_words(self) -> str:
        """The type as the reference page and the messages say it."""
        if self.kind == "object":
            return self.of
        return f"{self.kind} of {self.of}" if self.of else self.kind

    @property
    def allowed_in_words(self) -> str:
        """What may stand in the field, as the messages say it; empty if anything of the type may."""
        if self.allowed:
            return ", ".join(self.allowed)
        if self.pattern:
            return f"text like {self.pattern}"
        if self.minimum is not None and self.maximum is not None:
            return f"{self.minimum:g} to {self.maximum:g}"
        if self.minimum is not None:
            return f"{self.minimum:g} or more"
        return f"{self.maximum:g} or less" if self.maximum is not None else ""

    @property
    def title(self) -> str:
        """The header of a table's column: the short name, with the unit."""
        name = self.header or self.name.replace("_", " ")
        return f"{name} ({self.unit})" if self.unit else name
