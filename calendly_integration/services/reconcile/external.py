"""Bookings and Calendly bookings that we learn of from Calendly only."""

import uuid
from datetime import datetime, timedelta

from ...models import Booking, CalendlyAccount, CalendlyBooking, VAIMetadata
from ...models.booking import search_key
from . import mapping
from .observation import Observation

# The other half of a move comes within seconds; if it does not, it is read.
WAIT_FOR_OTHER_HALF = timedelta(seconds=20)


def newcomer(
    account: CalendlyAccount, observation: Observation, *, now: datetime
) -> tuple[Booking, CalendlyBooking]:
    """A booking made without us, and its Calendly booking. Not saved."""
    invitee, person = observation.invitee, mapping.person(observation.invitee.raw)
    booking = Booking(
        id=uuid.uuid4(),
        account=account,
        source=Booking.Source.PUBLIC,
        invitee_name=person.name,
        invitee_email=person.email,
        email_key=person.email.strip().lower(),
        search_key=search_key(person.name, person.email),
        time_zone=person.time_zone,
        created_at=invitee.created_at,
    )
    calendly_booking = CalendlyBooking(
        id=uuid.uuid4(),
        booking=booking,
        status=CalendlyBooking.Status.EXPECTED,
        created_at=invitee.created_at,
    )
    return booking, calendly_booking


def question(
    booking: Booking, calendly_booking: CalendlyBooking, observation: Observation, *, now: datetime
) -> VAIMetadata | None:
    """Where the tracking says that the portal made the booking, but not through us, and we hold no metadata of it:
    some that the portal still has to be asked for. Not saved."""
    if calendly_booking.request or not mapping.portal_made(observation.invitee) or _has_metadata(booking):
        return None
    return VAIMetadata(booking=booking, next_attempt_at=now)


def _has_metadata(booking: Booking) -> bool:
    """Without a query: one that was read came with its metadata, one that is new has only what was made here."""
    return booking._state.fields_cache.get("metadata") is not None


def stub(booking: Booking, invitee_uri: str, *, now: datetime) -> CalendlyBooking:
    """A Calendly booking known by a link only. Not saved. It is read from Calendly if nobody tells of it soon."""
    return CalendlyBooking(
        id=uuid.uuid4(),
        booking=booking,
        status=CalendlyBooking.Status.EXPECTED,
        invitee_uri=invitee_uri,
        event_uri=invitee_uri.rpartition("/invitees/")[0],
        pending_action=CalendlyBooking.PendingAction.REFETCH,
        next_attempt_at=now + WAIT_FOR_OTHER_HALF,
        created_at=now,
    )
