"""Putting a Calendly booking into Calendly: intent first, one request, then the outcome, so that nothing is lost or doubled.

The intent is committed before Calendly is asked. Whoever dies in between leaves a pending Calendly booking that comes due and
is looked up (`legs.settle`); a request is never sent twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from ... import clients
from ...calendly.errors import CalendlyError, NotFound, RateLimited, SlotTaken
from ...calendly.payloads import Answer, CreateInviteeRequest, Tracking
from ...models import Booking, CalendlyBooking, EventType, TimelineEntry
from ...models.calendly_booking import SLOT_ONCE
from ...models.constraints import violates
from .. import api_call_log, errors, reconcile
from ..accounts import calendly_accounts
from ..actors import Actor, entry
from ..catalog import availability
from ..catalog.availability import Slot
from ..reconcile import mapping

# Longer than one booking call can take (connect and read timeouts), so that no worker looks up a call that runs.
# Each try begins a new lease.
LEASE = timedelta(seconds=40)
LOOK_UP_AFTER = timedelta(seconds=2)
# Refused tries count against Calendly's booking limits. Each was a race lost for a start that Calendly had just
# offered, so that so many are lost only where a crowd books at once.
MOST_TRIES = 10
# A confirmed booking of ours that holds a start which Calendly has offered again for so long is out of date.
STALE_HOLD = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Placed:
    """It is booked."""

    booking: Booking


@dataclass(frozen=True, slots=True)
class Taken:
    """Every start that was tried is somebody else's. `starts` are those."""

    starts: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer was lost: it may be booked. It is looked up and settled."""

    booking: Booking


Outcome = Placed | Taken | Unknown


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be booked: everything but the start. `phone` is kept with the Calendly booking, and not sent. `save` writes
    the rows of the intent, given the Calendly booking; `confirmed` is called with the booking in the transaction that confirms
    it."""

    event_type: EventType
    email: str
    name: str
    time_zone: str
    location: dict[str, str] | None
    answers: tuple[Answer, ...]
    guests: tuple[str, ...]
    by: Actor
    save: Callable[[CalendlyBooking], Booking]
    phone: str = ""
    confirmed: Callable[[Booking], None] = lambda _booking: None

    def request(self, calendly_booking: CalendlyBooking, slot: Slot) -> CreateInviteeRequest:
        """The one request for Calendly."""
        return CreateInviteeRequest(
            event_type_uri=self.event_type.uri,
            start_time=slot.text,
            email=self.email,
            name=self.name,
            timezone=self.time_zone,
            location=self.location,
            answers=self.answers,
            tracking=Tracking(**mapping.tracking(calendly_booking.pk, self.by.source)),
            guests=self.guests,
        )

    def evidence(self) -> dict[str, object]:
        """What is kept with the Calendly booking of what was asked."""
        return {
            "location": self.location,
            "answers": [[answer.question, answer.answer] for answer in self.answers],
            "guests": list(self.guests),
            "timezone": self.time_zone,
            "phone": self.phone,
        }


class _LegEnded(Exception):
    """The pending Calendly booking was ended by somebody else between two tries."""


@api_call_log.calls()
def place(plan: Plan, slots: Sequence[Slot]) -> Outcome:
    """Book the first of `slots` that is still free. Reads the clock before each try, because a try may take half a
    minute.

    Raises CalendlyRefused, CalendlyUnavailable, QuotaExhausted: then the Calendly booking has failed and nothing is booked.
    Raises IntegrityError if the rows of the intent cannot be written for another reason than the start.
    """
    calendly_booking: CalendlyBooking | None = None
    missing = 0
    tried: list[datetime] = []
    sent, left = 0, list(slots)
    while left and sent < MOST_TRIES:
        slot = left.pop(0)
        try:
            aimed = _aim(plan, calendly_booking, slot)
        except _LegEnded:
            break
        if aimed is None:
            tried.append(slot.start)
            left = _contested_last(plan, calendly_booking, left)
            continue
        calendly_booking, sent = aimed, sent + 1
        try:
            return _send(plan, calendly_booking, slot)
        except (SlotTaken, NotFound) as error:
            # For a start that was never offered Calendly's answer is unknown; its guide speaks of a 404.
            missing += isinstance(error, NotFound)
            if missing > 1:
                _failed(calendly_booking, error)
                raise errors.of(error, plan.event_type.account, now=timezone.now()) from error
            tried.append(slot.start)
            left = _contested_last(plan, calendly_booking, _still_free(plan, left))
    if calendly_booking is not None:
        _failed(calendly_booking, None)
    return Taken(tuple(tried))


