"""Staff book for somebody: once, however often the button is pressed."""

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
    """The same form came a moment ago, and this is its booking, whose outcome may still be open."""

    booking: Booking


def book(
    *,
    booking_request: create.BookingRequest,
    booking_id: uuid.UUID,
    by: Actor,
    now: datetime,
    followup: FollowUp | None = None,
) -> create.Outcome | AlreadyBooked:
    """Book the wish under that id; a second call with it books nothing. `followup` is closed as rebooked.

    Under an id whose booking came to nothing nothing is booked either: give a new one. Raises what
    `scheduling.schedule` raises.
    """
    found = _find_not_failed(booking_id)
    if found is not None:
        return AlreadyBooked(found)
    try:
        outcome = create.schedule(booking_request=booking_request, by=by, now=now, booking_id=booking_id)
    except IntegrityError:
        # Two at the same moment: the other one has made the booking.
        found = Booking.objects.filter(pk=booking_id).first()
        if found is None:
            raise
        return AlreadyBooked(found)
    if isinstance(outcome, create.NothingFree):
        # The other one took the start, or this one has read the free times after it.
        found = _find_not_failed(booking_id)
        return AlreadyBooked(found) if found is not None else outcome
    if isinstance(outcome, create.Booked) and followup is not None:
        with suppress(followups.NotPossible):  # closed meanwhile: that stands
            followups.rebooked(followup, booking=outcome.booking, by=by, now=now)
    return outcome


def _find_not_failed(booking_id: uuid.UUID) -> Booking | None:
    return Booking.objects.filter(pk=booking_id).exclude(status=Booking.Status.FAILED).first()
