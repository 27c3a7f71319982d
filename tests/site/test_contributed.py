"""Contributed figures stand apart, by ratios; oddities are marked; what was found out since stands beside the figures."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import standing, store
from experiments.results.model import Purpose
from experiments.results.standing import Record
from experiments.site import campaign_build, contributed, remarks, shelf, writer
from experiments.site.campaign_pages import Card, Ratio, ResultCard
from experiments.variant import Variant

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"


def _card(
    host: str, median: float, *, view: str = "speed", purpose: str = "contribution", protocol: str = "p2-standard",
    mode: str = "calico-bgp", flaw: str = "", local: bool = False,
) -> Card:
    ratio = Ratio(f"{view}/pod-pod/1/native", view, "1 stream", "t", 6, median, median * 0.99, median * 1.01)
    result = ResultCard(Variant(mode), 6, 0, f"{host}.{mode}", (), (ratio,))
    return Card(f"2026-11-26-{host}", local, purpose, "complete", "2026-11-26T00:00:00Z", "", "standard", protocol, (result,),
                flaw, host)


def _odd(*cards: Card) -> str:
    (first, *_) = [line for line in contributed.lines(cards) if line.card is cards[0]]
    return first.odd


def test_a_ratio_outside_of_what_all_other_hosts_gave_is_an_anomaly() -> None:
    others = (_card("b", 0.80, purpose="reference"), _card("c", 0.90))
    assert _odd(_card("a", 0.85), *others) == ""
    assert _odd(_card("a", 0.95), *others) == ""  # within a tenth of their range
    assert _odd(_card("a", 1.17), *others) == "anomaly: outside of what 2 other hosts gave, 0.792 to 0.909"
    assert _odd(_card("a", 0.60), *others).startswith("anomaly")
    assert _odd(_card("a", 1.17), others[0]) == "anomaly: outside of what 1 other host gave, 0.792 to 0.808"


def test_the_wire_leaves_less_room() -> None:
    assert _odd(_card("a", 0.93, view="wire"), _card("b", 0.94, view="wire")) == ""
    assert _odd(_card("a", 0.99, view="wire"), _card("b", 0.94, view="wire")).startswith("anomaly")


@pytest.mark.parametrize("other", [
    _card("a", 0.1), _card("b", 0.1, protocol="p1-standard"), _card("b", 0.1, mode="flannel-vxlan"),
    _card("b", 0.1, view="link"), _card("b", 0.1, flaw="not valid"), _card("b", 0.1, local=True),
], ids=["same host", "another protocol", "another mode", "another view", "refused", "this machine"])
def test_only_the_same_question_of_another_host_is_compared(other: Card) -> None:
    assert _odd(_card("a", 0.9), other) == "no other host yet"


def test_references_and_this_machine_are_no_lines() -> None:
    cards = [_card("a", 0.9), _card("b", 0.9, purpose="reference"), _card("c", 0.9, local=True), _card("d", 0.9, flaw="x")]
    assert [line.card.host for line in contributed.lines(cards)] == ["a"]


# -- through files and pages ------------------------------------------------------------------------------------------


def _project(root: Path, **files: str) -> Path:
    """What rendering reads, with a measured campaign that calls itself a reference."""
    shutil.copytree(ROOT / "docs" / "templates", root / "docs" / "templates")
    shutil.copytree(ROOT / "data" / "reported", root / "data" / "reported")
    shutil.copy(ROOT / "CHANGELOG.md", root)
    shutil.copy(ROOT / "docs" / "history.md", root / "docs")
    for name in ("2026-11-25-h9fa009-2", "2026-11-25-h9fa009"):
        shutil.copytree(ROOT / "data" / "campaigns" / name, root / "data" / "campaigns" / name)
    for name, text in files.items():
        (root / "data" / f"{name}.yml").write_text(text)
    writer.write(root)
    return root


def _signed(*names: str) -> str:
    digests = {name: store.read_campaign(ROOT / "data" / "campaigns" / name)[0].digest for name in names}
    return "campaigns:\n" + "".join(f"- {{campaign: {name}, digest: {digest}}}\n" for name, digest in digests.items())


BOTH = ("2026-11-25-h9fa009-2", "2026-11-25-h9fa009")


@pytest.mark.parametrize("purpose", ["contribution", "reference"])
def test_what_nobody_has_signed_off_stands_apart_whatever_it_calls_itself(tmp_path: Path, purpose: Purpose) -> None:
    root = _project(tmp_path, reference=_signed(BOTH[1]))
    folder = root / "data" / "campaigns" / BOTH[0]
    store.write_campaign(folder, replace(store.read_campaign(folder)[0], purpose=purpose))
    writer.write(root)
    page = (root / "generated" / "calico-bgp-global-measured.md").read_text()
    assert "Not measured yet" in page and "Reference:" not in page
    apart = page.partition('id="contributed"')[2]
    assert "h9fa009" in apart and "p2-standard" in apart and "bit/s" not in page
    assert "Reference: 2026-11-25-h9fa009," in (root / "generated" / "calico-bgp-measured.md").read_text()
    compare = (root / "generated" / "compare.md").read_text()
    assert BOTH[0] not in compare.partition('id="contributed"')[0]
    assert BOTH[0] in compare.partition('id="contributed"')[2]
    listed = (root / "docs" / "results" / "index.md").read_text()
    assert listed.index("## Contributed campaigns") < listed.index(f'<a href="{BOTH[0]}.html">')
    own = (root / shelf.BELOW / BOTH[0] / campaign_build.PAGES).read_text()
    assert "measured by somebody else on the host h9fa009" in own


def test_a_campaign_that_was_changed_since_is_signed_off_no_more(tmp_path: Path) -> None:
    root = _project(tmp_path, reference=_signed(*BOTH).replace("622973c6", "00000000"))
    assert "Reference:" not in (root / "generated" / "calico-bgp-global-measured.md").read_text()


RECORDS = """records:
- {campaign: 2026-11-25-h9fa009, kind: caveat, date: "2026-11-26", cells: [link/pod-pod], says: The shaper held a queue.}
- {campaign: 2026-11-25-h9fa009, kind: withdrawn, date: "2026-11-26", results: [calico-ipip@uml], says: The tunnel was off.}
- {campaign: 2026-11-25-h9fa009-2, kind: withdrawn, date: "2026-11-26", says: A wrong clock., instead: 2026-11-26-h9fa009}
"""


def test_what_was_found_out_stands_beside_the_figures_and_what_was_withdrawn_leaves_them(tmp_path: Path) -> None:
    root = _project(tmp_path, reference=_signed(*BOTH), records=RECORDS)
    page = (root / "generated" / "calico-bgp-measured.md").read_text()
    caveat = "Caveat on 2026-11-26 (Link, pod to pod): The shaper held a queue."
    rows = [line for line in page.splitlines() if line.startswith('<tr><th scope="row">')]
    assert [caveat in row for row in rows] == [row.startswith('<tr><th scope="row">Link') for row in rows]
    assert f"<p>{caveat}</p>" in page
    assert (root / "generated" / "calico-ipip-measured.md").read_text().startswith("<p>Not measured yet")
    assert (root / "generated" / "calico-bgp-global-measured.md").read_text().startswith("<p>Not measured yet")
    listed = (root / "docs" / "results" / "index.md").read_text()
    assert '<p class="pp-failed">Withdrawn on 2026-11-26: A wrong clock. Instead: 2026-11-26-h9fa009.</p>' in listed
    assert "<td>withdrawn</td>" in listed
    own = (root / shelf.BELOW / BOTH[0] / campaign_build.PAGES).read_text()
    assert "A wrong clock." in own and "deployment-6" in own, "nothing is deleted"
    assert "The tunnel was off." in (root / shelf.BELOW / BOTH[1] / campaign_build.PAGES).read_text()


def test_a_new_record_makes_pages_anew(tmp_path: Path) -> None:
    root = _project(tmp_path, reference=_signed(*BOTH))
    (root / "data" / "records.yml").write_text(RECORDS)
    writer.write(root)
    assert "The shaper held a queue." in (root / "generated" / "calico-bgp-measured.md").read_text()


@pytest.mark.parametrize(("name", "text", "says"), [
    ("reference", "campaigns: x", "reference.yml:1: campaigns"),
    ("reference", _signed(BOTH[0]) + _signed(BOTH[0]).partition("\n")[2], "stands here twice"),
    ("records", RECORDS.replace("caveat", "doubt"), "records.yml:2: records[0].kind is 'doubt'; allowed: withdrawn, corrected"),
    ("records", RECORDS.replace("says:", "because:"), "because"),
])
def test_a_broken_file_is_named(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / f"{name}.yml").write_text(text)
    with pytest.raises(UserError) as refusal:
        standing.read(tmp_path)
    assert says in str(refusal.value)


def test_a_record_speaks_of_whole_parts_of_a_key() -> None:
    record = Record("c", "caveat", "2026-11-26", "x", results=("a@uml",), cells=("link", "speed/pod-pod/1"))
    assert record.about("a@uml", "link/pod-pod/1/native") and record.about("a@uml", "speed/pod-pod/1/native")
    assert not record.about("a@uml", "speed/pod-pod/14/native") and not record.about("a", "link/pod-pod/1/native")
    assert remarks.sentence(record) == "Caveat on 2026-11-26 (a (User-Mode Linux); Link; Speed, one stream, pod to pod): x"
    withdrawn = replace(record, kind="withdrawn")
    assert not remarks.takes_back(withdrawn) and remarks.takes_back(withdrawn, "a@uml")


def test_the_project_s_own_files_are_whole() -> None:
    said = standing.read(ROOT / "data")
    campaigns = {path.parent.name for path in (ROOT / "data" / "campaigns").glob("*/campaign.yml")}
    assert set(said.signed) <= campaigns and {record.campaign for record in said.records} <= campaigns
    for name in said.signed:
        assert said.is_reference(store.read_campaign(ROOT / "data" / "campaigns" / name)[0])
