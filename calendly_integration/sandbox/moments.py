"""Instants as Calendly writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime


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
