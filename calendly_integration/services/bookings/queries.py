"""Find bookings, read their history, and change the portal's data of a booking."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from ...models import Booking, CalendlyBooking, TimelineEntry, VAIMetadata
from ...models.booking import BookingQuerySet
from ..actors import Actor, entry


class BookingNotFound(LookupError):
    """There is no such booking."""


def bookings_for(key_id: int | None) -> BookingQuerySet:
    """The bookings that the agent with this key may see and change; without a key (staff) all of them."""
    return Booking.objects.open_to(key_id)


def find(key: str, *, key_id: int | None = None) -> Booking:
    """A booking by our id, or by the id of its present or a replaced event at Calendly.

    With an agent's key only a booking that is open to it. Of a group event, the booking made last. Raises
    BookingNotFound.
    """
    shown = bookings_for(key_id).shown()
    try:
        found = shown.filter(pk=uuid.UUID(key)).first()
    except ValueError:
        found = None
    # Printable characters only: PostgreSQL raises an error for NUL.
    if found is None and key and len(key) <= 64 and key.isprintable():
        calendly_booking = (
            CalendlyBooking.objects.filter(event_id=key).order_by("-created_at").values("booking_id")[:1]
        )
        found = shown.filter(pk__in=calendly_booking).first()
    if found is None:
        raise BookingNotFound(key)
    return found


def upcoming(email: str, *, days: int, now: datetime, key_id: int | None = None) -> list[Booking]:
    """The invitee's confirmed bookings that start within `days`, soonest first."""
    mine = bookings_for(key_id).shown_in_list().of_email(email)
    return list(mine.confirmed_between(now, now + timedelta(days=days))[:200])


def listed(
    *,
    email: str = "",
    conversation_id: str = "",
    or_conversation_id: str = "",
    status: str = "",
    key_id: int | None = None,
) -> QuerySet[Booking]:
    """Bookings that match all filters. The conversation is either of the two ids."""
    found = bookings_for(key_id).shown_in_list()
    if email:
        found = found.of_email(email)
    if conversation_id:
        wanted = {conversation_id, or_conversation_id or conversation_id}
        found = found.filter(metadata__conversation_id__in=wanted)
    if status:
        found = found.filter(status=status)
    return found


@transaction.atomic
def annotate(booking: Booking, *, changes: dict[str, object], by: Actor, now: datetime) -> VAIMetadata:
    """Change the portal's data of a booking, and return it. Values that do not change leave no timeline entry."""
    metadata, _made = VAIMetadata.objects.select_for_update().get_or_create(booking=booking)
    news = {name: value for name, value in changes.items() if getattr(metadata, name) != value}
    if news:
        for name, value in news.items():
            setattr(metadata, name, value)
        metadata.save()
        entry(booking.pk, at=now, by=by, action="metadata_changed", fields=sorted(news)).save()
    return metadata


def history(
    booking: Booking, *, before: int | None = None, limit: int
) -> tuple[list[TimelineEntry], int | None]:
    """The last `limit` timeline entries of a booking, in order, and the `before` for the entries before them (None
    if there are none). Our calls to Calendly and the notes of staff are left out: they are for staff only."""
    entries = TimelineEntry.objects.filter(booking=booking).exclude(
        action__in=(
            TimelineEntry.Action.CALLED,
            TimelineEntry.Action.FOLLOWUP_NOTED,
            TimelineEntry.Action.STAFF_NOTED,
        )
    )
    if before is not None:
        entries = entries.filter(pk__lt=before)
    found = list(entries.order_by("-pk")[: limit + 1])
    page = found[:limit][::-1]
    return page, page[0].pk if len(found) > limit else None
