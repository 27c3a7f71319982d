"""What this machine has: one snapshot, as a value. Nothing here knows a lab; what a lab needs stands with the labs."""

from experiments.machine.missing import Missing
from experiments.machine.snapshot import Machine, look

__all__ = ["Machine", "Missing", "look"]
