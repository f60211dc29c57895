"""What is left to do with a Calendly booking at Calendly: settle a lost answer, cancel, read again.

A Calendly booking whose `todo` is due is claimed by one worker, or by the request that a person waits for; each step may be
done twice without harm.
"""

import logging
import uuid
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
from ...http.backoff import backoff_seconds
from ...models import Booking, CalendlyBooking, EventType, TimelineEntry
from ...models.work import DATABASE_AWAY
from .. import api_call_log, errors, reconcile
from ..actors import SYSTEM, Actor, entry
from ..reconcile import mapping
from . import attempts, phones, questions, time_zones

log = logging.getLogger("calendly.legs")

LEASE = timedelta(seconds=60)
# A booking that was sent but not found may still be on its way: Calendly gets this long before it has failed.
GRACE = timedelta(seconds=60)
ENOUGH_LOOKS = 2
LONGEST_PAUSE = 30.0

PendingAction, Status = CalendlyBooking.PendingAction, CalendlyBooking.Status


class Over(Exception):
    """The meeting is over: Calendly cancels it no more."""


def claim(*, now: datetime, limit: int) -> list[CalendlyBooking]:
    """Legs with something to do, for one worker."""
    return CalendlyBooking.objects.claim(now=now, lease=LEASE, limit=limit)


@api_call_log.calls()
def work(calendly_booking: CalendlyBooking, *, now: datetime) -> None:
    """Do what the claimed Calendly booking is due for. Errors of Calendly are kept, and it comes due again."""
    calendly_booking = CalendlyBooking.objects.select_related("booking__account", "booking__event_type").get(
        pk=calendly_booking.pk
    )
    try:
        if calendly_booking.pending_action == PendingAction.RESOLVE:
            _settle(calendly_booking, began=now)
        elif calendly_booking.pending_action == PendingAction.CANCEL:
            _cancel(calendly_booking)
        elif calendly_booking.pending_action == PendingAction.REFETCH:
            _refresh(calendly_booking)
        else:
            CalendlyBooking.objects.finish(calendly_booking)
    except Over:
        return
    except (CalendlyError, clients.NoToken) as error:
        refused = isinstance(error, CalendlyError) and not (error.retryable or error.outcome_unknown)
        if (
            refused
            and calendly_booking.pending_action != PendingAction.RESOLVE
            and not isinstance(error, Unauthenticated)
        ):
            _give_up(calendly_booking, error)
        else:
            _again(calendly_booking, error)
    except DATABASE_AWAY:
        raise  # the database is away: the lease ends, and it is done anew
    except Exception as error:
        log.exception("Calendly booking %s: %s failed", calendly_booking.pk, calendly_booking.pending_action)
        _again(calendly_booking, error)


def _again(calendly_booking: CalendlyBooking, error: Exception) -> None:
    """Try once more later: about 1, 2, 4, 8 … seconds from now, at most half a minute, as Calendly asks."""
    asked = getattr(error, "retry_after", None) or 0.0
    pause = backoff_seconds(calendly_booking.attempts, first=2.0, longest=LONGEST_PAUSE, at_least=asked)
    log.warning(
        "Calendly booking %s: %s failed: %s",
        calendly_booking.pk,
        calendly_booking.pending_action,
        type(error).__name__,
    )
    CalendlyBooking.objects.finish(
        calendly_booking,
        next_attempt_at=timezone.now() + timedelta(seconds=pause),
        last_error=str(error)[:500],
    )
    reconcile.recompute_unpaired(calendly_booking)


def _give_up(calendly_booking: CalendlyBooking, error: Exception) -> None:
    """Calendly said no, and would say it again: staff see it in the timeline."""
    text, action = (
        str(error)[:500],
        "not_canceled" if calendly_booking.pending_action == PendingAction.CANCEL else "not_read",
    )
    with transaction.atomic(durable=True):
        if CalendlyBooking.objects.finish(
            calendly_booking, pending_action=PendingAction.NOTHING, last_error=text
        ):
            _note(calendly_booking, action, text)
    reconcile.recompute_unpaired(calendly_booking)


def _note(calendly_booking: CalendlyBooking, action: str, error: str) -> None:
    """What was asked of Calendly and refused. The caller holds the transaction."""
    now = timezone.now()
    refusal = entry(calendly_booking.booking_id, at=now, by=SYSTEM, action=action, error=error)
    TimelineEntry.objects.bulk_create([*api_call_log.entries(calendly_booking.booking_id, at=now), refusal])


# Settle: was it booked?


