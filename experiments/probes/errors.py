"""Why an observation could not be made."""

from __future__ import annotations

from experiments.errors import ExperimentFailed


class ProbeError(ExperimentFailed):
    """A tool failed, or said something that cannot be believed; the sentence becomes the trial's reason."""


class DecodeError(ProbeError):
    """The bytes are not the packet they should be."""
