"""Mark and unmark an invitee as a no-show at Calendly, for staff.

The request is committed first, then Calendly is asked, then the invitee is read again and applied like any other
observation. Calendly's own delivery, which follows soon, changes nothing more.
https://developer.calendly.com/api-docs/cebd8c3170790-create-invitee-no-show
"""

from datetime import datetime

from django.db import transaction

from ... import clients
from ...calendly.errors import CalendlyError, Unauthenticated
from ...models import Booking, CalendlyBooking, TimelineEntry
from .. import api_call_log, errors, reconcile
from ..actors import SYSTEM, Actor, entry


class NotMarkable(Exception):
    """`why`: early (the meeting has not begun), or the status of a booking that is not confirmed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class MarkUnknown(Exception):
    """Calendly's answer was lost, and the invitee could not be read. A worker reads it soon."""


def mark(booking: Booking, *, by: Actor, now: datetime) -> Booking:
    """Mark the invitee as a no-show. A marked one is returned unchanged.

    Raises NotMarkable, MarkUnknown, CalendlyRefused, CalendlyUnavailable.
    """
    if booking.no_show_at is not None:
        return booking
    calendly_booking = _current(booking, now)
    if calendly_booking.no_show_uri:  # marked a moment ago
        return Booking.objects.shown().get(pk=booking.pk)
    _commit_request(booking, "no_show_requested", by, now)
    return _change_mark(calendly_booking, marked=True, now=now)


def undo(booking: Booking, *, by: Actor, now: datetime) -> Booking:
    """Remove the mark. A booking without it is returned unchanged. Raises what `mark` raises."""
    if booking.no_show_at is None:
        return booking
    calendly_booking = _current(booking, now)
    if not calendly_booking.no_show_uri:  # removed a moment ago
        return Booking.objects.shown().get(pk=booking.pk)
    _commit_request(booking, "no_show_undo_requested", by, now)
    return _change_mark(calendly_booking, marked=False, now=now)


def why_not(booking: Booking, *, now: datetime) -> str:
    """Why the invitee cannot be marked, as `NotMarkable.why`; empty if it can."""
    if booking.status != Booking.Status.CONFIRMED:
        return str(booking.status)
    if booking.current_calendly_booking_id is None:
        return "pending"
    return "early" if booking.start_at is None or booking.start_at > now else ""


def _current(booking: Booking, now: datetime) -> CalendlyBooking:
    why, current = why_not(booking, now=now), booking.current_calendly_booking_id
    if why or current is None:
        raise NotMarkable(why)
    return CalendlyBooking.objects.select_related("booking__account").get(pk=current)


def _commit_request(booking: Booking, action: str, by: Actor, now: datetime) -> None:
    """Before Calendly is asked, so that the timeline says who requested it even if the process dies."""
    with transaction.atomic(durable=True):
        entry(booking.pk, at=now, by=by, action=action).save()


@api_call_log.calls()
def _change_mark(calendly_booking: CalendlyBooking, *, marked: bool, now: datetime) -> Booking:
    """Ask Calendly, then read the invitee. Also after a refusal, because Calendly refuses what is done already."""
    account, refusal = calendly_booking.booking.account, None
    try:
        client = clients.calendly(account)
        if marked:
            client.mark_no_show(calendly_booking.invitee_uri or "")
        else:
            client.unmark_no_show(calendly_booking.no_show_uri)
    except clients.NoToken as error:
        raise _refused(calendly_booking, error, now) from error
    except CalendlyError as error:
        if isinstance(error, Unauthenticated) or (error.retryable and not error.outcome_unknown):
            raise _refused(calendly_booking, error, now) from error
        refusal = error
    try:
        invitee = client.invitee(calendly_booking.invitee_uri or "")
    except CalendlyError as error:
        if refusal is None or refusal.outcome_unknown:
            _refetch_soon(calendly_booking, now)
            raise MarkUnknown("The invitee could not be read.") from refusal
        raise _refused(calendly_booking, refusal, now) from error
    calls = api_call_log.entries(calendly_booking.booking_id, at=now)
    observation = reconcile.Observation(reconcile.Kind.READ, invitee, None)
    with transaction.atomic(durable=True):
        reconcile.apply_observations(account, [observation], now=now, recorded_calls=calls)
    if refusal is not None and bool(invitee.no_show_uri) != marked:
        raise _refused(calendly_booking, refusal, now) from refusal
    return Booking.objects.shown().get(pk=calendly_booking.booking_id)


def _refetch_soon(calendly_booking: CalendlyBooking, now: datetime) -> None:
    with transaction.atomic(durable=True):
        CalendlyBooking.objects.filter(pk=calendly_booking.pk).request_refetch(now=now)
        TimelineEntry.objects.bulk_create(api_call_log.entries(calendly_booking.booking_id, at=now))


def _refused(
    calendly_booking: CalendlyBooking, error: CalendlyError | clients.NoToken, now: datetime
) -> Exception:
    """Write to the timeline that nothing changed. Returns the error to raise."""
    booking_id, text = calendly_booking.booking_id, str(error)[:500]
    refusal = entry(booking_id, at=now, by=SYSTEM, action="no_show_unchanged", error=text)
    with transaction.atomic(durable=True):
        TimelineEntry.objects.bulk_create([*api_call_log.entries(booking_id, at=now), refusal])
    return errors.from_calendly(error, calendly_booking.booking.account, now=now)
