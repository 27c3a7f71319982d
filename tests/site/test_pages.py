"""What the pages of a built site hold: figures equal to their files, data beside the tables, small notebooks, a copy."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from built_site import ROOT, built, copy_of_project
from PIL import Image
from playwright.sync_api import Browser

from experiments.results import store
from experiments.results.store import Stored
from experiments.site import browser as checks
from experiments.site import build, social, tables
from experiments.site.static_host import served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.lab,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here: `invoke setup --tests`"),
]

FACTORS = {"Gbit/s": 1e-9, "Mbit/s": 1e-6, "kbit/s": 1e-3, "core·s/Gbit": 1, "µs": 1, "ms": 1e-3}
NOTEBOOKS = ("limit-model", "median-and-interval", "relay-time")


class _Figures(HTMLParser):
    """The links that carry a figure, with the unit that its size asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "data-source" in given:
            self.found.append({"source": given["data-source"], "value": given["data-value"], "shown": ""})
            self._inside = "shown"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside and self.found:
            self.found[-1][self._inside] += data.strip()


def _stored(measured: Stored, source: str) -> Any:
    """The value of a source: ``campaign/file.yml#deployments[0].trials[1].goodput_bps`` or ``#summary.cell.measure``."""
    file, _, key = source.partition("#")
    folder, _, name = file.partition("/")
    assert folder == measured.campaign.id
    result = next(r for r in measured.results if name in (f"{r.mode}.yml", f"{r.mode}@{r.kernel}.yml"))
    place = re.fullmatch(r"deployments\[(\d+)\]\.trials\[(\d+)\]\.(\w+)", key)
    if place:
        return getattr(result.deployments[int(place[1])].trials[int(place[2])], place[3])
    cell, measure = re.fullmatch(r"summary\.(.+)\.(\w+)", key).groups()  # type: ignore[union-attr]
    return result.summary[cell][measure]["median"]


def test_every_figure_on_every_page_is_the_file_s(project: Path, measured: Stored) -> None:
    count = 0
    for path in sorted((project / "site").rglob("*.html")):
        reader = _Figures()
        reader.feed(path.read_text(encoding="utf-8"))
        for figure in reader.found:
            value = _stored(measured, figure["source"])
            assert float(figure["value"]) == value
            number, _, unit = figure["shown"].partition(" ")
            assert float(number) == pytest.approx(value * FACTORS[unit], rel=0.0051)
            assert len(number.replace(".", "").lstrip("0")) == 3, "three significant digits everywhere"
            count += 1
    assert count >= 8  # two views of two modes, on the mode pages and again on the page that compares


def test_tables_are_there_as_csv_and_json(project: Path, measured: Stored) -> None:
    folder = project / "site" / "results" / "tables"
    trials = list(csv.DictReader(io.StringIO((folder / f"{measured.campaign.id}-trials.csv").read_text())))
    assert len(trials) == sum(len(d.trials) for r in measured.results for d in r.deployments)
    compared = json.loads((folder / "compare.json").read_text())
    assert {line["mode"] for line in compared} == {"calico-bgp", "flannel-vxlan"}
    assert all(line["value"] and line["unit"] for line in compared)


def test_a_spreadsheet_runs_nothing() -> None:
    rows = list(csv.reader(io.StringIO(tables.as_csv([{"a": "=1+1", "b": "@x", "c": -1.5, "d": None, "e": "x,\"y\"\n"}]))))
    assert rows == [["a", "b", "c", "d", "e"], ["'=1+1", "'@x", "-1.5", "", "x,\"y\"\n"]]


