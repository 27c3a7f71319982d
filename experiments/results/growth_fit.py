"""By which power of the number of nodes something grows: a straight line through logarithms. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FROM_NODES = 25  # below it, what does not grow is most of what is measured: a daemon's own memory, the wait before it dials
FEWEST_SIZES = 3


@dataclass(frozen=True)
class Power:
    """``value = factor * nodes ** exponent``, by least squares of the logarithms, and how far the fit is from the values."""

    exponent: float
    factor: float
    off_ratio: float  # largest distance of a value from the line, as a ratio above 1

    def at(self, nodes: float) -> float:
        """The line's value."""
        return float(self.factor * nodes**self.exponent)


def power(pairs: Sequence[tuple[float, float]]) -> Power:
    """The line through pairs of nodes and values, all above zero.

    Raises:
        ValueError: there are not two numbers of nodes.
    """
    xs, ys = [math.log(nodes) for nodes, _ in pairs], [math.log(value) for _, value in pairs]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    if spread == 0:
        raise ValueError("one number of nodes has no slope")
    exponent = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    offset = mean_y - exponent * mean_x
    off = max(abs(y - offset - exponent * x) for x, y in zip(xs, ys, strict=True))
    return Power(exponent, math.exp(offset), math.exp(off))
