"""Numbers in words: three or four figures, with a unit that keeps them readable."""

from __future__ import annotations

_DECIMAL = (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0))


def quantity(value: float, unit: str) -> str:
    """A value with its unit: ``quantity(941482000, "bit/s")`` is ``941 Mbit/s``."""
    if unit in ("bit/s", "bytes"):
        for prefix, size in _DECIMAL:
            if abs(value) >= size or size == 1.0:
                symbol = unit if unit == "bit/s" else "B" if prefix else "bytes"
                return f"{figures(value / size)} {prefix}{symbol}"
    if unit in ("", "ratio"):
        return figures(value, 4)
    return f"{figures(value)} {unit}"


def figures(value: float, count: int = 3) -> str:
    """A number with at least ``count`` figures, never in powers of ten, no needless zeros behind the point."""
    if value == 0:
        return "0"
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    leading = 0
    small = abs(value)
    while small < 0.1 and leading < 12:
        small *= 10
        leading += 1
    return f"{value:.{max(0, count - whole + leading)}f}"


def percent(ratio: float) -> str:
    """A ratio as a percentage: ``percent(0.031)`` is ``3.1 %``."""
    return f"{figures(100 * ratio, 2)} %"


def counted(number: int, word: str) -> str:
    """``counted(2, "deployment")`` is ``2 deployments``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
