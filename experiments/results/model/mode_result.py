"""What one mode gave in one campaign: the object that a mode's file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from experiments.evidence import TranscriptStep
from experiments.field import CAMPAIGN, NAME, SHA256, Field
from experiments.labs.table import LABS
from experiments.results.model.deployment import Deployment
from experiments.variant import KERNELS, Variant


@dataclass(frozen=True)
class ModeResult:
    """One mode, one lab, one kernel, one implementation in one campaign: a file of its own."""

    schema: Annotated[str, Field("Format and version of this file.", "store", allowed=("podpath/mode/1",))]
    campaign: Annotated[str, Field("The campaign it belongs to: the name of the folder.", "store", pattern=CAMPAIGN)]
    mode: Annotated[str, Field("The mode, by its name in the catalogue.", "catalogue", pattern=NAME)]
    lab: Annotated[str, Field("Where the mode was built.", "runner", allowed=tuple(LABS))]
    kernel: Annotated[str, Field(
        "Whose kernel carried the packets: the host's, or User-Mode Linux.", "runner",
        allowed=tuple(KERNELS))]
    # {"bird": "BIRD 2.0.12", "data plane": "Linux 6.18 vxlan", …}
    implementation: Annotated[Mapping[str, str], Field(
        "What did the work, with versions: measured is this and nothing else.", "recipe")] = field(default_factory=dict)
    deployments: Annotated[tuple[Deployment, ...], Field("The fresh builds of the mode, in order.", "runner")] = ()
    transcript: Annotated[tuple[TranscriptStep, ...], Field(
        "What was typed in the first deployment, and what it printed.", "lab")] = ()
    summary: Annotated[Mapping[str, Any], Field(
        "Derived from the trials; `validate` computes it again.", "summary")] = field(default_factory=dict)
    daemon: Annotated[str | None, Field(
        "Whose daemon carried or configured the mode: upstream's own. Absent where it was ours, or none.", "command line",
        allowed=("upstream",))] = None
    # put there by the store
    digest: Annotated[str, Field(
        "SHA-256 over all other fields; shows an edit by hand.", "store", pattern=SHA256,
        required=True)] = field(default="", compare=False)

    @property
    def variant(self) -> Variant:
        """What tells it from the campaign's other results."""
        return Variant(self.mode, self.lab, self.kernel, self.daemon or "")

    @property
    def good(self) -> tuple[Deployment, ...]:
        """The deployments that gave numbers."""
        return tuple(deployment for deployment in self.deployments if deployment.status == "ok")