def _still_free(plan: Plan, slots: list[Slot]) -> list[Slot]:
    """Those of the starts that Calendly still offers: whoever took one took its neighbours with it, and each
    refusal costs of the booking allowance. As they were where it cannot be asked."""
    if not slots:
        return slots
    first, last = min(slot.start for slot in slots), max(slot.end for slot in slots)
    try:
        offered = availability.free(plan.event_type, start=first, end=last, now=timezone.now())
    except (CalendlyError, clients.NoToken):
        return slots
    starts = {slot.start for slot in offered}
    return [slot for slot in slots if slot.start in starts]


def _contested_last(plan: Plan, calendly_booking: CalendlyBooking | None, slots: list[Slot]) -> list[Slot]:
    """The starts, with those at the end that another of our own requests is just about to take or to overlap."""
    if not slots or not plan.event_type.is_exclusive:
        return slots
    around = timedelta(minutes=plan.event_type.buffer_before + plan.event_type.buffer_after)
    pending = CalendlyBooking.objects.filter(
        booking__event_type=plan.event_type, status=CalendlyBooking.Status.PENDING
    )
    held = [
        (other.start_at - around, other.end_at + around)
        for other in pending.only("start_at", "end_at")
        if other.start_at is not None and other.end_at is not None and other != calendly_booking
    ]

    def key(slot: Slot) -> tuple[bool, datetime]:
        return any(begin < slot.end and slot.start < end for begin, end in held), slot.start

    return sorted(slots, key=key)


def _aim(plan: Plan, calendly_booking: CalendlyBooking | None, slot: Slot) -> CalendlyBooking | None:
    """Commit the intent to book this start. None if another booking of ours holds it. Raises _LegEnded."""
    key = slot_key(plan.event_type, slot.start)
    for last in (False, True):
        now = timezone.now()
        try:
            with transaction.atomic(durable=True):
                if calendly_booking is None:
                    return _intend(plan, slot, key, now)
                _aim_again(calendly_booking, plan, slot, key, now)
                return calendly_booking
        except IntegrityError as error:
            if not violates(error, CalendlyBooking, SLOT_ONCE):
                raise
            if last or key is None or not _release_stale(key, now=now):
                return None
    return None


def _intend(plan: Plan, slot: Slot, key: str | None, now: datetime) -> CalendlyBooking:
    """Write a new Calendly booking and the other rows of the intent. The caller holds the transaction."""
    calendly_booking = CalendlyBooking(
        status=CalendlyBooking.Status.PENDING,
        pending_action=CalendlyBooking.PendingAction.RESOLVE,
        request=plan.evidence(),
        intent=plan.by.dump(),
        created_at=now,
        start_at=slot.start,
        end_at=slot.end,
        slot_key=key,
        sent_at=now,
        next_attempt_at=now + LEASE,
    )
    plan.save(calendly_booking)
    return calendly_booking


def _aim_again(
    calendly_booking: CalendlyBooking, plan: Plan, slot: Slot, key: str | None, now: datetime
) -> None:
    """Point a pending Calendly booking at another start, and take it back from a worker that looked meanwhile. The caller holds
    the transaction. Raises _LegEnded if it is not pending any more."""
    _follow(calendly_booking, slot)  # the booking first, as everybody locks them
    pending = CalendlyBooking.objects.filter(pk=calendly_booking.pk, status=CalendlyBooking.Status.PENDING)
    if not pending.update(
        start_at=slot.start,
        end_at=slot.end,
        slot_key=key,
        sent_at=now,
        next_attempt_at=now + LEASE,
        lease_token=None,
        intent=plan.by.dump(),  # without the looks, which were for the start before
    ):
        raise _LegEnded
    calendly_booking.start_at, calendly_booking.end_at, calendly_booking.sent_at = slot.start, slot.end, now


def _follow(calendly_booking: CalendlyBooking, slot: Slot) -> None:
    """A pending booking shows the start that is being tried. A moving one keeps its own."""
    Booking.objects.filter(pk=calendly_booking.booking_id, status=Booking.Status.PENDING).update(
        start_at=slot.start, end_at=slot.end
    )


def slot_key(event_type: EventType, start: datetime) -> str | None:
    """What two of our own agents may not hold at once. None where a start has several seats or hosts."""
    return f"{event_type.pk.hex}:{start:%Y%m%d%H%M}" if event_type.is_exclusive else None


