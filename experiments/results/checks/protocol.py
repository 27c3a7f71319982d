"""Whether a campaign was measured as its protocol says: the numbers of the id, and every trial that it asks for."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.results.checks.report import File
from experiments.results.model import Campaign, Deployment, ModeResult, Trial
from experiments.results.plain import Key, shown
from experiments.results.protocols import CAMPAIGN_S_OWN, FROZEN, AskedTrial, Frozen
from experiments.variant import EMBEDDED


def of(campaign: Campaign) -> Frozen | None:
    """What is frozen under a campaign's protocol id; None where the id is unknown."""
    return FROZEN.get(campaign.protocol["id"])


def numbers(file: File[Campaign], value: Campaign) -> None:
    """The protocol's numbers are those of its id, no fewer and no more."""
    said = dict(value.protocol)
    frozen = of(value)
    if frozen is None:
        file.error(("protocol", "id"), f"is not a protocol; allowed: {', '.join(FROZEN)}")
        return
    for name, number in frozen.numbers.items():
        if name not in said:
            file.error(("protocol", name), f"is missing; {value.protocol['id']} has {shown(number)}")
        elif name == "deployments" and value.purpose != "contribution":
            continue  # how often does not change what is measured; the plan has to have that number, and a reference six
        elif said[name] != number:
            file.error(("protocol", name), f"{value.protocol['id']} has {shown(number)}; other numbers have another id")
    for name in said.keys() - frozen.numbers.keys() - CAMPAIGN_S_OWN:
        file.error(("protocol", name), f"is not a number of {value.protocol['id']}")
    if "nodes" not in said:
        file.error(("protocol", "nodes"), "is missing; a lab has a number of nodes")


def trials(file: File[ModeResult], value: ModeResult, campaign: Campaign) -> None:
    """Each deployment that counts has the protocol's trials, in their order, each with what was asked for."""
    frozen = of(campaign)
    if frozen is None:
        return
    for d, deployment in enumerate(value.deployments):
        if deployment.status == "ok":
            _deployment(file, ("deployments", d), deployment, frozen, value)


def _deployment(file: File[ModeResult], key: Key, deployment: Deployment, frozen: Frozen, value: ModeResult) -> None:
    attempts, asks = _once_each(deployment), frozen.asks(value.lab)
    if len(attempts) != len(asks):
        file.error((*key, "trials"), f"are {len(attempts)} without repeats; the protocol asks for {len(asks)}")
    for (t, trial), asked in zip(attempts, asks, strict=False):
        here = (*key, "trials", t)
        for name in ("view", "path", "phase"):
            if getattr(trial, name) != getattr(asked, name):
                file.error((*here, name), f"the protocol asks for {getattr(asked, name)} here")
                return  # every later one stands in a wrong place too
    for t, trial in enumerate(deployment.trials):
        of_slices = frozen.noise_limits_of_slices if trial.clock == "processor" else None
        limits = frozen.noise_limits if of_slices is None else of_slices
        if trial.status == "discarded" and not any(trial.noise.get(n, 0) > most for n, most in limits.items()):
            listed = ", ".join(f"{name} above {most:g}" for name, most in limits.items())
            file.error((*key, "trials", t, "status"), f"no covariate of its noise is above its limit; allowed: {listed}")
    for t, trial, asked in _numbered(deployment, asks):
        here = (*key, "trials", t)
        for name, wanted in _conditions(trial, asked).items():
            if trial.status in ("ok", "discarded") and getattr(trial, name) != wanted:
                file.error((*here, name), f"the protocol asks for {shown(wanted)} here")
        _rates(file, here, trial, frozen, value.kernel)
        _slices(file, here, trial, frozen, value.lab)


def _once_each(deployment: Deployment) -> list[tuple[int, Trial]]:
    """The trials without the repeats: whatever follows a discarded one, under its name with ``-again``."""
    ids = {trial.id for trial in deployment.trials if trial.status == "discarded"}
    return [(t, trial) for t, trial in enumerate(deployment.trials) if trial.id.removesuffix("-again") not in ids - {trial.id}]


def _numbered(deployment: Deployment, asks: Sequence[AskedTrial]) -> list[tuple[int, Trial, AskedTrial]]:
    """Every trial beside what was asked for, repeats too."""
    once = {trial.id: asked for (_, trial), asked in zip(_once_each(deployment), asks, strict=False)}
    return [(t, trial, once[trial.id.removesuffix("-again")]) for t, trial in enumerate(deployment.trials)
            if trial.id.removesuffix("-again") in once]


def _conditions(trial: Trial, asked: AskedTrial) -> dict[str, object]:
    if trial.view == "latency":
        return {"load_ratio": asked.load_ratio, "burst_bytes": asked.burst_bytes or None, "streams": None, "mss": None}
    if trial.view in ("setup", "packets"):
        return {"streams": None, "mss": None, "datagram_bytes": asked.datagram_bytes or None}
    return {"streams": asked.streams, "mss": asked.mss}


def _rates(file: File[ModeResult], key: Key, trial: Trial, frozen: Frozen, kernel: str) -> None:
    """The rate of the emulated link, and the load of the cost view."""
    if trial.status not in ("ok", "discarded"):
        return
    wanted = (("link", "link_rate_bps", frozen.link_bps.get(kernel)),
              ("cost", "offered_bps", None if trial.pairs else frozen.numbers["offered_bps"]))
    for view, name, rate in wanted:
        found = getattr(trial, name)
        if trial.view == view and rate is not None and found != rate:
            file.error((*key, name), f"the protocol has {rate} on this kernel")
        elif trial.view != view and found is not None and not (name == "offered_bps" and trial.load_ratio):
            file.error((*key, name), f"a trial of the view {trial.view} has none")
    least = None if trial.pairs else frozen.numbers.get("latency_samples")
    if trial.view == "latency" and least and trial.samples is not None and trial.samples < least:
        file.error((*key, "samples"), f"the protocol asks for at least {least}")


def _slices(file: File[ModeResult], key: Key, trial: Trial, frozen: Frozen, lab: str) -> None:
    """Slices and counters of a device where the protocol has them: without, a trial would be judged by wider rules."""
    if trial.status not in ("ok", "discarded"):
        return
    if not frozen.in_slices:
        for name in ("pairs", "device_s"):
            if getattr(trial, name) is not None:
                file.error((*key, name), "this protocol has none")
        return
    wanted = {"link": "device_s", "speed": "pairs"}
    if lab == EMBEDDED:
        wanted |= {"speed": "core_goodput_bps", "cost": "core_us_per_packet", "packets": "core_packets_per_s"}
        wanted |= dict.fromkeys(("latency", "setup"), "floor_p50_us")
    name = wanted.get(trial.view, "")
    if name and getattr(trial, name) is None:
        file.error((*key, name), f"is missing; the protocol has it in the view {trial.view}")
    if trial.pairs is not None and trial.view in ("wire", "link"):
        file.error((*key, "pairs"), f"the view {trial.view} is not measured in turn")
    least, most = frozen.numbers["pairs_least"], frozen.numbers["pairs_most"]
    if lab == EMBEDDED and trial.pairs is not None and not least <= trial.pairs <= most:
        file.error((*key, "pairs"), f"the protocol asks for {least} to {most}")
