"""Every number of a result file, changed by one digit, is found; and not only by the digest that stands in the file."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from slices_sample import SAMPLE

from experiments import catalog
from experiments.measure.protocol import VIEWS
from experiments.paths import ROOT
from experiments.results import plain, yamldump
from experiments.results.store import Stored
from experiments.results.validate import validate

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

# Numbers that follow from others or from the raw outputs: a change is found even by one who mends the digest too.
DERIVED = {
    "median", "low", "high", "coverage_ratio", "n", "drift_ratio", "goodput_bps", "sent_bps", "retransmits", "duration_s",
    "payload_bytes", "wire_efficiency_ratio", "wire_goodput_bps", "intervals_bps", "mss_bytes", "underlay_tx_bytes",
    "p50_us", "p90_us", "p99_us", "p999_us", "max_us", "samples", "core_s_per_gbit", "core_goodput_bps", "core_us_per_packet",
    "daemon_share_ratio", "context_switches_per_packet", "pairs", "pair_ratio", "pair_ratio_low", "pair_ratio_high",
    "pair_coverage_ratio", "device_rx_bytes", "device_rx_packets", "device_s",
    "transactions_per_core_s", "core_packets_per_s", "loss_ratio", "datagram_bytes",
}


AREAS = {"deployments": 4, "summary": 3}  # keys that name a trial (deployments, 0, trials, 7), and a measure of a cell
MOST_AT_ONCE = 40  # a report tells of a hundred


def _numbers(value: Any, *at: Any) -> Iterator[tuple[tuple[Any, ...], float]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(inner, *at, key)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _numbers(inner, *at, place)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield at, value


def _distinct(loaded: Any) -> Iterator[tuple[tuple[Any, ...], float]]:
    """One number for each place of the format: the same key in each view once, whichever deployment it stands in."""
    seen = set()
    for at, value in _numbers(loaded):
        trial = loaded
        view = ""
        for key in at:
            trial = trial[key]
            view = trial.get("view", view) if isinstance(trial, dict) else view
        shape = (view, *(key if isinstance(key, str) else "" for key in at if not str(key).startswith(("speed/", "link/"))))
        if shape not in seen:
            seen.add(shape)
            yield at, value


def _changed(value: float) -> float:
    """The number with its first digit changed, of the same kind and never below zero."""
    text = repr(value)
    place = next(i for i, c in enumerate(text) if c.isdigit())
    other = str((int(text[place]) + 1) % 10 or 1)
    return type(value)(float(text[:place] + other + text[place + 1:]))


def _put(loaded: Any, at: tuple[Any, ...], value: float) -> None:
    for key in at[:-1]:
        loaded = loaded[key]
    loaded[at[-1]] = value


def _errors(path: Path) -> list[str]:
    known = {**catalog.load(), **catalog.variants()}
    return [str(error) for error in validate(path, modes=known).errors]


def _dumped(first_line: str, loaded: Any) -> str:
    return first_line + "\n" + yamldump.dump(loaded)


def _survivors(folder: Path, name: str) -> list[str]:
    """The places of one file, of those that follow from others, whose change nothing finds though the digest fits.

    One number is changed of each trial and of each measure of the summary, in all of them together: each change has to be
    named under its own trial or measure. What is not, and what stands elsewhere, is tried alone.
    """
    path = folder / name
    original = path.read_text()
    first_line = original.splitlines()[0]
    before = set(_errors(path))
    path.write_text(_dumped(first_line, yaml.safe_load(original)))
    assert set(_errors(path)) == before, "another way of writing the same values is no error"
    whole = yaml.safe_load(original)
    places = [(at, value) for at, value in _distinct(whole)
              if at[-1] in DERIVED or (len(at) > 1 and at[-2] in DERIVED)]

    def found(changes: list[tuple[tuple[Any, ...], float]]) -> set[str]:
        loaded = copy.deepcopy(whole)
        for at, value in changes:
            _put(loaded, at, _changed(value))
        loaded["digest"] = plain.digest({key: inner for key, inner in loaded.items() if key != "digest"})
        path.write_text(_dumped(first_line, loaded))
        return set(_errors(path)) - before

    by_area: dict[tuple[Any, ...], list[tuple[tuple[Any, ...], float]]] = {}
    alone = []
    for at, value in places:
        if len(at) > AREAS.get(at[0], len(at)):
            by_area.setdefault(at[:AREAS[at[0]]], []).append((at, value))
        else:
            alone.append((at, value))
    while left_over := [area for area, own in by_area.items() if own]:
        together = {area: by_area[area].pop() for area in left_over[:MOST_AT_ONCE]}
        said = found(list(together.values()))
        alone += [change for area, change in together.items() if not any(plain.spelled(area) in error for error in said)]
    left = [".".join(map(str, at)) for at, value in alone if not any(name in error for error in found([(at, value)]))]
    path.write_text(original)
    return left


@pytest.fixture
def folder(measured: Stored, tmp_path: Path) -> Path:
    return Path(shutil.copytree(measured.folder, tmp_path / measured.folder.name))


@pytest.mark.parametrize("name", ["calico-bgp.yml", "campaign.yml"])
def test_no_changed_number_goes_unnoticed(folder: Path, name: str) -> None:
    """Each changes the digest; and a digest that does not fit is an error."""
    path = folder / name
    first_line, whole = path.read_text().splitlines()[0], yaml.safe_load(path.read_text())
    places = list(_distinct(whole))
    for at, value in places:
        loaded = copy.deepcopy(whole)
        _put(loaded, at, _changed(value))
        assert plain.digest({key: inner for key, inner in loaded.items() if key != "digest"}) != whole["digest"], at
    for at, value in places[:3]:
        loaded = copy.deepcopy(whole)
        _put(loaded, at, _changed(value))
        path.write_text(_dumped(first_line, loaded))
        assert any(f"{name}:" in error and "was changed after it was written" in error for error in _errors(path))


@pytest.mark.long
def test_what_follows_from_other_values_is_found_with_a_mended_digest_too(tmp_path: Path) -> None:
    """In a campaign of the quick profile, which has a trial of each view."""
    loaded = yaml.safe_load((SAMPLE / "calico-bgp.yml").read_text())
    folder = Path(shutil.copytree(SAMPLE, tmp_path / loaded["campaign"]))
    assert {trial["view"] for trial in loaded["deployments"][0]["trials"]} == set(VIEWS)
    assert _survivors(folder, "calico-bgp.yml") == []


def _committed() -> Path | None:
    found = sorted((ROOT / "data" / "campaigns").glob("*/campaign.yml"))
    return found[-1].parent if found else None


@pytest.mark.skipif(_committed() is None, reason="no campaign is stored in data/campaigns")
def test_the_committed_campaign_is_valid() -> None:
    committed = _committed()
    assert committed is not None
    assert _errors(committed) == []
