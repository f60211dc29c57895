"""Instants as Calendly writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime

# Names of their own: those of `strftime` follow the locale of the process.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def text(moment: datetime) -> str:
    """UTC with six fractional digits, as in every answer."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def text_or_none(moment: datetime | None) -> str | None:
    """The same, where the field may be null."""
    return None if moment is None else text(moment)


def parse(value: object) -> datetime | None:
    """An ISO 8601 instant with its offset, or None where it is not one or far away."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    # Years at the end of the calendar overflow as soon as a day is added.
    if moment.tzinfo is None or not 1970 <= moment.year <= 2200:
        return None
    return moment.astimezone(UTC)


def seconds(moment: datetime) -> str:
    """UTC in whole seconds, as offered start times are written."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def spoken(moment: datetime) -> str:
    """As its clock shows it, for pages: `Mon 23 Nov 2026, 10:00`."""
    day, month = DAYS[moment.weekday()][:3], MONTHS[moment.month - 1]
    return f"{day} {moment:%d} {month} {moment:%Y, %H:%M}"
