"""The parts of the page about failures: drawn, linked and escaped, from what a file says."""

from __future__ import annotations

import re
from dataclasses import replace

from experiments import catalog
from experiments.evidence import Check, Header, Packet
from experiments.paths import ROOT
from experiments.results.failure_model import Failures, Incident, Pair, Seen, Way
from experiments.site import failures
from experiments.site.templating import environment

JINJA = environment(ROOT / "docs" / "templates")
MODES = catalog.load()
PACKET = Packet("node1", 98, (Header("ipv4", 14, 20, {"source": "172.31.0.1", "destination": "172.31.0.2"}),), hex="00")


def incident(mode: str, first_lost_s: float | None, again_s: float | None, way: str) -> Incident:
    pairs = (Pair(source="pod1", target="pod2", pings=20, lost=0),
             Pair(source="pod2", target="pod3", pings=20, lost=0),
             Pair(source="pod1", target="pod3", pings=20, lost=0 if first_lost_s is None else 5, first_lost_s=first_lost_s,
                  connected_again_s=again_s))
    return Incident(mode=mode, event="cut", kernel="host", nodes=3, status="ok", watched_s=70.0, pairs=pairs,
                    tables=(Seen(at_s=0.1, says="2 of 2 peers answer"), Seen(at_s=60.0, says="1 of 2 peers answer")),
                    ways=(Way(when="before", way="direct"), Way(when="during", way=way)),  # type: ignore[arg-type]
                    checks=(Check("way.before", "direct", "direct", True, "ping", "pod1"),), packets=(PACKET, PACKET, PACKET))


FOUND = Failures(schema="podpath/failures/1", id="2026-11-26-h000001", started_at="2026-11-26T12:00:00Z",
                 generator={"version": "0.1.0"}, host={"slug": "h000001"},
                 incidents=(incident("weave-sleeve", 0.9, 58.0, "by node2"), incident("calico-bgp", 0.9, None, "none"),
                            incident("flannel-vxlan", None, None, "direct")))


def test_every_figure_names_its_place_in_the_file() -> None:
    part = failures.fragments(JINJA, [FOUND], MODES)["failures-cut.md"]
    place = r'data-source="failures/2026-11-26-h000001\.yml#incidents\[(\d)\]\.pairs\[2\]\.(\w+)" data-value="([^"]+)"'
    links = re.findall(place, part)
    assert sorted(links) == [("0", "connected_again_s", "58.0"), ("0", "first_lost_s", "0.9"), ("1", "first_lost_s", "0.9")]
    assert part.index("calico-bgp") < part.index("weave-sleeve")  # the catalogue's order
    assert "not within 70 s" in part


def test_the_timeline_follows_the_times() -> None:
    drawn = failures.timeline("cut", FOUND.incidents, {})
    assert drawn is not None
    whole, never, kept = drawn.bars
    assert len(whole.answered) == 2 and len(whole.lost) == 1 and len(whole.marks) == 1
    assert len(never.answered) == 1 and len(never.lost) == 1
    assert kept.lost == () and kept.said == "all answered for 70 s"
    later = failures.timeline("cut", [incident("weave-sleeve", 0.9, 30.0, "by node2")], {})
    assert later is not None and later.bars[0].lost[0][1] < whole.lost[0][1]
    assert failures.timeline("cut", [], {}) is None


def test_what_was_not_run_says_why_and_text_stays_text() -> None:
    odd = Incident(mode="flannel-vxlan", event="daemon", kernel="host", nodes=3, status="not-run", reason="<b>no</b> process")
    part = failures.fragments(JINJA, [replace(FOUND, incidents=(odd,))], MODES)["failures-daemon.md"]
    assert "not run, because &lt;b&gt;no&lt;/b&gt; process" in part


def test_the_way_round_is_shown_header_by_header() -> None:
    part = failures.fragments(JINJA, [FOUND], MODES)["failures-relayed.md"]
    assert "source 172.31.0.1, destination 172.31.0.2" in part
    assert part.count("<table") == 1  # only of those that went round


def test_without_a_file_the_page_says_how_to_make_one() -> None:
    parts = failures.fragments(JINJA, [], MODES)
    assert "invoke fail all --event silent --store" in parts["failures-silent.md"]
    assert failures.rows([]) == []
    assert len(failures.rows([FOUND])) == 9
