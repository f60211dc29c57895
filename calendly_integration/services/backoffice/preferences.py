"""A person's preferences for the pages."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from ...models import Preference
from .. import time_zones


def zone_of(user: Any) -> ZoneInfo:
    """The person's chosen zone, or the default."""
    kept = Preference.objects.filter(user=user).values_list("time_zone", flat=True).first() if user else None
    try:
        return time_zones.named(kept) if kept else ZoneInfo(time_zones.default_name())
    except time_zones.UnknownZone:
        return ZoneInfo(time_zones.default_name())


def choose_zone(user: Any, name: str) -> ZoneInfo:
    """Save the person's zone. Raises UnknownZone."""
    zone = time_zones.named(name)
    Preference.objects.update_or_create(user=user, defaults={"time_zone": zone.key})
    return zone


def columns_of(user: Any) -> list[str]:
    """The columns that the person has chosen for the list of bookings; empty for the usual ones."""
    kept = Preference.objects.filter(user=user).values_list("columns", flat=True).first()
    return [str(each) for each in kept] if isinstance(kept, list) else []


def choose_columns(user: Any, columns: Sequence[str]) -> None:
    """Save the person's columns of the list of bookings."""
    Preference.objects.update_or_create(
        user=user,
        defaults={"columns": list(columns)},
        create_defaults={"columns": list(columns), "time_zone": time_zones.default_name()},
    )
