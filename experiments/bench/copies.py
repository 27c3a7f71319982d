"""Many result files for the benchmarks: copies of one measured campaign, each valid, under names of their own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from experiments.paths import ROOT
from experiments.results import store

# A campaign that was really measured, and that every version of Podpath has to read.
SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"


def make(root: Path, files: int) -> None:
    """As many campaigns below ``root`` as hold ``files`` files of results.

    Raises:
        FileNotFoundError: the sample is missing, as in a copy of the program without its tests.
    """
    campaign, results = store.read_campaign(SAMPLE)
    for number in range(1, -(-files // len(results)) + 1):
        folder = root / f"{campaign.started_at[:10]}-copy-{number}"
        shutil.copytree(SAMPLE / "raw", folder / "raw")
        store.write_campaign(folder, replace(campaign, id=folder.name))
        for result in results:
            store.write_mode(folder, replace(result, campaign=folder.name))