def _release_stale(key: str, *, now: datetime) -> bool:
    """Let go of a start that Calendly offers although a booking of ours seems to hold it: ours is out of date,
    and is read again. False where the hold is fresh: then the start really is taken."""
    stale = CalendlyBooking.objects.filter(
        slot_key=key, status=CalendlyBooking.Status.ACTIVE, sent_at__lt=now - STALE_HOLD
    )
    released = stale.filter(pending_action="").update(
        slot_key=None, pending_action=CalendlyBooking.PendingAction.REFETCH, next_attempt_at=now, attempts=0
    )
    return bool(released or stale.update(slot_key=None))


def _send(plan: Plan, calendly_booking: CalendlyBooking, slot: Slot) -> Outcome:
    """The request, with no transaction open. Raises SlotTaken, NotFound, and what `place` raises."""
    account = plan.event_type.account
    try:
        invitee = clients.calendly(account).create_invitee(plan.request(calendly_booking, slot))
    except (SlotTaken, NotFound):
        raise
    except RateLimited as error:
        wait = errors.seconds(error.retry_after)
        calendly_accounts.quota_exhausted(account, retry_after=wait, now=timezone.now())
        _failed(calendly_booking, error)
        raise errors.QuotaExhausted(wait, plan.event_type.scheduling_url) from error
    except (CalendlyError, clients.NoToken) as error:
        if isinstance(error, CalendlyError) and error.outcome_unknown:
            return _lost(calendly_booking, error)
        _failed(calendly_booking, error)
        raise errors.of(error, account, now=timezone.now()) from error
    now = timezone.now()
    calendly_accounts.works(account, now=now)
    observation = reconcile.Observation(reconcile.Kind.BOOKED, invitee, None)
    heard = api_call_log.entries(calendly_booking.booking_id, at=now)
    with transaction.atomic(durable=True):
        [result] = reconcile.apply_observations(
            account,
            [observation],
            now=now,
            recorded_calls=heard,
            expected_booking=calendly_booking.booking_id,
        )
        plan.confirmed(result.booking)
    return Placed(result.booking)


def _lost(calendly_booking: CalendlyBooking, error: CalendlyError) -> Placed | Unknown:
    """The outcome is open, unless Calendly has told meanwhile. The worker looks it up soon."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        pending = CalendlyBooking.objects.filter(
            pk=calendly_booking.pk, status=CalendlyBooking.Status.PENDING
        ).update(next_attempt_at=now + LOOK_UP_AFTER, lease_token=None, last_error=str(error)[:500])
        if (
            not pending
            and CalendlyBooking.objects.filter(
                pk=calendly_booking.pk, status=CalendlyBooking.Status.ACTIVE
            ).exists()
        ):
            return Placed(Booking.objects.shown().get(pk=calendly_booking.booking_id))
        lost = entry(
            calendly_booking.booking_id,
            at=now,
            by=Actor.parse(calendly_booking.intent),
            action="outcome_unknown",
            error=str(error)[:500],
        )
        TimelineEntry.objects.bulk_create([*api_call_log.entries(calendly_booking.booking_id, at=now), lost])
    return Unknown(Booking.objects.shown().get(pk=calendly_booking.booking_id))


def _failed(calendly_booking: CalendlyBooking, error: Exception | None) -> None:
    """Nothing was booked: the Calendly booking ends, and with it a booking that has no other."""
    text = str(error)[:500] if error else "No start was free any more."
    with transaction.atomic(durable=True):
        fail(calendly_booking, text, by=Actor.parse(calendly_booking.intent), now=timezone.now())


def fail(calendly_booking: CalendlyBooking, text: str, *, by: Actor, now: datetime) -> bool:
    """End a pending Calendly booking that never came to be. The caller holds the transaction. False if it is not pending any
    more (Calendly has told of it), or was sent once more since `calendly_booking` was read."""
    Booking.objects.select_for_update(no_key=True).get(pk=calendly_booking.booking_id)
    ended = CalendlyBooking.objects.filter(
        pk=calendly_booking.pk, status=CalendlyBooking.Status.PENDING, sent_at=calendly_booking.sent_at
    ).update(
        status=CalendlyBooking.Status.FAILED,
        slot_key=None,
        pending_action=CalendlyBooking.PendingAction.NOTHING,
        next_attempt_at=None,
        lease_token=None,
        last_error=text,
    )
    if ended:
        Booking.objects.filter(pk=calendly_booking.booking_id, status=Booking.Status.PENDING).update(
            status=Booking.Status.FAILED, failure=text, updated_at=now
        )
        ending = entry(calendly_booking.booking_id, at=now, by=by, action="not_booked", error=text)
        TimelineEntry.objects.bulk_create(
            [*api_call_log.entries(calendly_booking.booking_id, at=now), ending]
        )
    return bool(ended)
