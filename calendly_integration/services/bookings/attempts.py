"""Book a meeting at Calendly so that no meeting is lost or booked twice.

Each attempt has three steps: reserve the start (a transaction), create the invitee at Calendly (no transaction),
apply Calendly's answer (a transaction). If the process dies in between, a pending Calendly booking is
left, and a worker finds out what became of it (`pending_actions`). A request is never sent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from ... import clients
from ...calendly.errors import CalendlyError, NotFound, RateLimited, SlotTaken
from ...calendly.payloads import Answer, CreateInviteeRequest, Invitee, Tracking
from ...models import Booking, CalendlyBooking, EventType, IdempotencyRecord, TimelineEntry, VAIMetadata
from ...models.calendly_booking import SLOT_ONCE
from ...models.constraints import violates
from .. import api_call_log, errors, mapping, reconcile
from ..accounts import calendly_accounts
from ..actors import Actor, entry
from ..catalog import availability
from ..catalog.availability import Slot
from ..time_zones import Zone
from . import idempotency
from .results import Booked, BookingResult, OutcomeUnknown, SlotUnavailable

# Longer than one call to Calendly can take (connect and read timeouts), so that no worker looks up a running call.
# Each attempt starts a new lease.
LEASE = timedelta(seconds=40)
LOOK_UP_AFTER = timedelta(seconds=2)
# Refused attempts count against Calendly's booking limits. Each one is a start that Calendly has just offered, so
# this many are refused only if many people book at once.
MAX_ATTEMPTS = 10
# If Calendly offers a start for this long that a confirmed booking of ours holds, our booking is out of date.
STALE_HOLD = timedelta(seconds=20)


class NotReschedulable(Exception):
    """`why`: canceled, past, pending, failed, group, gone (its event type cannot be booked), same (it has that
    start already), not_taken (the other event type cannot take the meeting)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is booked, except the start.

    `booking` is a new booking that is not saved yet, with its `metadata` and the idempotency `record` of its
    request; or, with `replaces`, a confirmed booking that gets another Calendly booking.
    """

    booking: Booking
    event_type: EventType
    zone: Zone
    location: dict[str, str] | None
    answers: tuple[Answer, ...]
    guests: tuple[str, ...]
    by: Actor
    action: str
    wanted: str = ""
    metadata: VAIMetadata | None = None
    record: IdempotencyRecord | None = None
    replaces: CalendlyBooking | None = None


class _ReservationEnded(Exception):
    """A worker ended the pending Calendly booking between two attempts."""


def find_slots(event_type: EventType, *, start: datetime, now: datetime) -> list[Slot]:
    """The free starts from `start` on, as far as suggestions go.

    Raises QuotaExhausted, CalendlyRefused, CalendlyUnavailable.
    """
    check_quota(event_type, now=now)
    try:
        return availability.free(event_type, start=start, end=start + availability.SUGGESTED_SPAN, now=now)
    except (CalendlyError, clients.NoToken) as error:
        raise errors.from_calendly(error, event_type.account, now=now) from error


def check_quota(event_type: EventType, *, now: datetime) -> None:
    """Raise QuotaExhausted while Calendly's booking allowance is known to be used up."""
    until = event_type.account.quota_exhausted_until
    if until is not None and until > now:
        raise errors.QuotaExhausted(errors.seconds((until - now).total_seconds()), event_type.scheduling_url)


@api_call_log.calls()
def book_first_free(plan: Plan, slots: Sequence[Slot]) -> BookingResult:
    """Book the first of `slots` that is still free. The clock is read before each attempt, because an attempt may
    take half a minute.

    Raises CalendlyRefused, CalendlyUnavailable, QuotaExhausted: then nothing is booked. Raises InProgress or
    NotReschedulable if another request was faster. Raises IntegrityError if the rows cannot be written for another
    reason than the start.
    """
    account, left = plan.event_type.account, list(slots)
    calendly_booking: CalendlyBooking | None = None
    taken: list[datetime] = []
    sent = not_found = 0
    while left and sent < MAX_ATTEMPTS:
        slot = left.pop(0)
        try:
            reserved = _reserve_slot(plan, calendly_booking, slot)
        except _ReservationEnded:
            break
        if reserved is None:
            taken.append(slot.start)
            left = _contested_last(plan, calendly_booking, left)
            continue
        calendly_booking, sent = reserved, sent + 1
        try:
            invitee = clients.calendly(account).create_invitee(
                _calendly_request(plan, calendly_booking, slot)
            )
        except (SlotTaken, NotFound) as error:
            # Calendly does not document its answer for a start that it never offered; its guide mentions a 404.
            not_found += isinstance(error, NotFound)
            if not_found > 1:
                _fail_attempt(calendly_booking, str(error))
                raise errors.from_calendly(error, account, now=timezone.now()) from error
            taken.append(slot.start)
            left = _contested_last(plan, calendly_booking, _still_free(plan, left))
        except (CalendlyError, clients.NoToken) as error:
            return _handle_error(plan, calendly_booking, error)
        else:
            return _apply_answer(plan, calendly_booking, invitee)
    if calendly_booking is not None:
        _fail_attempt(calendly_booking, "No start was free any more.")
    return SlotUnavailable(plan.zone, taken=tuple(taken))


