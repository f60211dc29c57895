"""How a person of the staff wants the pages."""

from typing import Any
from zoneinfo import ZoneInfo

from ..models import Preference
from . import zones


def zone_of(user: Any) -> ZoneInfo:
    """The zone that this person has chosen; the default one where none, or nobody is there."""
    kept = Preference.objects.filter(user=user).values_list("time_zone", flat=True).first() if user else None
    try:
        return zones.named(kept) if kept else ZoneInfo(zones.default_name())
    except zones.UnknownZone:
        return ZoneInfo(zones.default_name())


def choose_zone(user: Any, name: str) -> ZoneInfo:
    """Keep the person's zone. Raises UnknownZone."""
    zone = zones.named(name)
    Preference.objects.update_or_create(user=user, defaults={"time_zone": zone.key})
    return zone
