"""Instants as Calendly writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime

# English names. Those of `strftime` follow the locale of the process.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def text(moment: datetime) -> str:
    """UTC with six fractional digits, as in every response."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def text_or_none(moment: datetime | None) -> str | None:
    """The same for a nullable field."""
    return None if moment is None else text(moment)


def parse(value: object) -> datetime | None:
    """Parse an ISO 8601 instant with an offset. None if it is invalid or out of range."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    # The last years of the calendar overflow when a day is added.
    if moment.tzinfo is None or not 1970 <= moment.year <= 2200:
        return None
    return moment.astimezone(UTC)


def seconds(moment: datetime) -> str:
    """UTC in whole seconds, as offered start times are written."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def spoken(moment: datetime) -> str:
    """Local time for pages: `Mon 23 Nov 2026, 10:00`."""
    day, month = DAYS[moment.weekday()][:3], MONTHS[moment.month - 1]
    return f"{day} {moment:%d} {month} {moment:%Y, %H:%M}"
