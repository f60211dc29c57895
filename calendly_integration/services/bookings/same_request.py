"""When two booking requests without a key are the same request."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ...models import EventType
from .. import time_zones
from . import create
from .create import BookingRequest


def parts(booking_request: BookingRequest, event_type: EventType, *, now: datetime) -> list[Any]:
    """Equal for two requests for the same meeting: conversation, event type, invitee, start, flexibility, zone,
    guests, answers and location, as Calendly would get them. Name, notes, agent type and user id do not count.

    Raises InvalidBookingRequest.
    """
    zone = create.request_zone(booking_request, now=now)
    answers, location = create.answered(event_type, booking_request, zone)
    return [
        booking_request.conversation_id,
        str(event_type.pk),
        booking_request.email.lower(),
        _start(booking_request, zone),
        booking_request.flexibility,
        _zone_name(booking_request, zone, now),
        sorted(
            address.lower() for address in create.guest_list(booking_request.guests, booking_request.email)
        ),
        [[answer.question, answer.answer] for answer in answers],
        location,
    ]


def _zone_name(booking_request: BookingRequest, zone: time_zones.Zone, now: datetime) -> str:
    """The zone without the evidence of an offset: one instant can be written with several offsets."""
    if zone.source == "offset":
        zone = create.request_zone(replace(booking_request, preferred=None), now=now)
    return zone.name


def _start(booking_request: BookingRequest, zone: time_zones.Zone) -> str:
    """The start as an instant. Blank for as soon as possible, and for a time that the clocks skip or that is too
    far ahead: such a request is refused later."""
    if booking_request.preferred is None:
        return ""
    try:
        wanted = booking_request.preferred
        return (wanted.astimezone(UTC) if wanted.tzinfo else time_zones.at(wanted, zone.info)).isoformat()
    except (time_zones.NoSuchTime, OverflowError):
        return ""
