"""Staff book a meeting, once for each form however often it is sent."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError

from ...models import Booking, FollowUp
from ...models.booking import phone_parts
from ..actors import Actor
from ..bookings import create
from ..bookings.results import Booked, BookingResult, SlotUnavailable
from . import followups

# A shorter number may be one that is still being typed.
MIN_PHONE_DIGITS = 8


@dataclass(frozen=True, slots=True)
class AlreadyBooked:
    """The same form was sent before. This is its booking; its outcome may still be open."""

    booking: Booking


def book(
    *,
    booking_request: create.BookingRequest,
    booking_id: uuid.UUID,
    by: Actor,
    now: datetime,
    followup: FollowUp | None = None,
) -> BookingResult | AlreadyBooked:
    """Book the meeting with that id; a second call with the id books nothing. `followup` is closed as rebooked.

    If the booking with that id has failed, a new id is needed. Raises what `create.book` raises.
    """
    found = _not_failed(booking_id)
    if found is not None:
        return AlreadyBooked(found)
    try:
        result = create.book(booking_request=booking_request, by=by, now=now, booking_id=booking_id)
    except IntegrityError:
        # The same form was sent twice at the same moment: the other call has made the booking.
        found = Booking.objects.filter(pk=booking_id).first()
        if found is None:
            raise
        return AlreadyBooked(found)
    if isinstance(result, SlotUnavailable):
        # The other call may have taken the start.
        found = _not_failed(booking_id)
        return AlreadyBooked(found) if found is not None else result
    if isinstance(result, Booked) and followup is not None:
        with suppress(followups.NotPossible):  # it was closed meanwhile, and stays closed
            followups.rebooked(followup, booking=result.booking, by=by, now=now)
    return result


def known_person(*, email: str, phone: str) -> Booking | None:
    """The latest booking of the person with this address, otherwise with this phone number in any spelling."""
    rows, found = Booking.objects.order_by("-start_at", "-pk"), None
    if email.strip():
        found = rows.filter(email_key=email.strip().lower()).first()
    _country, digits = phone_parts(phone)
    if found is None and len(digits) >= MIN_PHONE_DIGITS:
        found = rows.filter(search_key__contains=digits).first()
    return found


def _not_failed(booking_id: uuid.UUID) -> Booking | None:
    return Booking.objects.filter(pk=booking_id).exclude(status=Booking.Status.FAILED).first()
