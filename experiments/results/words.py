"""Numbers in words: three significant digits, with a unit that keeps them readable. Terminal and pages share these."""

from __future__ import annotations

import math

_DECIMAL = (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0))
COUNTED = ("packets/s", "transactions/s")
_TIMES = (("s", 1e6), ("ms", 1e3), ("µs", 1.0))  # in µs


def quantity(value: float, unit: str) -> str:
    """A value with its unit: ``quantity(941482000, "bit/s")`` is ``941 Mbit/s``, ``quantity(1250, "µs")`` is ``1.25 ms``."""
    if unit in ("bit/s", "bytes", "µs", *COUNTED):
        size, name = scaled(value, unit)
        return f"{figures(value / size)} {name}"
    if unit in ("", "ratio"):
        return figures(value, 4)
    return f"{figures(value)} {unit}"


def nanoseconds(value: float) -> str:
    """A time in nanoseconds: ``nanoseconds(50_037_656)`` is ``50.0 ms``."""
    return quantity(value / 1e3, "µs")


def span(low: float, high: float, unit: str) -> str:
    """Two values with the one unit that fits the larger: ``span(936e6, 9.41e8, "bit/s")`` is ``936 to 941 Mbit/s``."""
    size, name = scaled(max(abs(low), abs(high)), unit)
    return f"{figures(low / size)} to {figures(high / size)}{f' {name}' if name else ''}"


def scaled(largest: float, unit: str) -> tuple[float, str]:
    """What values up to ``largest`` are divided by to be readable, and the unit they then have: ``(1e9, "Gbit/s")``."""
    if unit in ("bit/s", "bytes"):
        size, prefix = _scale(largest, [(size, prefix) for prefix, size in _DECIMAL])
        return size, f"{prefix}{unit}" if unit == "bit/s" else f"{prefix}B" if prefix else unit
    if unit == "µs":
        return _scale(largest, [(size, name) for name, size in _TIMES])
    if unit in COUNTED and largest >= 1000:
        return 1000.0, f"k {unit}"
    return 1.0, "" if unit == "ratio" else unit


def _scale(value: float, sizes: list[tuple[float, str]]) -> tuple[float, str]:
    """The largest of the sizes (in falling order) of which the value, as it will be shown, is at least one."""
    shown = abs(_rounded(value, 3))
    return next(((size, name) for size, name in sizes if shown >= size), sizes[-1])


def figures(value: float, count: int = 3) -> str:
    """A number with ``count`` figures or all that stand before its point, never in powers of ten."""
    if value == 0:
        return "0"
    value = _rounded(value, count) if abs(value) < 10**count else value
    digits = count - 1 - math.floor(math.log10(abs(value)))
    return f"{value:.{min(max(0, digits), 15)}f}"


def _rounded(value: float, count: int) -> float:
    return float(f"{value:.{count - 1}e}")


def percent(ratio: float) -> str:
    """A ratio as a percentage: ``percent(0.031)`` is ``3.1 %``."""
    return f"{figures(100 * ratio, 2)} %"


def counted(number: int, word: str) -> str:
    """``counted(2, "deployment")`` is ``2 deployments``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def duration(seconds: float) -> str:
    """How long something takes, as a person says it: ``45 s``, ``12 min``, ``1 h 05 min``; below 3 minutes in seconds."""
    if seconds < 180:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
