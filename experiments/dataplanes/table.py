"""Which recipe builds or finds a mode: the only list, by the CNI and by what it puts around a packet.

Adding a CNI is a file in ``built/`` (and, where it has them, in ``upstream/`` and ``found/``) and its lines here. A mode of
a CNI that is there, with a data plane of its own, brings its recipe in its folder, and needs no line.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from experiments.catalog import Mode
from experiments.dataplanes.built import calico, flannel, weave
from experiments.dataplanes.found.calico import CalicoCni
from experiments.dataplanes.found.cni import CniInCluster
from experiments.dataplanes.found.flannel import FlannelCni
from experiments.dataplanes.found.inquiry import require_running
from experiments.dataplanes.found.weave import WeaveCni
from experiments.dataplanes.recipe import Recipe
from experiments.dataplanes.upstream import calico_node, flanneld, weaver
from experiments.errors import UserError
from experiments.labs.base import Lab
from experiments.paths import MODES

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
    ("calico", "none"): calico_node.ByCalicoNode,
    ("calico", "ipip"): calico_node.ByCalicoNode,
    ("flannel", "vxlan"): flanneld.VxlanByFlanneld,
    ("flannel", "udp"): flanneld.UdpByFlanneld,
    ("weave", "vxlan"): weaver.FastDataPathByWeaver,
    ("weave", "sleeve"): weaver.SleeveByWeaver,
}
# What is recognised in a cluster, and looked at there.
FOUND: Mapping[str, CniInCluster] = {cni.name: cni for cni in (CalicoCni(), FlannelCni(), WeaveCni())}


def recipe_for(mode: Mode, lab: Lab, daemon: str = "") -> Recipe:
    """Return the recipe of a mode in a lab: ours, or with ``daemon`` that of upstream's program.

    In Kubernetes the CNI builds the mode, and the recipe only looks.

    Raises:
        UserError: the lab is somebody's cluster and runs another mode (what was recognised is named, with the evidence); or
            no recipe builds such a mode.
    """
    if lab.built_by_cni:
        require_running(mode, lab, FOUND)
        return FOUND[mode.cni.name].recipe(lab, mode)
    wanted = (mode.cni.name, mode.encapsulation.name)
    if daemon and mode.daemon:
        return UPSTREAM[wanted](lab, mode)
    recipe = own_recipe(mode) or BUILT.get(wanted)
    if recipe is None:
        raise UserError(f"{mode.name}: no recipe builds {mode.cni.name} with the encapsulation {mode.encapsulation.name}.",
                        f"Write one, {own_file(mode)}, or set `explained_only: true` in its mode.yml.")
    return recipe(lab, mode)


def own_file(mode: Mode) -> Path:
    """Where a mode keeps a recipe of its own: a module in its folder, called like the mode."""
    name = mode.variant_of or mode.name
    return MODES / name / f"{name.replace('-', '_')}.py"


def own_recipe(mode: Mode) -> Callable[[Any, Mode], Recipe] | None:
    """The class ``Built`` of a mode's own module; None where it has none.

    Raises:
        UserError: the module has no such class.
    """
    path = own_file(mode)
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location(f"experiments.modes.{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[Any, Mode], Recipe] | None = getattr(module, "Built", None)
    if found is None:
        raise UserError(f"{path}: there is no class Built.", "The recipe of a mode's own module has that name.")
    return found
