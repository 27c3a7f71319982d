"""Weave's three layouts: their devices are those of the modes' paths, their sizes those of the modes."""

from __future__ import annotations

from dataclasses import replace

from experiments import catalog
from experiments.paths import ROOT
from experiments.site import bridges
from experiments.site.templating import environment

MODES = {**catalog.load(), **catalog.variants()}
TEMPLATE = environment(ROOT / "docs" / "templates").get_template("model-bridges.md.j2")


def test_one_is_the_default_and_its_devices_stand_on_the_modes_path() -> None:
    both, captured, datapath = bridges.layouts(MODES)
    assert [one.default for one in (both, captured, datapath)] == [True, False, False]
    on_path = [hop.device for hop in MODES[bridges.FAST].path if hop.at == "client node"]
    assert [device.name for device in both.devices[1:3]] == on_path[:2]
    said = " ".join(hop.does for hop in MODES[bridges.FAST].path)
    assert all(end in said for end in both.links[1].ends)
    capturing = [hop.device for hop in MODES["weave-sleeve"].path if hop.at == "client node"]
    assert [captured.devices[1].name, captured.links[1].ends[1]] == capturing[:2]
    assert [device.name for device in datapath.devices] == ["eth0", "weave", "weaver"]


def test_another_mtu_or_port_is_another_drawing() -> None:
    mode = MODES[bridges.FAST]
    changed = replace(mode, mtu=replace(mode.mtu, pod_bytes=1234), encapsulation=replace(mode.encapsulation, udp_port=4321))
    before, after = (TEMPLATE.render(layouts=bridges.layouts({**MODES, bridges.FAST: one})) for one in (mode, changed))
    assert f"up to {mode.mtu.pod_bytes} bytes" in before and "UDP 6784" in before
    assert after.count("up to 1234 bytes") == 2 and after.count(">UDP 4321<") == 2 and "6784" not in after


def test_without_the_modes_nothing_is_said_of_sizes() -> None:
    text = TEMPLATE.render(layouts=bridges.layouts({}))
    assert "bytes" not in text and text.count("<svg") == 3


def test_each_has_a_title_and_a_text_alternative() -> None:
    text = TEMPLATE.render(layouts=bridges.layouts(MODES))
    for one in bridges.layouts(MODES):
        assert f">{one.title}</title>" in text and f">{one.words}.</desc>" in text
