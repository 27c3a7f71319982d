"""``invoke campaign``: several modes, in random blocks, resumable; the unit of contribution."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.table import Table

from experiments import catalog
from experiments.cli.progress import console, telling
from experiments.errors import ExperimentFailed, UserError
from experiments.labs.readiness import readiness
from experiments.machine import look
from experiments.measure import campaign, protocol
from experiments.measure.kernels import Deployer
from experiments.paths import ROOT
from experiments.results import store
from experiments.variant import EMBEDDED, Variant

CAMPAIGNS = ROOT / "data" / "campaigns"
KERNELS = ("all", "auto", "host", "uml")


def run_campaign(
    *, modes: str = "", profile: str = "standard", seed: int = 1, resume: bool = False, out: str = "", host: str = "",
    kernels: str = "all", reference: bool = False,
) -> Path:
    """Measure the modes (all by default) and store the campaign below ``out`` (default: data/campaigns); its folder.

    ``kernels`` is ``all`` (each mode on every kernel that can carry it), ``auto`` (on the host's kernel where it can, else
    in the capsule), ``host`` or ``uml``. With ``resume`` the newest unfinished campaign goes on where it stopped.

    Raises:
        UserError: an unknown mode, profile or choice of kernels, nothing to resume, or no mode that can run here.
        ExperimentFailed: every deployment failed.
    """
    root = Path(out) if out else CAMPAIGNS
    if resume:
        folder = campaign.unfinished(root)
        console.print(f"Going on with {folder}", markup=False)
    else:
        protocol.profile(profile)
        variants = _variants(modes, kernels)
        purpose: campaign.Purpose = "reference" if reference else "contribution"
        folder = campaign.begin(
            campaign.Request(variants, profile, seed, 2, host, purpose, ("invoke", *sys.argv[1:])), root
        )
    with telling() as tell, Deployer() as deployer:
        campaign.advance(folder, deployer, tell)
    _show(folder)
    return folder


def _variants(modes: str, kernels: str = "all") -> tuple[Variant, ...]:
    """Every mode asked for, on the kernels asked for that can carry it here; what cannot run is said, with the reason."""
    if kernels not in KERNELS:
        raise UserError(f"Unknown choice of kernels '{kernels}'.", f"Choices: {', '.join(KERNELS)}.")
    names = [name.strip() for name in modes.split(",") if name.strip()] or list(catalog.load())
    found: list[Variant] = []
    machine = look()
    for name in names:
        catalog.get(name)
        for ready in readiness(name, machine):
            if ready.lab != EMBEDDED or (kernels in ("host", "uml") and ready.kernel != kernels):
                continue
            if kernels == "auto" and any(variant.mode == name for variant in found):
                continue
            if ready.missing:
                what = "; ".join(missing.what for missing in ready.missing)
                console.print(f"{name} on the {ready.kernel} kernel: not run, because {what}", markup=False)
            else:
                found.append(Variant(name, ready.lab, ready.kernel))
    if not found:
        raise UserError("None of these modes can run here.", "`invoke list` shows what is missing.")
    return tuple(found)


def _show(folder: Path) -> None:
    """What was measured, a line a mode and kernel."""
    measured, results = store.read_campaign(folder)
    table = Table(title=f"Campaign {measured.id}: {measured.status}", title_justify="left")
    for header in ("mode", "kernel", "deployments", "failed"):
        table.add_column(header)
    for result in results:
        failed = sum(deployment.status != "ok" for deployment in result.deployments)
        table.add_row(result.mode, result.kernel, str(len(result.deployments)), str(failed))
    console.print(table)
    console.print(f"Stored: {folder}", markup=False)
    if results and all(d.status != "ok" for result in results for d in result.deployments):
        raise ExperimentFailed("Every deployment of the campaign failed.", f"The reasons are in {folder}.")
