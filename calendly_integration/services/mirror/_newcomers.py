"""Bookings and legs that we learn of from Calendly only."""

import uuid
from datetime import datetime, timedelta

from ...models import Booking, BookingLeg, Connection, VAIMetadata
from ...models.booking import search_key
from .. import mapping
from ._sighting import Sighting

# The other half of a move comes within seconds; if it does not, it is read.
WAIT_FOR_OTHER_HALF = timedelta(seconds=20)


def newcomer(
    connection: Connection, sighting: Sighting, *, now: datetime
) -> tuple[Booking, BookingLeg, VAIMetadata | None]:
    """A booking made without us, its leg, and, where the tracking says that the portal made it, metadata that
    the portal still has to be asked for. Not saved."""
    invitee = sighting.invitee
    booking = Booking(
        id=uuid.uuid4(),
        connection=connection,
        source=Booking.Source.PUBLIC,
        invitee_name=invitee.name[:255],
        invitee_email=invitee.email[:320],
        email_key=invitee.email[:320].strip().lower(),
        search_key=search_key(invitee.name[:255], invitee.email[:320]),
        time_zone=(invitee.timezone or "")[:64],
        created_at=invitee.created_at,
    )
    leg = BookingLeg(
        id=uuid.uuid4(), booking=booking, status=BookingLeg.Status.EXPECTED, created_at=invitee.created_at
    )
    metadata = VAIMetadata(booking=booking, next_attempt_at=now) if mapping.portal_made(invitee) else None
    return booking, leg, metadata


def stub(booking: Booking, invitee_uri: str, *, now: datetime) -> BookingLeg:
    """A leg known by a link only. Not saved. It is read from Calendly if nobody tells of it soon."""
    return BookingLeg(
        id=uuid.uuid4(),
        booking=booking,
        status=BookingLeg.Status.EXPECTED,
        invitee_uri=invitee_uri,
        event_uri=invitee_uri.rpartition("/invitees/")[0],
        todo=BookingLeg.Todo.REFRESH,
        next_attempt_at=now + WAIT_FOR_OTHER_HALF,
        created_at=now,
    )
