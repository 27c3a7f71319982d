"""The values of a publication: what others measured, as it stands there, and apart from it what we read out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from experiments.field import NAME, Field


@dataclass(frozen=True)
class Publication:
    """Where figures come from."""

    title: Annotated[str, Field("Title of the publication.", "the publication")]
    kind: Annotated[str, Field("What it is.", "by hand", allowed=("article", "blog post", "repository"))]
    date: Annotated[str, Field(
        "When it was published: day, or month where the day is not known.", "the publication",
        pattern=r"^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$")]
    where: Annotated[str, Field("How the figures were taken from it.", "by hand")]
    url: Annotated[str | None, Field("Where it can be found.", "by hand", pattern=r"^https://[^\s\"'<>]+$")] = None
    version: Annotated[str | None, Field("Commit, where it is a repository.", "git", pattern=r"^[0-9a-f]{7,40}$")] = None


@dataclass(frozen=True)
class Figure:
    """One figure as it was published."""

    id: Annotated[str, Field("Name of the figure within its file.", "by hand", pattern=NAME)]
    setup: Annotated[str, Field("What was measured, in the publication's terms.", "the publication")]
    protocol: Annotated[str, Field("What carried the payload.", "the publication", allowed=("tcp", "udp"))]
    goodput_bps: Annotated[float, Field(
        "The figure.", "the publication", "bit/s", minimum=1, better="higher", digits=0, header="goodput")]
    streams: Annotated[int | None, Field("Connections at the same time.", "the publication", minimum=1)] = None
    pod_mtu_bytes: Annotated[int | None, Field(
        "MTU of the pods' interfaces.", "the publication", "bytes", minimum=68, maximum=65535, header="pod MTU")] = None
    runs: Annotated[int | None, Field("Runs that the figure is the mean of.", "the publication", minimum=1)] = None
    printed: Annotated[str | None, Field("The line as it is printed there.", "the publication")] = None


@dataclass(frozen=True)
class Reading:
    """What we think a figure is of. Inference, never part of the publication."""

    of: Annotated[tuple[str, ...], Field("The figures that it is about.", "by hand")]
    says: Annotated[str, Field("What they would be.", "by hand")]
    certainty: Annotated[str, Field("How sure.", "by hand", allowed=("likely", "possible", "excluded"))]
    because: Annotated[str, Field("Why.", "the limit model")]
    line: Annotated[str | None, Field("The line of the limit model that it rests on.", "experiments/catalog/limits.py")] = None


@dataclass(frozen=True)
class Reported:
    """A publication with its figures. Never pooled with what was measured here."""

    schema: Annotated[str, Field("Format and version of this file.", "by hand", allowed=("podpath/reported/1",))]
    id: Annotated[str, Field("Name of the publication here: the name of the file.", "by hand", pattern=NAME)]
    title: Annotated[str, Field("Heading under which it is shown.", "by hand")]
    source: Annotated[Publication, Field("Where the figures come from.", "by hand")]
    setup: Annotated[Mapping[str, str], Field("What they were measured on, as far as the publication says.", "the publication")]
    figures: Annotated[tuple[Figure, ...], Field("The figures as published.", "the publication")]
    link_rate_bps: Annotated[int | None, Field(
        "Rate of the network, where the limit model may be put beside the figures.", "the publication, or inference", "bit/s",
        minimum=1)] = None
    inference: Annotated[str | None, Field("What has to be said before any reading: that it is ours.", "by hand")] = None
    readings: Annotated[tuple[Reading, ...], Field(
        "What we think the figures are of, with the alternatives.", "the limit model")] = ()
    caveats: Annotated[tuple[str, ...], Field("What the figures cannot tell.", "by hand")] = ()
