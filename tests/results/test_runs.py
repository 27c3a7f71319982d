"""Short runs in turn, as labs have them in which no process can stand in two places: really measured, then changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from slices_sample import SAMPLE
from tests_support import why_not_on_the_host

from experiments import catalog
from experiments.dataplanes.table import recipe_for
from experiments.labs import table
from experiments.measure.deployment import READY_TIMEOUT_S
from experiments.measure.protocol import PROFILES
from experiments.measure.views.bench import Bench
from experiments.measure.views.trials import Trials
from experiments.probes import runs
from experiments.probes.errors import ProbeError
from experiments.results import store
from experiments.results.checks import counters, origin
from experiments.results.checks.origin import Place
from experiments.results.model import Trial

MODE = "calico-bgp"
pytestmark = [pytest.mark.lab, pytest.mark.long,
              pytest.mark.skipif(bool(why_not_on_the_host(MODE)), reason=why_not_on_the_host(MODE) or "-")]


def measured() -> list[tuple[Trial, str]]:
    """The baseline's and the mode's trial of the view speed by runs of iperf3, and what is kept of each."""
    mode = catalog.get(MODE)
    with table.EMBEDDED_LAB.up(mode) as lab:
        recipe = recipe_for(mode, lab)
        recipe.build()
        recipe.wait_ready(READY_TIMEOUT_S)
        bench = Bench(lab, recipe, mode, replace(PROFILES["quick"], views=("speed",), repeats=False), "runs", "host")
        bench.one_process = False
        found = list(Trials(bench).all(lambda _: None))
    return [(trial, bench.raws[trial.id][1]) for trial in found]


def place() -> Place:
    """The sample's campaign as one of a lab where speed is measured so, on this machine's kernel."""
    campaign, (result,) = store.read_campaign(SAMPLE)
    host = {**campaign.host, "kernel": os.uname().release}
    return Place(replace(campaign, host=host), replace(result, lab="containerlab"), result.deployments[0])  # type: ignore[arg-type]


def said(trial: Trial, text: str) -> list[str]:
    """What is wrong with a raw output beside its trial."""
    try:
        found = list(counters.contradictions(place(), trial, text, runs.TOOL))
        for one, inside in counters.parts(trial, text):
            found += origin.contradictions(place(), one, inside, in_turn=True)
    except ProbeError as error:
        found = [str(error)]
    return found


def changed(change: Callable[[Any], object], text: str) -> str:
    content = json.loads(text)
    change(content)
    return json.dumps(content)


def start(**values: Any) -> Callable[[Any], object]:
    """Change what iperf3 says of its own beginning, in the third pair's run between the pods."""
    def change(content: Any) -> None:
        inside = json.loads(content["pairs"][2][1])
        inside["start"]["test_start"].update(values)
        content["pairs"][2][1] = json.dumps(inside)
    return change


def swapped(content: Any) -> None:
    for pair in content["pairs"]:
        pair.reverse()


HOSTILE: dict[str, tuple[Callable[[Any], object], str]] = {
    "a pair left out": (lambda c: c["pairs"].pop(), "it has 3 pairs of runs; the protocol asks for 4"),
    "a pair more": (lambda c: c["pairs"].append(c["pairs"][0]), "it has 5 pairs of runs; the protocol asks for 4"),
    "the best pair in every place": (lambda c: c.update(pairs=[c["pairs"][0]] * 4), "4 of its runs have one cookie"),
    "the baseline's runs for the mode's": (lambda c: c.update(of=0), "it was kept for another path's trial (of = 0)"),
    "mode and baseline changed for each other": (swapped, "ran between pods"),
    "a key more": (lambda c: c.update(note=1), "written otherwise than Podpath writes it"),
    "longer runs": (start(duration=60), "was asked for seconds = 60; the trial has 1"),
    "a start left out": (start(omit=1), "was asked for omitted_s = 1; the trial has 0"),
    "four streams": (start(num_streams=4), "was asked for streams = 4; the trial has 1"),
}


def test_real_runs_are_taken_and_changed_ones_refused_for_their_own_reason() -> None:
    baseline, mode = measured()
    assert [said(*baseline), said(*mode)] == [[], []]
    for name, (change, words) in HOSTILE.items():
        found = said(mode[0], changed(change, mode[1]))
        assert any(words in one for one in found), (name, found)
    with pytest.raises(ProbeError, match="it is damaged"):
        runs.parse(changed(lambda content: content.update(of=True), mode[1]))
    embedded = replace(place(), result=replace(place().result, lab="netns"))
    assert any("pairs comes from podpath slices 1" in one
               for one in counters.contradictions(embedded, mode[0], mode[1], runs.TOOL))
