"""Cancel a booking: here and at Calendly.

The request is committed first, then Calendly is asked, then its answer is applied. If the process dies in between,
the cancellation is due for a worker (`pending_actions`).
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ... import clients
from ...calendly.errors import CalendlyError
from ...models import Booking, CalendlyBooking, EventType
from .. import api_call_log, errors, mapping
from ..actors import Actor, entry
from . import pending_actions

# With these codes the meeting is still wanted, at another time.
CODES_WITH_FOLLOW_UP = frozenset({Booking.CancelCode.HOST_AWAY, Booking.CancelCode.WRONG_TIME})


class NotCancelable(Exception):
    """`why`: past, pending, failed, or group (Calendly can only cancel the event for all its invitees)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class CancellationUnknown(Exception):
    """Calendly's answer was lost. The cancellation is tried again until its result is known."""

    def __init__(self, booking: Booking) -> None:
        super().__init__("The answer to the cancellation was lost.")
        self.booking = booking


def cancel_booking(
    booking: Booking,
    *,
    reason: str,
    by: Actor,
    now: datetime,
    whole_event: bool = False,
    code: str = "",
    follow_up: bool = False,
) -> Booking:
    """Cancel at Calendly, then here. A canceled booking is returned unchanged.

    Calendly is told the `reason`; `code` is the kind of reason. With `follow_up`, and a code after which the
    meeting is still wanted, a follow-up is planned when the cancellation takes effect. Raises NotCancelable,
    CancellationUnknown, CalendlyRefused, CalendlyUnavailable.
    """
    follow_up = follow_up and code in CODES_WITH_FOLLOW_UP
    request = {**by.dump(), "reason": reason, "code": code, "follow_up": follow_up}
    while booking.status != Booking.Status.CANCELED:
        calendly_booking = _cancelable(booking, now)
        if not whole_event and has_other_invitees(booking, calendly_booking, now=now):
            raise NotCancelable("group")
        if _request(booking, calendly_booking, request=request, by=by, now=now):
            return _finish(booking, calendly_booking, now)
        booking = Booking.objects.shown().get(pk=booking.pk)  # canceled or rescheduled a moment ago
    return booking


def has_other_invitees(booking: Booking, calendly_booking: CalendlyBooking, *, now: datetime) -> bool:
    """True if the event at Calendly has other invitees: Calendly could only cancel it for all of them."""
    event_type = booking.event_type
    if event_type is not None and event_type.kind != EventType.Kind.GROUP:
        return False
    try:
        client = clients.calendly(booking.account)
        return client.scheduled_event(calendly_booking.event_uri).invitees_active > 1
    except (CalendlyError, clients.NoToken) as error:
        raise errors.from_calendly(error, booking.account, now=now) from error


def cancel_replaced(calendly_booking: CalendlyBooking) -> None:
    """Cancel a Calendly booking that a reschedule has replaced, unless a worker has begun to."""
    lease = pending_actions.LEASE
    if CalendlyBooking.objects.claim_cancel(calendly_booking, now=timezone.now(), lease=lease):
        _cancel_now(calendly_booking)


def retry_cancel_replaced(calendly_booking: CalendlyBooking, *, by: Actor, now: datetime) -> bool:
    """Ask Calendly again to cancel a replaced Calendly booking, for staff. False if there is nothing to ask."""
    with transaction.atomic(durable=True):
        if not CalendlyBooking.objects.retry_cancel(calendly_booking, now=now):
            return False
        start = str(calendly_booking.start_at)
        entry(calendly_booking.booking_id, at=now, by=by, action="cancel_requested", start=start).save()
    return True


def _cancelable(booking: Booking, now: datetime) -> CalendlyBooking:
    calendly_booking = booking.current_calendly_booking
    if booking.status != Booking.Status.CONFIRMED or calendly_booking is None:
        raise NotCancelable(booking.status)
    if booking.end_at is not None and booking.end_at <= now:
        raise NotCancelable("past")
    if CalendlyBooking.objects.has_pending(booking):
        raise NotCancelable("pending")
    return calendly_booking


