"""When two booking requests are the same request: by the agent's key, or by what they ask for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ...models import AgentKey, EventType, IdempotencyRecord
from .. import time_zones
from ..catalog import event_types, requested_times
from ..errors import InvalidBookingRequest
from . import create, idempotency
from .create import BookingRequest


def new_record(
    booking_request: BookingRequest, *, key: str, body: Mapping[str, Any], agent_key: AgentKey, now: datetime
) -> tuple[IdempotencyRecord, EventType | None]:
    """The record of a request, not saved, and its event type if that was needed.

    `key` is what the agent sent. A stored answer to it is given again even if the event type is gone. Raises
    InvalidKey, and without a key EventTypeNotFound, EventTypeAmbiguous, InvalidBookingRequest.
    """
    event_type = None
    if key:
        key = idempotency.explicit_key(key)
    else:
        event_type = event_types.find(booking_request.event_type, key_id=agent_key.pk)
        key = idempotency.implicit_key(*_parts(booking_request, event_type, now=now))
    return idempotency.new_record(agent_key=agent_key, key=key, body=body, now=now), event_type


def _parts(booking_request: BookingRequest, event_type: EventType, *, now: datetime) -> list[Any]:
    """Equal for two requests for the same meeting: conversation, event type, invitee, start, flexibility, zone,
    guests, answers and location, as Calendly would get them. Name, notes, agent type and user id do not count.

    Raises InvalidBookingRequest.
    """
    zone = create.find_zone(booking_request, now=now)
    answers, location = create.check_answers(event_type, booking_request, zone)
    return [
        booking_request.conversation_id,
        str(event_type.pk),
        booking_request.email.lower(),
        _start(booking_request, zone),
        booking_request.flexibility,
        _zone_name(booking_request, zone, now),
        sorted(
            address.lower() for address in create.list_guests(booking_request.guests, booking_request.email)
        ),
        [[answer.question, answer.answer] for answer in answers],
        location,
    ]


def _zone_name(booking_request: BookingRequest, zone: time_zones.Zone, now: datetime) -> str:
    """The zone without the evidence of an offset: one instant can be written with several offsets."""
    if zone.source == "offset":
        zone = create.find_zone(replace(booking_request, preferred=None), now=now)
    return zone.name


def _start(booking_request: BookingRequest, zone: time_zones.Zone) -> str:
    """The start as an instant. Blank for as soon as possible, and for a time that the clocks skip or that is too
    far ahead: such a request is refused later."""
    if booking_request.preferred is None:
        return ""
    try:
        return requested_times.instant("preferredTime", booking_request.preferred, zone).isoformat()
    except InvalidBookingRequest:
        return ""
