"""The parts of the page about growing control planes: drawn and linked from what a file says."""

from __future__ import annotations

import re
from dataclasses import replace

from experiments import catalog
from experiments.paths import ROOT
from experiments.results.growth_model import Growth, GrowthChange, GrowthPoint
from experiments.site import growth
from experiments.site.templating import environment

JINJA = environment(ROOT / "docs" / "templates")
MODES = catalog.load()


def grown(scale: float = 1.0) -> Growth:
    """Two modes of three sizes, three builds each."""
    points = tuple(
        GrowthPoint(mode=mode, nodes=nodes, n=n, status="ok", daemons=nodes, sessions=nodes * (nodes - 1) // 2,
                    routes=nodes * (nodes - 1), build_s=0.1 * n, converge_s=scale * 0.01 * n * nodes, cpu_s=0.001 * nodes**2,
                    memory_bytes=6_000_000 * nodes, updates=nodes, underlay_bytes=1000 * nodes, underlay_packets=10 * nodes,
                    changes=tuple(GrowthChange(what=what, touched=2, converge_s=0.1 * n, underlay_bytes=10)  # type: ignore[arg-type]
                                  for what in ("join", "block", "leave")))
        for mode in ("calico-bgp", "calico-bgp-global") for nodes in (25, 50, 100) for n in (1, 2, 3))
    return Growth(schema="podpath/growth/1", id="2026-11-26-h000001", started_at="2026-11-26T12:00:00Z",
                  generator={"version": "0.1.0"}, host={"slug": "h000001", "cores": 2}, software={"bird": "2.0.12"},
                  points=points)


def test_every_figure_leads_to_its_build_and_says_its_value() -> None:
    one = grown()
    parts = growth.fragments(JINJA, [one], MODES)
    found = re.findall(r'<a href="#([^"]+)" data-source="growth/([^"#]+)\.yml#points\[(\d+)\]\.([^"]+)" data-value="([^"]+)">',
                       parts["growth-table.md"])
    assert len(found) == 6 * 10
    for anchor, identity, place, key, value in found:
        assert identity == one.id
        assert f'id="{anchor}"' in parts["growth-builds.md"]
        point = one.points[int(place)]
        change = re.fullmatch(r"changes\[(\d)\]\.converge_s", key)
        assert float(value) == (point.changes[int(change[1])].converge_s if change else getattr(point, key))


def test_the_drawings_follow_the_values() -> None:
    before, after = (growth.fragments(JINJA, [grown(scale)], MODES)["growth-curves.md"] for scale in (1.0, 3.0))
    assert before != after
    assert before.count("<svg viewBox=\"0 0 360") == len(growth.PANELS) + len(growth.CHANGE_PANELS)
    assert "<td class=\"pp-number\">2.00</td>" in before  # cpu_s grows with the square


def test_a_failed_build_is_listed_with_its_reason_and_nothing_in_it_becomes_markup() -> None:
    one = grown()
    failed = GrowthPoint(mode="calico-bgp", nodes=200, n=1, status="failed", reason="<script>alert(1)</script>")
    parts = growth.fragments(JINJA, [replace(one, points=(*one.points, failed))], MODES)
    assert "failed: &lt;script&gt;" in parts["growth-builds.md"]
    assert growth.rows([replace(one, points=(failed, *one.points))])[0].keys() == growth.rows([one])[0].keys()


def test_without_a_file_the_page_says_how_to_make_one() -> None:
    parts = growth.fragments(JINJA, [], MODES)
    assert "invoke scale all" in parts["growth-curves.md"]
    assert "<table" not in parts["growth-table.md"]
