"""Older formats are brought up step by step and show the same figures; newer ones are refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import migrate, store
from experiments.results.summary import summarise

# A campaign of the first version, really measured, that every later version has to read.
FIRST = ROOT / "tests" / "golden" / "results" / "version-1"


def _figures(folder: Path) -> dict[str, Any]:
    _, results = store.read_campaign(folder)
    return {result.mode: summarise(result) for result in results}


def test_a_campaign_of_the_first_version_still_says_the_same() -> None:
    campaign, results = store.read_campaign(FIRST)
    assert campaign.status == "complete"
    assert _figures(FIRST) == {result.mode: result.summary for result in results}
    speed = _figures(FIRST)["calico-bgp"]["wire/pod-pod/1/native"]["wire_goodput_bps"]["median"]
    assert speed == pytest.approx(941.4e6, rel=0.001)


def test_a_renamed_key_is_carried_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the first version had called a deployment's ``ready_s`` by another name."""
    folder = Path(shutil.copytree(FIRST, tmp_path / FIRST.name))
    path = folder / "calico-bgp.yml"
    path.write_text(path.read_text().replace("  ready_s:", "  converged_s:"))

    def step(old: dict[str, Any]) -> dict[str, Any]:
        deployments = [{("ready_s" if key == "converged_s" else key): value for key, value in one.items()}
                       for one in old["deployments"]]
        return {**old, "deployments": deployments}

    with pytest.raises(UserError, match="converged_s"):
        store.read_mode(path)
    monkeypatch.setitem(migrate.CURRENT, "mode", 2)
    monkeypatch.setitem(migrate.STEPS, ("mode", 2), step)
    plain = migrate.migrate({"schema": "podpath/mode/1", "deployments": [{"converged_s": 1.5}]}, "mode")
    assert plain == {"schema": "podpath/mode/2", "deployments": [{"ready_s": 1.5}]}


@pytest.mark.parametrize("kind", ["campaign", "mode"])
def test_a_newer_format_is_refused(kind: str) -> None:
    with pytest.raises(migrate.Misfit, match=r"newer than this version.*update Podpath"):
        migrate.migrate({"schema": f"podpath/{kind}/{migrate.CURRENT[kind] + 1}"}, kind)


@pytest.mark.parametrize("schema", [None, "podpath/mode/0", "podpath/mode/01", "podpath/mode/x", 1, "other/mode/1"])
def test_what_is_no_schema_is_refused(schema: object) -> None:
    with pytest.raises(migrate.Misfit, match="is not the schema of a mode file"):
        migrate.migrate({"schema": schema}, "mode")
