"""What a protocol promises of its trials: from p3 on, counters of devices and slices in turn where a lab can have them."""

from __future__ import annotations

import re

from experiments.results.checks.report import File
from experiments.results.model import Campaign, ModeResult
from experiments.variant import EMBEDDED

FIRST = 3  # the protocol from which on it is promised


def check(file: File[ModeResult], value: ModeResult, campaign: Campaign) -> None:
    """A trial without them would be judged by the wider room that older protocols have."""
    named = re.match(r"p(\d{1,4})-", str(campaign.protocol["id"]))
    if named is None or int(named[1]) < FIRST:
        return
    for d, deployment in enumerate(value.deployments):
        for t, trial in enumerate(deployment.trials):
            if trial.status not in ("ok", "discarded"):
                continue
            wanted = {"link": "device_s", "speed": "pairs"}
            if value.lab == EMBEDDED:
                wanted |= {"cost": "pairs", "latency": "pairs", "setup": "pairs"}
            name = wanted.get(trial.view)
            if name and getattr(trial, name) is None:
                file.error(("deployments", d, "trials", t, name),
                           f"is missing; protocol {campaign.protocol['id']} has it in the view {trial.view}")
