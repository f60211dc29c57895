"""An invitee who did not come: marked at Calendly and unmarked, by staff.

The wish is kept first, Calendly is asked, and then the invitee is read again: what Calendly says of it comes in
the way by which everything of Calendly's comes in. Its own delivery, soon after, finds nothing left to change.
https://developer.calendly.com/api-docs/cebd8c3170790-create-invitee-no-show
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from ... import clients
from ...calendly.client import Client
from ...calendly.errors import CalendlyError, Unauthenticated
from ...models import Booking, CalendlyBooking, TimelineEntry
from .. import api_call_log, errors, reconcile
from ..actors import SYSTEM, Actor, entry


class NotMarkable(Exception):
    """`why`: early (it has not begun), or the status of a booking that is not confirmed."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class MarkUnknown(Exception):
    """Calendly's answer was lost, and it could not be read what came of it: it will be read soon."""


def mark(booking: Booking, *, by: Actor, now: datetime) -> Booking:
    """Mark the invitee as one who did not come. One who is marked already is given back unchanged.

    Raises NotMarkable, MarkUnknown, CalendlyRefused, CalendlyUnavailable.
    """
    if booking.no_show_at is not None:
        return booking
    calendly_booking = _leg(booking, now)
    if calendly_booking.no_show_uri:  # marked a moment ago
        return Booking.objects.shown().get(pk=booking.pk)
    _wish(booking, "no_show_requested", by, now)

    def ask(client: Client) -> None:
        client.mark_no_show(calendly_booking.invitee_uri or "")

    return _do(calendly_booking, ask, marked=True, now=now)


def undo(booking: Booking, *, by: Actor, now: datetime) -> Booking:
    """Take the mark away. One without it is given back unchanged. Raises what `mark` raises."""
    if booking.no_show_at is None:
        return booking
    calendly_booking = _leg(booking, now)
    if not calendly_booking.no_show_uri:  # taken away a moment ago
        return Booking.objects.shown().get(pk=booking.pk)
    _wish(booking, "no_show_undo_requested", by, now)

    def ask(client: Client) -> None:
        client.unmark_no_show(calendly_booking.no_show_uri)

    return _do(calendly_booking, ask, marked=False, now=now)


def why_not(booking: Booking, *, now: datetime) -> str:
    """Why nothing can be marked here, as `NotMarkable.why`; empty where it can."""
    if booking.status != Booking.Status.CONFIRMED:
        return str(booking.status)
    if booking.current_calendly_booking_id is None:
        return "pending"
    return "early" if booking.start_at is None or booking.start_at > now else ""


def _leg(booking: Booking, now: datetime) -> CalendlyBooking:
    why, current = why_not(booking, now=now), booking.current_calendly_booking_id
    if why or current is None:
        raise NotMarkable(why)
    return CalendlyBooking.objects.select_related("booking__account").get(pk=current)


def _wish(booking: Booking, action: str, by: Actor, now: datetime) -> None:
    """Kept before Calendly is asked: who dies in between leaves the trace of who wanted it."""
    with transaction.atomic(durable=True):
        entry(booking.pk, at=now, by=by, action=action).save()


@api_call_log.calls()
def _do(
    calendly_booking: CalendlyBooking, ask: Callable[[Client], None], *, marked: bool, now: datetime
) -> Booking:
    """Ask, then read what became of it; a refusal too: of what is done already Calendly refuses a second time."""
    account, refusal = calendly_booking.booking.account, None
    try:
        client = clients.calendly(account)
        ask(client)
    except clients.NoToken as error:
        return _refused(calendly_booking, error, now)
    except CalendlyError as error:
        if isinstance(error, Unauthenticated) or (error.retryable and not error.outcome_unknown):
            return _refused(calendly_booking, error, now)
        refusal = error
    try:
        invitee = client.invitee(calendly_booking.invitee_uri or "")
    except CalendlyError as error:
        if refusal is None or refusal.outcome_unknown:
            return _unread(calendly_booking, refusal, now)
        return _refused(calendly_booking, refusal, now, unread=error)
    heard = api_call_log.entries(calendly_booking.booking_id, at=now)
    reconcile.apply_observations(
        account, [reconcile.Observation(reconcile.Kind.READ, invitee, None)], now=now, recorded_calls=heard
    )
    if refusal is not None and bool(invitee.no_show_uri) != marked:
        return _refused(calendly_booking, refusal, now)
    return Booking.objects.shown().get(pk=calendly_booking.booking_id)


def _unread(calendly_booking: CalendlyBooking, refusal: CalendlyError | None, now: datetime) -> Booking:
    """It is done, or may be: the worker reads it soon. Raises MarkUnknown where nobody knows."""
    with transaction.atomic(durable=True):
        CalendlyBooking.objects.filter(pk=calendly_booking.pk, pending_action="").update(
            pending_action=CalendlyBooking.PendingAction.REFETCH, next_attempt_at=now, attempts=0
        )
        TimelineEntry.objects.bulk_create(api_call_log.entries(calendly_booking.booking_id, at=now))
    raise MarkUnknown("It could not be read what Calendly made of it.") from refusal


def _refused(
    calendly_booking: CalendlyBooking,
    error: CalendlyError | clients.NoToken,
    now: datetime,
    unread: CalendlyError | None = None,
) -> Booking:
    """Nothing happened, and staff see it in the timeline."""
    noted = entry(
        calendly_booking.booking_id, at=now, by=SYSTEM, action="no_show_unchanged", error=str(error)[:500]
    )
    with transaction.atomic(durable=True):
        TimelineEntry.objects.bulk_create([*api_call_log.entries(calendly_booking.booking_id, at=now), noted])
    raise errors.of(error, calendly_booking.booking.account, now=now) from (unread or error)
