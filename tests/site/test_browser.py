"""The built site in a real browser: figures as in the files, no request elsewhere, accessible, narrow, without scripts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from experiments import catalog
from experiments.catalog import limits
from experiments.results.store import Stored
from experiments.results.words import quantity
from experiments.site import browser as checks
from experiments.site import check
from experiments.site.build import STRICT, variables
from experiments.site.static_host import served

PARTS = 4  # of the pages, for as many workers

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
        assert link.inner_text() == quantity(value, "bit/s")
    page.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_wrong_with_any_page(part: int, project: Path, address: str, browser: Browser) -> None:
    """No request elsewhere or for what is not there; axe, in both palettes; no sideways scroll, no word cut off; no scripts."""
    assert list(checks.wrong(browser, checks.pages(project / "site")[part::PARTS], address)) == []


def test_the_html_is_valid(project: Path) -> None:
    assert list(check.malformed(project / "site")) == []


def test_what_is_wrong_is_found(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "bad.html").write_text(
        '<!doctype html><html lang="en"><head><title>x</title></head><body data-md-color-scheme="default">'
        '<h1 style="display:none">x</h1>'
        '<p style="color:#777;background:#888">faint</p><div style="width:900px"><img src="http://podpath.invalid/x.png">'
        '<img src="gone.png"></div><div class="md-content">'
        '<div class="cut" style="overflow:hidden;width:50px;white-space:nowrap">too long for its box</div>'
        '<figure><svg viewBox="0 0 9 9" width="90"><text x="5" y="5">beyond the edge</text></svg>'
        '</figure></div></p></body></html>')
    with served(tmp_path) as address:
        found = list(checks.wrong(browser, ["bad.html"], address))
    for words in ("podpath.invalid", "gone.png, which is not there (404)", "wide on a screen of 320", "cut off: cut: too long",
                  "cut off: drawing: beyond the edge", "no heading", "image-alt", "color-contrast (light)",
                  "color-contrast (dark)", "shows the palette default to who prefers dark colours"):
        assert any(words in line for line in found), (words, found)
    assert any("bad.html" in line for line in check.malformed(tmp_path))


def test_tables_are_there_without_javascript(address: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/modes/calico-bgp.html")
    assert page.locator("table caption", has_text="median over 1 deployment").is_visible()
    assert page.locator("figure svg").first.is_visible()
    context.close()


def test_the_path_is_stepped_through_by_keyboard_and_by_link(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{address}/modes/flannel-vxlan.html#step-3")
    shown = page.locator(".pp-step:visible")
    assert shown.count() == 1 and "flannel.1" in shown.inner_text() and "fdb" in shown.inner_text()
    lit = page.locator(".pp-station[aria-current=step]:visible")
    assert lit.get_attribute("href") == "#step-3"
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    # The page's own address: the driver hears of a changed one later, and its copy may be the one before.
    assert page.evaluate("location.hash") == "#step-4" and shown.inner_text().startswith("4. client node: eth0")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("location.hash") == "#step-2"
    order = ["Back", "Next", "All steps"]
    page.locator(".pp-stepper button").first.focus()
    for name in order:
        assert name in page.evaluate("document.activeElement.textContent")
        page.keyboard.press("Tab")
    page.get_by_role("button", name="All steps").click()
    assert shown.count() == len(catalog.load()["flannel-vxlan"].path)
    page.locator(".pp-wide .pp-station").nth(5).click()
    assert page.evaluate("location.hash") == "#step-6" and shown.count() == 1
    page.close()


def test_without_scripts_and_in_print_all_steps_are_listed(address: str, browser: Browser) -> None:
    steps = len(catalog.load()["calico-bgp"].path)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/modes/calico-bgp.html")
    assert page.locator(".pp-step:visible").count() == steps
    assert page.locator(".pp-stepper").count() == 0
    context.close()
    page = browser.new_page()
    page.goto(f"{address}/modes/calico-bgp.html")
    assert page.locator(".pp-step:visible").count() == 1
    page.emulate_media(media="print")
    assert page.locator(".pp-step:visible").count() == steps
    assert not page.locator(".pp-stepper").is_visible()
    page.close()


def test_on_a_narrow_screen_the_path_runs_downwards(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto(f"{address}/modes/flannel-udp.html")
    assert page.locator("svg.pp-tall").is_visible() and not page.locator("svg.pp-wide").is_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.locator("svg.pp-wide").is_visible() and not page.locator("svg.pp-tall").is_visible()
    page.close()


@pytest.mark.parametrize(("underlay", "mode", "encryption", "said"), [
    ("1500", "flannel-vxlan", "", "Pod MTU 1450. To test it from a pod: ping -M do -s 1422"),
    ("9000", "flannel-udp", "", "Pod MTU 8972."), ("1500", "calico-ipip", "60", "Pod MTU 1440."),
    ("1500", "weave-fastdp", "34", "Pod MTU 1416."), ("600", "weave-sleeve", "", "leaves no room"),
    ("", "calico-bgp", "", "leaves no room"),
])
def test_the_mtu_calculator_agrees_with_the_model(
    underlay: str, mode: str, encryption: str, said: str, address: str, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto(f"{address}/encapsulation.html")
    page.locator(".pp-mtu select[name=mode]").select_option(mode)
    page.locator(".pp-mtu select[name=encryption]").select_option(encryption)
    page.locator(".pp-mtu input").fill(underlay)
    answer = page.locator(".pp-mtu output").inner_text()
    assert said in answer
    if not encryption and underlay == "1500":
        assert f"{quantity(limits.goodput_limit_bps(catalog.load()[mode]), 'bit/s')} on 1 Gbit/s" in answer
    page.close()


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


def test_on_a_phone_each_symptom_is_a_card(address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto(f"{address}/modes/calico-bgp.html")
    symptom, remedy = (page.locator(f".pp-symptoms tbody tr:first-child td:nth-child({n})") for n in (1, 3))
    above, below = symptom.bounding_box(), remedy.bounding_box()
    assert above and below and below["y"] > above["y"] and below["width"] == above["width"]
    page.set_viewport_size({"width": 1280, "height": 800})
    beside, other = symptom.bounding_box(), remedy.bounding_box()
    assert beside and other and beside["y"] == other["y"]
    page.close()


def test_axe_finds_nothing_on_any_step(address: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{address}/modes/flannel-udp.html")
    page.add_style_tag(content=checks.STILL)
    steps = len(catalog.load()["flannel-udp"].path)
    for number in range(1, steps + 1):
        page.evaluate(f"location.hash = '#step-{number}'")
        page.wait_for_function(f"document.querySelector('.pp-station[aria-current=step][href=\"#step-{number}\"]') !== null")
        found = Axe().run(page, {"include": [[".pp-journey"]]}, checks.AXE_OPTIONS).response
        assert found["violations"] == [], number
    page.close()
