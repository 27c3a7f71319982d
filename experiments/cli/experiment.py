"""``invoke experiment``: one mode, from nothing to a stored result and a table."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from experiments import catalog
from experiments.catalog import Mode, limits
from experiments.cli import cluster
from experiments.cli.progress import console, telling
from experiments.dataplanes.table import recipe_for
from experiments.errors import ExperimentFailed, UserError
from experiments.labs import table
from experiments.labs.backend import Backend, Means, Tell
from experiments.labs.base import Lab, Transcript
from experiments.labs.readiness import choose, require_upstream
from experiments.machine import look
from experiments.measure import campaign, protocol, views
from experiments.measure.deployment import Job, Outcome
from experiments.measure.kernels import Deployer
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.model import ModeResult, Trial
from experiments.variant import Variant

LOCAL_RESULTS = ROOT / "data" / "local"
AUTO = "auto"
DAEMONS = {"ours": "", "upstream": "upstream"}


def run_experiment(
    name: str, *, lab: str = "auto", kernel: str = "auto", profile: str = "quick", seed: int = 1, nodes: int = 2,
    out: str = "", keep: bool = False, dry_run: bool = False, host: str = "", daemon: str = "ours",
    force: bool = False, manifests: str = "", image_archive: str = "", on: str = "", image: str = "",
) -> Path | None:
    """Measure one mode and store the result below ``out`` (default: data/local); the folder, or None for a dry run.

    ``daemon``: ``ours``, or ``upstream`` for upstream's own where the mode has one; the result has a file of its own.
    ``force``: a relay also in User-Mode Linux, where it measures User-Mode Linux; the result says so. ``manifests``: a folder
    with the CNIs' manifests, ``image_archive`` a file with a CNI's images, for the kind lab on a machine that cannot fetch
    them. ``on`` names the cluster lab's two nodes, ``image`` the lab's image where that cluster can pull it.

    Raises:
        UserError: unknown mode, lab or profile, or something is missing on this machine.
        ExperimentFailed: the deployment failed; the result file holds the evidence.
    """
    protocol.profile(profile)
    if daemon not in DAEMONS:
        raise UserError(f"Unknown daemon '{daemon}'.", f"Daemons: {', '.join(DAEMONS)}.")
    upstream = DAEMONS[daemon]
    place = None if lab == AUTO else table.get(lab)
    foreign = place is not None and place.foreign
    if (on or image) and not foreign:
        raise UserError("--on and --image are for clusters that exist.", "Use them with --lab cluster.")
    asked = cluster.ask(name, on, image) if foreign and not dry_run else None
    mode = asked.mode if asked else None if foreign else catalog.get(name)
    if place is not None and nodes != (place.measuring_nodes or nodes):
        raise UserError(f"{nodes} nodes cannot be had in the lab {lab}: two nodes measure there, whatever the cluster has.",
                        "Leave --nodes out.")
    if manifests and not Path(manifests).is_dir():
        raise UserError(f"--manifests {manifests}: there is no such folder.", "Name the folder that has the CNIs' manifests.")
    if image_archive and not Path(image_archive).is_file():
        raise UserError(f"--image-archive {image_archive}: there is no such file.",
                        "Make it where registries can be reached: `docker save --output FILE IMAGE …`.")
    if mode is None or dry_run:
        _show_plan(mode, profile, nodes, place or table.EMBEDDED, upstream, Means(image=image))
        return None
    choice = choose(mode, look(), lab if place or nodes == 2 else table.EMBEDDED.name, kernel, forced=force,
                    daemon=upstream or None)
    console.print(choice.sentence, markup=False)
    request = campaign.Request(
        (Variant(mode.name, choice.lab, choice.kernel, upstream),), profile, seed, nodes, host,
        command=("invoke", *sys.argv[1:]),
    )
    if asked:
        request = replace(request, host=host or asked.slug, machine=asked.machine, software=asked.software,
                          command=cluster.command(mode.name, profile))
    folder = campaign.begin(request, Path(out) if out else LOCAL_RESULTS)
    try:
        with telling() as tell, Deployer(asked.means if asked else Means(manifests, image_archive)) as deployer:
            # A lab that somebody has entered, and left, is not built again.
            campaign.advance(folder, _holding(deployer) if keep else deployer, tell, repeat=not keep)
    except UserError:
        if not store.mode_files(folder):  # nothing was measured: what stands there is only the plan
            shutil.rmtree(folder)
        raise
    _, results = store.read_campaign(folder)
    show_result(mode, results[0], folder)
    failed = [d for d in results[0].deployments if d.status == "failed"]
    if failed:
        raise ExperimentFailed(
            f"{mode.name}: {failed[0].reason}", f"The evidence is in {store.mode_path(folder, results[0])}."
        )
    return folder


def _holding(deployer: Deployer) -> campaign.Deploy:
    """Deploy, and keep the lab up until Enter is pressed."""

    def hold(lab: Lab) -> None:
        console.print("The lab is up. From another terminal, for example:")
        for place in (lab.nodes[0].name, "pod1"):
            console.print("  " + shlex.join(lab.shell(place)), markup=False)
        if sys.stdin.isatty():
            input("Enter takes it down. ")
        else:
            console.print("Nobody is at the keyboard: it is taken down now.")

    def deploy(job: Job, tell: Tell) -> Outcome:
        return deployer(job, tell, hold)

    return deploy


def _show_plan(mode: Mode | None, profile: str, nodes: int, lab: Backend, daemon: str, means: Means) -> None:
    """What would be done: the commands, in order, and the trials.

    Raises:
        UserError: upstream's daemon is asked for, and the mode or the lab has none.
    """
    if daemon and mode:
        require_upstream(mode, lab.name)
    paper = lab.on_paper(mode, nodes=nodes, means=means)
    for line in paper.before:
        console.print(line, markup=False)
    if paper.lab is not None and mode is not None:
        recipe_for(mode, paper.lab, daemon).build()
        _show_steps(paper.lab.transcript)
    _show_trials(profile)
    for line in paper.after:
        console.print(line, markup=False)


def _show_steps(transcript: Transcript) -> None:
    phase = ""
    for step in transcript.steps:
        if step.phase != phase:
            phase = step.phase
            console.print(f"\n# {phase}", markup=False)
        content = f" <<'END'\n{step.output}\nEND" if step.command.startswith("cat ") and step.output else ""
        console.print(f"{step.at or 'lab'}# {step.command}{content}", markup=False)


def _show_trials(profile: str) -> None:
    console.print("\n# measure", markup=False)
    for ask in views.plan(protocol.profile(profile)):
        console.print(f"{ask.view}, {ask.path}, streams {ask.streams}, MSS {ask.mss}", markup=False)


def show_result(mode: Mode, result: ModeResult, folder: Path) -> None:
    """The result as a table: what was measured, beside the baseline and the limit."""
    what = ", ".join(f"{name}: {value}" for name, value in result.implementation.items()) if result.daemon else ""
    table = Table(title=f"{mode.title} — {result.lab} lab, {result.kernel} kernel", title_justify="left",
                  caption=what or None, caption_justify="left")
    for header in ("view", "trial", "mode", "host to host", "ratio", "limit"):
        table.add_column(header, justify="left" if header in ("view", "trial") else "right")
    trials = [trial for deployment in result.deployments for trial in deployment.trials]
    baselines = {trial.view: trial for trial in trials if trial.path == "host-host" and trial.phase == "before"}
    for trial in (t for t in trials if t.path == "pod-pod"):
        baseline = None if trial.load_ratio else baselines.get(trial.view)  # the baseline's latency is that of an idle path
        table.add_row(trial.view, _what(trial), _figure(trial), _figure(baseline) if baseline else "",
                      _ratio(trial, baseline), _limit(mode, trial))
    if table.row_count:
        console.print(table)
    for line in dict.fromkeys(f"{t.view}, {t.path}: {_why(t)}" for t in trials if t.reason):
        console.print(line, markup=False)
    console.print(f"Stored: {store.mode_path(folder, result)}", markup=False)


def _what(trial: Trial) -> str:
    if trial.view == "latency":
        return f"under load {trial.load_ratio:g}" if trial.load_ratio else "idle"
    if trial.streams is None:
        return ""
    streams = f"{trial.streams} stream" + ("s" if trial.streams != 1 else "")
    return streams if trial.mss == "native" else f"{streams}, {trial.mss} MSS"


def _value(trial: Trial) -> float | None:
    by_view = {"wire": trial.wire_goodput_bps, "cost": trial.core_s_per_gbit, "latency": trial.p50_us}
    return by_view.get(trial.view, trial.goodput_bps)


def _figure(trial: Trial) -> str:
    value = _value(trial)
    if trial.status != "ok" or value is None:
        return trial.status.replace("-", " ")  # why stands below the table
    if trial.view == "cost":
        return f"{value:.3f} core·s/Gbit"
    if trial.view == "latency":
        return f"{value:.1f} µs"
    return f"{value / 1e6:.1f} Mbit/s"


def _why(trial: Trial) -> str:
    return trial.reason or "" if trial.status == "not-run" else f"{trial.status}: {trial.reason}"


def _ratio(trial: Trial, baseline: Trial | None) -> str:
    value, base = _value(trial), _value(baseline) if baseline else None
    return f"{value / base:.3f}" if value and base else ""


def _limit(mode: Mode, trial: Trial) -> str:
    if trial.view == "wire":
        return f"{limits.goodput_limit_bps(mode, protocol.ETHERNET_BPS) / 1e6:.1f} Mbit/s"
    if trial.view == "link" and trial.link_rate_bps:
        return f"{limits.goodput_limit_bps(mode, trial.link_rate_bps) / 1e6:.1f} Mbit/s"
    return ""
