"""The built site in a real browser: figures as in the files, no request elsewhere, accessible, narrow, without scripts."""

from __future__ import annotations

import http.server
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from experiments.results.store import Stored
from experiments.site import check
from experiments.site.build import variables

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.lab,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: `invoke setup --tests`"),
]


@pytest.fixture(scope="module")
def project(measured: Stored, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one measured campaign, built strictly."""
    copy = tmp_path_factory.mktemp("site") / "project"
    left_out = shutil.ignore_patterns(".git", ".venv", "site", "generated", "local", "campaigns", ".*_cache", "results")
    shutil.copytree(ROOT / "docs", copy / "docs", ignore=left_out)
    shutil.copytree(ROOT / "experiments", copy / "experiments", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", copy)
    shutil.copytree(ROOT / "data" / "reported", copy / "data" / "reported")
    shutil.copytree(measured.folder, copy / "data" / "local" / measured.folder.name)
    done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"], cwd=copy, capture_output=True,
                          text=True, env=dict(variables()))
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


@pytest.fixture(scope="module")
def address(project: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(project / "site")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


def pages(project: Path) -> list[str]:
    return sorted(path.relative_to(project / "site").as_posix() for path in (project / "site").rglob("*.html")
                  if path.name != "404.html")


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


def test_no_page_asks_another_host_for_anything(project: Path, address: str, browser: Browser) -> None:
    foreign: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: None if request.url.startswith((address, "data:")) else foreign.append(request.url))
    for name in pages(project):
        page.goto(f"{address}/{name}", wait_until="networkidle")
    page.close()
    assert foreign == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(scheme: Any, project: Path, address: str, browser: Browser) -> None:
    page = browser.new_page(color_scheme=scheme)
    # The theme gives every code block a nav without a name; a best practice, not a failure of WCAG.
    options = {"rules": {"landmark-unique": {"enabled": False}}}
    found = {}
    for name in pages(project):
        page.goto(f"{address}/{name}")
        violations = Axe().run(page, options=options).response["violations"]
        if violations:
            found[name] = [(v["id"], v["nodes"][0]["html"][:120]) for v in violations]
    page.close()
    assert found == {}


def test_nothing_scrolls_sideways_at_320_pixels(project: Path, address: str, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 800})
    wide = {}
    for name in pages(project):
        page.goto(f"{address}/{name}")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide[name] = width
    page.close()
    assert wide == {}


def test_tables_are_there_without_javascript(address: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/modes/calico-bgp.html")
    assert page.locator("table caption", has_text="median over 1 deployment").is_visible()
    assert page.locator("figure svg").first.is_visible()
    context.close()


def test_two_builds_are_equal_byte_for_byte(project: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(again)], cwd=project,
                   check=True, env=dict(variables()), capture_output=True)
    assert [p.relative_to(again) for p in sorted(again.rglob("*"))] == \
        [p.relative_to(project / "site") for p in sorted((project / "site").rglob("*"))]
    different = [p for p in again.rglob("*") if p.is_file() and p.suffix != ".gz"
                 and p.read_bytes() != (project / "site" / p.relative_to(again)).read_bytes()]
    assert different == []
