"""The values of a publication: what others measured, as it stands there, and apart from it what we read out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Publication:
    """Where figures come from."""

    title: str
    kind: str  # article | blog post | repository
    date: str  # 2018-08-07, or 2020-08 where the day is not known
    where: str  # how the figures were taken from it
    url: str | None = None
    version: str | None = None  # commit, where it is a repository


@dataclass(frozen=True)
class Figure:
    """One figure as it was published."""

    id: str
    setup: str  # what it was measured with, in the publication's terms
    protocol: str  # tcp | udp
    goodput_bps: float
    streams: int | None = None
    pod_mtu_bytes: int | None = None
    runs: int | None = None  # that the figure is a mean of
    printed: str | None = None  # the line as it stands in the publication


@dataclass(frozen=True)
class Reading:
    """What we think a figure is of. Inference, never part of the publication."""

    of: tuple[str, ...]  # ids of figures
    says: str
    certainty: str  # likely | possible | excluded
    because: str
    line: str | None = None  # the line of the limit model, by its name


@dataclass(frozen=True)
class Reported:
    """A publication with its figures. Never pooled with what was measured here."""

    schema: str
    id: str
    title: str
    source: Publication
    setup: Mapping[str, str]
    figures: tuple[Figure, ...]
    link_rate_bps: int | None = None
    inference: str | None = None  # the warning that stands above the readings
    readings: tuple[Reading, ...] = ()
    caveats: tuple[str, ...] = field(default=())
