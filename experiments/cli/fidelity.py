"""``invoke fidelity``: how far our recipes do what upstream's own daemons do."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from experiments import catalog
from experiments.cli import daemon_option, named
from experiments.cli.campaign import CAMPAIGNS, agree, how_many, in_order, number, require_ready
from experiments.cli.columns import print_table
from experiments.cli.experiment import LOCAL_RESULTS
from experiments.cli.findings import show_findings
from experiments.cli.progress import console, say, telling
from experiments.cli.result import what
from experiments.cli.show import ROOTS
from experiments.errors import ExperimentFailed, PodpathError, UserError
from experiments.labs.readiness import choose
from experiments.machine import look
from experiments.measure import campaign, protocol
from experiments.measure.kernels import Deployer
from experiments.measure.pace import Pace
from experiments.results import store
from experiments.results.fidelity import BY_NATURE, Fidelity, compare, left_out_by_reason
from experiments.results.kernel_tables import Sets
from experiments.results.lookup import find
from experiments.results.model import Purpose
from experiments.results.outputs import as_shown
from experiments.results.store import Stored
from experiments.results.words import counted, duration, percent
from experiments.variant import CAPSULE, EMBEDDED, KERNELS, UPSTREAM, Variant

PROFILE, SEED = "quick", 1  # where nothing else is asked for


def run_fidelity(
    modes: str = "", *, deployments: str = "", profile: str = "", seed: str = "", kernel: str = "auto",
    force: bool = False, source: str = "", out: str = "", host: str = "", reference: bool = False, daemon: str = "",
    resume: bool = False,
) -> list[Fidelity]:
    """Measure the modes (blanks between them; all by default) with our recipe and upstream's daemon, and compare the two.

    Both go into one campaign below ``out`` (default: data/local; with ``reference`` data/campaigns). With ``source``, a stored
    campaign, nothing is measured. ``daemon``: upstream's programs, or folders that have them, with colons between them. With
    ``resume`` the newest unfinished one goes on as it was planned.

    Raises:
        UserError: an unknown mode, profile or kernel, a wrong number, no such campaign or program, or an option that
            contradicts what is resumed.
        ExperimentFailed: a deployment failed, or what was stored is not valid; the comparison stands on the screen.
    """
    names = named.modes(modes, [*catalog.load(), *catalog.variants()], default=named.ALL)
    if source:
        stored = find(source, ROOTS)
        found = _compared(stored, [name for name in names if modes and modes != named.ALL] or None)
        _show(stored, found, {})
        return found
    protocol.profile(profile or PROFILE)
    if kernel not in ("auto", *KERNELS):
        raise UserError(f"Unknown kernel '{kernel}'.", f"Kernels: {', '.join(('auto', *KERNELS))}.")
    count = how_many(deployments)
    drawn = number("--seed", seed)
    root = Path(out) if out else CAMPAIGNS if reference else LOCAL_RESULTS
    if resume:
        folder = campaign.unfinished(root, beside_upstream=True)
        planned, _ = store.read_campaign(folder)
        agree(planned, {
            "--modes": "" if modes in ("", named.ALL) else in_order(names), "--profile": profile,
            "--seed": "" if drawn is None else str(drawn), "--host": host, "--kernel": "" if kernel == "auto" else kernel,
            "--reference": "reference" if reference else "", "--deployments": str(count) if count else ""})
        names = list(dict.fromkeys(cell.mode for cell in planned.plan))
        # As before: also programs of modes that were refused then.
        daemon_option.use_each(daemon, [*catalog.load(), *catalog.variants()])
        require_ready(planned)
        say(f"Going on with {folder}")
        return _finished(folder, names, {}, out)
    daemon_option.use_each(daemon, names)
    places, refused = _places(names, kernel, force)
    if not places:
        _show_verdicts([], refused)
        return []
    variants = tuple(Variant(name, EMBEDDED, on, daemon) for name, on in places.items() for daemon in ("", UPSTREAM))
    purpose: Purpose = "reference" if reference else "experiment"
    request = campaign.Request(variants, profile or PROFILE, SEED if drawn is None else drawn, host=host, purpose=purpose,
                               command=("invoke", *sys.argv[1:]), deployments=count)
    return _finished(campaign.begin(request, root), list(places), refused, out)


def _finished(folder: Path, names: Sequence[str], refused: Mapping[str, str], out: str) -> list[Fidelity]:
    """Measure what is still planned, and show what came of it.

    Raises:
        ExperimentFailed: as :func:`run_fidelity`.
    """
    stored, failed = _measure(folder, out)
    found = _compared(stored, names)
    _show(stored, found, refused)
    if failed:
        raise ExperimentFailed(failed, f"The evidence is in {stored.folder}.")
    return found


def _places(names: Sequence[str], kernel: str, force: bool) -> tuple[dict[str, str], dict[str, str]]:
    """On whose kernel each mode can run both ways; and why the others cannot."""
    machine = look()
    places: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name in names:
        mode = catalog.get(name)
        ways = [(kernel, force)] if kernel != "auto" or not force else [(kernel, False), (CAPSULE, True)]
        for wanted, forced in ways:
            try:
                places[name] = choose(mode, machine, EMBEDDED, wanted, forced=forced, daemon=UPSTREAM).kernel
            except UserError as reason:
                refused.setdefault(name, reason.problem)
            else:
                refused.pop(name, None)
                break
    return places, refused


def _measure(folder: Path, out: str) -> tuple[Stored, str]:
    """The campaign, and what failed in it; nothing where all went well."""
    begun, _ = store.read_campaign(folder)
    profile = begun.protocol["profile"]
    pace = Pace(begun.plan, protocol.profile(profile))
    planned = [cell for cell in begun.plan if cell.state == "planned"]
    say(f"Measures {counted(len(planned), 'deployment')} of {counted(len({cell.mode for cell in planned}), 'mode')}, ours and "
        f"upstream's, profile {profile}: about {duration(pace.left_s)}.")
    try:
        with telling(pace) as tell, Deployer() as deployer:
            report = campaign.advance(folder, deployer, tell, pace=pace)
    except BaseException as ended:
        if not store.mode_files(folder):  # nothing was measured: what stands there is only the plan
            shutil.rmtree(folder)
        elif isinstance(ended, PodpathError | KeyboardInterrupt):
            place = ["--out", out] if out else ["--reference"] if begun.purpose == "reference" else []
            ended.add_note("What was measured is stored. Go on with "
                           f"`{shlex.join(['invoke', 'fidelity', '--resume', *place])}`, and --daemon as before.")
        raise
    show_findings(report)
    stored = Stored(folder, *store.read_campaign(folder))
    failed = [f"{result.variant.name}, deployment {one.n}: {(one.reason or '').splitlines()[0]}"
              for result in stored.results for one in result.deployments if one.status == "failed"]
    return stored, f"Not valid: {report.counted}." if report.errors else "\n".join(failed)


def _compared(stored: Stored, names: Sequence[str] | None) -> list[Fidelity]:
    """Each mode of which the campaign has both results on one kernel.

    Raises:
        UserError: one that is asked for has not, or none has.
    """
    by_variant = {result.variant: result for result in stored.results}
    pairs = [(by_variant[ours], theirs) for variant, theirs in by_variant.items() if variant.daemon == UPSTREAM
             and (ours := Variant(variant.mode, variant.lab, variant.kernel)) in by_variant]
    have = sorted({ours.mode for ours, _ in pairs})
    missing = [name for name in names or () if name not in have]
    if missing or not have:
        raise UserError(f"{stored.campaign.id} has no result of ours and of upstream's daemon on one kernel"
                        f"{' of ' + ', '.join(missing) if missing else ''}.",
                        f"It has both of: {', '.join(have) or 'no mode'}. Measure them: `invoke fidelity MODE`.")
    return [compare(ours, theirs, stored.campaign.noise_floor) for ours, theirs in pairs if not names or ours.mode in names]


def _show(stored: Stored, found: Sequence[Fidelity], refused: Mapping[str, str]) -> None:
    for one in found:
        _show_one(one, next(result.variant for result in stored.results if result.mode == one.mode and result.daemon))
    for line in _explained():
        say(line, indent="  ")
    if any(len(result.good) < 2 for result in stored.results):
        say("One deployment does not tell how far another one would differ: --deployments 6 gives each median an interval.")
    _show_verdicts(found, refused)
    say(f"Stored: {stored.folder}")
    console.print(f"Again: {shlex.join(['invoke', 'fidelity', '--from', str(stored.folder)])}", markup=False)


def _explained() -> Iterator[str]:
    """What the tables' words mean, and what was not compared."""
    yield ("ratio: ours over upstream's, of their ratios to their own baselines host to host; the wire's is of the "
           "efficiencies themselves.")
    yield "apart: further from 1 than the noise floor, with the whole range, where there is one, on one side of 1."
    yield "Left out of the packet, since these must differ:"
    yield from (f"- {', '.join(fields)}: {why}." for why, fields in left_out_by_reason().items())


