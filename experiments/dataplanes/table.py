"""Which recipe builds or finds a mode: the only list, by the CNI and by what it puts around a packet.

Adding a CNI is a file in ``built/`` (and, where it has them, in ``upstream/`` and ``found/``) and its lines here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from experiments.catalog import Mode
from experiments.dataplanes.built import calico, flannel, weave
from experiments.dataplanes.found.calico import CalicoCni
from experiments.dataplanes.found.cni import Cni
from experiments.dataplanes.found.flannel import FlannelCni
from experiments.dataplanes.found.inquiry import require_running
from experiments.dataplanes.found.weave import WeaveCni
from experiments.dataplanes.recipe import Recipe
from experiments.dataplanes.upstream import flanneld, weaver
from experiments.labs.base import Lab

# A lab's own kind decides which table is asked, so each recipe gets the lab that it wants.
Recipes = Mapping[tuple[str, str], Callable[[Any, Mode], Recipe]]

BUILT: Recipes = {
    ("calico", "none"): calico.Calico,
    ("calico", "ipip"): calico.Calico,
    ("flannel", "vxlan"): flannel.FlannelVxlan,
    ("flannel", "udp"): flannel.FlannelUdp,
    ("weave", "vxlan"): weave.FastDataPath,
    ("weave", "sleeve"): weave.Sleeve,
}
UPSTREAM: Recipes = {
    ("flannel", "vxlan"): flanneld.VxlanByFlanneld,
    ("flannel", "udp"): flanneld.UdpByFlanneld,
    ("weave", "vxlan"): weaver.FastDataPathByWeaver,
    ("weave", "sleeve"): weaver.SleeveByWeaver,
}
# What is recognised in a cluster, and looked at there.
FOUND: Mapping[str, Cni] = {cni.name: cni for cni in (CalicoCni(), FlannelCni(), WeaveCni())}


def recipe_for(mode: Mode, lab: Lab, daemon: str = "") -> Recipe:
    """Return the recipe of a mode in a lab: ours, or with ``daemon`` that of upstream's program.

    In Kubernetes the CNI builds the mode, and the recipe only looks.

    Raises:
        UserError: the lab is somebody's cluster and runs another mode; what was recognised is named, with the evidence.
    """
    if lab.built_by_cni:
        require_running(mode, lab, FOUND)
        return FOUND[mode.cni.name].recipe(lab, mode)
    wanted = (mode.cni.name, mode.encapsulation.name)
    return (UPSTREAM if daemon and mode.daemon else BUILT)[wanted](lab, mode)
