"""Every recipe in the embedded lab, for real: three nodes, every pod reaches every other, every sign observed."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests_support import why_not_on_the_host

from experiments import catalog
from experiments.dataplanes.recipe import Recipe
from experiments.dataplanes.table import recipe_for
from experiments.labs.base import Lab, run
from experiments.labs.netns import backend as netns
from experiments.labs.table import EMBEDDED_LAB
from experiments.measure.deployment import READY_TIMEOUT_S

pytestmark = pytest.mark.lab
BUILT = sorted(name for name, mode in {**catalog.load(), **catalog.variants()}.items() if not mode.explained_only)


@pytest.fixture(params=BUILT)
def mode(request: pytest.FixtureRequest) -> catalog.Mode:
    reason = why_not_on_the_host(request.param)
    if reason:
        pytest.skip(reason)
    return catalog.get(request.param)


def _built(lab: Lab, mode: catalog.Mode) -> Recipe:
    recipe = recipe_for(mode, lab)
    recipe.build()
    recipe.wait_ready(READY_TIMEOUT_S)
    return recipe


def test_three_nodes_reach_each_other_and_show_every_sign(mode: catalog.Mode) -> None:
    with EMBEDDED_LAB.up(mode, nodes=3) as lab:
        recipe = _built(lab, mode)
        for source, target in permutations(recipe.pods, 2):
            answer = run(lab, source.name, ["ping", "-n", "-c", "1", "-W", "2", target.address])
            assert f"ttl={mode.ttl_at_pod}" in answer.stdout
        checks = recipe.attest()
        assert len(checks) >= 3
        assert [check for check in checks if not check.ok] == []


def test_dry_run_writes_every_build_command_down(mode: catalog.Mode) -> None:
    with EMBEDDED_LAB.up(mode, nodes=2) as lab:
        _built(lab, mode)
        built = [step.command for step in lab.transcript.steps if step.phase == "build"]
    paper = netns.on_paper(nodes=2, underlay=mode.underlay.kind, reflectors=mode.underlay.reflectors)
    recipe_for(mode, paper).build()
    written = [step.command for step in paper.transcript.steps if step.phase == "build"]
    assert written
    assert [command for command in written if command not in built] == []
