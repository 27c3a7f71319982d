"""What a packet costs, and what each byte adds: the line through two sizes of segments.

The view cost measures the path's own segments and small ones. A mode's work for a packet (routes, headers, crossings) is a, its
work for the bytes (copies, checksums, encryption) is b: cost = a + b * bytes. Two points give a line and no doubt about it, so
nothing is said of how well it fits; the deployments say how well it repeats. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from experiments.results.distribution_free import median
from experiments.results.model import Deployment, ModeResult, Trial

KIB = 1024


@dataclass(frozen=True)
class Fit:
    """The medians over the deployments, with the smallest and the largest; microseconds of the processor."""

    a_us: float  # for a packet
    a_range_us: tuple[float, float]
    b_us_per_kib: float  # for each KiB of payload in it
    b_range_us_per_kib: tuple[float, float]
    deployments: int


def fit(result: ModeResult, path: str = "pod-pod") -> Fit | None:
    """The line of a path; None where no deployment has both sizes."""
    lines = list(_lines(result.deployments, path))
    if not lines:
        return None
    fixed, by_kib = [one for one, _ in lines], [KIB * one for _, one in lines]
    return Fit(median(fixed), (min(fixed), max(fixed)), median(by_kib), (min(by_kib), max(by_kib)), len(lines))


def _lines(deployments: Iterable[Deployment], path: str) -> Iterator[tuple[float, float]]:
    """For a packet, and for a byte; of each deployment that has both."""
    for deployment in deployments:
        sizes = {trial.mss: trial for trial in deployment.trials if deployment.status == "ok" and _counts(trial, path)}
        points = [(one.mss_bytes, one.core_us_per_packet) for name in ("small", "native") if (one := sizes.get(name))]
        if len(points) == 2:
            (small, least), (large, most) = points
            if small and large and least is not None and most is not None and large > small:
                slope = (most - least) / (large - small)
                yield least - slope * small, slope


def _counts(trial: Trial, path: str) -> bool:
    return trial.status == "ok" and (trial.view, trial.path) == ("cost", path) and trial.core_us_per_packet is not None
