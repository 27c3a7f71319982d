"""A mode on another underlay: every length follows, and what does not fit is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import catalog
from experiments.catalog import sizes
from experiments.errors import ExperimentFailed

MODES = {**catalog.load(), **catalog.variants()}


@given(st.sampled_from(sorted(MODES)), st.integers(700, 9216))
def test_lengths_follow_from_the_pod_s_packet(name: str, underlay_bytes: int) -> None:
    """As the catalogue's rules demand of mode.yml itself: each length is the pod's packet and the headers between."""
    mode = sizes.with_pod_mtu(MODES[name], underlay_bytes - MODES[name].overhead_bytes, underlay_bytes)
    assert mode.mtu.pod_bytes + mode.overhead_bytes == mode.mtu.underlay_bytes == underlay_bytes
    for number, header in enumerate(mode.headers[:mode.pod_packet + 1]):
        between = sum(inner.bytes for inner in mode.headers[number:mode.pod_packet])
        if "length_bytes" in header.fields:
            assert header.fields["length_bytes"] == mode.mtu.pod_bytes + between
        if "frame_bytes" in header.fields:  # what stands behind the sleeve header
            assert header.fields["frame_bytes"] == mode.mtu.pod_bytes + between - header.bytes


def test_on_mode_yml_s_own_underlay_nothing_changes() -> None:
    for mode in MODES.values():
        assert sizes.with_pod_mtu(mode, mode.mtu.pod_bytes, mode.mtu.underlay_bytes) is mode


@pytest.mark.parametrize(("pod_bytes", "underlay_bytes"), [(1500, 1500), (1451, 1500), (500, 1500), (70000, 80000)])
def test_what_does_not_fit_is_refused(pod_bytes: int, underlay_bytes: int) -> None:
    with pytest.raises(ExperimentFailed, match="do not fit an underlay"):
        sizes.with_pod_mtu(catalog.get("flannel-vxlan"), pod_bytes, underlay_bytes)


def test_a_port_and_an_identifier_of_a_cluster_stand_in_the_headers_that_have_them() -> None:
    mode = sizes.with_fields(catalog.get("flannel-vxlan"), {"udp": {"destination_port": 4789}, "vxlan": {"vni": 4096, "x": 1}})
    fields = {header.layer: header.fields for header in mode.headers}
    assert fields["udp"]["destination_port"] == 4789
    assert fields["vxlan"] == {"vni": 4096}
    without = sizes.without_field(mode, "vxlan", "vni")
    assert {header.layer: header.fields for header in without.headers}["vxlan"] == {}
