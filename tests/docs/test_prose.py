"""The hand-written pages: every mode has one, in one order, every statement on it has a source, nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from experiments import catalog
from experiments.catalog import limits, pending
from experiments.paths import MODES as MODES_FOLDER
from experiments.paths import ROOT
from experiments.results import reported
from experiments.site import claims, mode_pages
from experiments.site.render import render
from experiments.site.shelf import Shelf
from experiments.site.templating import environment

DOCS = ROOT / "docs"
MODES = list(catalog.load().values())
NAMES = [mode.name for mode in MODES]
OTHER_PAGES = sorted(path for path in DOCS.rglob("*.md")
                     if not {"results", "templates", "overrides"} & set(path.relative_to(DOCS).parts))
PAGES = [*OTHER_PAGES, *sorted(MODES_FOLDER.glob("*/page.md"))]
FRAGMENTS = [*filter(None, mode_pages.SECTIONS.values())]


def name_of(path: Path) -> str:
    return path.parent.name if path.name == pending.PAGE else path.stem


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def mode_page(name: str) -> str:
    found = mode_pages.pages(ROOT)[mode_pages.address(name)]
    return found if isinstance(found, str) else found.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_stands_in_the_order_of_all_pages(name: str) -> None:
    text = mode_page(name).replace(pending.TO_COME, "")
    assert re.findall(r"^## (.*)$", text, re.M) == list(mode_pages.SECTIONS)
    assert re.findall(rf'^--8<-- "{name}-(\w+)\.md"$', text, re.M) == FRAGMENTS
    assert len(re.findall(r'^--8<-- "(?!model-)', text, re.M)) == len(FRAGMENTS)  # drawings of the model may stand between
    assert text.index("--8<--") < text.index("## In short")  # one looks first


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_about_a_mode_has_a_source(name: str) -> None:
    text = mode_page(name)
    found = claims.parse(text, name)
    assert len(found.statements) > 15 or pending.unwritten(text)
    assert [(s.line, s.text) for s in found.uncovered] == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_note_is_used_defined_and_founded(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    used, defined = set(claims.MARK.findall(text)), re.findall(r"^\[\^([\w-]+)\]:", text, re.M)
    assert used == set(defined) and len(defined) == len(set(defined))
    assert claims.parse(text, path.name).unfounded == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_notes_are_defined_in_the_order_in_which_they_appear(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    body = text.split("///Footnotes Go Here///")[0]
    assert re.findall(r"^\[\^([\w-]+)\]:", text, re.M) == list(dict.fromkeys(claims.MARK.findall(body)))


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_says_what_it_is(path: Path) -> None:
    front = yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])
    assert 40 < len(front["description"]) <= 170


def test_attestations_that_are_named_exist() -> None:
    """A note that says "attested by `pod.ttl`" names a check that the code really makes."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "experiments").rglob("*.py"))
    named = set()
    for path in PAGES:
        for sentence in re.findall(r"[Aa]ttested by ([^.;:]*(?:`[^`]+`[^.;:]*)+)", path.read_text(encoding="utf-8")):
            named |= set(re.findall(r"`([a-z_]+\.[a-z_.*]+)`", sentence))
    assert {"pod.ttl", "packet.headers", "mtu.fits", "route.gateway"} <= named
    assert [name for name in sorted(named) if name.rstrip("*") not in code] == []


def test_every_link_to_a_repository_names_a_version() -> None:
    for path in PAGES:
        for address in re.findall(r"https://github\.com/[^)\s]+/blob/([^/)]+)/", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"(?:v|go)\d+\.\d+\.\d+|[0-9a-f]{7,40}|master", address), (path, address)


def test_only_the_kernel_and_one_file_are_linked_without_a_version() -> None:
    unversioned = {address for path in PAGES for address in
                   re.findall(r"https://github\.com/([^)\s]+)/blob/master/", path.read_text(encoding="utf-8"))}
    assert unversioned <= {"torvalds/linux", "projectcalico/calico"}


def test_lines_of_the_model_are_not_typed() -> None:
    """Limits come by fragments; prose may only repeat the few figures that it argues with."""
    typed = {f"{line.goodput_bps() / 1e6:.1f}" for line in limits.HISTORY}
    for path in PAGES:
        text = re.sub(r"\[[^\]]*\]\([^)]*\)", "", path.read_text(encoding="utf-8"))
        assert len(typed & set(re.findall(r"\b\d{3}\.\d\b", text))) <= 2, path


# The note of 2018: what it names and what it links (shortened to what tells the links apart).
NOTE_WORDS = ["IPIP", "node-to-node BGP mesh", "global or node-specific", "BIRD", "fewer than 50", "docker0",
              "flannel0", "flanneld", "tun", "VXLAN", "Fast data path", "Sleeve", "virtual Ethernet switch",
              "No external cluster store", "partially connected", "Open vSwitch", "iperf", "cloud"]
NOTE_FIGURES = ["1.07 GBytes 920", "1.09 GBytes 937", "1.04 GBytes 894", "1.05 GBytes 895", "814 MBytes 683",
                "829 MBytes 694"]
NOTE_LINKS = ["reference/architecture/`", "architecture/components", "architecture/data-path", "l2-interconnect-fabric",
              "l3-interconnect-fabric", "kubernetes-flannel-networking-6a1cb1f8ec7c", "network_plugins.html",
              "enakai/how-vxlan-works-on-linux", "2013-linuxcon.pdf", "fastdp-how-it-works", "net/latest/overview/`",
              "overview/features", "concepts/how-it-works", "weave-docker-networking-performance-fast-data-path"]


def test_nothing_of_the_note_of_2018_is_left_out() -> None:
    text = page("note-2018.md")
    assert [w for w in [*NOTE_WORDS, *NOTE_FIGURES, *NOTE_LINKS] if w.lower() not in text.lower()] == []


def test_every_mode_is_on_the_pages_that_speak_of_all() -> None:
    jinja = environment(DOCS / "templates")
    modes, empty = catalog.load(), Shelf((), (), (), 0, 0)
    made = render(jinja, modes, catalog.variants(), empty, reported.load_all(ROOT / "data" / "reported"))
    for name in ("choose", "model-encapsulation", "model-limits"):
        assert [mode for mode in NAMES if f'href="modes/{mode}.html"' not in made[f"generated/{name}.md"]] == []


def test_the_note_s_own_modes_are_linked_from_it() -> None:
    linked = set(re.findall(r"modes/([a-z-]+)\.md", page("note-2018.md")))
    assert linked <= set(NAMES) and len(linked) == 8


def test_every_page_stands_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [str(p.relative_to(DOCS)) for p in OTHER_PAGES if str(p.relative_to(DOCS)) not in text] == []
    (filled,) = [group["Modes"] for group in mode_pages.navigation([{"Modes": []}, "x.md"], ROOT) if isinstance(group, dict)]
    assert sorted(address for entry in filled for address in entry.values()) == sorted(mode_pages.pages(ROOT))
    shown = [address.removeprefix("modes/").removesuffix(".md") for entry in filled for address in entry.values()]
    assert [name for name in shown if name.startswith("flannel")][-1] == "flannel-udp"  # after those of the kernel
    assert "modes/" not in text.split("nav:")[1]
