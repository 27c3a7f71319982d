"""The text of a pull request that contributes a campaign: what it adds, where it was measured, how noisy it was, its ratios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.results import noise_floor
from experiments.results.checks.report import Report
from experiments.results.store import Stored
from experiments.results.summary import Aggregate, aggregates
from experiments.results.words import counted, figures, percent

LICENCE = "I publish these results under CC0."
HEADLINES = {"wire/pod-pod/1/native": "wire", "link/pod-pod/1/native": "link", "speed/pod-pod/1/native": "speed",
             "cost/pod-pod/1/native": "cost", "latency/pod-pod/idle": "latency, idle"}


def title(stored: Stored) -> str:
    """What the pull request is called."""
    modes = {result.mode for result in stored.results}
    return f"Results {stored.campaign.id}: {counted(len(modes), 'mode')}"


def text(stored: Stored, report: Report) -> str:
    """Its text, as Markdown: what a reviewer reads first."""
    campaign = stored.campaign
    deployments = [deployment for result in stored.results for deployment in result.deployments]
    good = sum(len(result.good) for result in stored.results)
    lines = [
        f"Adds one folder, `data/campaigns/{campaign.id}/`: {counted(len(stored.results), 'result')} of "
        f"{counted(len({result.mode for result in stored.results}), 'mode')}, {counted(len(deployments), 'deployment')}, "
        f"of which {good} gave numbers; profile {campaign.protocol['profile']}, protocol {campaign.protocol['id']}.",
        "", f"Machine: {', '.join(environment(campaign.host))}.",
        "", f"Noise: {'; '.join(noise(campaign.noise_floor)) or 'no floor is stored'}.",
        "", "Ratios to the baseline, host to host on the same two nodes (medians; only these compare with other machines):",
        "", *_table(stored), "",
        f"- [{'x' if report.ok else ' '}] `invoke validate` finds no error: {report.counted}.",
        "- [ ] The machine did nothing else meanwhile.",
        f"- [ ] {LICENCE}",
    ]
    return "\n".join(lines) + "\n"


def environment(host: Mapping[str, Any]) -> Iterator[str]:
    """The machine in few words."""
    if model := host.get("cpu_model"):
        yield str(model)
    if cores := host.get("cores"):
        yield counted(int(cores), "core")
    if memory := host.get("memory_bytes"):
        yield f"{int(memory) / 1024**3:.0f} GiB"
    yield f"Linux {host.get('kernel', 'unknown')}"
    for name in ("os", "virtualisation"):
        if value := host.get(name):
            yield str(value)


def noise(floor: Mapping[str, Any]) -> Iterator[str]:
    """How far each view was from itself."""
    for name, entry in noise_floor.of_every_view(floor):
        if "cv_ratio" in entry:
            yield f"{name} varied by {percent(entry['cv_ratio'])}"
    if isinstance(drift := floor.get("drift"), Mapping) and "median_ratio" in drift:
        yield f"drift {percent(drift['median_ratio'])} in the median"


def ratios(stored: Stored) -> dict[str, dict[str, Aggregate]]:
    """The aggregates of the headline questions that have a ratio to a baseline, by result."""
    return {result.variant.name: {cell.key: cell for cell in aggregates(result)
                                  if cell.key in HEADLINES and cell.ratio(cell.shown)} for result in stored.results}


def _table(stored: Stored) -> Iterator[str]:
    yield f"| result | {' | '.join(HEADLINES.values())} |"
    yield f"|---|{'---:|' * len(HEADLINES)}"
    for name, found in ratios(stored).items():
        yield f"| {name} | {' | '.join(_ratio(found.get(key)) for key in HEADLINES)} |"


def _ratio(cell: Aggregate | None) -> str:
    found = cell.ratio(cell.shown) if cell else None
    return figures(found.median) if found else ""
