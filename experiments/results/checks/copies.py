"""Nothing counts twice: no tool's output stands for two trials, neither in a campaign nor in two.

A copy whose checksum was changed is known by its figures: two runs never agree in rates to the last digit. The figures of
other campaigns are taken out of the text of their files, which is a hundred times faster than reading them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from experiments.errors import UserError
from experiments.results import store, yamlfile
from experiments.results.checks.report import File
from experiments.results.model import ModeResult, Trial
from experiments.results.plain import Key

Known = Mapping[str, str]  # what tells a run from all others -> the campaign's name

# In a file as the store writes it: the checksum of an output, a receiver's rate and what stands behind it, the number of round
# trips and the two slowest of them. In slices a length has ten binary digits, so that without the number others have them too.
_SIGNS = re.compile(r"\bsha256: ([0-9a-f]{64})\b"
                    r"|^ +goodput_bps: (\d+)\n +(?:sent_bps|core_goodput_bps|device_rx_bytes|retransmits): (\d+)$"
                    r"|^ +samples: (\d+)\n(?: +\w+: [\d.]+\n){1,8}? +p999_us: ([\d.]+)\n +max_us: ([\d.]+)$", re.MULTILINE)
_DISTINCT = ("link", "speed", "latency")  # a paced stream has the rate that it was told


def signs(trial: Trial) -> Iterator[str]:
    """What a trial has that no other one has."""
    if trial.raw is not None:
        yield trial.raw["sha256"]
    if (trial.view in _DISTINCT or trial.pairs) and trial.status in ("ok", "discarded"):
        behind = (trial.sent_bps, trial.core_goodput_bps, trial.device_rx_bytes, trial.retransmits)
        second = next((value for value in behind if value is not None), None)
        if trial.goodput_bps is not None and second is not None:
            yield f"{trial.goodput_bps:.0f} {second:.0f}"
        elif trial.samples is not None and trial.p999_us is not None and trial.max_us is not None:
            yield f"{trial.samples} {trial.p999_us:g} {trial.max_us:g}"


def in_files(folder: Path) -> Iterator[str]:
    """The same of all trials of a campaign's folder; of a file that cannot be read none."""
    for path in store.mode_files(folder):
        try:
            text = yamlfile.text_of(path)
        except UserError:
            continue
        for checksum, received, second, samples, late, latest in _SIGNS.findall(text):
            if checksum:
                yield checksum
            elif received:
                yield f"{received} {second}"
            else:
                yield f"{samples} {float(late):g} {float(latest):g}"


def known(folders: list[Path]) -> dict[str, str]:
    """Every sign of several campaigns with the campaigns that have it, apart by blanks."""
    found: dict[str, list[str]] = {}
    for folder in folders:
        for sign in set(in_files(folder)):
            found.setdefault(sign, []).append(folder.name)
    return {sign: " ".join(names) for sign, names in found.items()}


def check(file: File[ModeResult], value: ModeResult, campaign: str, seen: dict[str, str], others: Known) -> None:
    """The trials of a mode beside those ``seen`` in the same campaign, and those of ``others``."""
    for d, deployment in enumerate(value.deployments):
        for t, trial in enumerate(deployment.trials):
            key: Key = ("deployments", d, "trials", t)
            name = f"{value.variant.name}: {trial.id}"
            for sign in signs(trial):
                first = seen.setdefault(sign, name)
                if first != name:
                    file.error((*key, "raw"), f"is a copy of {first}; every trial is a run of its own")
                    break
                elsewhere = [one for one in others.get(sign, "").split() if one != campaign]
                if elsewhere:
                    file.error((*key, "raw"), f"is a copy from the campaign {elsewhere[0]}; a campaign is measured anew")
                    break
