"""What this machine can run: real probes of its kernel and tools, before anything is built."""

from experiments.preflight.readiness import Choice, Missing, Readiness, choose, readiness, require_upstream

__all__ = ["Choice", "Missing", "Readiness", "choose", "readiness", "require_upstream"]
