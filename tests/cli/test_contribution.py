"""A contribution from its measuring to the pages: measured elsewhere, submitted, reviewed, merged, shown by its ratios."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import WHO, checkout_of_project, git, with_kept_renderings

from experiments.results import proposal
from experiments.results.store import Stored

REFERENCE = "2026-11-26-h9fa009"

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def invoke(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "invoke", *arguments], cwd=folder, capture_output=True, text=True,
                          env={**os.environ, **WHO, "COLUMNS": "80"}, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def test_a_second_host_s_campaign_comes_into_the_merged_tree_and_onto_the_pages(measured: Stored, tmp_path: Path) -> None:
    project = with_kept_renderings(checkout_of_project(tmp_path / "project"))
    identity = measured.campaign.id
    shutil.copytree(measured.folder, project / "data" / "campaigns" / identity)
    assert identity in invoke(project, "show", identity)
    said = invoke(project, "submit", "--branch")
    branch = f"results/{identity}"
    assert f"git push --set-upstream origin {branch}" in said and proposal.LICENCE in said
    invoke(project, "validate", "--base", "main", "--head", branch, "--report", str(tmp_path / "report.html"))
    report = (tmp_path / "report.html").read_text()
    line = re.search(rf"<tr><td>calico-bgp</td><td>wire</td>.*?<td>{REFERENCE}</td></tr>", report)
    assert line is not None, report[report.index("Ratios"):report.index("Pictures")]
    assert len(re.findall(r">([1-9]\.\d\d|0\.\d{3})<", line[0])) == 3  # here, there, and the one over the other
    shutil.rmtree(project / "data" / "campaigns" / identity)  # as who merges it has it
    git(project, "merge", "--quiet", "--no-ff", "--message", "merged", branch)
    invoke(project, "validate")
    invoke(project, "render")
    page = (project / "generated" / "calico-bgp-measured.md").read_text()
    ours, reference = f"results/{identity}.calico-bgp.html", f"results/{REFERENCE}.calico-bgp.html"
    assert ours in page and reference in page
    # The stranger's figures do not stand in the place of the reference's, and the page says what may be compared.
    assert page.index(reference) < page.index(ours)
    assert identity not in (project / "generated" / "home-plot.md").read_text()
