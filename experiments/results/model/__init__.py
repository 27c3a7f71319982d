"""The values a campaign consists of, as immutable objects, one module an object.

Each field is declared once: its type and default, and beside them a :class:`~experiments.field.Field` with all else that
is known of it. The JSON Schema, the reader, the validator, the writer, the headers of tables and the reference page are
made from these declarations, by way of :mod:`experiments.results.fields`.

Units are in the names (``_bps`` bits per second, ``_bytes``, ``_s`` seconds, ``_us`` microseconds, ``_ratio``).
What could not be had is ``None`` (left out of the file) and never zero.
"""

from experiments.results.model.campaign import Campaign, Cell, Generator, Protocol, Purpose, State
from experiments.results.model.deployment import Deployment
from experiments.results.model.mode_result import ModeResult
from experiments.results.model.trial import Raw, Status, Trial

__all__ = [
    "Campaign", "Cell", "Deployment", "Generator", "ModeResult", "Protocol", "Purpose", "Raw", "State", "Status", "Trial",
]
