"""A variant's file holds only what differs from its mode, and is refused where it repeats the mode."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from experiments import catalog
from experiments.errors import UserError
from experiments.paths import MODES

VARIANT = """name: flannel-vxlan-small
title: Flannel, VXLAN, small packets
short_title: Flannel VXLAN, small
summary: Pods of MTU 1400.
mtu: {pod_bytes: 1400, rule: as configured}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flannel-vxlan" / "variants").mkdir(parents=True)
    text = (MODES / "flannel-vxlan" / "mode.yml").read_text()
    # Without the lengths, which a variant with another MTU would have to repeat.
    text = text.replace("length_bytes: 1500, ", "").replace("length_bytes: 1450, ", "").replace("length_bytes: 1480, ", "")
    (tmp_path / "flannel-vxlan" / "mode.yml").write_text(text)
    return tmp_path


def read(folder: Path, text: str) -> catalog.Mode:
    (folder / "flannel-vxlan" / "variants" / "small.yml").write_text(text)
    catalog.variants.cache_clear()
    try:
        return catalog.variants(folder)["flannel-vxlan-small"]
    finally:
        catalog.variants.cache_clear()


def test_what_a_variant_does_not_say_is_as_in_its_mode(folder: Path) -> None:
    variant, mode = read(folder, VARIANT), catalog.get("flannel-vxlan")
    assert (variant.mtu.pod_bytes, variant.mtu.underlay_bytes, variant.variant_of) == (1400, 1500, "flannel-vxlan")
    assert (variant.encapsulation, variant.needs, variant.path) == (mode.encapsulation, mode.needs, mode.path)


@pytest.mark.parametrize(("more", "message"), [
    ("ttl_at_pod: 62\n", "small.yml:6: ttl_at_pod is what the mode has anyway; only what differs stands here."),
    ("encapsulation: {udp_port: 8472}\n", "small.yml:6: encapsulation.udp_port is what the mode has anyway"),
    ("encapsulation: {overhead_bytes: 51}\n", "small.yml:6: encapsulation.overhead_bytes is 51; the headers add up to 50."),
    ("needs: {tools: [ip, bridg]}\n", "small.yml:6: needs.tools[1] is 'bridg'; allowed: ip"),
    ("surprise: 1\n", "small.yml:6: surprise is not a key here"),
])
def test_a_broken_variant_is_named_with_its_own_line(folder: Path, more: str, message: str) -> None:
    with pytest.raises(UserError) as raised:
        read(folder, VARIANT + more)
    assert message in raised.value.problem


def test_a_variant_without_a_title_of_its_own_is_refused(folder: Path) -> None:
    with pytest.raises(UserError, match=r"title is missing: the variant has its own"):
        read(folder, VARIANT.replace("title: Flannel, VXLAN, small packets\n", "", 1))


def test_what_follows_from_the_mode_s_own_file_names_that_file(folder: Path) -> None:
    shutil.copy(MODES / "flannel-vxlan" / "mode.yml", folder / "flannel-vxlan" / "mode.yml")
    catalog.reading._load.cache_clear()
    with pytest.raises(UserError) as raised:
        read(folder, VARIANT)
    assert "flannel-vxlan/mode.yml:" in raised.value.problem
    assert "headers[1].fields.length_bytes is 1500; mtu.pod_bytes" in raised.value.problem
    assert raised.value.advice.endswith("small.yml changes what this follows from, so it has to say this too.")
