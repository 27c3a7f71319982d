"""``invoke campaign``: several modes, in random blocks, resumable; the unit of contribution."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from experiments import catalog
from experiments.cli import offline
from experiments.cli.noise import refuse_if_busy, where
from experiments.cli.progress import console, say, telling
from experiments.cli.result import close, show_campaign
from experiments.errors import ExperimentFailed, PodpathError, UserError
from experiments.labs import table
from experiments.labs.readiness import choose, readiness
from experiments.machine import look
from experiments.measure import campaign, protocol
from experiments.measure.kernels import Deployer
from experiments.measure.pace import Pace
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.model import Campaign, Purpose
from experiments.results.words import counted, duration
from experiments.variant import CAPSULE, EMBEDDED, HOST, KERNELS, Variant

CAMPAIGNS = ROOT / "data" / "campaigns"
CHOICES = ("all", "auto", HOST, CAPSULE)
PROFILE, SEED = "standard", 1  # where nothing else is asked for
MOST_DEPLOYMENTS = 30  # a mode's file with more would be larger than what a result file may be
LARGEST = 10**15  # what a result file may hold as a whole number has at most 18 characters


def run_campaign(
    *, modes: str = "", profile: str = "", seed: str = "", resume: bool = False, out: str = "", host: str = "",
    kernels: str = "", reference: bool = False, anyway: bool = False, lab: str = "", manifests: str = "",
    image_archive: str = "", deployments: str = "",
) -> Path:
    """Measure the modes (all by default) and store the campaign below ``out`` (default: data/campaigns); its folder.

    ``kernels`` is ``all`` (each mode on every kernel that can carry it; the default), ``auto`` (on the host's kernel where it
    can, else in the capsule), ``host`` or ``uml``. ``lab`` is one that Podpath makes (default: the embedded one); for kind,
    ``manifests`` and ``image_archive`` are what cannot be fetched here. With ``resume`` the newest unfinished campaign goes on
    where it stopped, as it was planned: an option that says otherwise is refused. ``deployments`` is how many of each mode a
    reference has, where that is not its profile's number.

    Before the profile that is for publication, and before a reference, a machine that others keep busy is refused,
    unless ``anyway``.

    Raises:
        UserError: the machine is busy, an unknown mode, profile, lab or choice of kernels, nothing to resume, an option that
            contradicts what is resumed, or no mode that can run here.
        ExperimentFailed: every deployment failed, or what was stored is not valid.
    """
    root = Path(out) if out else CAMPAIGNS
    names = [name.strip() for name in modes.split(",") if name.strip()]
    drawn, count = number("--seed", seed), how_many(deployments)
    if kernels and kernels not in CHOICES:
        raise UserError(f"Unknown choice of kernels '{kernels}'.", f"Choices: {', '.join(CHOICES)}.")
    _require_own(lab or EMBEDDED)
    means = offline.from_files(manifests, image_archive, lab or ("auto" if resume else EMBEDDED))
    if resume:
        folder = campaign.unfinished(root)
        stored, _ = store.read_campaign(folder)
        agree(stored, {"--modes": in_order(names), "--profile": profile, "--seed": "" if drawn is None else str(drawn),
                       "--host": host, "--kernels": kernels if kernels in KERNELS else "", "--lab": lab,
                       "--reference": "reference" if reference else "", "--deployments": str(count or "")})
        require_ready(stored)
        say(f"Going on with {folder}")
    else:
        protocol.profile(profile or PROFILE)
        if count and not reference:
            raise UserError("A contribution has as many deployments of each mode as its profile asks for.",
                            "Leave --deployments out, or add --reference.")
        variants = _variants(names, lab or EMBEDDED, kernels or "all")
        if reference or (profile or PROFILE) == PROFILE:
            refuse_if_busy(anyway)
            say(f"{where()} `invoke noise` says what it can tell.")
        purpose: Purpose = "reference" if reference else "contribution"
        request = campaign.Request(variants, profile or PROFILE, SEED if drawn is None else drawn, 2, host, purpose,
                                   ("invoke", *sys.argv[1:]), deployments=count)
        folder = campaign.begin(request, root)
        stored, _ = store.read_campaign(folder)
    pace = Pace(stored.plan, protocol.profile(stored.protocol["profile"]))
    planned = sum(cell.state == "planned" for cell in stored.plan)
    say(f"Measures {counted(planned, 'deployment')} of {counted(len({cell.mode for cell in stored.plan}), 'mode')}, "
        f"profile {stored.protocol['profile']}: about {duration(pace.left_s)}.")
    try:
        with telling(pace) as tell, Deployer(means) as deployer:
            report = campaign.advance(folder, deployer, tell, pace=pace)
    except (PodpathError, KeyboardInterrupt) as ended:
        as_before = (("--out", out), ("--manifests", manifests), ("--image-archive", image_archive))
        again = ["invoke", "campaign", "--resume", *(part for option, word in as_before if word for part in (option, word))]
        ended.add_note(f"What was measured is stored. Go on with `{shlex.join(again)}`.")
        raise
    finished, results = store.read_campaign(folder)
    show_campaign(finished, results, folder)
    close(report, folder, shown_on_site=root == CAMPAIGNS)
    if finished.purpose == "reference" and report.ok:
        say("It is shown as a reference once a maintainer has signed it off, by this line in data/reference.yml:\n"
            f"- {{campaign: {finished.id}, digest: {finished.digest}}}")
    if results and all(d.status != "ok" for result in results for d in result.deployments):
        raise ExperimentFailed("Every deployment of the campaign failed.", f"The reasons are in {folder}.")
    return folder


def _require_own(lab: str) -> None:
    """That a campaign can make the lab.

    Raises:
        UserError: there is none of that name, or it is there already.
    """
    own = [name for name, one in table.LABS.items() if not one.foreign]
    if lab in own:
        return
    if lab in table.LABS:
        raise UserError(f"A campaign makes its own labs, and {lab} is there already.",
                        f"Measure it: `invoke experiment auto --lab {lab} --profile standard`.")
    raise UserError(f"Unknown lab '{lab}'.", f"Labs of a campaign: {', '.join(own)}.")


def number(option: str, text: str) -> int | None:
    """The whole number that was typed; None where nothing was.

    Raises:
        UserError: it is none, or no file of results takes one so large.
    """
    if not text:
        return None
    try:
        found = int(text)
    except ValueError:
        raise UserError(f"{option} {text}: that is not a whole number.", f"For example {option} 1.") from None
    if abs(found) > LARGEST:
        raise UserError(f"{option} {text}: that is too large a number.", f"For example {option} 1.")
    return found


def how_many(text: str) -> int:
    """How many deployments of each were asked for with --deployments; 0 for the profile's own number.

    Raises:
        UserError: it is no number, or none that can be stored.
    """
    if not text:
        return 0
    if not re.fullmatch(r"[1-9][0-9]?", text, re.ASCII) or int(text) > MOST_DEPLOYMENTS:
        raise UserError(f"--deployments {text}: that is not a whole number from 1 to {MOST_DEPLOYMENTS}.",
                        "For example --deployments 6.")
    return int(text)


def agree(stored: Campaign, asked: Mapping[str, str]) -> None:
    """Whether what is asked for, by option, is what a campaign that goes on was planned with; an empty word asks for nothing.

    Raises:
        UserError: an option says otherwise; each is named with what the plan has.
    """
    kernels = "+".join(sorted({cell.kernel for cell in stored.plan}))
    planned = {
        "--modes": in_order(cell.mode for cell in stored.plan), "--profile": str(stored.protocol["profile"]),
        "--seed": str(stored.protocol["seed"]), "--deployments": str(stored.protocol["deployments"]),
        "--host": str(stored.host.get("slug")), "--kernel": kernels, "--kernels": kernels, "--reference": stored.purpose,
        "--lab": in_order(cell.lab for cell in stored.plan),
    }
    found = [f"{option} (its purpose is {had})" if option == "--reference" else f"{option} {word} (it has {had})"
             for option, word in asked.items() if word not in ("", had := planned[option])]
    if found:
        raise UserError(f"--resume goes on with {stored.id} as it was planned, not with {', '.join(found)}.",
                        "Leave the option out, or begin another campaign without --resume.")


def require_ready(stored: Campaign) -> None:
    """That this machine has what is still planned asks for.

    Raises:
        UserError: it has not; everything missing for one deployment is listed, with its remedy.
    """
    machine = look()
    for cell in stored.plan:
        if cell.state == "planned":
            choose(catalog.get(cell.mode), machine, cell.lab, cell.kernel, forced=True, daemon=cell.daemon)


def in_order(names: Iterable[str]) -> str:
    """Names, of modes or labs, in one word, each once, as :func:`agree` compares them."""
    return ",".join(sorted(set(names)))


def _variants(names: list[str], lab: str, kernels: str) -> tuple[Variant, ...]:
    """Every mode asked for, on the kernels asked for that can carry it here; what cannot run is said, with the reason."""
    found: list[Variant] = []
    machine = look()
    for name in names or list(catalog.load()):
        catalog.get(name)
        for ready in readiness(name, machine):
            if ready.lab != lab or (kernels in (HOST, CAPSULE) and ready.kernel != kernels):
                continue
            if kernels == "auto" and any(variant.mode == name for variant in found):
                continue
            if ready.missing:
                what = "; ".join(missing.what for missing in ready.missing)
                place = "" if lab == EMBEDDED else f"in the lab {lab}, "
                console.print(f"{name} {place}on the {ready.kernel} kernel: not run, for this is missing: {what}", markup=False)
            else:
                found.append(Variant(name, ready.lab, ready.kernel))
    if not found:
        raise UserError("None of these modes can run here.", f"`invoke list --lab {lab}` says how to get what is missing.")
    return tuple(found)
