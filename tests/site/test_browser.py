"""The built site in a real browser: figures as in the files, no request elsewhere, accessible, narrow, without scripts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from experiments.results.store import Stored
from experiments.site import browser as checks
from experiments.site import check
from experiments.site.build import STRICT, variables
from experiments.site.static_host import served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.lab,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here: `invoke setup --tests`"),
]


def test_own_check_finds_nothing(project: Path) -> None:
    assert check.problems(project / "site") == []


@pytest.mark.parametrize("mode", ["calico-bgp", "flannel-vxlan"])
def test_a_mode_page_shows_the_figures_of_its_file(
    mode: str, address: str, browser: Browser, measured: Stored
) -> None:
    page = browser.new_page()
    page.goto(f"{address}/modes/{mode}.html")
    result = next(result for result in measured.results if result.mode == mode)
    found = page.locator("a[data-source]").all()
    assert len(found) >= 2
    for link in found:
        source, value = link.get_attribute("data-source") or "", float(link.get_attribute("data-value") or "nan")
        file, _, key = source.partition("#")
        assert file == f"{measured.campaign.id}/{mode}.yml"
        match = re.fullmatch(r"deployments\[(\d+)\]\.trials\[(\d+)\]\.(\w+)", key)
        assert match, key
        trial = result.deployments[int(match[1])].trials[int(match[2])]
        assert getattr(trial, match[3]) == pytest.approx(value)
        shown = float((link.inner_text()).replace("\u202f", ""))
        assert shown == pytest.approx(value / 1e6, abs=0.06)
    page.close()


def test_no_page_asks_another_host_or_for_what_is_not_there(project: Path, address: str, browser: Browser) -> None:
    assert list(checks.wrong_requests(browser, project / "site", address)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: str, project: Path, address: str, browser: Browser) -> None:
    assert list(checks.violations(browser, project / "site", address, scheme)) == []


def test_nothing_scrolls_sideways_at_320_pixels(project: Path, address: str, browser: Browser) -> None:
    assert list(checks.too_wide(browser, project / "site", address)) == []


def test_every_page_has_its_heading_without_javascript(project: Path, address: str, browser: Browser) -> None:
    assert list(checks.empty_without_scripts(browser, project / "site", address)) == []


def test_the_html_is_valid(project: Path) -> None:
    assert list(check.malformed(project / "site")) == []


def test_what_is_wrong_is_found(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "bad.html").write_text(
        '<!doctype html><html lang="en"><head><title>x</title></head><body><h1 style="display:none">x</h1>'
        '<div style="width:900px"><img src="http://podpath.invalid/x.png"><img src="gone.png"></div></p></body></html>')
    with served(tmp_path) as address:
        asked = list(checks.wrong_requests(browser, tmp_path, address))
        assert any("podpath.invalid" in line for line in asked)
        assert any("gone.png, which is not there (404)" in line for line in asked)
        assert any("wide on a screen" in line for line in checks.too_wide(browser, tmp_path, address))
        assert any("no heading" in line for line in checks.empty_without_scripts(browser, tmp_path, address))
        assert any("image-alt" in line for line in checks.violations(browser, tmp_path, address, "light"))
    assert any("bad.html" in line for line in check.malformed(tmp_path))


def test_tables_are_there_without_javascript(address: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/modes/calico-bgp.html")
    assert page.locator("table caption", has_text="median over 1 deployment").is_visible()
    assert page.locator("figure svg").first.is_visible()
    context.close()


@pytest.mark.usefixtures("building")
def test_two_builds_are_equal_byte_for_byte(project: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    subprocess.run([sys.executable, "-m", "mkdocs", *STRICT, str(again)], cwd=project,
                   check=True, env=dict(variables()), capture_output=True)
    assert [p.relative_to(again) for p in sorted(again.rglob("*"))] == \
        [p.relative_to(project / "site") for p in sorted((project / "site").rglob("*"))]
    different = [p for p in again.rglob("*") if p.is_file()
                 and p.read_bytes() != (project / "site" / p.relative_to(again)).read_bytes()]
    assert different == []
