"""Campaigns are read once, the right ones are shown in full, and each gets its pages in the built site."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.errors import UserError
from experiments.paths import ROOT
from experiments.results import store
from experiments.site import campaign_build, contributed, frame, render, shelf, writer
from experiments.site.campaign_pages import Card, ResultCard
from experiments.site.templating import environment
from experiments.variant import EMBEDDED, Variant

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"


def _project(root: Path, campaigns: int) -> Path:
    """What rendering reads, with copies of a measured campaign under names of their own."""
    shutil.copytree(ROOT / "docs" / "templates", root / "docs" / "templates")
    shutil.copytree(ROOT / "data" / "reported", root / "data" / "reported")
    shutil.copy(ROOT / "CHANGELOG.md", root)
    shutil.copy(ROOT / "docs" / "history.md", root / "docs")
    campaign, results = store.read_campaign(SAMPLE)
    for number in range(1, campaigns + 1):
        folder = root / "data" / "campaigns" / f"{campaign.started_at[:10]}-copy-{number}"
        shutil.copytree(SAMPLE / "raw", folder / "raw")
        store.write_campaign(folder, replace(campaign, id=folder.name))
        for result in results:
            store.write_mode(folder, replace(result, campaign=folder.name))
    return root


def test_what_has_not_changed_is_not_made_again(tmp_path: Path) -> None:
    root = _project(tmp_path, 3)
    assert writer.write(root).changed > 3
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    again = writer.write(root)
    assert (again.changed, again.removed) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before


def test_another_mode_makes_nothing_anew_and_a_changed_one_what_names_it(tmp_path: Path) -> None:
    root = _project(tmp_path, 2)
    (tools, modes), named = (environment(root / "docs" / "templates"), catalog.load()), store.read_campaign(SAMPLE)[1][0].mode
    assert shelf.update(root, tools, modes).changed == 2
    other = replace(modes[named], name="of-somebody", short_title="Another")
    assert shelf.update(root, tools, {**modes, other.name: other}).changed == 0
    unnamed = next(name for name in modes if not any(name in file.name for file in store.mode_files(SAMPLE)))
    assert shelf.update(root, tools, {**modes, unnamed: replace(modes[unnamed], short_title="Another")}).changed == 0
    assert shelf.update(root, tools, {**modes, named: replace(modes[named], short_title="Another")}).changed == 2


def test_a_changed_a_new_and_a_removed_campaign_are_noticed(tmp_path: Path) -> None:
    root = _project(tmp_path, 3)
    writer.write(root)
    folder = root / "data" / "campaigns"
    names = sorted(path.name for path in folder.iterdir())
    campaign, _ = store.read_campaign(folder / names[0])
    store.write_campaign(folder / names[0], replace(campaign, status="aborted"))
    shutil.rmtree(folder / names[1])
    writer.write(root)
    made = root / shelf.BELOW
    assert sorted(path.name for path in made.iterdir()) == [names[0], names[2]]
    assert json.loads((made / names[0] / campaign_build.CARD).read_bytes())["card"]["status"] == "aborted"
    assert "aborted" in (root / "docs" / "results" / "index.md").read_text()


def test_the_site_is_given_copies_that_follow_their_originals(tmp_path: Path) -> None:
    root = _project(tmp_path, 1)
    (folder,) = (root / "data" / "campaigns").iterdir()
    copied = root / shelf.BELOW / folder.name / campaign_build.FILES
    for _ in range(2):
        writer.write(root)
        originals = [path for path in folder.rglob("*") if path.is_file()]
        assert len(originals) > 2
        for path in originals:
            copy = copied / path.relative_to(folder)
            assert copy.read_bytes() == path.read_bytes()
            assert copy.stat().st_ino != path.stat().st_ino
        path = folder / "calico-bgp.yml"
        store.write_mode(folder, replace(store.read_mode(path), implementation={"data plane": "another"}))


def test_nothing_is_published_but_what_podpath_wrote(tmp_path: Path) -> None:
    root = _project(tmp_path, 1)
    (folder,) = (root / "data" / "campaigns").iterdir()
    wanted = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for name in ("evil.html", "raw/evil.html", "raw/one-more.json.gz", "raw/.hidden", "x.svg"):
        (folder / name).write_bytes(b"<script>podpathEvil()</script>")
    (folder / "raw" / "link.json.gz").symlink_to("/etc/passwd")
    path = folder / "calico-bgp.yml"
    path.write_text(f"# <script>podpathEvil()</script>\n{path.read_text()}# somebody@company.com\n")
    changed = folder / store.read_mode(path).deployments[0].trials[0].raw["path"]  # type: ignore[index]
    changed.write_bytes(b"<script>podpathEvil()</script>")
    del wanted[changed.relative_to(folder).as_posix()]
    writer.write(root)
    published = root / shelf.BELOW / folder.name / campaign_build.FILES
    assert {path.relative_to(published).as_posix(): path.read_bytes() for path in published.rglob("*")
            if path.is_file()} == wanted


def test_a_campaign_under_another_s_name_takes_no_page(tmp_path: Path) -> None:
    root = _project(tmp_path, 1)
    (folder,) = (root / "data" / "campaigns").iterdir()
    shutil.copytree(folder, folder.with_name("2026-11-24-thief"))
    with pytest.raises(UserError, match=r"2026-11-24-thief/campaign\.yml: id is '2026-11-24-copy-1'"):
        writer.write(root)


def test_links_are_no_campaigns_and_one_s_own_contribution_is_there_once(tmp_path: Path) -> None:
    root = _project(tmp_path, 1)
    (folder,) = (root / "data" / "campaigns").iterdir()
    (folder.parent / "2026-11-24-link").symlink_to(folder)
    (folder.parent / "2026-11-24-root").symlink_to("/")
    shutil.copytree(folder, root / "data" / "local" / folder.name)
    writer.write(root)
    assert [path.name for path in (root / shelf.BELOW).iterdir()] == [folder.name]
    card = json.loads((root / shelf.BELOW / folder.name / campaign_build.CARD).read_bytes())["card"]
    assert card["local"] is False
    assert writer.write(root).changed == 0


def test_the_list_is_cut_and_the_table_names_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "LISTED", 2)
    root = _project(tmp_path, 3)
    writer.write(root)
    page = (root / "docs" / "results" / "index.md").read_text()
    assert "the newest 2 of 3" in page
    rows = json.loads((root / "docs" / "results" / "tables" / "campaigns.json").read_text())
    assert len(rows) == 3 * len(store.mode_files(SAMPLE))
    listed = [row["page"] for row in rows if row["page"] in page]
    assert listed and len(set(listed)) < len(rows)


def test_a_damaged_remembrance_is_made_again(tmp_path: Path) -> None:
    root = _project(tmp_path, 1)
    writer.write(root)
    (card,) = (root / shelf.BELOW).glob(f"*/{campaign_build.CARD}")
    whole = card.read_bytes()
    card.write_bytes(whole[:100])
    writer.write(root)
    assert card.read_bytes() == whole


def test_a_broken_result_is_named_though_another_page_could_be_made(tmp_path: Path) -> None:
    root = _project(tmp_path, 2)
    writer.write(root)
    broken = next((root / "data" / "campaigns").glob("*-copy-2/calico-bgp.yml"))
    broken.write_text("schema: [")
    with pytest.raises(UserError, match=r"copy-2/calico-bgp\.yml"):
        writer.write(root)


def _card(
    number: int, purpose: str, status: str, *, local: bool = False, kernel: str = "host", daemon: str = ""
) -> Card:
    result = ResultCard(Variant("calico-bgp", EMBEDDED, kernel, daemon), 1, 0, f"c{number}.calico-bgp", ())
    return Card(f"c{number}", local, purpose, status, f"2026-01-{number:02d}T00:00:00Z", "", "quick", "p2-quick", (result,))


def test_the_newest_reference_is_shown_in_full_and_the_rest_is_listed() -> None:
    cards = [_card(1, "reference", "complete"), _card(2, "reference", "complete"), _card(3, "reference", "partial"),
             _card(4, "contribution", "complete"), _card(5, "experiment", "complete", local=True),
             _card(6, "reference", "complete", kernel="uml")]
    assert set(shelf.chosen(cards)) == {"c2", "c5", "c6"}
    assert [card.id for card, _ in shelf.others(cards, ("calico-bgp",))] == ["c3", "c1"]
    assert [card.id for card in cards if contributed.is_contributed(card)] == ["c4"]
    assert shelf.others(cards, ("weave-sleeve",)) == []


def test_a_newer_result_of_upstream_s_daemon_does_not_replace_ours() -> None:
    cards = [_card(1, "reference", "complete"), _card(2, "reference", "complete", daemon="upstream")]
    assert shelf.chosen(cards) == {"c1": {Variant("calico-bgp")},
                                   "c2": {Variant("calico-bgp", daemon="upstream")}}
    assert shelf.others(cards, ("calico-bgp",)) == []


@given(st.lists(st.tuples(st.sampled_from(["reference", "contribution", "experiment"]),
                          st.sampled_from(["complete", "partial", "aborted"]), st.booleans()), max_size=20))
def test_every_result_is_shown_in_full_or_listed_or_stands_apart(kinds: list[tuple[str, str, bool]]) -> None:
    cards = [_card(number, purpose, status, local=local) for number, (purpose, status, local) in enumerate(kinds, 1)]
    full = set(shelf.chosen(cards))
    listed = {card.id for card, _ in shelf.others(cards, ("calico-bgp",))}
    apart = {card.id for card in cards if contributed.is_contributed(card)}
    assert not (full | listed) & apart
    listed |= apart
    assert full | listed == {card.id for card in cards}
    assert not full & listed
    assert len(full) <= 2


def test_each_campaign_s_pages_stand_in_the_frame_and_in_the_sitemap(tmp_path: Path) -> None:
    root = _project(tmp_path / "project", 2)
    writer.write(root)
    site = tmp_path / "site"
    (site / "results" / "tables").mkdir(parents=True)
    empty = site / "results" / f"{frame.NAME}.html"
    empty.write_text(f"<title>{frame.TITLE}</title>{frame.BODY}")
    entry = "    <url>\n         <loc>https://example.org/{}.html</loc>\n    </url>\n"
    (site / "sitemap.xml").write_text("<urlset>\n" + entry.format("index") + entry.format(f"results/{frame.NAME}")
                                      + entry.format("glossary") + "</urlset>\n")
    frame.fill(root, site)
    assert not empty.exists()
    pages = sorted(path.stem for path in (site / "results").glob("*.html"))
    assert len(pages) == 2 * (1 + len(store.mode_files(SAMPLE)))
    sitemap = (site / "sitemap.xml").read_text()
    assert sitemap.count("<url>") == len(pages) + 2
    assert all(f"results/{page}.html" in sitemap for page in pages)
    for page in pages:
        text = (site / "results" / f"{page}.html").read_text()
        assert "PODPATH-" not in text
    for folder in (root / "data" / "campaigns").iterdir():
        assert (site / "results" / folder.name / "campaign.yml").read_bytes() == (folder / "campaign.yml").read_bytes()
        assert (site / "results" / "tables" / f"{folder.name}-trials.csv").is_file()


def test_many_are_made_by_several_processes_into_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, several = _project(tmp_path / "one", 5), _project(tmp_path / "several", 5)
    writer.write(one)
    monkeypatch.setattr(campaign_build, "MANY", 5)
    monkeypatch.setattr(campaign_build.os, "sched_getaffinity", lambda _: {0, 1})
    writer.write(several)
    names = [path.relative_to(one) for path in sorted(one.glob(f"{shelf.BELOW}/**/*")) if path.is_file()]
    assert len(names) > 5
    for name in names:
        if name.name != campaign_build.CARD:  # its key has the times of the files
            assert (one / name).read_bytes() == (several / name).read_bytes(), name
    (broken, *_) = sorted((several / "data" / "campaigns").glob("*/campaign.yml"))
    broken.write_text(broken.read_text().replace("id:", "ie:"))
    shutil.rmtree(several / shelf.BELOW)
    with pytest.raises(UserError, match="ie"):
        writer.write(several)