def _show_verdicts(found: Sequence[Fidelity], refused: Mapping[str, str]) -> None:
    not_run = [(name, f"not run, because {why.rstrip('.')}") for name, why in refused.items()]
    print_table(("mode", "ours beside upstream's"), [*((one.mode, one.verdict) for one in found), *not_run], words=2)
    if lacking := next((name for name in refused if catalog.get(name).daemon), None):
        say(f"How to get what one lacks: `invoke experiment {lacking} --daemon upstream` says it, for each mode its own.")


def _show_one(one: Fidelity, variant: Variant) -> None:
    """A mode's figures, then what differs elsewhere."""
    say(as_shown(f"{one.mode}, {variant.place_unless_usual}: {one.verdict}"))
    rows = [(what(figure.aggregate), f"{figure.ours:.3f}", f"{figure.theirs:.3f}", f"{figure.ratio:.3f}",
             f"{figure.low:.3f} to {figure.high:.3f}" if figure.low is not None and figure.high is not None else "",
             percent(figure.floor) if figure.floor is not None else "", "" if figure.within is None else
             "yes" if figure.apart else "no") for figure in one.figures]
    if rows:
        print_table(("what", "ours", "upstream", "ratio", "from, to", "floor", "apart"), rows)
        ranges = dict.fromkeys(figure.how for figure in one.figures if figure.low is not None)
        say(f"From, to: {'; '.join(ranges)}." if ranges else "One value each: no range.")
    for line in _differences(one):
        say(as_shown(line), indent="  ")
    say("")


def _differences(one: Fidelity) -> Iterator[str]:
    """What is the same outside of the figures, in a line, and what is not, a line each."""
    if one.unmeasured:
        return
    same = [f"{kind}: {len(sets.both)} the same" for kind, sets in (("attestations", one.checks), *one.tables.items())]
    yield f"packet: {'not the same' if one.packet else 'the same' if one.packets_compared else 'none'}; {'; '.join(same)}"
    for apart in (*one.packet, *one.checks_apart):
        yield f"{apart.where}: ours {apart.ours}; upstream's {apart.theirs}"
    for kind, sets in (("attestation", one.checks), *one.tables.items()):
        yield from _only(kind, sets)


def _only(kind: str, sets: Sets) -> Iterator[str]:
    for whose, entries in (("ours", sets.only_ours), ("upstream's", sets.only_theirs)):
        for entry in sorted(entries):
            nature = " (it names the program)" if entry.split(" ")[0] in BY_NATURE else ""
            yield f"{kind}, only {whose}: {entry}{nature}"
