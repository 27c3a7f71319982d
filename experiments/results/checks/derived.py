"""Everything that is computed from the trials is computed again: summaries and the noise floor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.results import noise_floor, summary
from experiments.results.checks.report import File
from experiments.results.model import Campaign, ModeResult
from experiments.results.plain import Key, shown

MEASURES_BELOW = 2  # keys: summary, cell, measure


def summaries(file: File[ModeResult], value: ModeResult) -> None:
    """The summary of a mode."""
    for key, text, missing in differences(value.summary, summary.summarise(value), ("summary",)):
        (file.warn if missing else file.error)(key, text)


def noise(file: File[Campaign], value: Campaign, results: Sequence[ModeResult]) -> None:
    """The noise floor of a campaign that is complete."""
    if value.status != "complete" and not value.noise_floor:
        return
    for key, text, missing in differences(value.noise_floor, noise_floor.of_campaign(results), ("noise_floor",)):
        (file.warn if missing else file.error)(key, text)


def differences(written: Any, computed: Any, key: Key) -> Iterator[tuple[Key, str, bool]]:
    """Where two derived values differ: key, sentence, and whether it is only a measure that an older Podpath did not have."""
    if isinstance(written, Mapping) and isinstance(computed, Mapping):
        for name in written:
            if name in computed:
                yield from differences(written[name], computed[name], (*key, name))
            else:
                yield (*key, name), "does not follow from the trials", False
        for name in computed:
            if name not in written:
                older = len(key) == MEASURES_BELOW and bool(written)
                yield (*key, name), f"is missing; the trials give {shown(computed[name])}", older
    elif written != computed:
        yield key, f"the trials give {shown(computed)}; it is computed, never written by hand", False
