"""Crossings between kernel and process: drawn from the hops of mode.yml, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from experiments import catalog
from experiments.paths import ROOT
from experiments.site import crossings
from experiments.site.templating import environment

MODES = catalog.load()
TEMPLATE = environment(ROOT / "docs" / "templates").get_template("model-crossings.md.j2")


def drawn(name: str, mode: catalog.Mode | None = None) -> crossings.Crossed:
    (found,) = crossings.drawings([mode or MODES[name]])
    return found


def test_every_mode_stands_in_one_drawing_and_the_kernels_modes_share_the_first() -> None:
    found = crossings.drawings(MODES.values())
    assert sorted(mode.name for one in found for mode in one.modes) == sorted(MODES)
    assert found[0].crossings == () and all(one.crossings for one in found[1:])
    assert {mode.name for mode in found[0].modes} == {n for n, m in MODES.items() if all(h.space == "kernel" for h in m.path)}


def test_what_is_said_of_flannels_udp_and_of_sleeve() -> None:
    flannel, sleeve = drawn("flannel-udp"), drawn("weave-sleeve")
    assert [(one.at, one.device, one.door, one.out) for one in flannel.crossings] == [
        ("client node", "flannel0", "read from the TUN device", True),
        ("client node", "eth0", "sent by the UDP socket", False),
        ("server node", "eth0", "received from the UDP socket", True),
        ("server node", "flannel0", "written to the TUN device", False)]
    assert [one.door for one in sleeve.crossings] == [
        "captured by the packet socket", "sent by the UDP socket", "received from the UDP socket",
        "written to the packet socket"]


def test_another_hop_is_another_drawing() -> None:
    mode = MODES["flannel-udp"]
    in_kernel = replace(mode, path=tuple(hop for hop in mode.path if hop.space == "kernel"))
    assert drawn("", in_kernel).crossings == ()
    named = replace(mode, path=tuple(replace(hop, device="tun9") if hop.device == "flannel0" else hop for hop in mode.path))
    before, after = (TEMPLATE.render(drawings=crossings.drawings([one])) for one in (mode, named))
    assert "flannel0" in before and "flannel0" not in after and after.count("tun9") >= 4
    assert len(crossings.drawings([mode, replace(named, name="other")])) == 2


def test_boxes_do_not_overlap_and_stay_inside() -> None:
    for one in crossings.drawings(MODES.values()):
        places = [(b.x, b.y, b.x + b.width, b.y + crossings.BOX_HEIGHT) for b in one.boxes]
        assert all(x >= 0 and right <= crossings.WIDTH and bottom <= crossings.HEIGHT for x, _, right, bottom in places)
        for (x, y, right, bottom), (x2, y2, right2, bottom2) in combinations(places, 2):
            assert right <= x2 or right2 <= x or bottom <= y2 or bottom2 <= y


def test_markup_in_a_mode_stays_text() -> None:
    mode = MODES["flannel-udp"]
    hostile = replace(mode, short_title="<b>", path=tuple(replace(hop, device="<i>") for hop in mode.path))
    text = TEMPLATE.render(drawings=crossings.drawings([hostile]))
    assert "<b>" not in text and "<i>" not in text and "&lt;i&gt;" in text
