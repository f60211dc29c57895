"""Staff book a meeting, once for each form however often it is sent."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError

from ...models import Booking, FollowUp
from ..actors import Actor
from ..bookings import create
from . import followups


@dataclass(frozen=True, slots=True)
class AlreadyBooked:
    """The same form was sent before, and this is its booking. Its outcome may still be open."""

    booking: Booking


def book(
    *,
    booking_request: create.BookingRequest,
    booking_id: uuid.UUID,
    by: Actor,
    now: datetime,
    followup: FollowUp | None = None,
) -> create.Outcome | AlreadyBooked:
    """Book the request under that id; a second call with it books nothing. `followup` is closed as
    rebooked. An id whose booking failed books nothing either: use a new one. Raises what `create.schedule`
    raises."""
    found = find_active(booking_id)
    if found is not None:
        return AlreadyBooked(found)
    try:
        outcome = create.schedule(booking_request=booking_request, by=by, now=now, booking_id=booking_id)
    except IntegrityError:
        # A parallel request has made the booking.
        found = Booking.objects.filter(pk=booking_id).first()
        if found is None:
            raise
        return AlreadyBooked(found)
    if isinstance(outcome, create.NothingFree):
        # A parallel request took the start.
        found = find_active(booking_id)
        return AlreadyBooked(found) if found is not None else outcome
    if isinstance(outcome, create.Booked) and followup is not None:
        with suppress(followups.NotPossible):  # it was closed in the meantime
            followups.rebooked(followup, booking=outcome.booking, by=by, now=now)
    return outcome


def find_active(booking_id: uuid.UUID) -> Booking | None:
    """The booking with that id, unless it failed."""
    return Booking.objects.filter(pk=booking_id).exclude(status=Booking.Status.FAILED).first()
