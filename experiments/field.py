"""What is known of one field of a file: declared beside its type, once, and used by all that reads, writes or shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "integer", "number", "boolean", "list", "mapping", "object", "scalar", "any"]
Better = Literal["higher", "lower", ""]

# RFC 3339, UTC, to the second: the only way a time is written.
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
# Names become file names, so nothing in them may lead out of the campaign's folder.
NAME = r"^[a-z0-9][a-z0-9@_-]*(\.[a-z0-9@_-]+)*$"
# A campaign's name is its folder's and its pages'. It begins with a day and has no dot: so it is neither a page of the site nor
# that of a mode's result (entries.page_name), on disks that do not tell capitals from small letters either.
CAMPAIGN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9][a-z0-9-]{0,63}$"
SHA256 = r"^[0-9a-f]{64}$"


@dataclass(frozen=True)
class Field:
    """One field: what it means, where it comes from, in which unit it is, what is allowed in it.

    It stands in the annotation: ``up_s: Annotated[float | None, Field("Making the nodes.", "clock", "s", minimum=0)] = None``.
    ``digits`` are the decimals that the writer keeps of a number (0: a whole number). ``better`` says of a measure which
    direction a reader should be glad about. ``allowed`` lists the words that may stand there, where the type is not a
    ``Literal`` that does. A field without a default is ``required`` in a file; one with a default is so if that is said.

    ``name``, ``kind`` and ``of`` are never declared: :func:`experiments.results.fields.declared` takes them from the
    annotation. ``kind`` is the type. For a ``list`` or a ``mapping``, ``of`` is the type of its items: a kind, the name of a
    described class ("Check"), ``scalar`` (string, integer, number or boolean) or ``any``; for an ``object``, ``of`` is its
    class's name.
    """

    meaning: str = ""
    source: str = ""
    unit: str = ""
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    better: Better = ""
    digits: int | None = None
    header: str = ""
    required: bool = False
    name: str = ""
    kind: Kind = "any"
    of: str = ""

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
