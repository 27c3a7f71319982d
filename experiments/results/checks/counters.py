"""Whether a raw output of a device's counters, or of short runs in turn, is what its trial asked for.

What iperf3 says in them of its own beginning is looked at by :mod:`experiments.results.checks.origin`. The sentences follow
the words "is not what was measured: ". Pure.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from experiments import catalog
from experiments.catalog import limits
from experiments.errors import UserError
from experiments.probes import iperf3_start, runs, slices, watched
from experiments.results.checks.origin import Place
from experiments.results.checks.protocol import of
from experiments.results.model import Trial
from experiments.results.plain import shown
from experiments.results.protocols import Frozen
from experiments.variant import EMBEDDED

# Between what iperf3's sender has given to its socket and the receiving device: a socket's and the shaper's queue (4 MB, 2 MB).
QUEUED_BYTES = 8 * 1024 * 1024
PATHS = ("host-host", "pod-pod")


def contradictions(place: Place, trial: Trial, text: str, tool: str) -> Iterator[str]:
    """What in a raw output by ``tool`` cannot belong to the trial, as sentences.

    Raises:
        ProbeError: the output is damaged.
    """
    frozen = of(place.campaign)
    if frozen is None:
        return
    in_turn = slices.TOOL if place.result.lab == EMBEDDED else runs.TOOL
    for name, wanted in (("pairs", in_turn), ("device_s", watched.TOOL)):
        if getattr(trial, name) is not None and tool != wanted:
            yield f"it is an output of {tool}; {name} comes from {wanted} in this lab"
    if frozen.slices is None and tool in (watched.TOOL, runs.TOOL):
        yield f"it is an output of {tool}, which belongs to protocol p3"
    elif watched.is_ours(text):
        yield from _watched(trial, place.result.mode, text, frozen)
    elif runs.is_ours(text):
        yield from _runs(trial, text, frozen)


def parts(trial: Trial, text: str) -> list[tuple[Trial, str]]:
    """iperf3's own outputs inside of a raw output that was taken, each with the trial as far as it concerns that run."""
    if watched.is_ours(text):
        return [(trial, watched.iperf3_inside(text))]
    if not runs.is_ours(text):
        return [(trial, text)]
    return [(replace(trial, path=trial.path if len(pair) == 1 else PATHS[number], duration_s=None), one)
            for pair in runs.texts(text) for number, one in enumerate(pair)]


def _watched(trial: Trial, mode: str, text: str, frozen: Frozen) -> Iterator[str]:
    found, header_bytes, result = watched.parse(text)
    plain = json.loads(text)
    if json.dumps(plain) != text or list(plain) != ["tool", "header_bytes", "omit_s", "samples", "iperf3"]:
        yield "it is written otherwise than Podpath writes it (blanks, numbers, or keys); keep the file as it was written"
    if plain["omit_s"] != frozen.numbers["omit_s"]:
        yield f"omit_s is {shown(plain['omit_s'])}; the protocol leaves out {frozen.numbers['omit_s']:g} s"
    try:
        wanted = limits.header_bytes(catalog.get(mode) if trial.path == "pod-pod" else None)
    except UserError:
        return  # no such mode: said where its name stands
    if header_bytes != wanted:
        yield f"header_bytes is {header_bytes}; a packet of this path has {wanted}"
    most = result.sent_bytes * watched.MORE_THAN_CARRIED + (result.retransmits or 0) * (result.mss_bytes or 0) + QUEUED_BYTES
    if found.payload_bytes(header_bytes) > most:
        yield (f"the device received {found.payload_bytes(header_bytes)} bytes of payload in {found.seconds:.3g} s of the "
               f"transfer, and iperf3 sent {result.sent_bytes} in all of it: the counters are those of another one")


def _runs(trial: Trial, text: str, frozen: Frozen) -> Iterator[str]:
    assert frozen.slices is not None
    every, whose = runs.texts(text), json.loads(text)["of"]
    if runs.text(every, whose) != text:
        yield "it is written otherwise than Podpath writes it (blanks, numbers, or keys); keep the file as it was written"
    if len(every) != frozen.slices.runs:
        yield f"it has {len(every)} pairs of runs; the protocol asks for {frozen.slices.runs}. Keep all pairs"
    wanted = PATHS.index(trial.path) if len(every[0]) == len(PATHS) else 0
    if whose != wanted or (len(every[0]) == 1 and trial.path == "host-host"):
        yield f"it was kept for another path's trial (of = {shown(whose)}); a trial {trial.path} has of = {wanted}"
    cookies = Counter(iperf3_start.read(one).cookie for pair in every for one in pair)
    for cookie, number in cookies.items():
        if cookie and number > 1:
            yield f"{number} of its runs have one cookie, which iperf3 draws anew for each; every run is one of its own"
            return
