"""What can be asked of bookings, and done with them: find, list, cancel, move (`moves`)."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from ... import clients
from ...calendly.errors import CalendlyError
from ...models import Booking, CalendlyBooking, TimelineEntry, VAIMetadata
from ...models.booking import BookingQuerySet
from .. import api_call_log, errors
from ..actors import Actor, entry
from ..backoffice import followups
from . import pending_actions
from . import reschedule as moves
from .reschedule import (
    Moved,
    MoveUnknown,
    NotFree,
    NotReschedulable,
    reassign_host,
    reassignment_candidates,
    reschedule,
    zone_of,
)

__all__ = [
    "OFFERED_AGAIN",
    "BookingNotFound",
    "CancellationUnknown",
    "MoveUnknown",
    "Moved",
    "NotCancelable",
    "NotFree",
    "NotReschedulable",
    "annotate",
    "bookings_for",
    "cancel",
    "find",
    "history",
    "listed",
    "reassign_host",
    "reassignment_candidates",
    "reschedule",
    "upcoming",
    "zone_of",
]


class BookingNotFound(LookupError):
    """There is no such booking."""


class NotCancelable(Exception):
    """`why`: past, pending, failed, or group (Calendly can only cancel the event for all its invitees)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class CancellationUnknown(Exception):
    """Calendly's answer was lost; the cancellation is tried again until it is certain."""

    def __init__(self, booking: Booking) -> None:
        super().__init__("The answer to the cancellation was lost.")
        self.booking = booking


def bookings_for(key_id: int | None) -> BookingQuerySet:
    """The bookings that the agent with this key may see and change. Staff, who have no key, reach all."""
    return Booking.objects.shown().open_to(key_id)


def find(key: str, *, key_id: int | None = None) -> Booking:
    """A booking by our id or by Calendly's event id, of the present event or one that it replaced.

    With an agent's key only one that is open to it. Raises BookingNotFound. Of a group event the booking made last.
    """
    shown = bookings_for(key_id)
    try:
        found = shown.filter(pk=uuid.UUID(key)).first()
    except ValueError:
        found = None
    # Of printable characters only: a NUL would be an error of the database.
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
    mine = bookings_for(key_id).of_email(email)
    return list(mine.confirmed_between(now, now + timedelta(days=days))[:200])


def listed(
    *,
    email: str = "",
    conversation_id: str = "",
    or_conversation_id: str = "",
    status: str = "",
    key_id: int | None = None,
) -> QuerySet[Booking]:
    """Bookings by what an agent knows of them; of the one conversation or the other."""
    found = bookings_for(key_id)
    if email:
        found = found.of_email(email)
    if conversation_id:
        wanted = {conversation_id, or_conversation_id or conversation_id}
        found = found.filter(metadata__conversation_id__in=wanted)
    if status:
        found = found.filter(status=status)
    return found


# After these the meeting is still wanted, only at another time.
OFFERED_AGAIN = frozenset({Booking.CancelCode.HOST_AWAY, Booking.CancelCode.WRONG_TIME})


def cancel(
    booking: Booking,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    whole_event: bool = False,
    code: str = "",
    follow_up: bool = False,
) -> Booking:
    """Cancel at Calendly, then here. One that is canceled already is given back unchanged.

    `reason` is what Calendly is told, `code` which kind of reason that is. With `follow_up`, and a code that
    leaves the meeting wanted, a follow-up is planned as soon as the cancellation has taken effect. Raises
    NotCancelable, CancellationUnknown, CalendlyRefused, CalendlyUnavailable.
    """
    if booking.status == Booking.Status.CANCELED:
        return booking
    calendly_booking = _cancelable(booking, now)
    if not whole_event and moves.shared(booking, calendly_booking, now=now):
        raise NotCancelable("group")
    with transaction.atomic(durable=True):
        locked = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
        plan = follow_up and code in OFFERED_AGAIN
        booking_request = {**by.dump(), "reason": reason, "code": code, "follow_up": plan}
        wanted = {**calendly_booking.intent, "cancel": booking_request}
        stands = (
            locked.status == Booking.Status.CONFIRMED
            and locked.current_calendly_booking_id == calendly_booking.pk
        )
        stands = stands and not moves.has_pending_reschedule(locked)
        if stands and pending_actions.want_cancellation(calendly_booking, intent=wanted):
            entry(booking.pk, at=now, by=by, action="cancel_requested", reason=reason).save()
    if not stands:  # canceled or moved a moment ago: look again
        return cancel(
            find(str(booking.pk)),
            reason=reason,
            by=by,
            now=now,
            whole_event=whole_event,
            code=code,
            follow_up=follow_up,
        )
    outcome = pending_actions.cancel_now(calendly_booking)
    fresh = Booking.objects.shown().get(pk=booking.pk)
    if fresh.status == Booking.Status.CANCELED:
        return fresh
    if pending_actions.cancels(calendly_booking):
        raise CancellationUnknown(fresh)  # it is still tried, perhaps for whoever asked first
    if outcome is None:
        raise NotCancelable("pending")  # the invitee has just moved it
    raise _not_done(outcome, fresh, now)


def _not_done(error: Exception, booking: Booking, now: datetime) -> Exception:
    if isinstance(error, pending_actions.Over):
        return NotCancelable("past")
    if isinstance(error, CalendlyError | clients.NoToken):
        return errors.of(error, booking.account, now=now)
    return error


def _cancelable(booking: Booking, now: datetime) -> CalendlyBooking:
    calendly_booking = booking.current_calendly_booking
    if booking.status != Booking.Status.CONFIRMED or calendly_booking is None:
        raise NotCancelable(booking.status)
    if booking.end_at is not None and booking.end_at <= now:
        raise NotCancelable("past")
    if moves.has_pending_reschedule(booking):
        raise NotCancelable("pending")
    return calendly_booking


@transaction.atomic
def annotate(booking: Booking, *, changes: dict[str, object], by: Actor, now: datetime) -> VAIMetadata:
    """Change what the portal keeps with a booking. Returns the metadata. What is so already leaves no trace."""
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
    """The last things that happened to a booking, `limit` at most, in order; without our calls to Calendly and the
    notes of staff, which are for staff. And what to give as `before` for the earlier ones: None where there are
    none."""
    entries = TimelineEntry.objects.filter(booking=booking).exclude(
        action__in=(api_call_log.ACTION, followups.NOTED)
    )
    if before is not None:
        entries = entries.filter(pk__lt=before)
    found = list(entries.order_by("-pk")[: limit + 1])
    page = found[:limit][::-1]
    return page, page[0].pk if len(found) > limit else None
