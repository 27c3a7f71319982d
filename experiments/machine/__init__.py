"""What this machine can run: real probes of its kernel and tools, before anything is built."""

from experiments.preflight.missing import Missing
from experiments.preflight.readiness import Choice, Readiness, choose, readiness, require_upstream

__all__ = ["Choice", "Missing", "Readiness", "choose", "readiness", "require_upstream"]
