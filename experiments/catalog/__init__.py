"""The catalogue of modes: what each is, read and checked from ``experiments/modes/``."""

from experiments.catalog.model import (
    CAVEATS,
    ControlPlane,
    DeclaredHeader,
    Encapsulation,
    Hop,
    Layer,
    Mode,
    Needs,
    Source,
    Upstream,
)
from experiments.catalog.reading import get, load, read, variants

__all__ = [
    "CAVEATS", "ControlPlane", "DeclaredHeader", "Encapsulation", "Hop", "Layer", "Mode", "Needs", "Source", "Upstream",
    "get", "load", "read", "variants",
]
