"""What makes two requests for a booking the same where they come without a key."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..models import EventType
from . import scheduling, zones
from .scheduling import Wish


def parts(wish: Wish, event_type: EventType, *, now: datetime) -> list[Any]:
    """Equal for two wishes that ask for the same meeting: conversation, event type, invitee, start, flexibility,
    zone, guests, answers and place, as Calendly would be told them. Name, notes, agent type and user id are left
    out. Raises InvalidWish for a wish that cannot be tried.
    """
    zone = scheduling.zone_of(wish, now=now)
    answers, location = scheduling.answered(event_type, wish, zone)
    return [
        wish.conversation_id,
        str(event_type.pk),
        wish.email.lower(),
        _start(wish, zone),
        wish.flexibility,
        _zone_name(wish, zone, now),
        sorted(address.lower() for address in scheduling.guest_list(wish.guests, wish.email)),
        [[answer.question, answer.answer] for answer in answers],
        location,
    ]


def _zone_name(wish: Wish, zone: zones.Zone, now: datetime) -> str:
    """The zone, without what an offset tells of it: one instant can be written with several offsets."""
    if zone.source == "offset":
        zone = scheduling.zone_of(replace(wish, preferred=None), now=now)
    return zone.name


def _start(wish: Wish, zone: zones.Zone) -> str:
    """The start as an instant, whether it is past or not; blank for as soon as possible, and for a time that the
    clocks skip or that is too far away: such a wish is refused when it is tried."""
    if wish.preferred is None:
        return ""
    try:
        wanted = wish.preferred
        return (wanted.astimezone(UTC) if wanted.tzinfo else zones.at(wanted, zone.info)).isoformat()
    except (zones.NoSuchTime, OverflowError):
        return ""