def test_the_feed_is_atom(project: Path) -> None:
    feed = ElementTree.parse(project / "site" / "results" / "feed.xml").getroot()
    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    assert feed.find("{http://www.w3.org/2005/Atom}updated") is not None


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_s_page_is_small_and_executed(name: str, project: Path) -> None:
    page = (project / "site" / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 60_000
    assert page.count("<script") == (project / "site" / "glossary.html").read_text(encoding="utf-8").count("<script")
    assert "jp-OutputArea" in page
    assert "Traceback" not in page


def test_a_cell_that_fails_fails_the_build(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path / "project")
    notebook = project / "docs" / "notebooks" / "limit-model.py"
    notebook.write_text(notebook.read_text() + "\n# %%\nraise ValueError('broken on purpose')\n")
    done = built(project)
    assert done.returncode != 0
    assert "broken on purpose" in done.stdout + done.stderr


def test_the_comparison_sorts_filters_and_remembers(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{address}/compare.html")
    rows = page.locator("table.pp-compare tbody tr:visible")
    everything = rows.count()
    page.select_option("select[name=view]", "speed")
    assert 0 < rows.count() < everything
    page.get_by_role("button", name="pod to pod").click()
    page.get_by_role("button", name="pod to pod").click()
    values = [float(value) for value in
              page.locator("table.pp-compare tbody tr:visible td[data-sort]:nth-child(5)").evaluate_all(
                  "cells => cells.map(cell => cell.dataset.sort)")]
    assert values == sorted(values, reverse=True)
    assert "view=speed" in page.evaluate("location.hash")
    page.goto("about:blank")
    page.goto(f"{address}/compare.html#view=speed&sort=4&order=descending")
    assert rows.count() == len(values)
    assert page.locator("th[aria-sort=descending]").count() == 1
    page.close()


@pytest.mark.parametrize(("width", "cards"), [(1280, False), (768, True), (375, True)])
def test_the_comparison_fits_its_window(address: str, browser: Browser, width: int, cards: bool) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{address}/compare.html")
    inner, outer, whole = page.evaluate(
        "(() => { const t = document.querySelector('table.pp-compare');"
        " return [t.scrollWidth, t.parentElement.clientWidth, document.documentElement.scrollWidth]; })()")
    assert inner <= outer and whole <= width
    row = page.locator("table.pp-compare tbody tr:not([hidden])").first
    assert row.evaluate("row => getComputedStyle(row).display") == ("block" if cards else "table-row")
    cells = row.locator("> *").evaluate_all("cells => cells.map(cell => cell.dataset.label)")
    assert cells[:2] == ["kernel", "campaign"]
    assert page.locator("select", has=page.locator("option", has_text="as stored")).is_visible() == cards
    page.close()


def test_the_comparison_is_looked_at_first_scripts_or_not(address: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/compare.html")
    first = page.locator(".pp-panels svg[role=img]").first
    assert first.is_visible()
    top = page.locator("table.pp-compare").bounding_box()
    seen = first.bounding_box()
    assert seen and top and seen["y"] < 500 and seen["y"] < top["y"]
    context.close()


def test_the_comparison_is_a_plain_table_without_javascript(address: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/compare.html")
    assert page.locator("table.pp-compare tbody tr").first.is_visible()
    assert not page.locator("form.pp-filters").is_visible()
    context.close()


@pytest.mark.usefixtures("building")
def test_a_copy_is_read_from_the_disk_search_included(project: Path, browser: Browser, tmp_path: Path) -> None:
    done = built(project, "offline", PODPATH_OFFLINE="true")
    assert done.returncode == 0, done.stdout + done.stderr
    build.pack(project / "offline", tmp_path / "one.zip")
    build.pack(project / "offline", tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    page = browser.new_page()
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url) if request.url.startswith("http") else None)
    page.goto((tmp_path / "unpacked" / "podpath" / "index.html").as_uri())
    page.locator("input[name=query]").click()
    page.locator("input[name=query]").press_sequentially("sleeve")
    page.locator(".md-search-result__item a[href*=sleeve]").first.wait_for(timeout=20_000)
    page.close()
    assert foreign == []


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_site_with_an_address_has_pictures_and_links_to_what_made_it(tmp_path: Path, browser: Browser) -> None:
    project = copy_of_project(tmp_path / "project")
    sample = ROOT / "tests" / "golden" / "results" / "version-1"
    shutil.copytree(sample, project / "data" / "campaigns" / sample_id(sample))
    done = built(project, PODPATH_SITE_URL="https://podpath.example/", PODPATH_REPOSITORY_URL="https://podpath.example/code",
                 PODPATH_REPOSITORY="podpath", PODPATH_EDIT_URI="edit/main/docs/")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")  # no library has anything to warn of
    site = project / "site"
    mode = (site / "modes" / "calico-bgp.html").read_text()
    assert 'href="https://podpath.example/code/edit/main/experiments/modes/calico-bgp/page.md"' in mode
    assert 'href="https://podpath.example/code/edit/main/docs/choose.md"' in (site / "choose.html").read_text()
    assert "/edit/" not in (site / "results" / "index.html").read_text()  # nobody edits what is rendered
    campaign = (site / "results" / f"{sample_id(sample)}.html").read_text()
    assert "/edit/" not in campaign
    for text in (mode, campaign):
        picture = re.search(r'og:image" content="https://podpath.example/([^"]+)"', text)
        assert picture
        with Image.open(site / picture[1]) as opened:
            assert opened.size == social.SIZE
    sitemap = (site / "sitemap.xml").read_text()
    assert f"results/{sample_id(sample)}.calico-bgp.html" in sitemap
    assert "<lastmod>" not in sitemap  # a copy without git knows no days
    # What the address changes is in the frame, the same for all pages of a folder: two of each are asked for.
    folders: dict[Path, list[str]] = {}
    for name in checks.pages(site):
        folders.setdefault(Path(name).parent, []).append(name)
    some = [name for names in folders.values() for name in names[::max(1, len(names) - 1)]]
    assert {Path(name).parent.name for name in some} == {"", "method", "modes", "notebooks", "results"}
    with served(site) as address:
        assert list(checks.wrong_requests(browser, some, address)) == []


def sample_id(folder: Path) -> str:
    return store.read_campaign(folder)[0].id
