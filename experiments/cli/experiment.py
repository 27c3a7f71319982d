"""``invoke experiment``: one mode, from nothing to a stored result and a table."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import yaml
from rich.table import Table

from experiments import campaign, catalog, limits, protocol, views
from experiments.catalog import Mode
from experiments.cli.progress import console, telling
from experiments.dataplanes.base import recipe_for
from experiments.dataplanes.calico import Calico
from experiments.errors import ExperimentFailed, UserError
from experiments.kernels import Deployer
from experiments.labs import kind_cluster, kind_plan, manifest, netns, topology
from experiments.labs.base import Lab
from experiments.preflight import choose, require_upstream
from experiments.results import store
from experiments.results.model import ModeResult, Trial
from experiments.run import Job, Outcome, Tell

ROOT = Path(__file__).resolve().parents[2]
LOCAL_RESULTS = ROOT / "data" / "local"
DAEMONS = {"ours": None, "upstream": "upstream"}


def run_experiment(
    name: str, *, lab: str = "auto", kernel: str = "auto", profile: str = "quick", seed: int = 1, nodes: int = 2,
    out: str = "", keep: bool = False, dry_run: bool = False, host: str = "", daemon: str = "ours",
    force: bool = False,
) -> Path | None:
    """Measure one mode and store the result below ``out`` (default: data/local); the folder, or None for a dry run.

    ``daemon``: ``ours``, or ``upstream`` for upstream's own where the mode has one; the result has a file of its own.
    ``force``: a relay also in User-Mode Linux, where it measures User-Mode Linux; the result says so.

    Raises:
        UserError: unknown mode, lab or profile, or something is missing on this machine.
        ExperimentFailed: the deployment failed; the result file holds the evidence.
    """
    mode = catalog.get(name)
    protocol.profile(profile)
    if daemon not in DAEMONS:
        raise UserError(f"Unknown daemon '{daemon}'.", f"Daemons: {', '.join(DAEMONS)}.")
    upstream = DAEMONS[daemon]
    if dry_run:
        _show_plan(mode, profile, nodes, lab, upstream)
        return None
    choice = choose(mode, lab, kernel, forced=force, daemon=upstream)
    console.print(choice.sentence, markup=False)
    request = campaign.Request(
        (campaign.Variant(mode.name, choice.lab, choice.kernel, upstream),), profile, seed, nodes, host,
        command=("invoke", *sys.argv[1:]),
    )
    folder = campaign.begin(request, Path(out) if out else LOCAL_RESULTS)
    with telling() as tell, Deployer() as deployer:
        campaign.advance(folder, _holding(deployer) if keep else deployer, tell)
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
            console.print("  " + " ".join([*lab.command(place, ["bash"])]), markup=False)
        if sys.stdin.isatty():
            input("Enter takes it down. ")
        else:
            console.print("Nobody is at the keyboard: it is taken down now.")

    def deploy(job: Job, tell: Tell) -> Outcome:
        return deployer(job, tell, hold)

    return deploy


def _show_plan(mode: Mode, profile: str, nodes: int, lab_name: str, daemon: str | None) -> None:
    """What would be done: the commands, in order, and the trials.

    Raises:
        UserError: upstream's daemon is asked for, and the mode or the lab has none.
    """
    if daemon:
        require_upstream(mode, "netns" if lab_name == "auto" else lab_name)
    lab = netns.on_paper(nodes=nodes, underlay=mode.underlay.kind, reflectors=mode.underlay.reflectors,
                         mtu_bytes=mode.mtu.underlay_bytes)
    if lab_name == "kind":
        _show_kind(mode, profile)
        return
    if lab_name == "containerlab":
        lab.transcript.steps.clear()  # the underlay is containerlab's
        console.print("# up, in the folder experiments/modes/" + mode.name, markup=False)
        console.print("lab# containerlab deploy --topo /dev/stdin <<'END'", markup=False)
        console.print(yaml.safe_dump(topology.topology(mode, nodes), sort_keys=False, width=120) + "END", markup=False)
    recipe_for(mode, lab, daemon).build()
    phase = ""
    for step in lab.transcript.steps:
        if step.phase != phase:
            phase = step.phase
            console.print(f"\n# {phase}", markup=False)
        content = f" <<'END'\n{step.output}\nEND" if step.command.startswith("cat ") and step.output else ""
        console.print(f"{step.place or 'lab'}# {step.command}{content}", markup=False)
    _show_trials(profile)


def _show_kind(mode: Mode, profile: str) -> None:
    """The files and commands of the kind lab, as a person could paste them into an empty folder."""
    lab = netns.on_paper(nodes=kind_cluster.NODES, underlay=mode.underlay.kind, reflectors=mode.underlay.reflectors,
                         mtu_bytes=mode.mtu.underlay_bytes)
    routers = {router.name: Calico(lab, mode).bird_configuration(router) for router in lab.routers}
    plan = kind_plan.plan(mode, f"podpath-{mode.name}", routers)
    source = manifest.source(manifest.kubernetes(mode.name).cni)
    console.print("# The kind lab cannot be run by this version yet; these are its commands.", markup=False)
    for name, content in plan.files.items():
        console.print(f"cat > {name} <<'END'\n{content}END", markup=False)
    console.print(f"# manifest.yml: {source.url}, edited as experiments/labs/manifests says", markup=False)
    for step in (*plan.up, *plan.down):
        console.print(f"# {step.why}\n{shlex.join(step.argv)}", markup=False)
    _show_trials(profile)


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
    console.print(f"Stored: {store.mode_path(folder, result)}", markup=False)


def _what(trial: Trial) -> str:
    if trial.view == "latency":
        return f"under load {trial.load_ratio:g}" if trial.load_ratio else "idle"
    streams = f"{trial.streams} stream" + ("s" if trial.streams != 1 else "")
    return streams if trial.mss == "native" else f"{streams}, {trial.mss} MSS"


def _value(trial: Trial) -> float | None:
    by_view = {"wire": trial.wire_goodput_bps, "cost": trial.core_s_per_gbit, "latency": trial.p50_us}
    return by_view.get(trial.view, trial.goodput_bps)


def _figure(trial: Trial) -> str:
    value = _value(trial)
    if trial.status != "ok" or value is None:
        return f"{trial.status}: {trial.reason}"
    if trial.view == "cost":
        return f"{value:.3f} core·s/Gbit"
    if trial.view == "latency":
        return f"{value:.1f} µs"
    return f"{value / 1e6:.1f} Mbit/s"


def _ratio(trial: Trial, baseline: Trial | None) -> str:
    value, base = _value(trial), _value(baseline) if baseline else None
    return f"{value / base:.3f}" if value and base else ""


def _limit(mode: Mode, trial: Trial) -> str:
    if trial.view == "wire":
        return f"{limits.goodput_limit_bps(mode, protocol.ETHERNET_BPS) / 1e6:.1f} Mbit/s"
    if trial.view == "link" and trial.link_rate_bps:
        return f"{limits.goodput_limit_bps(mode, trial.link_rate_bps) / 1e6:.1f} Mbit/s"
    return ""
