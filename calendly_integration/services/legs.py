"""What is left to do with a leg at Calendly: settle a lost answer, cancel, read again.

A leg whose `todo` is due is claimed by one worker, or by the request that a person waits for; each step may be
done twice without harm.
"""

import logging
import random
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from .. import clients, jobs
from ..calendly.client import Client
from ..calendly.errors import (
    AlreadyCanceled,
    BadAnswer,
    CalendlyError,
    EventInPast,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from ..calendly.types import Invitee, ScheduledEvent
from ..models import Booking, BookingLeg, EventType, TimelineEntry
from ..models.work import DATABASE_AWAY
from . import failures, hearing, mapping, mirror, phones, placing, questions, zones
from .actors import SYSTEM, Actor, entry

log = logging.getLogger("calendly.legs")

LEASE = timedelta(seconds=60)
# A booking that was sent but not found may still be on its way: Calendly gets this long before it has failed.
GRACE = timedelta(seconds=60)
ENOUGH_LOOKS = 2
LONGEST_PAUSE = 30.0

Todo, Status = BookingLeg.Todo, BookingLeg.Status


class Over(Exception):
    """The meeting is over: Calendly cancels it no more."""


def claim(*, now: datetime, limit: int) -> list[BookingLeg]:
    """Legs with something to do, for one worker."""
    return BookingLeg.objects.claim(now=now, lease=LEASE, limit=limit)


@hearing.calls()
def work(leg: BookingLeg, *, now: datetime) -> None:
    """Do what the claimed leg is due for. Errors of Calendly are kept, and it comes due again."""
    leg = BookingLeg.objects.select_related("booking__connection", "booking__event_type").get(pk=leg.pk)
    try:
        if leg.todo == Todo.SETTLE:
            _settle(leg, began=now)
        elif leg.todo == Todo.CANCEL:
            _cancel(leg)
        elif leg.todo == Todo.REFRESH:
            _refresh(leg)
        else:
            BookingLeg.objects.finish(leg)
    except Over:
        return
    except (CalendlyError, clients.NoToken) as error:
        refused = isinstance(error, CalendlyError) and not (error.retryable or error.outcome_unknown)
        if refused and leg.todo != Todo.SETTLE and not isinstance(error, Unauthenticated):
            _give_up(leg, error)
        else:
            _again(leg, error)
    except DATABASE_AWAY:
        raise  # the database is away: the lease ends, and it is done anew
    except Exception as error:
        log.exception("leg %s: %s failed", leg.pk, leg.todo)
        _again(leg, error)


def _again(leg: BookingLeg, error: Exception) -> None:
    """Try once more later: about 1, 2, 4, 8 … seconds from now, at most half a minute, as Calendly asks."""
    hinted = getattr(error, "retry_after", None)
    pause = hinted if hinted else min(LONGEST_PAUSE, 2.0 ** min(leg.attempts, 6))
    log.warning("leg %s: %s failed: %s", leg.pk, leg.todo, type(error).__name__)
    BookingLeg.objects.finish(
        leg,
        next_attempt_at=timezone.now() + timedelta(seconds=pause * random.uniform(1.0, 1.2)),
        last_error=str(error)[:500],
    )
    mirror.unpaired(leg)


def _give_up(leg: BookingLeg, error: Exception) -> None:
    """Calendly said no, and would say it again: staff see it in the timeline."""
    text, action = str(error)[:500], "not_canceled" if leg.todo == Todo.CANCEL else "not_read"
    with transaction.atomic(durable=True):
        if BookingLeg.objects.finish(leg, todo=Todo.NOTHING, last_error=text):
            _note(leg, action, text)
    mirror.unpaired(leg)


def _note(leg: BookingLeg, action: str, error: str) -> None:
    """What was asked of Calendly and refused. The caller holds the transaction."""
    now = timezone.now()
    refusal = entry(leg.booking_id, at=now, by=SYSTEM, action=action, error=error)
    TimelineEntry.objects.bulk_create([*hearing.entries(leg.booking_id, at=now), refusal])


# Settle: was it booked?


def _settle(leg: BookingLeg, *, began: datetime) -> None:
    """Look for the invitee that carries our reference. Found: adopt it. Not found after a grace time and two
    looks: it was not booked. It is never sent again. Source: calendly-api, section 8 (no idempotency)."""
    seen = _look_up(leg)
    now = timezone.now()
    if seen is not None:
        invitee, event = seen
        sighting = mirror.Sighting(mirror.Kind.READ, invitee, event)
        heard = hearing.entries(leg.booking_id, at=now)
        mirror.observe(leg.booking.connection, [sighting], now=now, heard=heard)
        return
    sent = leg.sent_at or leg.created_at
    # Looks that found nothing, not attempts: while Calendly fails nobody has looked.
    looks = int(leg.intent.get("looks") or 0) + 1
    if began - sent >= GRACE and looks >= ENOUGH_LOOKS:
        with transaction.atomic(durable=True):
            placing.fail(leg, "Calendly has no such booking.", by=SYSTEM, now=now)
        return
    BookingLeg.objects.finish(
        leg,
        intent={**leg.intent, "looks": looks},
        next_attempt_at=now + timedelta(seconds=min(20, 5 * looks)),
    )


def _look_up(leg: BookingLeg) -> tuple[Invitee, ScheduledEvent] | None:
    booking = leg.booking
    client = clients.calendly(booking.connection)
    if leg.start_at is None:
        return None
    around = timedelta(minutes=1)
    events, unreadable = _events_of(client, booking, leg.start_at - around, leg.start_at + around)
    for event in events:
        invitees = client.invitees(event.uri, email=booking.invitee_email)
        for invitee in invitees:
            if mapping.reference(invitee) == leg.pk:
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
    connection, email = booking.connection, booking.invitee_email

    def listed(
        *, organization: str | None = None, user: str | None = None
    ) -> tuple[list[ScheduledEvent], int]:
        found = client.scheduled_events(
            organization=organization, user=user, invitee_email=email, min_start=first, max_start=last
        )
        return list(found), found.unreadable

    try:
        return listed(organization=connection.organization_uri)
    except PermissionDenied:
        return listed(user=connection.user_uri)


# Cancel


def want_cancellation(leg: BookingLeg, *, intent: dict[str, object]) -> bool:
    """Commit that a leg is to be canceled, claimed by the caller, who goes on with `cancel_now`. False if that was
    wanted before: then the first wish and its reason stand, and the caller may still go on. The caller holds the
    transaction. If the caller dies, the leg comes due for a worker."""
    leg.lease_token = uuid.uuid4()
    wanted = BookingLeg.objects.filter(pk=leg.pk, status=Status.ACTIVE).exclude(todo=Todo.CANCEL)
    return bool(
        wanted.update(
            todo=Todo.CANCEL,
            intent=intent,
            next_attempt_at=timezone.now() + LEASE,
            lease_token=leg.lease_token,
            attempts=1,
        )
    )


def take_cancellation(leg: BookingLeg) -> bool:
    """Claim a cancellation that is wanted already, such as that of a move's old half. False: a worker has it."""
    leg.lease_token = uuid.uuid4()
    wanted = BookingLeg.objects.filter(pk=leg.pk, todo=Todo.CANCEL, lease_token=None)
    return bool(
        wanted.update(lease_token=leg.lease_token, next_attempt_at=timezone.now() + LEASE, attempts=1)
    )


def retry_old_cancellation(leg: BookingLeg, *, by: Actor, now: datetime) -> bool:
    """Ask Calendly once more to cancel the old half of a move, as staff want. False if there is nothing to ask."""
    with transaction.atomic(durable=True):
        due = BookingLeg.objects.left_standing(now).filter(pk=leg.pk)
        if not due.update(todo=Todo.CANCEL, next_attempt_at=now, lease_token=None, attempts=0, last_error=""):
            return False
        entry(leg.booking_id, at=now, by=by, action="cancel_requested", start=str(leg.start_at)).save()
        jobs.wake()
    return True


@hearing.calls()
def cancel_now(leg: BookingLeg) -> Exception | None:
    """Do a claimed cancellation at once, for somebody who waits. Returns what stood in the way.

    None with the leg still active: the answer was lost; it is tried until certain. Where Calendly certainly did
    nothing, the wish is taken back, except for the old half of a move.
    """
    token = leg.lease_token
    leg = BookingLeg.objects.select_related("booking__connection", "booking__event_type").get(pk=leg.pk)
    leg.lease_token = token  # not that of whoever may hold the lease now
    try:
        _cancel(leg)
    except Over as error:
        return error
    except (CalendlyError, clients.NoToken) as error:
        halved = leg.booking.current_leg_id != leg.pk
        if halved or getattr(error, "outcome_unknown", False):
            _again(leg, error)
            return None
        _take_back(leg, error)
        return error
    return None


def cancels(leg: BookingLeg) -> bool:
    """True while a cancellation of the leg is still tried."""
    return BookingLeg.objects.filter(pk=leg.pk, todo=Todo.CANCEL).exists()


def _take_back(leg: BookingLeg, error: Exception) -> None:
    """Calendly did nothing, and who asked is told so: the leg is as it was, a link that it waits for included."""
    unsettled = not leg.event_raw or not mapping.settled(leg.event_raw)
    text = str(error)[:500]
    with transaction.atomic(durable=True):
        if BookingLeg.objects.finish(
            leg,
            todo=Todo.REFRESH if unsettled else Todo.NOTHING,
            next_attempt_at=timezone.now() if unsettled else None,
            attempts=0,
            intent={key: value for key, value in leg.intent.items() if key != "cancel"},
            last_error=text,
        ):
            _note(leg, "not_canceled", text)


def _cancel(leg: BookingLeg) -> None:
    """Cancel the event at Calendly and read what became of it. One that is canceled already is fine: Calendly
    answers a second cancellation with a 403 (calendly-api, section 9)."""
    client = clients.calendly(leg.booking.connection)
    wanted = leg.intent.get("cancel") or {}
    reason = str(wanted.get("reason") or "")
    try:
        done = client.cancel(leg.event_uri, reason or None)
        by, at = done.canceled_by, done.created_at or timezone.now()
    except AlreadyCanceled:
        # By whom, and why? It may also have been moved, which cancels nothing.
        if _read(client, leg):
            return
        by, at = "", timezone.now()
    except NotFound:
        by, at = "", timezone.now()
    except EventInPast as error:
        _give_up(leg, error)
        raise Over from error
    now = timezone.now()
    heard = hearing.entries(leg.booking_id, at=now)
    mirror.canceled_by_us(leg, by=by, at=at, reason=reason, now=now, heard=heard)


# Refresh


def _refresh(leg: BookingLeg) -> None:
    """Read the invitee and its event again. While the conference is not ready, a few times more."""
    client = clients.calendly(leg.booking.connection)
    if not leg.invitee_uri:
        BookingLeg.objects.finish(leg, todo=Todo.NOTHING)
        return
    try:
        _read(client, leg)
    except NotFound as error:
        BookingLeg.objects.finish(leg, todo=Todo.NOTHING, last_error=str(error)[:500])
        mirror.unpaired(leg)
        return
    if leg.attempts < len(mirror.LOOK_AGAIN):
        BookingLeg.objects.finish(
            leg, next_attempt_at=timezone.now() + timedelta(seconds=mirror.LOOK_AGAIN[leg.attempts])
        )
    else:
        BookingLeg.objects.finish(leg, todo=Todo.NOTHING)


def _read(client: Client, leg: BookingLeg) -> bool:
    """Read the leg's invitee and event, and bring them in. True if they are canceled. Raises CalendlyError."""
    invitee = client.invitee(leg.invitee_uri or "")
    event = client.scheduled_event(invitee.event_uri)
    # Plain reading: a link that became ready is no news for the portal, unless Calendly told nothing yet.
    sighting, now = mirror.Sighting(mirror.Kind.READ, invitee, event), timezone.now()
    # What is read as a matter of course is no step of the story.
    heard = hearing.entries(leg.booking_id, at=now) if leg.todo == Todo.CANCEL else []
    mirror.observe(leg.booking.connection, [sighting], now=now, heard=heard)
    return "canceled" in (invitee.status, event.status)


def location_again(event_type: EventType, booking: Booking, leg: BookingLeg) -> dict[str, str] | None:
    """The place for a move of a booking that was not made by us. Raises CalendlyRefused."""
    told = leg.event_raw.get("location") or leg.request.get("location")
    told = told if isinstance(told, dict) else {}
    text = str(told.get("location") or "")
    place = text if "ask_invitee" in (told.get("type"), told.get("kind")) else ""
    zone = zones.Zone(booking.time_zone, "explicit", "high")
    evidence = phones.Evidence(booking.phone, zone, booking.locale)
    try:
        return questions.location(event_type, booking.phone or text, place, evidence)
    except questions.NoPhone as error:
        raise failures.CalendlyRefused("A phone number is needed to move this meeting.") from error
    except questions.NoPlace as error:
        raise failures.CalendlyRefused("A place is needed to move this meeting.") from error