def add_suggestions(result: SlotUnavailable, slots: Sequence[Slot], *, around: datetime) -> SlotUnavailable:
    """The same result with the other `slots` as suggestions."""
    left = [slot for slot in slots if slot.start not in result.taken]
    days = availability.suggest(left, around=around, zone=result.zone.info)
    return replace(result, suggestions=tuple(days))


# Reserve


def _reserve_slot(plan: Plan, calendly_booking: CalendlyBooking | None, slot: Slot) -> CalendlyBooking | None:
    """Commit that this start is being booked: with new rows, or with the pending Calendly booking of the attempt
    before. None if another booking of ours holds the start. Raises _ReservationEnded."""
    key = slot_key(plan.event_type, slot.start)
    for last in (False, True):
        now = timezone.now()
        try:
            with transaction.atomic(durable=True):
                if calendly_booking is None:
                    return _insert_reservation(plan, slot, key, now)
                _update_reservation(calendly_booking, plan, slot, key, now)
                return calendly_booking
        except IntegrityError as error:
            if not violates(error, CalendlyBooking, SLOT_ONCE):
                raise
            stale = now - STALE_HOLD
            if (
                last
                or key is None
                or not CalendlyBooking.objects.release_slot(key, sent_before=stale, now=now)
            ):
                return None
    return None


def _insert_reservation(plan: Plan, slot: Slot, key: str | None, now: datetime) -> CalendlyBooking:
    """Write the new rows. The caller holds the transaction."""
    calendly_booking = CalendlyBooking(
        replaces=plan.replaces,
        status=CalendlyBooking.Status.PENDING,
        pending_action=CalendlyBooking.PendingAction.RESOLVE,
        request=_kept_request(plan),
        intent=plan.by.dump(),
        created_at=now,
        start_at=slot.start,
        end_at=slot.end,
        slot_key=key,
        sent_at=now,
        next_attempt_at=now + LEASE,
    )
    if plan.replaces is None:
        _insert_booking(plan, calendly_booking)
        calendly_booking.booking = plan.booking
    else:
        calendly_booking.booking = _lock_reschedulable(plan.booking, plan.replaces)
    calendly_booking.save(force_insert=True)
    entry(plan.booking.pk, at=now, by=plan.by, action=plan.action, wanted=plan.wanted).save()
    return calendly_booking


def _insert_booking(plan: Plan, calendly_booking: CalendlyBooking) -> None:
    """Write the new booking. The Calendly booking that it refers to follows in the same transaction."""
    booking = plan.booking
    if plan.record is not None:
        # First, so that the same request at the same moment waits here, and does not find its own start taken.
        idempotency.link(plan.record, booking)
    booking.current_calendly_booking_id = calendly_booking.pk
    booking.start_at, booking.end_at = calendly_booking.start_at, calendly_booking.end_at
    booking.save(force_insert=True)
    if plan.metadata is not None:
        plan.metadata.save(force_insert=True)


def _lock_reschedulable(booking: Booking, replaced: CalendlyBooking) -> Booking:
    """Lock the booking and check it again: of two reschedules at once, the second is refused."""
    locked = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
    if locked.status != Booking.Status.CONFIRMED or locked.current_calendly_booking_id != replaced.pk:
        raise NotReschedulable(locked.status)
    if CalendlyBooking.objects.has_pending(locked) or CalendlyBooking.objects.is_being_canceled(replaced):
        raise NotReschedulable("pending")
    return locked


def _update_reservation(
    calendly_booking: CalendlyBooking, plan: Plan, slot: Slot, key: str | None, now: datetime
) -> None:
    """Reserve another start with a pending Calendly booking. The caller holds the transaction."""
    # All code locks the booking before its Calendly bookings.
    Booking.objects.show_requested_start(calendly_booking.booking_id, start_at=slot.start, end_at=slot.end)
    if not CalendlyBooking.objects.mark_sent(
        calendly_booking,
        start_at=slot.start,
        end_at=slot.end,
        slot_key=key,
        intent=plan.by.dump(),  # without the lookups, which were for the start before
        now=now,
        lease=LEASE,
    ):
        raise _ReservationEnded


def slot_key(event_type: EventType, start: datetime) -> str | None:
    """Two bookings of ours cannot have the same key. None if a start has several seats or hosts."""
    return f"{event_type.pk.hex}:{start:%Y%m%d%H%M}" if event_type.is_exclusive else None


def _contested_last(plan: Plan, calendly_booking: CalendlyBooking | None, slots: list[Slot]) -> list[Slot]:
    """The starts, with those last that another request of ours is just booking or that overlap one."""
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


# Call


