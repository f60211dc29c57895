"""What is left to do with a Calendly booking: resolve an unknown outcome, cancel it, or read it again.

One worker claims a Calendly booking whose `pending_action` is due. A request that a person waits for claims its own
cancellation. Each step may be repeated without harm.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ... import clients
from ...calendly.client import Client
from ...calendly.errors import (
    AlreadyCanceled,
    BadAnswer,
    CalendlyError,
    EventInPast,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from ...calendly.payloads import Invitee, ScheduledEvent
from ...models import Booking, CalendlyBooking, TimelineEntry
from ...models.work import DATABASE_AWAY
from .. import api_call_log, mapping, reconcile
from ..actors import SYSTEM, entry
from ..backoff import backoff
from . import attempts

log = logging.getLogger("calendly.pending_actions")

LEASE = timedelta(seconds=60)
# A booking that was sent and not found may still be on its way. It counts as failed after this time.
RESOLVE_TIMEOUT = timedelta(seconds=60)
MIN_LOOKUPS = 2
FIRST_WAIT, MAX_WAIT = timedelta(seconds=2), timedelta(seconds=30)

PendingAction = CalendlyBooking.PendingAction


class MeetingOver(Exception):
    """Calendly does not cancel a past meeting."""


def claim(*, now: datetime, limit: int) -> list[CalendlyBooking]:
    """Claim Calendly bookings whose pending action is due, for one worker."""
    return CalendlyBooking.objects.claim(now=now, lease=LEASE, limit=limit)


@api_call_log.calls()
def work(calendly_booking: CalendlyBooking, *, now: datetime) -> None:
    """Do the pending action of a claimed Calendly booking. After an error of Calendly it is due again later."""
    calendly_booking = with_account(calendly_booking)
    try:
        if calendly_booking.pending_action == PendingAction.RESOLVE:
            _resolve(calendly_booking, began=now)
        elif calendly_booking.pending_action == PendingAction.CANCEL:
            cancel_at_calendly(calendly_booking)
        elif calendly_booking.pending_action == PendingAction.REFETCH:
            _refetch(calendly_booking)
        else:
            CalendlyBooking.objects.finish(calendly_booking)
    except MeetingOver:
        return
    except (CalendlyError, clients.NoToken) as error:
        if calendly_booking.pending_action != PendingAction.RESOLVE and _is_refusal(error):
            _give_up(calendly_booking, error)
        else:
            try_again_later(calendly_booking, error)
    except DATABASE_AWAY:
        raise  # the lease ends, and another worker does it
    except Exception as error:
        log.exception("Calendly booking %s: %s failed", calendly_booking.pk, calendly_booking.pending_action)
        try_again_later(calendly_booking, error)


def with_account(calendly_booking: CalendlyBooking) -> CalendlyBooking:
    """The row as it is now, with what a call to Calendly needs."""
    rows = CalendlyBooking.objects.select_related("booking__account", "booking__event_type")
    return rows.get(pk=calendly_booking.pk)


def _is_refusal(error: CalendlyError | clients.NoToken) -> bool:
    """True if Calendly would answer the same again. A new token may change an Unauthenticated."""
    return (
        isinstance(error, CalendlyError)
        and not isinstance(error, Unauthenticated)
        and not (error.retryable or error.outcome_unknown)
    )


def try_again_later(calendly_booking: CalendlyBooking, error: Exception) -> None:
    """Due again after about 2, 4, 8 … seconds, at most half a minute, or when Calendly says."""
    retry_after = getattr(error, "retry_after", None)
    wait = backoff(calendly_booking.attempts, retry_after=retry_after, first=FIRST_WAIT, longest=MAX_WAIT)
    log.warning(
        "Calendly booking %s: %s failed: %s",
        calendly_booking.pk,
        calendly_booking.pending_action,
        type(error).__name__,
    )
    CalendlyBooking.objects.finish(
        calendly_booking,
        next_attempt_at=timezone.now() + wait,
        last_error=str(error)[:500],
    )
    reconcile.recompute_unpaired(calendly_booking)


def _give_up(calendly_booking: CalendlyBooking, error: Exception) -> None:
    """Calendly refused, and would refuse again. Staff see it in the timeline."""
    text = str(error)[:500]
    action = "not_canceled" if calendly_booking.pending_action == PendingAction.CANCEL else "not_read"
    with transaction.atomic(durable=True):
        if CalendlyBooking.objects.finish(
            calendly_booking, pending_action=PendingAction.NOTHING, last_error=text
        ):
            note_refusal(calendly_booking, action, text)
    reconcile.recompute_unpaired(calendly_booking)


def note_refusal(calendly_booking: CalendlyBooking, action: str, error: str) -> None:
    """Write to the timeline what Calendly refused. The caller holds the transaction."""
    now = timezone.now()
    refusal = entry(calendly_booking.booking_id, at=now, by=SYSTEM, action=action, error=error)
    TimelineEntry.objects.bulk_create([*api_call_log.entries(calendly_booking.booking_id, at=now), refusal])


# Resolve


def _resolve(calendly_booking: CalendlyBooking, *, began: datetime) -> None:
    """Find out whether the meeting was booked: look for the invitee with our reference.

    If it is found, its data is applied. If it is not found after a minute and two lookups, the booking has failed.
    It is never sent again. Source: calendly-api, section 8 (no idempotency).
    """
    found = _look_up(calendly_booking)
    now = timezone.now()
    if found is not None:
        invitee, event = found
        observation = reconcile.Observation(reconcile.Kind.READ, invitee, event)
        calls = api_call_log.entries(calendly_booking.booking_id, at=now)
        with transaction.atomic(durable=True):
            reconcile.apply_observations(
                calendly_booking.booking.account, [observation], now=now, recorded_calls=calls
            )
        return
    sent = calendly_booking.sent_at or calendly_booking.created_at
    # Successful lookups, not attempts: while Calendly fails, nothing was looked up.
    lookups = int(calendly_booking.intent.get("looks") or 0) + 1
    if began - sent >= RESOLVE_TIMEOUT and lookups >= MIN_LOOKUPS:
        with transaction.atomic(durable=True):
            attempts.fail(calendly_booking, "Calendly has no such booking.", by=SYSTEM, now=now)
        return
    CalendlyBooking.objects.finish(
        calendly_booking,
        intent={**calendly_booking.intent, "looks": lookups},
        next_attempt_at=now + timedelta(seconds=min(20, 5 * lookups)),
    )


def _look_up(calendly_booking: CalendlyBooking) -> tuple[Invitee, ScheduledEvent] | None:
    booking = calendly_booking.booking
    client = clients.calendly(booking.account)
    if calendly_booking.start_at is None:
        return None
    around = timedelta(minutes=1)
    events, unreadable = _events_of(
        client, booking, calendly_booking.start_at - around, calendly_booking.start_at + around
    )
    for event in events:
        invitees = client.invitees(event.uri, email=booking.invitee_email)
        for invitee in invitees:
            if mapping.reference(invitee) == calendly_booking.pk:
                return invitee, event
        unreadable += invitees.unreadable
    if unreadable:
        raise BadAnswer("what was looked for may be among what cannot be read")
    return None


def _events_of(
    client: Client, booking: Booking, first: datetime, last: datetime
) -> tuple[list[ScheduledEvent], int]:
    """The invitee's events in a span, and how many cannot be read. Only our user's events if the token does not see
    the organization's."""
    account, email = booking.account, booking.invitee_email
    try:
        found = client.scheduled_events(
            organization=account.organization_uri, invitee_email=email, min_start=first, max_start=last
        )
        return list(found), found.unreadable
    except PermissionDenied:
        found = client.scheduled_events(
            user=account.user_uri, invitee_email=email, min_start=first, max_start=last
        )
        return list(found), found.unreadable


