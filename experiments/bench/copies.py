"""Many result files for the benchmarks: one measured campaign under other names, each valid, each with figures of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.paths import ROOT
from experiments.results import fields, noise_floor, rules, store, summary
from experiments.results.checks.reread import REREAD
from experiments.results.model import ModeResult, Trial

# A campaign that was really measured, and that every version of Podpath has to read.
SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"
MORE_BYTES = 8 * 1448  # that each copy has carried beyond the one before: no output may stand in two campaigns


def make(root: Path, files: int) -> None:
    """As many campaigns below ``root`` as hold ``files`` files of results.

    Raises:
        FileNotFoundError: the sample is missing, as in a copy of the program without its tests.
    """
    campaign, results = store.read_campaign(SAMPLE)
    texts = {trial.id: store.read_raw(SAMPLE, trial) for result in results for d in result.deployments for trial in d.trials}
    for number in range(1, -(-files // len(results)) + 1):
        folder = root / f"{campaign.started_at[:10]}-copy-{number}"
        folder.mkdir(parents=True)
        copies = [_copy(folder, replace(result, campaign=folder.name), texts, number) for result in results]
        store.write_campaign(folder, replace(campaign, id=folder.name, noise_floor=noise_floor.of_campaign(copies)))
        for copy in copies:
            store.write_mode(folder, copy)


def _copy(folder: Path, result: ModeResult, texts: dict[str, str], number: int) -> ModeResult:
    deployments = []
    for deployment in result.deployments:
        trials = tuple(_trial(folder, trial, texts[trial.id], number) for trial in deployment.trials)
        deployments.append(replace(deployment, trials=trials, drift_ratio=rules.drift(trials)))
    found = replace(result, deployments=tuple(deployments))
    return replace(found, summary=summary.summarise(found))


def _trial(folder: Path, trial: Trial, text: str, number: int) -> Trial:
    """The trial with an output that carried a little more; of the wire view only the cookie is another one."""
    answer: Any = json.loads(text)
    answer["start"]["cookie"] = f"copy-{number}"
    if trial.view != "wire":
        end, last = answer["end"], answer["intervals"][-1]
        stream = end["streams"][0]
        blocks = (end["sum_sent"], end["sum_received"], stream["sender"], stream["receiver"], last["sum"], last["streams"][0])
        for block in blocks:
            block["bytes"] += number * MORE_BYTES
            block["bits_per_second"] = block["bytes"] * 8 / block["seconds"]
    text = json.dumps(answer)
    assert trial.raw is not None
    raw = store.write_raw(folder, trial.id, text, trial.raw["tool"])
    again, read = REREAD[trial.view](text), dict[str, Any]()
    for field in fields.OBJECTS["Trial"]:
        value = again.get(field.name)
        if isinstance(value, tuple):
            read[field.name] = tuple(fields.rounded(field, one) for one in value)
        elif value is not None:
            read[field.name] = fields.rounded(field, value) if isinstance(value, float) else value
    return replace(trial, raw=raw, **read)
