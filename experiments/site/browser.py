"""What only a browser sees: where requests go, accessibility in both palettes, width at 320 pixels, no scripts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from experiments.site.static_host import served

TABS = 8
SAMPLED = 5  # one page of so many that one template has made
# Of our own content: text in a box that hides what is wider, and words of a drawing that reach beyond its edge.
CUT_OFF = """() => {
  const found = [];
  for (const box of document.querySelectorAll(".md-content *")) {
    if (box.closest("svg, .headerlink, [hidden]") || !["hidden", "clip"].includes(getComputedStyle(box).overflowX)) continue;
    if (box.clientWidth > 1 && box.scrollWidth > box.clientWidth + 1 && box.innerText && box.innerText.trim()) {
      found.push(box.className + ": " + box.innerText.trim().slice(0, 60));
    }
  }
  for (const words of document.querySelectorAll(".md-content figure svg text")) {
    const inside = words.getBoundingClientRect(), whole = words.ownerSVGElement.getBoundingClientRect();
    if (inside.width && (inside.left < whole.left - 2 || inside.right > whole.right + 2)) {
      found.push("drawing: " + words.textContent.trim().slice(0, 60));
    }
  }
  return found.slice(0, 5);
}"""
WIDTHS_PX = (320, 768, 1280)
NARROW_PX = 320  # WCAG 2.2, 1.4.10: reflow
# Chromium's own conversations with its maker, and the sandbox that a container has no rights for.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]
# The theme gives every code block a nav without a name; a best practice of axe's, not a failure of WCAG.
# What passed is not asked for: axe would describe every element of every page.
AXE_OPTIONS: dict[str, Any] = {"rules": {"landmark-unique": {"enabled": False}}, "resultTypes": ["violations"]}
# The rules that look at colours. All others see the same page in both palettes, and are asked once, in the light one.
COLOUR_OPTIONS: dict[str, Any] = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
PALETTES = {"light": AXE_OPTIONS, "dark": COLOUR_OPTIONS}


def missing() -> str:
    """Why no browser can be used here; empty if one can."""
    if shutil.which("chromium") is None:
        return "Chromium is not installed: `invoke setup --tests`"
    if find_spec("playwright") is None or find_spec("axe_playwright_python") is None:
        return "playwright or axe is not installed: `pip install -r requirements.lock`"
    return ""


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of Debian's, driven by playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        try:
            yield launched
        finally:
            launched.close()


def pages(site: Path) -> list[str]:
    """The pages, but the one for what is not there: it is served from any depth."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html") if path.name != "404.html")


def of_each_kind(names: Sequence[str]) -> list[str]:
    """All pages; but of those that one template has made from results, one of five.

    By the dots in their names a campaign's own page, a result's and one of another kernel or daemon are told apart.
    """
    results = [name for name in names if name.startswith("results/")]
    alike: dict[int, list[str]] = {}
    for name in results:
        alike.setdefault(name.count("."), []).append(name)
    sampled = {name for own in alike.values() for name in own[::SAMPLED]}
    return [name for name in names if name not in results or name in sampled]


def problems(site: Path) -> list[str]:
    """Everything that is wrong, a sentence each."""
    with served(site) as address, chromium() as browser:
        return [*wrong_requests(browser, site, address), *too_wide(browser, site, address),
                *empty_without_scripts(browser, site, address),
                *(line for scheme in PALETTES for line in violations(browser, site, address, scheme))]


def wrong_requests(browser: Any, site: Path, address: str) -> Iterator[str]:
    """Pages that ask another host for something, or this one for what it does not have; what goes elsewhere is never sent."""
    found: dict[str, list[str]] = {}
    shown: dict[Any, str] = {}  # which page each tab shows

    def refuse(route: Any) -> None:
        found[shown[route.request.frame.page]].append(f"asks for {route.request.url}")
        route.abort()

    def note(response: Any) -> None:
        if response.status >= HTTPStatus.BAD_REQUEST:
            found[shown[response.frame.page]].append(f"asks for {response.url}, which is not there ({response.status})")

    every = pages(site)
    tabs = [browser.new_page() for _ in every[:TABS]]  # the same for all pages: a new one costs more than what it shows
    for tab in tabs:
        tab.route(lambda url: not url.startswith((address, "data:")), refuse)
        tab.on("response", note)
    for first in range(0, len(every), TABS):
        # A page is done when nothing has moved for half a second: several wait together.
        shown = dict(zip(tabs, every[first:first + TABS], strict=False))
        found = {name: [] for name in shown.values()}
        for tab, name in shown.items():
            tab.goto(f"{address}/{name}", wait_until="commit")
        for tab in shown:
            tab.wait_for_load_state("networkidle")
        yield from (f"{name}: {line}" for name, lines in found.items() for line in lines)
    for tab in tabs:
        tab.close()


def too_wide(browser: Any, site: Path, address: str) -> Iterator[str]:
    """Pages that scroll sideways on a screen of any width, or that cut words off."""
    page = browser.new_page(viewport={"width": NARROW_PX, "height": 800})
    for name in pages(site):
        page.goto(f"{address}/{name}")
        page.add_style_tag(content="* { transition: none !important; animation: none !important; }")  # or it is still moving
        for width in WIDTHS_PX:
            page.set_viewport_size({"width": width, "height": 800})
            needed = page.evaluate("document.documentElement.scrollWidth")
            if needed > width:
                yield f"{name}: {needed} pixels wide on a screen of {width}"
            yield from (f"{name}: on a screen of {width} pixels this is cut off: {words}" for words in page.evaluate(CUT_OFF))
        page.set_viewport_size({"width": NARROW_PX, "height": 800})
    page.close()


def empty_without_scripts(browser: Any, site: Path, address: str) -> Iterator[str]:
    """Pages whose heading cannot be seen with JavaScript off."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for name in pages(site):
        page.goto(f"{address}/{name}")
        if not page.locator("h1").first.is_visible():
            yield f"{name}: shows no heading without JavaScript"
    context.close()


def violations(browser: Any, site: Path, address: str, scheme: str) -> Iterator[str]:
    """What axe-core finds in one palette (``light`` or ``dark``); in the dark one, of colours only, on a page of each kind."""
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(color_scheme=scheme)
    for name in pages(site) if scheme == "light" else of_each_kind(pages(site)):
        page.goto(f"{address}/{name}")
        for found in Axe().run(page, options=PALETTES[scheme]).response["violations"]:
            yield f"{name}: {found['id']} ({scheme}): {found['nodes'][0]['html'][:120]}"
    page.close()
