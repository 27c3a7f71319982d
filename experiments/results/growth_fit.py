"""By which power of the number of nodes something grows: a straight line through logarithms. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FROM_NODES = 25  # below it, what does not grow is most of what is measured: a daemon's own memory, the wait before it dials
FEWEST_SIZES = 3


@dataclass(frozen=True)
class Power:
    """``value = factor * nodes ** exponent``, by least squares of the logarithms."""

    exponent: float
    factor: float


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
    return Power(exponent, math.exp(mean_y - exponent * mean_x))
