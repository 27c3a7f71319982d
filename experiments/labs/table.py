"""The labs: the only list. What is known of one stands in its folder; everything else asks here."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.errors import UserError
from experiments.labs.backend import Backend
from experiments.labs.cluster.backend import Cluster
from experiments.labs.containerlab.backend import Containerlab
from experiments.labs.kind.backend import Kind
from experiments.labs.netns.backend import Embedded

# In the order in which people see them.
LABS: Mapping[str, Backend] = {lab.name: lab for lab in (Embedded(), Containerlab(), Kind(), Cluster())}
EMBEDDED_LAB = LABS[Embedded.name]
# What `--lab auto` takes, in this order, where it is ready. A cluster is somebody's: never without being asked.
AUTOMATIC = (Kind.name, Embedded.name)


def get(name: str) -> Backend:
    """Return the lab of that name.

    Raises:
        UserError: there is none; the message names all.
    """
    if name in LABS:
        return LABS[name]
    raise UserError(f"Unknown lab '{name}'.", f"Labs: {', '.join(('auto', *LABS))}.")
