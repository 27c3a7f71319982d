"""Evidence that is missing, invented, or of something else."""

from __future__ import annotations

from hostile.submission import Case

CASES = (
    Case("no attestation before", "is missing; without it a deployment is not ok",
         lambda s: s.deployment().pop("attestation_before")),
)
