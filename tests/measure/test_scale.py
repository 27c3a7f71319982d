"""How a control plane grows: counted on real daemons."""

from __future__ import annotations

import pytest

from experiments import catalog
from experiments.errors import UserError
from experiments.measure import scale


@pytest.mark.lab
@pytest.mark.parametrize(("mode", "sessions", "daemons"), [("calico-bgp", 10, 5), ("calico-bgp-global", 11, 7)])
def test_five_nodes(mode: str, sessions: int, daemons: int) -> None:
    """A mesh has n(n-1)/2 sessions; with two reflectors it is 2n and the one between them."""
    grown = scale.grow(catalog.get(mode), 5, 60, lambda _: None)
    assert (grown.sessions, grown.routes, grown.daemons) == (sessions, 20, daemons)
    assert grown.memory_bytes > 1_000_000


@pytest.mark.parametrize(("mode", "nodes", "said"), [
    ("flannel-vxlan", 5, "no control plane"), ("calico-bgp", 1, "1 node cannot"), ("calico-bgp", 99, "99 nodes"),
])
def test_what_cannot_be_grown_is_refused(mode: str, nodes: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        scale.check(catalog.get(mode), nodes)
