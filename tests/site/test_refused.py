"""A campaign that `validate` refuses is never listed as complete, whatever its file says, and its figures are not shown."""

from __future__ import annotations

import shutil
from pathlib import Path

from experiments.paths import ROOT
from experiments.results import store
from experiments.site import campaign_build, campaign_pages, shelf, writer

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"


def test_the_status_says_that_it_is_not_valid_and_why(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "templates", tmp_path / "docs" / "templates")
    shutil.copytree(ROOT / "data" / "reported", tmp_path / "data" / "reported")
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    shutil.copy(ROOT / "docs" / "history.md", tmp_path / "docs")
    campaign, _ = store.read_campaign(SAMPLE)
    assert campaign.status == "complete"
    folder = tmp_path / "data" / "campaigns" / campaign.id
    shutil.copytree(SAMPLE, folder)
    writer.write(tmp_path)
    page = tmp_path / "docs" / "results" / "index.md"
    assert "<td>complete</td>" in page.read_text()

    raw = next((folder / "raw").iterdir())
    raw.write_bytes(raw.read_bytes() + b"x")
    path = folder / "calico-bgp.yml"
    path.write_bytes(path.read_bytes() + b"\n")  # so that it is looked at again
    writer.write(tmp_path)
    text = page.read_text()
    assert "<td>complete</td>" not in text
    assert f"<td>{campaign_pages.REFUSED}</td>" in text
    assert '<tr class="pp-remark"><td colspan="6"><p class="pp-failed">calico-bgp.yml: deployments[0].trials[' in text
    assert str(tmp_path) not in text
    pages = (tmp_path / shelf.BELOW / campaign.id / campaign_build.PAGES).read_text()
    assert "Status: not valid: calico-bgp.yml: " in pages
    mode = (tmp_path / "generated" / "calico-bgp-measured.md").read_text()
    assert mode.startswith("<p>Not measured")
    assert campaign.id not in mode  # what others contributed stands there by its ratios, and this has none that count
    assert "bit/s" not in mode