# Cancel


def cancel_at_calendly(calendly_booking: CalendlyBooking) -> None:
    """Cancel the event at Calendly and apply the result. Raises CalendlyError, NoToken, MeetingOver.

    Calendly answers a second cancellation with a 403 (calendly-api, section 9): then it is canceled.
    """
    client = clients.calendly(calendly_booking.booking.account)
    requested = calendly_booking.intent.get("cancel") or {}
    reason = str(requested.get("reason") or "")
    try:
        done = client.cancel(calendly_booking.event_uri, reason or None)
        by, at = done.canceled_by, done.created_at or timezone.now()
    except AlreadyCanceled:
        # Read who canceled it, and why. It may also have been rescheduled, which cancels nothing.
        if _read(client, calendly_booking):
            return
        by, at = "", timezone.now()
    except NotFound:
        by, at = "", timezone.now()
    except EventInPast as error:
        _give_up(calendly_booking, error)
        raise MeetingOver from error
    now = timezone.now()
    calls = api_call_log.entries(calendly_booking.booking_id, at=now)
    with transaction.atomic(durable=True):
        reconcile.apply_our_cancellation(
            calendly_booking, by=by, at=at, reason=reason, now=now, recorded_calls=calls
        )


# Refetch


def _refetch(calendly_booking: CalendlyBooking) -> None:
    """Read the invitee and its event again. Repeated a few times while the conference link is not ready."""
    client = clients.calendly(calendly_booking.booking.account)
    if not calendly_booking.invitee_uri:
        CalendlyBooking.objects.finish(calendly_booking, pending_action=PendingAction.NOTHING)
        return
    try:
        _read(client, calendly_booking)
    except NotFound as error:
        CalendlyBooking.objects.finish(
            calendly_booking, pending_action=PendingAction.NOTHING, last_error=str(error)[:500]
        )
        reconcile.recompute_unpaired(calendly_booking)
        return
    if calendly_booking.attempts < len(reconcile.REFETCH_WAITS_SECONDS):
        CalendlyBooking.objects.finish(
            calendly_booking,
            next_attempt_at=timezone.now()
            + timedelta(seconds=reconcile.REFETCH_WAITS_SECONDS[calendly_booking.attempts]),
        )
    else:
        CalendlyBooking.objects.finish(calendly_booking, pending_action=PendingAction.NOTHING)


def _read(client: Client, calendly_booking: CalendlyBooking) -> bool:
    """Read the invitee and its event, and apply them. True if they are canceled. Raises CalendlyError."""
    invitee = client.invitee(calendly_booking.invitee_uri or "")
    event = client.scheduled_event(invitee.event_uri)
    # The portal gets no message about a link that became ready, unless this is the first that Calendly says.
    observation, now = reconcile.Observation(reconcile.Kind.READ, invitee, event), timezone.now()
    # A routine read is not written to the timeline.
    calls = (
        api_call_log.entries(calendly_booking.booking_id, at=now)
        if calendly_booking.pending_action == PendingAction.CANCEL
        else []
    )
    with transaction.atomic(durable=True):
        reconcile.apply_observations(
            calendly_booking.booking.account, [observation], now=now, recorded_calls=calls
        )
    return "canceled" in (invitee.status, event.status)
