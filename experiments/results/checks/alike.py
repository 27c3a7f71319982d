"""Slices that stand for two measurements: a mode's and its baseline's trial have the same ones, no others have.

Times in nanoseconds never repeat. So a copy is known by single slices, whatever order they stand in and whatever was done to
some of them; and where all times were multiplied by a factor, by how the two clocks of each slice relate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from experiments.probes.slices import Paired
from experiments.results.model import Trial

# How many slices with the same times make a copy: that one of a campaign has those of another can happen. Where only the wall's
# clock is used it happens more often (in User-Mode Linux that goes by 256 ns, and there is no other to tell slices apart), and
# a part of all slices is asked for.
LEAST_ALIKE, ALIKE_RATIO_OF_WALL = 3, 0.5
ALIKE_RATIO = 0.5  # of the slices whose clocks relate alike
# How finely the relation of the clocks is compared: two integers of 50 ms in nanoseconds, times any factor, keep it to 4e-8.
# Where the middle half of the slices is closer together it tells nothing: a processor of one's own gives all the same one.
FINE, APART_RATIO = 2_000_000, 0.02


def same_question(trial: Trial) -> tuple[object, ...]:
    """What the two trials of one measurement have in common, and no others of their deployment."""
    return (trial.view, trial.streams, trial.mss, trial.burst_bytes, trial.datagram_bytes, trial.id.endswith("-again"))


@dataclass
class Seen:
    """The slices of a campaign so far."""

    _known: dict[str, str] = field(default_factory=dict)  # measurement -> the trial that was seen first
    _times: dict[tuple[int, ...], set[str]] = field(default_factory=dict)
    _relations: dict[int, set[str]] = field(default_factory=dict)

    def copied(self, measurement: str, name: str, found: Paired) -> Iterator[str]:
        """Whose slices those of a trial are, as sentences; afterwards they are known.

        ``measurement`` is what the mode's and the baseline's trial have in common; ``name`` is told of others later.
        """
        if measurement in self._known:
            return
        self._known[measurement] = name
        every = [one for pair in found.pairs for one in pair]
        wall = found.clock == "wall"
        times = {(one.wall_ns, one.own_ns, one.relays_ns, one.switches if wall else 0) for one in every}
        least = max(LEAST_ALIKE, ALIKE_RATIO_OF_WALL * len(every) if wall else 0)
        if len(every) - len(times) >= least:
            yield f"has {len(every) - len(times)} slices twice; each is a measurement of its own. Keep the pairs as written"
        ordered = sorted(FINE * one.wall_ns // one.core_ns for one in every)
        apart = ordered[3 * len(ordered) // 4] - ordered[len(ordered) // 4]
        relations = set(ordered) if apart >= APART_RATIO * FINE else set()
        same = Counter(other for sign in times for other in self._times.get(sign, ()))
        alike = Counter(other for sign in relations for other in self._relations.get(sign, ()))
        told = next((other for other, number in same.most_common(1) if number >= least), None)
        if told:
            yield (f"has {same[told]} slices that are those of {self._known[told]} to the nanosecond; every trial is a run of "
                   "its own. Measure it again")
        else:
            told = next((other for other, number in alike.most_common(1) if number >= ALIKE_RATIO * len(relations)), None)
            if told:
                yield (f"has slices whose clocks relate as those of {self._known[told]} do, {alike[told]} of {len(every)}: "
                       "they are those slices, times a factor. Measure it again")
        for one in times:
            self._times.setdefault(one, set()).add(measurement)
        for sign in relations:
            self._relations.setdefault(sign, set()).add(measurement)
