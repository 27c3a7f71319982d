"""Goodput over an emulated Ethernet beside the limit that the headers leave: 1 Gbit/s, or 100 Mbit/s in the capsule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from experiments import catalog
from experiments.bench.bench_figure import BenchFigure, NotRun
from experiments.catalog import Mode, limits
from experiments.dataplanes.table import recipe_for
from experiments.errors import PodpathError
from experiments.labs import table
from experiments.labs.readiness import readiness
from experiments.machine import look
from experiments.measure.deployment import READY_TIMEOUT_S, Job
from experiments.measure.kernels import Deployer
from experiments.measure.protocol import PROFILES
from experiments.measure.views.bench import Bench
from experiments.measure.views.trials import Trials
from experiments.results.words import quantity
from experiments.variant import EMBEDDED, Variant

SECONDS = 5


def figures() -> Iterator[BenchFigure | NotRun]:
    """One transfer a mode on the host's kernel; modes that it lacks are measured in the capsule by their link view."""
    machine = look()
    with Deployer() as deployer:
        for mode in catalog.load().values():
            name = f"{mode.name}: goodput over the emulated link"
            able = [r.kernel for r in readiness(mode.name, machine) if r.lab == EMBEDDED and not r.missing]
            if mode.relay:
                yield NotRun(name, "a process carries its packets, and the CPU is its limit")
            elif not able:
                yield NotRun(name, "no kernel here has what it needs")
            elif "host" in able:
                yield _on_the_host(name, mode)
            else:
                yield _in_the_capsule(name, mode, deployer)


def _on_the_host(name: str, mode: Mode) -> BenchFigure | NotRun:
    try:
        with table.EMBEDDED_LAB.up(mode) as lab:
            recipe = recipe_for(mode, lab)
            recipe.build()
            recipe.wait_ready(READY_TIMEOUT_S)
            protocol = replace(PROFILES["quick"], views=("link",), trial_s=SECONDS)
            bench = Bench(lab, recipe, mode, protocol, "bench", "host")
            trials = list(Trials(bench).all(lambda _: None))
    except PodpathError as refusal:
        return NotRun(name, str(refusal))
    return _figure(name, mode, [(t.path, t.status, t.goodput_bps, t.link_rate_bps) for t in trials])


def _in_the_capsule(name: str, mode: Mode, deployer: Deployer) -> BenchFigure | NotRun:
    try:
        deployment = deployer(Job(Variant(mode.name, kernel="uml"), 1, "quick"), lambda _: None).deployment
    except PodpathError as refusal:
        return NotRun(name, str(refusal))
    if deployment.status != "ok":
        return NotRun(name, f"the deployment failed: {deployment.reason}")
    return _figure(name, mode, [(t.path, t.status, t.goodput_bps, t.link_rate_bps) for t in deployment.trials
                                if t.view == "link"])


def _figure(name: str, mode: Mode, trials: list[tuple[str, str, float | None, int | None]]) -> BenchFigure | NotRun:
    for path, status, goodput_bps, rate_bps in trials:
        if path == "pod-pod" and status == "ok" and goodput_bps and rate_bps:
            limit = limits.goodput_limit_bps(mode, rate_bps)
            return BenchFigure(name, quantity(goodput_bps, "bit/s"), "at least 0.98", f"{quantity(limit, 'bit/s')} (limit)",
                          goodput_bps / limit)
    return NotRun(name, "no trial of it succeeded")
