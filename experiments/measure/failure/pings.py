"""Two pods that ping each other while something is broken: what was lost, and since when no more is. Pure."""

from __future__ import annotations

from experiments.results.failure_model import Pair

FIRM_S = 3.0  # so long all pings must be answered until a pair counts as connected again


class Watched:
    """What is known of one pair's pings."""

    def __init__(self, source: str, target: str, packet_bytes: int | None = None) -> None:
        self.source, self.target, self.packet_bytes = source, target, packet_bytes
        self.pings = self.lost = 0
        self._first_lost_s: float | None = None
        self._answered_since_s: float | None = 0.0

    def noted(self, answered: bool, at_s: float) -> None:
        """One ping, ``at_s`` after the event."""
        self.pings += 1
        if answered:
            self._answered_since_s = at_s if self._answered_since_s is None else self._answered_since_s
            return
        self.lost += 1
        self._answered_since_s = None
        self._first_lost_s = at_s if self._first_lost_s is None else self._first_lost_s

    def firm(self, at_s: float) -> bool:
        """Whether all has been answered for a while."""
        return self._answered_since_s is not None and at_s - self._answered_since_s >= FIRM_S

    def pair(self) -> Pair:
        """What was seen, in the end."""
        return Pair(source=self.source, target=self.target, packet_bytes=self.packet_bytes, pings=self.pings, lost=self.lost,
                    first_lost_s=self._first_lost_s, connected_again_s=self._answered_since_s if self.lost else None)
