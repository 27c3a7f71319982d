"""Results of one mode by two implementations lie side by side: each has its own file, name and page, and neither is pooled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import catalog
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import noise_floor, store, summary
from experiments.results.comparison import compare
from experiments.results.model import Deployment, ModeResult
from experiments.results.validate import validate
from experiments.site import entries

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The sample campaign, in which upstream's daemon has measured the same mode once more."""
    campaign, (ours, *_) = store.read_campaign(SAMPLE)
    place = Path(shutil.copytree(SAMPLE, tmp_path / campaign.id))
    theirs = replace(ours, daemon="upstream", implementation={"data plane": "flanneld 0.28.9"},
                     deployments=tuple(_with_outputs_of_its_own(place, one) for one in ours.deployments))
    store.write_mode(place, theirs)
    cells = [cell for cell in campaign.plan if cell.mode == ours.mode]
    _, results = store.read_campaign(place)
    store.write_campaign(place, replace(
        campaign, plan=(*campaign.plan, *(replace(cell, daemon="upstream") for cell in cells)),
        noise_floor=noise_floor.of_campaign(results)))
    yield place


def _with_outputs_of_its_own(place: Path, deployment: Deployment) -> Deployment:
    """What the tools printed belongs to one trial alone: here the same, with a blank at its end."""
    return replace(deployment, trials=tuple(
        replace(trial, raw=store.write_raw(place, trial.id, store.read_raw(place, trial) + " ", "iperf3 3.12"))
        for trial in deployment.trials))


def _both(folder: Path) -> tuple[ModeResult, ModeResult]:
    _, results = store.read_campaign(folder)
    ours, = [result for result in results if result.mode == "calico-bgp" and result.daemon is None]
    theirs, = [result for result in results if result.daemon == "upstream"]
    return ours, theirs


def test_upstream_s_result_has_a_file_and_a_page_of_its_own(folder: Path) -> None:
    ours, theirs = _both(folder)
    assert store.mode_path(folder, ours).name == "calico-bgp.yml"
    assert store.mode_path(folder, theirs).name == "calico-bgp@upstream.yml"
    assert store.mode_path(folder, replace(theirs, kernel="uml")).name == "calico-bgp@uml@upstream.yml"
    assert entries.page_name("c", ours.variant) == "c.calico-bgp"
    assert entries.page_name("c", theirs.variant) == "c.calico-bgp.upstream"
    assert ours.variant != theirs.variant


def test_the_file_of_our_own_does_not_name_a_daemon(folder: Path) -> None:
    assert "\ndaemon:" not in (folder / "calico-bgp.yml").read_text()
    assert "\ndaemon: upstream\n" in (folder / "calico-bgp@upstream.yml").read_text()


def test_the_one_s_outputs_do_not_stand_for_the_other(folder: Path) -> None:
    said = [str(message) for message in validate(folder, modes=catalog.load()).errors]
    assert sum("is a copy of calico-bgp: calico-bgp-1-" in text for text in said) == 3, "what is not paced shows by its rates"


def test_a_file_under_the_other_s_name_does_not(folder: Path) -> None:
    (folder / "calico-bgp.yml").unlink()
    (folder / "calico-bgp@upstream.yml").rename(folder / "calico-bgp.yml")
    said = [str(message) for message in validate(folder, modes=catalog.load()).errors]
    assert any("call for the name calico-bgp@upstream.yml" in text for text in said)


def test_they_are_compared_under_two_names(folder: Path) -> None:
    ours, theirs = _both(folder)
    key = next(aggregate.key for aggregate in summary.aggregates(ours) if aggregate.path == "pod-pod")
    assert set(compare([ours, theirs], key).names) == {"calico-bgp", "calico-bgp@upstream"}


def test_no_other_daemon_can_be_named(folder: Path) -> None:
    ours, _ = _both(folder)
    with pytest.raises(UserError, match=r"daemon.*allowed: upstream"):
        store.write_mode(folder, replace(ours, daemon="theirs"))
