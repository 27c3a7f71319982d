"""Results by what a person calls them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import store
from experiments.results.lookup import find, newest_first

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"


def _add(root: Path, name: str, started_at: str, *kernels: str) -> Path:
    campaign, (result, *_) = store.read_campaign(SAMPLE)
    folder = root / name
    shutil.copytree(SAMPLE / "raw", folder / "raw")
    store.write_campaign(folder, replace(campaign, id=name, started_at=started_at))
    for kernel in kernels:
        store.write_mode(folder, replace(result, campaign=name, kernel=kernel))
    return folder


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    local, campaigns = tmp_path / "local", tmp_path / "campaigns"
    _add(campaigns, "2026-11-24-old", "2026-11-24T10:00:00Z", "host")
    _add(campaigns, "2026-11-25-both", "2026-11-25T10:00:00Z", "host", "uml")
    _add(local, "2026-11-25-z-calico-bgp", "2026-11-25T09:00:00Z", "host")
    return local, campaigns


def test_the_newest_is_the_one_begun_last(roots: tuple[Path, Path]) -> None:
    assert [folder.name for folder in newest_first(roots)] == ["2026-11-25-both", "2026-11-25-z-calico-bgp", "2026-11-24-old"]
    assert find("", roots).campaign.id == "2026-11-25-both"


def test_an_id_a_folder_and_files(roots: tuple[Path, Path]) -> None:
    folder = roots[1] / "2026-11-25-both"
    for name in ("2026-11-25-both", str(folder), str(folder / "campaign.yml")):
        assert len(find(name, roots).results) == 2
    (one,) = find(str(folder / "calico-bgp@uml.yml"), roots).results
    assert one.kernel == "uml"


def test_a_mode_means_its_newest_result(roots: tuple[Path, Path]) -> None:
    found = find("calico-bgp", roots)
    assert (found.campaign.id, [result.kernel for result in found.results]) == ("2026-11-25-both", ["host"])
    assert find("calico-bgp@uml", roots).results[0].kernel == "uml"


def test_what_fits_several_is_listed(roots: tuple[Path, Path]) -> None:
    folder = roots[1] / "2026-11-25-both"
    _, (result, *_) = store.read_campaign(SAMPLE)
    (folder / "calico-bgp.yml").unlink()
    store.write_mode(folder, replace(result, campaign=folder.name, lab="kind"))
    with pytest.raises(UserError, match="calico-bgp@kind, calico-bgp@uml"):
        find("calico-bgp", roots)


def test_what_is_not_there_is_answered_with_what_is(roots: tuple[Path, Path]) -> None:
    with pytest.raises(UserError) as refusal:
        find("calico-bpg", roots)
    assert "There is no result 'calico-bpg'." in str(refusal.value)
    assert "Did you mean calico-bgp" in refusal.value.advice
    assert "2026-11-24-old" in refusal.value.advice
    with pytest.raises(UserError, match="does not exist"):
        find("somewhere/else", roots)


def test_no_results_at_all_say_how_to_get_one(tmp_path: Path) -> None:
    for name in ("", "calico-bgp"):
        with pytest.raises(UserError, match="invoke experiment calico-bgp"):
            find(name, (tmp_path,))
