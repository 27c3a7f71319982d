"""The one way a time is written into a result: RFC 3339, UTC, to the second, as ``experiments.field.TIME`` allows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def now(ahead: timedelta = timedelta(0)) -> str:
    """Return the time, or the one that it will be after ``ahead``."""
    return (datetime.now(UTC) + ahead).strftime(_FORMAT)


def is_time(text: str) -> bool:
    """Return whether a text is a time that the calendar has."""
    return seconds(text) is not None


def seconds(text: str) -> float | None:
    """Return a time as seconds since 1970; None where the calendar does not have it."""
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
