"""What MkDocs' strict build does not see: links in raw HTML, anchors, assets, requests to other hosts, broken HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

# Attributes by which a page makes the browser fetch something, without a click of the reader.
FETCHING = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"),
            ("audio", "src"), ("embed", "src"), ("object", "data"), ("use", "href"), ("image", "href")}
# Kinds of <link> that fetch nothing.
PASSIVE = {"canonical", "next", "prev", "alternate"}


@dataclass
class Page:
    """What a page refers to, and the anchors it offers."""

    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag refers to."""
        given = {name: value or "" for name, value in attrs}
        for name in ("id", "name"):
            if name in given and (name == "id" or tag == "a"):
                self.page.anchors.add(given[name])
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        passive = tag == "link" and set(given.get("rel", "").split()) <= PASSIVE
        for wanted, attribute in FETCHING:
            if tag == wanted and attribute in given and not passive:
                self.page.fetched.append(given[attribute])


def read(path: Path) -> Page:
    """A built page."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def problems(site: Path) -> list[str]:
    """Everything that is wrong with the built site, a sentence each."""
    pages = {path: read(path) for path in sorted(site.rglob("*.html"))}
    if not pages:
        return [f"{site} has no pages; build it first."]
    return [problem for path, page in pages.items() for problem in _of_page(site, path, page, pages)]


def _of_page(site: Path, path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    name = path.relative_to(site)
    for address in page.fetched:
        parts = urlsplit(address)
        if parts.netloc:
            yield f"{name}: asks {parts.netloc} for {address}"
        elif parts.scheme != "data" and not _target(site, path, parts.path).exists():
            yield f"{name}: {address} does not exist"
    for address in page.links:
        bare, anchor = urldefrag(address)
        parts = urlsplit(bare)
        if parts.scheme or parts.netloc:
            continue
        target = _target(site, path, parts.path) if parts.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.exists():
            yield f"{name}: the link {address} leads nowhere"
        elif anchor and target in pages and unquote(anchor) not in pages[target].anchors and path.name != "404.html":
            yield f"{name}: the link {address} has no such anchor"


def _target(site: Path, page: Path, address: str) -> Path:
    plain = unquote(address)
    # The 404 page is served from anywhere, so MkDocs writes its links from the root.
    return (site / plain.lstrip("/")) if plain.startswith("/") else (page.parent / plain).resolve()


def malformed(site: Path) -> Iterator[str]:
    """Pages that are not valid HTML to a parser that follows the standard (WHATWG HTML, 13.2: parse errors)."""
    from justhtml import JustHTML  # only here: nothing but `invoke check` needs it

    for path in sorted(site.rglob("*.html")):
        for error in JustHTML(path.read_text(encoding="utf-8"), collect_errors=True, sanitize=False).errors:
            yield f"{path.relative_to(site)}:{error.line}: {error.message or error.code}"