def _calendly_request(plan: Plan, calendly_booking: CalendlyBooking, slot: Slot) -> CreateInviteeRequest:
    return CreateInviteeRequest(
        event_type_uri=plan.event_type.uri,
        start_time=slot.text,
        email=plan.booking.invitee_email,
        name=plan.booking.invitee_name or plan.booking.invitee_email,
        timezone=plan.zone.name,
        location=plan.location,
        answers=plan.answers,
        tracking=Tracking(**mapping.tracking(calendly_booking.pk, plan.by.source)),
        guests=plan.guests,
    )


def _kept_request(plan: Plan) -> dict[str, object]:
    """What is stored of the request. The phone number is stored, and not sent."""
    return {
        "location": plan.location,
        "answers": [[answer.question, answer.answer] for answer in plan.answers],
        "guests": list(plan.guests),
        "timezone": plan.zone.name,
        "phone": plan.booking.phone,
    }


def _still_free(plan: Plan, slots: list[Slot]) -> list[Slot]:
    """The starts that Calendly still offers. All of `slots` if Calendly does not answer.

    The booking that took one start also took those that overlap it, and each refusal costs some of the booking
    allowance.
    """
    if not slots:
        return slots
    first, last = min(slot.start for slot in slots), max(slot.end for slot in slots)
    try:
        offered = availability.free(plan.event_type, start=first, end=last, now=timezone.now())
    except (CalendlyError, clients.NoToken):
        return slots
    starts = {slot.start for slot in offered}
    return [slot for slot in slots if slot.start in starts]


# Apply


def _apply_answer(plan: Plan, calendly_booking: CalendlyBooking, invitee: Invitee) -> Booked:
    """Confirm the booking and write the messages to the portal, in one transaction."""
    account, now = plan.event_type.account, timezone.now()
    calendly_accounts.works(account, now=now)
    with transaction.atomic(durable=True):
        [result] = reconcile.apply_observations(
            account,
            [reconcile.Observation(reconcile.Kind.BOOKED, invitee, None)],
            now=now,
            recorded_calls=api_call_log.entries(calendly_booking.booking_id, at=now),
            expected_booking=calendly_booking.booking_id,
        )
    return Booked(result.booking, plan.zone)


def _handle_error(
    plan: Plan, calendly_booking: CalendlyBooking, error: CalendlyError | clients.NoToken
) -> Booked | OutcomeUnknown:
    """A lost answer leaves the outcome open. Raises CalendlyRefused, CalendlyUnavailable, QuotaExhausted for other
    errors, after which nothing is booked."""
    if isinstance(error, CalendlyError) and error.outcome_unknown:
        return _lost_answer(plan, calendly_booking, error)
    account, now = plan.event_type.account, timezone.now()
    if isinstance(error, RateLimited):
        wait = errors.seconds(error.retry_after)
        calendly_accounts.quota_exhausted(account, retry_after=wait, now=now)
        _fail_attempt(calendly_booking, str(error))
        raise errors.QuotaExhausted(wait, plan.event_type.scheduling_url) from error
    _fail_attempt(calendly_booking, str(error))
    raise errors.from_calendly(error, account, now=now) from error


def _lost_answer(
    plan: Plan, calendly_booking: CalendlyBooking, error: CalendlyError
) -> Booked | OutcomeUnknown:
    """The outcome is open, unless a delivery from Calendly has confirmed the booking. A worker looks it up soon."""
    now, text, shown = timezone.now(), str(error)[:500], Booking.objects.shown()
    with transaction.atomic(durable=True):
        pending = CalendlyBooking.objects.mark_outcome_unknown(
            calendly_booking, error=text, next_attempt_at=now + LOOK_UP_AFTER
        )
        if not pending:
            calendly_booking.refresh_from_db()
        if calendly_booking.status == CalendlyBooking.Status.ACTIVE:
            return Booked(shown.get(pk=calendly_booking.booking_id), plan.zone)
        by = Actor.parse(calendly_booking.intent)
        lost = entry(calendly_booking.booking_id, at=now, by=by, action="outcome_unknown", error=text)
        TimelineEntry.objects.bulk_create([*api_call_log.entries(calendly_booking.booking_id, at=now), lost])
    return OutcomeUnknown(shown.get(pk=calendly_booking.booking_id), plan.zone)


def _fail_attempt(calendly_booking: CalendlyBooking, text: str) -> None:
    with transaction.atomic(durable=True):
        fail(calendly_booking, text[:500], by=Actor.parse(calendly_booking.intent), now=timezone.now())


def fail(calendly_booking: CalendlyBooking, text: str, *, by: Actor, now: datetime) -> bool:
    """End a pending Calendly booking that was not booked, and a new booking with it. The caller holds the
    transaction.

    False if it is not pending any more (Calendly has confirmed it), or was sent again after `calendly_booking` was
    read.
    """
    booking_id = calendly_booking.booking_id
    Booking.objects.select_for_update(no_key=True).get(pk=booking_id)
    if not CalendlyBooking.objects.mark_failed(calendly_booking, error=text):
        return False
    Booking.objects.mark_failed(booking_id, error=text, now=now)
    ending = entry(booking_id, at=now, by=by, action="not_booked", error=text)
    TimelineEntry.objects.bulk_create([*api_call_log.entries(booking_id, at=now), ending])
    return True
