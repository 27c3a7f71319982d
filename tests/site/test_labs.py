"""Results of different labs stand side by side and are never mixed: not in a table, not in a comparison, not in a noise floor.

The results are a measured campaign's, copied under the names of other labs with every goodput multiplied, so that a figure that
strays shows. No cluster was started for them.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import catalog
from experiments.paths import ROOT
from experiments.results import noise_floor, store, summary
from experiments.results.checks.report import Report
from experiments.results.comparison import compare
from experiments.results.model import ModeResult, Trial
from experiments.results.standing import Standing
from experiments.site import campaign_build, campaign_pages, campaign_words, entries, render, writer
from experiments.site.tables import LABS
from experiments.site.templating import environment
from experiments.variant import EMBEDDED

SAMPLE = ROOT / "tests" / "golden" / "results" / "version-1"
FACTOR = {"netns": 1, "containerlab": 2, "kind": 4, "cluster": 8}


def _in_lab(result: ModeResult, lab: str, mode: str = "") -> ModeResult:
    def trial(found: Trial) -> Trial:
        factor = FACTOR[lab]
        return replace(found, goodput_bps=found.goodput_bps * factor if found.goodput_bps else None)

    deployments = tuple(replace(d, trials=tuple(map(trial, d.trials))) for d in result.deployments)
    moved = replace(result, lab=lab, mode=mode or result.mode, deployments=deployments)
    return replace(moved, summary=summary.summarise(moved))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("labs")
    shutil.copytree(ROOT / "docs" / "templates", root / "docs" / "templates")
    shutil.copytree(ROOT / "data" / "reported", root / "data" / "reported")
    shutil.copy(ROOT / "CHANGELOG.md", root)
    shutil.copy(ROOT / "docs" / "history.md", root / "docs")
    campaign, (result,) = store.read_campaign(SAMPLE)
    folder = root / "data" / "campaigns" / campaign.id
    shutil.copytree(SAMPLE / "raw", folder / "raw")
    results = [_in_lab(result, lab) for lab in LABS]
    # A cluster tells nothing of some things; the pages must do without them.
    host = {"slug": "c123456", "absent": {"kernel": "a cluster does not tell it"}}
    floor = noise_floor.of_campaign(results)
    store.write_campaign(folder, replace(campaign, purpose="reference", host=host, noise_floor=floor))
    for one in results:
        store.write_mode(folder, one)
    signed = store.read_campaign(folder)[0].digest
    (root / "data" / "reference.yml").write_text(f"campaigns: [{{campaign: {campaign.id}, digest: {signed}}}]\n")
    with pytest.MonkeyPatch.context() as patch:
        # It would refuse figures that are not those of the tools' outputs, and the site would not show them.
        patch.setattr(campaign_build, "validate_alone", lambda folder: (Report(), None))
        writer.write(root)
    return root


def _lab_of(source: str) -> str:
    """The lab whose file a figure comes from."""
    found = re.search(r"/calico-bgp(?:@(\w+))?\.yml#", source)
    assert found, source
    return found[1] or "netns"


def test_each_lab_has_a_table_of_its_own_on_the_mode_s_page(project: Path) -> None:
    text = (project / "generated" / "calico-bgp-measured.md").read_text()
    parts = re.split(r"(?=<h3 )", text)[1:]
    assert [re.search(r"(\w+) lab", part)[1] for part in parts] == list(LABS)  # type: ignore[index]
    for part, lab in zip(parts, LABS, strict=True):
        sources = re.findall(r'data-source="([^"]+)"', part)
        assert sources and {_lab_of(source) for source in sources} == {lab}
        assert f"{lab} lab, host&#39;s kernel: median over" in part
        assert part.count("<table>") == 1


def test_a_line_of_the_comparison_names_its_lab(project: Path) -> None:
    text = (project / "generated" / "compare.md").read_text()
    rows = re.findall(r'<tr data-view.*?</tr>', text, re.S)
    assert len(rows) >= len(LABS)
    for row in rows:
        lab = re.search(r'data-lab="(\w+)"', row)[1]  # type: ignore[index]
        assert _lab_of(re.search(r'data-source="([^"]+)"', row)[1]) == lab  # type: ignore[index]
        assert (f", {lab} lab</td>" in row) == (lab != EMBEDDED)
    assert all(f'<option value="{lab}">' in text for lab in LABS)


def test_baselines_are_pooled_within_a_lab_only() -> None:
    _, (result,) = store.read_campaign(SAMPLE)
    floor = noise_floor.of_campaign([_in_lab(result, lab) for lab in LABS])
    alone = noise_floor.of_campaign([result])["host/speed/host-host/1/native"]
    for lab in LABS:
        entry = floor["host/speed/host-host/1/native" if lab == "netns" else f"{lab}/host/speed/host-host/1/native"]
        assert entry["n"] == alone["n"]
        assert entry["median"] == pytest.approx(alone["median"] * FACTOR[lab])


def test_modes_are_compared_within_a_lab_only() -> None:
    _, (result,) = store.read_campaign(SAMPLE)
    results = [_in_lab(result, "netns"), _in_lab(result, "netns", "flannel-vxlan"), _in_lab(result, "kind", "flannel-vxlan"),
               _in_lab(result, "kind", "weave-fastdp"), _in_lab(result, "cluster")]
    found = compare(results, "speed/pod-pod/1/native", lab="kind", ratio=False)
    assert found.names == ("flannel-vxlan", "weave-fastdp") and found.lab == "kind"
    told = campaign_words.told(store.read_campaign(SAMPLE)[0], results)
    assert {(one.comparison.lab, one.comparison.names) for one in told} == {
        ("netns", ("calico-bgp", "flannel-vxlan")), ("kind", ("flannel-vxlan", "weave-fastdp"))}


def _over_a_link(result: ModeResult) -> ModeResult:
    """As if the speed trials had been made over the emulated link, which the sample has no trial of."""
    deployments = tuple(replace(d, trials=tuple(
        replace(t, view="link", link_rate_bps=10**9, goodput_bps=9e8 * FACTOR[result.lab] / 8) for t in d.trials
        if t.view == "speed")) for d in result.deployments)
    return replace(result, deployments=deployments)


def test_the_first_page_s_plot_is_of_the_embedded_lab(project: Path) -> None:
    campaign, (result,) = store.read_campaign(SAMPLE)
    jinja, mode = environment(project / "docs" / "templates"), catalog.get("calico-bgp")

    def plot(*labs: str) -> str:
        stored = store.Stored(SAMPLE, campaign, [_over_a_link(_in_lab(result, lab)) for lab in labs])
        return render._home_plot(jinja, entries.entries(jinja, mode, [stored], local=False), {"calico-bgp": "mesh"})

    assert plot("kind", "cluster") == ""
    assert plot("netns") == plot("cluster", "netns", "kind") != ""


def test_there_the_maker_s_own_daemon_comes_first_and_ours_below_it(project: Path) -> None:
    campaign, (result,) = store.read_campaign(SAMPLE)
    jinja, mode = environment(project / "docs" / "templates"), catalog.get("calico-bgp")
    ours = _over_a_link(result)
    theirs = replace(ours, daemon="upstream", implementation={**ours.implementation, "control plane": "calico-node 3.32.1 (v)"})

    def labels(*results: ModeResult) -> list[str]:
        stored = store.Stored(SAMPLE, campaign, list(results))
        plot = render._home_plot(jinja, entries.entries(jinja, mode, [stored], local=False), {"calico-bgp": "mesh"})
        drawn = plot.partition("</svg>")[0].partition("</desc>")[2].replace("&#39;", "'")
        return re.findall("mesh|calico-node 3.32.1|Podpath's recipe", drawn)

    assert labels(ours, theirs) == ["mesh", "calico-node 3.32.1", "mesh", "Podpath's recipe"]
    assert labels(ours) == ["mesh"]


def test_what_a_relay_carries_in_the_capsule_is_not_on_the_first_page(project: Path) -> None:
    campaign, (result,) = store.read_campaign(SAMPLE)
    jinja, mode = environment(project / "docs" / "templates"), catalog.get("weave-sleeve")

    def plot(kernel: str, daemon: str | None = None) -> str:
        carried = replace(_over_a_link(result), mode="weave-sleeve", kernel=kernel, daemon=daemon)
        stored = store.Stored(SAMPLE, campaign, [carried])
        return render._home_plot(jinja, entries.entries(jinja, mode, [stored], local=False), {"weave-sleeve": "sleeve"})

    assert plot("uml") == plot("uml", "upstream") == ""
    assert plot("host") != ""


def test_pages_of_one_mode_in_several_labs_have_titles_of_their_own(project: Path) -> None:
    campaign, results = store.read_campaign(next((project / "data" / "campaigns").iterdir()))
    stored, said = store.Stored(project, campaign, results), Standing()
    card = campaign_pages.card(catalog.load(), stored, said, local=False)
    made = campaign_pages.pages(environment(project / "docs" / "templates"), catalog.load(), stored, card, said)
    titles = [page["title"] for page in made.values()]
    assert len(set(titles)) == len(titles) == 1 + len(LABS)
