"""What maintainers say of campaigns beside their files: which are the reference, and what has been found out since.

Campaigns are only ever added, so neither stands in them. ``data/reference.yml`` lists those whose figures may stand first on
the site; ``data/records.yml`` has corrections, withdrawals and caveats. Both are changed by maintainers, in pull requests
that add no campaign: a contributor can neither sign off a campaign nor take back another's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from experiments.results.model import Campaign
from experiments.typed_yaml import Document

REFERENCE, RECORDS = "reference.yml", "records.yml"
FILES = (REFERENCE, RECORDS)
ADVICE = "Mend the file, or restore it as it was."


@dataclass(frozen=True)
class Signed:
    """A campaign that may carry the site's headline figures, bound to what it was when it was signed off."""

    campaign: str
    digest: str  # of its campaign.yml


@dataclass(frozen=True)
class References:
    """The file data/reference.yml."""

    campaigns: tuple[Signed, ...]


@dataclass(frozen=True)
class Record:
    """One finding about a campaign that is stored: what holds of it, since when, for which of its figures."""

    campaign: str
    kind: Literal["withdrawn", "corrected", "caveat"]
    date: str
    says: str  # sentences, as the site shows them
    results: tuple[str, ...] = ()  # as `invoke show` names them: calico-bgp, calico-bgp@uml; none: all
    cells: tuple[str, ...] = ()  # beginnings of keys: link, link/pod-pod; none: all
    instead: str = ""  # the campaign that follows

    def about(self, result: str, cell: str = "") -> bool:
        """Whether it speaks of a result, or of one of its cells."""
        of_result = not self.results or result in self.results
        of_cell = not cell or not self.cells or any(cell == one or cell.startswith(f"{one}/") for one in self.cells)
        return of_result and of_cell


@dataclass(frozen=True)
class Records:
    """The file data/records.yml."""

    records: tuple[Record, ...]


@dataclass(frozen=True)
class Standing:
    """Both files of one folder data/."""

    signed: Mapping[str, str] = field(default_factory=dict)  # campaign -> digest
    records: tuple[Record, ...] = ()

    def is_reference(self, campaign: Campaign) -> bool:
        """Whether a campaign calls itself a reference, and has been signed off as it is."""
        return campaign.purpose == "reference" and self.signed.get(campaign.id) == campaign.digest

    def of(self, campaign: str, result: str = "") -> tuple[Record, ...]:
        """The records of a campaign, or of one of its results."""
        return tuple(one for one in self.records if one.campaign == campaign and (not result or one.about(result)))


def read(data: Path) -> Standing:
    """What the files in a folder data/ say; nothing where it has none.

    Raises:
        UserError: a file is broken; the message names file, line, key, value and what is allowed.
    """
    signed: dict[str, str] = {}
    records: tuple[Record, ...] = ()
    if (data / REFERENCE).is_file():
        document = Document(data / REFERENCE, ADVICE)
        for number, one in enumerate(document.read(References).campaigns):
            if one.campaign in signed:
                raise document.error("stands here twice", "campaigns", number, "campaign")
            signed[one.campaign] = one.digest
    if (data / RECORDS).is_file():
        records = Document(data / RECORDS, ADVICE).read(Records).records
    return Standing(signed, records)