def _request(
    booking: Booking,
    calendly_booking: CalendlyBooking,
    *,
    request: dict[str, object],
    by: Actor,
    now: datetime,
) -> bool:
    """Commit that the Calendly booking is to be canceled. If that was requested before, the first request and its
    reason stay. False if the booking was canceled or rescheduled since it was read."""
    with transaction.atomic(durable=True):
        locked = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
        if (
            locked.status != Booking.Status.CONFIRMED
            or locked.current_calendly_booking_id != calendly_booking.pk
            or CalendlyBooking.objects.has_pending(locked)
        ):
            return False
        if CalendlyBooking.objects.request_cancel(
            calendly_booking,
            intent={**calendly_booking.intent, "cancel": request},
            now=timezone.now(),
            lease=pending_actions.LEASE,
        ):
            reason = str(request["reason"])
            entry(booking.pk, at=now, by=by, action="cancel_requested", reason=reason).save()
        else:
            calendly_booking.lease_token = None  # the lease of the first request is not ours
    return True


def _finish(booking: Booking, calendly_booking: CalendlyBooking, now: datetime) -> Booking:
    """Cancel at Calendly, and return the canceled booking. Raises what `cancel_booking` raises."""
    error = _cancel_now(calendly_booking)
    fresh = Booking.objects.shown().get(pk=booking.pk)
    if fresh.status == Booking.Status.CANCELED:
        return fresh
    if CalendlyBooking.objects.is_being_canceled(calendly_booking):
        raise CancellationUnknown(fresh)  # still tried, perhaps for another request
    if error is None:
        raise NotCancelable("pending")  # the invitee has just rescheduled it
    if isinstance(error, pending_actions.MeetingOver):
        raise NotCancelable("past")
    raise errors.from_calendly(error, fresh.account, now=now)


@api_call_log.calls()
def _cancel_now(
    calendly_booking: CalendlyBooking,
) -> CalendlyError | clients.NoToken | pending_actions.MeetingOver | None:
    """Do a claimed cancellation at once. Returns the error that prevented it.

    None while the Calendly booking is still active: the answer was lost, and it is tried again until its result is
    known. If Calendly certainly did nothing, the request is withdrawn, except for a replaced Calendly booking.
    """
    token = calendly_booking.lease_token
    calendly_booking = pending_actions.with_account(calendly_booking)
    calendly_booking.lease_token = token  # ours, not that of a worker that may have claimed it since
    try:
        pending_actions.cancel_at_calendly(calendly_booking)
    except pending_actions.MeetingOver as error:
        return error
    except (CalendlyError, clients.NoToken) as error:
        is_replaced = calendly_booking.booking.current_calendly_booking_id != calendly_booking.pk
        if is_replaced or getattr(error, "outcome_unknown", False):
            pending_actions.try_again_later(calendly_booking, error)
            return None
        _withdraw(calendly_booking, error)
        return error
    return None


def _withdraw(calendly_booking: CalendlyBooking, error: Exception) -> None:
    """Calendly did nothing: withdraw the request. If the conference link is still missing, it is read again."""
    ready = bool(calendly_booking.event_raw) and mapping.location_settled(calendly_booking.event_raw)
    text = str(error)[:500]
    with transaction.atomic(durable=True):
        if CalendlyBooking.objects.finish(
            calendly_booking,
            pending_action=CalendlyBooking.PendingAction.NOTHING
            if ready
            else CalendlyBooking.PendingAction.REFETCH,
            next_attempt_at=None if ready else timezone.now(),
            attempts=0,
            intent={key: value for key, value in calendly_booking.intent.items() if key != "cancel"},
            last_error=text,
        ):
            pending_actions.note_refusal(calendly_booking, "not_canceled", text)