def _settle(calendly_booking: CalendlyBooking, *, began: datetime) -> None:
    """Look for the invitee that carries our reference. Found: adopt it. Not found after a grace time and two
    looks: it was not booked. It is never sent again. Source: calendly-api, section 8 (no idempotency)."""
    seen = _look_up(calendly_booking)
    now = timezone.now()
    if seen is not None:
        invitee, event = seen
        observation = reconcile.Observation(reconcile.Kind.READ, invitee, event)
        heard = api_call_log.entries(calendly_booking.booking_id, at=now)
        reconcile.apply_observations(
            calendly_booking.booking.account, [observation], now=now, recorded_calls=heard
        )
        return
    sent = calendly_booking.sent_at or calendly_booking.created_at
    # Looks that found nothing, not attempts: while Calendly fails nobody has looked.
    looks = int(calendly_booking.intent.get("looks") or 0) + 1
    if began - sent >= GRACE and looks >= ENOUGH_LOOKS:
        with transaction.atomic(durable=True):
            attempts.fail(calendly_booking, "Calendly has no such booking.", by=SYSTEM, now=now)
        return
    CalendlyBooking.objects.finish(
        calendly_booking,
        intent={**calendly_booking.intent, "looks": looks},
        next_attempt_at=now + timedelta(seconds=min(20, 5 * looks)),
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
    """The invitee's events in a span, and how many cannot be read: of the organization, or only our own where the
    token sees no more."""
    account, email = booking.account, booking.invitee_email

    def listed(
        *, organization: str | None = None, user: str | None = None
    ) -> tuple[list[ScheduledEvent], int]:
        found = client.scheduled_events(
            organization=organization, user=user, invitee_email=email, min_start=first, max_start=last
        )
        return list(found), found.unreadable

    try:
        return listed(organization=account.organization_uri)
    except PermissionDenied:
        return listed(user=account.user_uri)


# Cancel


def want_cancellation(calendly_booking: CalendlyBooking, *, intent: dict[str, object]) -> bool:
    """Commit that a Calendly booking is to be canceled, claimed by the caller, who goes on with `cancel_now`. False if that was
    wanted before: then the first wish and its reason stand, and the caller may still go on. The caller holds the
    transaction. If the caller dies, the Calendly booking comes due for a worker."""
    calendly_booking.lease_token = uuid.uuid4()
    wanted = CalendlyBooking.objects.filter(pk=calendly_booking.pk, status=Status.ACTIVE).exclude(
        pending_action=PendingAction.CANCEL
    )
    return bool(
        wanted.update(
            pending_action=PendingAction.CANCEL,
            intent=intent,
            next_attempt_at=timezone.now() + LEASE,
            lease_token=calendly_booking.lease_token,
            attempts=1,
        )
    )


def take_cancellation(calendly_booking: CalendlyBooking) -> bool:
    """Claim a cancellation that is wanted already, such as that of a move's old half. False: a worker has it."""
    calendly_booking.lease_token = uuid.uuid4()
    wanted = CalendlyBooking.objects.filter(
        pk=calendly_booking.pk, pending_action=PendingAction.CANCEL, lease_token=None
    )
    return bool(
        wanted.update(
            lease_token=calendly_booking.lease_token, next_attempt_at=timezone.now() + LEASE, attempts=1
        )
    )


def retry_old_cancellation(calendly_booking: CalendlyBooking, *, by: Actor, now: datetime) -> bool:
    """Ask Calendly once more to cancel the old half of a move, as staff want. False if there is nothing to ask."""
    with transaction.atomic(durable=True):
        due = CalendlyBooking.objects.left_standing(now).filter(pk=calendly_booking.pk)
        if not due.update(
            pending_action=PendingAction.CANCEL,
            next_attempt_at=now,
            lease_token=None,
            attempts=0,
            last_error="",
        ):
            return False
        entry(
            calendly_booking.booking_id,
            at=now,
            by=by,
            action="cancel_requested",
            start=str(calendly_booking.start_at),
        ).save()
    return True


@api_call_log.calls()
def cancel_now(calendly_booking: CalendlyBooking) -> Exception | None:
    """Do a claimed cancellation at once, for somebody who waits. Returns what stood in the way.

    None with the Calendly booking still active: the answer was lost; it is tried until certain. Where Calendly certainly did
    nothing, the wish is taken back, except for the old half of a move.
    """
    token = calendly_booking.lease_token
    calendly_booking = CalendlyBooking.objects.select_related("booking__account", "booking__event_type").get(
        pk=calendly_booking.pk
    )
    calendly_booking.lease_token = token  # not that of whoever may hold the lease now
    try:
        _cancel(calendly_booking)
    except Over as error:
        return error
    except (CalendlyError, clients.NoToken) as error:
        halved = calendly_booking.booking.current_calendly_booking_id != calendly_booking.pk
        if halved or getattr(error, "outcome_unknown", False):
            _again(calendly_booking, error)
            return None
        _take_back(calendly_booking, error)
        return error
    return None


def cancels(calendly_booking: CalendlyBooking) -> bool:
    """True while a cancellation of the Calendly booking is still tried."""
    return CalendlyBooking.objects.filter(
        pk=calendly_booking.pk, pending_action=PendingAction.CANCEL
    ).exists()


def _take_back(calendly_booking: CalendlyBooking, error: Exception) -> None:
    """Calendly did nothing, and who asked is told so: the Calendly booking is as it was, a link that it waits for included."""
    unsettled = not calendly_booking.event_raw or not mapping.location_settled(calendly_booking.event_raw)
    text = str(error)[:500]
    with transaction.atomic(durable=True):
        if CalendlyBooking.objects.finish(
            calendly_booking,
            pending_action=PendingAction.REFETCH if unsettled else PendingAction.NOTHING,
            next_attempt_at=timezone.now() if unsettled else None,
            attempts=0,
            intent={key: value for key, value in calendly_booking.intent.items() if key != "cancel"},
            last_error=text,
        ):
            _note(calendly_booking, "not_canceled", text)


def _cancel(calendly_booking: CalendlyBooking) -> None:
    """Cancel the event at Calendly and read what became of it. One that is canceled already is fine: Calendly
    answers a second cancellation with a 403 (calendly-api, section 9)."""
    client = clients.calendly(calendly_booking.booking.account)
    wanted = calendly_booking.intent.get("cancel") or {}
    reason = str(wanted.get("reason") or "")
    try:
        done = client.cancel(calendly_booking.event_uri, reason or None)
        by, at = done.canceled_by, done.created_at or timezone.now()
    except AlreadyCanceled:
        # By whom, and why? It may also have been moved, which cancels nothing.
        if _read(client, calendly_booking):
            return
        by, at = "", timezone.now()
    except NotFound:
        by, at = "", timezone.now()
    except EventInPast as error:
        _give_up(calendly_booking, error)
        raise Over from error
    now = timezone.now()
    heard = api_call_log.entries(calendly_booking.booking_id, at=now)
    reconcile.apply_our_cancellation(
        calendly_booking, by=by, at=at, reason=reason, now=now, recorded_calls=heard
    )


# Refresh


def _refresh(calendly_booking: CalendlyBooking) -> None:
    """Read the invitee and its event again. While the conference is not ready, a few times more."""
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
    """Read the Calendly booking's invitee and event, and bring them in. True if they are canceled. Raises CalendlyError."""
    invitee = client.invitee(calendly_booking.invitee_uri or "")
    event = client.scheduled_event(invitee.event_uri)
    # Plain reading: a link that became ready is no news for the portal, unless Calendly told nothing yet.
    observation, now = reconcile.Observation(reconcile.Kind.READ, invitee, event), timezone.now()
    # What is read as a matter of course is no step of the story.
    heard = (
        api_call_log.entries(calendly_booking.booking_id, at=now)
        if calendly_booking.pending_action == PendingAction.CANCEL
        else []
    )
    reconcile.apply_observations(
        calendly_booking.booking.account, [observation], now=now, recorded_calls=heard
    )
    return "canceled" in (invitee.status, event.status)


def location_again(
    event_type: EventType, booking: Booking, calendly_booking: CalendlyBooking
) -> dict[str, str] | None:
    """The place for a move of a booking that was not made by us. Raises CalendlyRefused."""
    told = calendly_booking.event_raw.get("location") or calendly_booking.request.get("location")
    told = told if isinstance(told, dict) else {}
    text = str(told.get("location") or "")
    place = text if "ask_invitee" in (told.get("type"), told.get("kind")) else ""
    zone = time_zones.Zone(booking.time_zone, "explicit", "high")
    evidence = phones.Evidence(booking.phone, zone, booking.locale)
    try:
        return questions.location(event_type, booking.phone or text, place, evidence)
    except questions.NoPhone as error:
        raise errors.CalendlyRefused("A phone number is needed to move this meeting.") from error
    except questions.NoPlace as error:
        raise errors.CalendlyRefused("A place is needed to move this meeting.") from error
