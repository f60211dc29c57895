"""A person's preferences for the pages."""

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
