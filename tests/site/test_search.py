"""The search of the built site finds what people type, asked as they ask: in the search box of a page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from experiments.site import search_text

in_a_browser = [
    pytest.mark.browser,
    pytest.mark.lab,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium here: `invoke setup --tests`"),
]
FIRST = 3  # results that are seen without scrolling
EXPECTED = {
    # modes, by the names that people use
    "calico ipip": "modes/calico-ipip.html",
    "flannel udp": "modes/flannel-udp.html",
    "weave sleeve": "modes/weave-sleeve.html",
    "fast data path": "modes/weave-fastdp.html",
    "route reflector": "modes/calico-bgp-global.html",
    "bgp mesh": "modes/calico-bgp.html",
    # messages and symptoms
    "message too long": "symptoms.html",
    "no route to host": "symptoms.html",
    "not ready": "symptoms.html",
    "BIRD is not ready: BGP not established with 172.31.0.2": "modes/calico-bgp.html",
    "too many open files": "symptoms.html",
    "bad udp cksum": "modes/flannel-vxlan.html",
    "IP allocation was seeded by different peers": "modes/weave-fastdp.html",
    "birdcl show protocols": "modes/calico-bgp.html",
    # numbers of packets
    "port 8285": "modes/flannel-udp.html",
    "6784": "modes/weave-fastdp.html",
    "1450": "modes/flannel-vxlan.html",
    "mtu 1376": "modes/weave-sleeve.html",
    "flannel.1": "modes/flannel-vxlan.html",
    # what is not measured
    "cilium": "scope.html",
    "ipv6": "scope.html",
    "ebpf": "scope.html",
    "wireguard": "scope.html",
    "windows": "scope.html",
    "macos": "scope.html",
    # tasks
    "how to add a mode": "method/contribute.html",
    "submit results": "method/contribute.html",
    "run without docker": "method/labs.html",
    "which mode is my cluster": "which-mode.html",
    # concepts
    "vxlan header": "modes/flannel-vxlan.html",
    "noise floor": "method/index.html",
    "pair ratio": "method/index.html",
}
FOREMOST = ("calico ipip", "flannel udp", "weave sleeve", "fast data path")  # whoever names a mode wants its page


@pytest.fixture
def searching(address: str, browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(f"{address}/index.html")
    # A question that comes before the index has been read is answered with nothing, and never asked again.
    page.locator(".md-search-result__meta", has_text="Type to start searching").wait_for(state="attached")
    page.locator(".md-search__input").click()
    yield page
    page.close()


def _found(page: Page, query: str) -> list[str]:
    """The pages that the search box lists for a query, in its order. It is emptied before, so no answer is an older one's."""
    box, results = page.locator(".md-search__input"), page.locator(".md-search-result__item")
    for text, state in (("", "detached"), (query, "attached")):
        box.fill(text)
        box.press("End")  # the theme asks when a key goes up
        results.first.wait_for(state=state)  # type: ignore[arg-type]
    links = page.eval_on_selector_all(".md-search-result__item", "all => all.map(one => one.querySelector('a').pathname)")
    return [str(link).lstrip("/") for link in links]


class TestInABrowser:
    pytestmark = in_a_browser

    def test_each_query_has_its_page_among_the_first(self, searching: Page) -> None:
        missed = {}
        for query, page in EXPECTED.items():
            found = _found(searching, query)[:FIRST]
            if page not in found:
                missed[query] = found
        assert missed == {}

    @pytest.mark.parametrize("query", FOREMOST)
    def test_a_modes_name_leads_to_its_page_first(self, query: str, searching: Page) -> None:
        assert _found(searching, query)[0] == EXPECTED[query]


@pytest.mark.slow
def test_words_of_different_cells_stay_apart_in_the_index(project: Path) -> None:
    index = json.loads((project / "site" / "search" / "search_index.json").read_text())
    texts = {entry["location"]: " ".join(entry["text"].split()) for entry in index["docs"]}
    facts = texts["modes/flannel-udp.html#in-short"]
    assert "Encapsulation UDP, with the packet as it is (UDP port 8285), handled in user space Overhead between" in facts
    assert "TTL at the pod, sent with 64 60 Most that TCP can reach" in facts
    headers = texts["modes/flannel-vxlan.html#the-headers"]
    assert "header offset length fields Ethernet, node to node 0 14 destination" in headers
    run_together = {place: found for place, text in texts.items()
                    if (found := re.findall(r"(?:MTU|TTL|bytes|kernel|packet)(?=[A-Z0-9])\w+", text))}
    assert run_together == {}


@pytest.mark.slow
def test_drawings_bytes_transcripts_and_the_pages_of_campaigns_are_not_in_the_index(project: Path) -> None:
    index = json.loads((project / "site" / "search" / "search_index.json").read_text())
    assert not [entry["location"] for entry in index["docs"] if re.match(r"results/(?!index\.html)", entry["location"])]
    everything = " ".join(entry["text"] for entry in index["docs"])
    assert "Path of a packet: Flannel" not in everything  # the title of a drawing
    assert "lab# ip netns add underlay" not in everything
    assert not re.search(r"(?:\b[0-9a-f]{2} ){8}", everything)


def test_cells_end_with_a_blank_and_empty_ones_stay_empty() -> None:
    html = '<tr><th>a</th><td class="x">b</td><td></td><td class="y"></td><td>c </td></tr><dt>d</dt><option>e</option>'
    assert search_text.prepared(html) == (
        '<tr><th>a </th><td class="x">b </td><td></td><td class="y"></td><td>c </td></tr><dt>d </dt><option>e </option>')
    assert search_text.prepared("<pre>a<span>b</span></pre>") == "<pre>a<span>b</span></pre>"


def test_what_is_not_read_is_marked() -> None:
    assert search_text.prepared('<svg class="a"><text>1</text></svg>') == (
        '<svg data-search-exclude="true" class="a"><text>1</text></svg>')
    assert "exclude" not in search_text.prepared('<pre class="pp-output">ip route</pre><p class="pp-pending">a</p>')


def test_modes_count_more_than_what_mentions_them() -> None:
    assert search_text.weight("modes/calico-bgp.md") > search_text.weight("choose.md") == 1.0
    assert search_text.weight("choose.md") > search_text.weight("method/format.md")
