"""A confirmed meeting takes place at another start, or with another host; the booking keeps its id."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from ... import clients
from ...calendly.errors import CalendlyError
from ...calendly.payloads import Answer
from ...models import Booking, CalendlyBooking, EventType
from .. import errors
from ..actors import Actor, entry
from ..catalog import availability, event_types
from ..catalog.availability import Day
from ..reconcile import mapping
from . import attempts, create, pending_actions, phones, questions, time_zones


class NotReschedulable(Exception):
    """`why`: canceled, past, pending, failed, group, gone (its event type cannot be booked), same (the start it
    has), not_taken (that event type cannot take the meeting over)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Moved:
    """It takes place at the new start."""

    booking: Booking


@dataclass(frozen=True, slots=True)
class NotFree:
    """The new start is not free; the old meeting stands untouched. `taken`: it was free a moment ago. `own`: the
    meeting itself is in the way; Calendly's page can move it there all the same."""

    suggestions: tuple[Day, ...]
    zone: time_zones.Zone
    taken: bool
    own: bool = False


@dataclass(frozen=True, slots=True)
class MoveUnknown:
    """The answer was lost; it is looked up, and the old meeting stands until the new one is certain."""

    booking: Booking


Outcome = Moved | NotFree | MoveUnknown


def reschedule(booking: Booking, *, new_start: datetime, by: Actor, now: datetime) -> Outcome:
    """Book the new start, then cancel the old one: the booking keeps its id. Calendly has no call for a move
    (calendly-api, section 9). `new_start` without offset is the invitee's local time.

    Raises NotReschedulable, InvalidWish, CalendlyRefused, CalendlyUnavailable, QuotaExhausted.
    """
    wanted = create.instant("newStartTime", new_start, zone_of(booking), now=now)
    calendly_booking, kind = _standing(booking, now), booking.event_type
    if kind is None or not kind.active:
        raise NotReschedulable("gone")
    if booking.start_at == wanted:
        raise NotReschedulable("same")
    _settled(booking, calendly_booking, now)
    asked = calendly_booking.request
    place = asked.get("location") if asked else None
    plan = _plan(
        booking,
        kind,
        calendly_booking,
        by,
        now,
        location=place or pending_actions.location_again(kind, booking, calendly_booking),
        answers=mapping.answers(calendly_booking.invitee_raw),
        action="move_requested",
    )
    return _move(booking, calendly_booking, plan, wanted, now)


def reassign_host(
    booking: Booking,
    *,
    event_type: EventType,
    new_start: datetime,
    by: Actor,
    now: datetime,
    answers: questions.Given = (),
) -> Outcome:
    """Give the meeting to another host: book that host's event type, then cancel the old event. The booking keeps
    its id, and its start where the other host is free then.

    `answers` are for what only the new type asks; what the invitee has answered goes along. Raises what
    `reschedule` raises; InvalidWish also where the new type requires an answer that is missing.
    """
    wanted = create.instant("newStartTime", new_start, zone_of(booking), now=now)
    calendly_booking = _standing(booking, now)
    if not reassignment_candidates(booking).filter(pk=event_type.pk).exists():
        raise NotReschedulable("not_taken")
    try:
        evidence = phones.Evidence(booking.phone, zone_of(booking), booking.locale)
        answered = questions.answers(
            event_type, [*_carried(calendly_booking, event_type), *answers], evidence
        )
    except questions.Invalid as error:
        raise create.InvalidBookingRequest(error.field, error.code, **error.values) from error
    location = pending_actions.location_again(event_type, booking, calendly_booking)
    _settled(booking, calendly_booking, now)
    plan = _plan(
        booking,
        event_type,
        calendly_booking,
        by,
        now,
        location=location,
        answers=answered,
        action="hand_over_requested",
    )
    outcome = _move(booking, calendly_booking, plan, wanted, now)
    if isinstance(outcome, Moved):
        _adopt(outcome.booking, event_type, now)
        return Moved(Booking.objects.shown().get(pk=booking.pk))
    return outcome


def reassignment_candidates(booking: Booking) -> QuerySet[EventType]:
    """The event types that could take the meeting over: bookable, as long, of the same connection, and held by
    others only."""
    kind = booking.event_type
    if kind is None:
        return EventType.objects.none()
    present = [booking.host_id] if booking.host_id else list(kind.hosts.values_list("pk", flat=True))
    found = EventType.objects.bookable().filter(
        account_id=booking.account_id,
        duration=kind.duration,
        kind=EventType.Kind.SOLO,
        hosts__active=True,
    )
    return found.exclude(pk=kind.pk).exclude(hosts__in=present).distinct()


def unanswered(booking: Booking, event_type: EventType) -> list[dict[str, object]]:
    """What the other event type asks and the invitee has not answered yet."""
    calendly_booking = booking.current_calendly_booking
    known = (
        {event_types.normalize_name(text) for text, _answer in _carried(calendly_booking, event_type)}
        if calendly_booking
        else set()
    )
    return [
        question
        for question in questions.enabled(event_type)
        if event_types.normalize_name(str(question["name"])) not in known
    ]


def has_pending_reschedule(booking: Booking) -> bool:
    """True while a move is under way whose outcome is open."""
    return CalendlyBooking.objects.filter(booking=booking, status=CalendlyBooking.Status.PENDING).exists()


def shared(booking: Booking, calendly_booking: CalendlyBooking, *, now: datetime) -> bool:
    """True where others come to the same event: Calendly could only cancel it for all of them."""
    kind = booking.event_type
    if kind is not None and kind.kind != EventType.Kind.GROUP:
        return False
    try:
        return (
            clients.calendly(booking.account).scheduled_event(calendly_booking.event_uri).invitees_active > 1
        )
    except (CalendlyError, clients.NoToken) as error:
        raise errors.of(error, booking.account, now=now) from error


def zone_of(booking: Booking) -> time_zones.Zone:
    """The zone in which the invitee is told the time."""
    try:
        return time_zones.Zone(time_zones.named(booking.time_zone).key, "explicit", "high")
    except time_zones.UnknownZone:
        return time_zones.Zone(time_zones.default_name(), "default", "low")


def _standing(booking: Booking, now: datetime) -> CalendlyBooking:
    calendly_booking = booking.current_calendly_booking
    if booking.status != Booking.Status.CONFIRMED or calendly_booking is None:
        raise NotReschedulable(booking.status)
    if booking.start_at is not None and booking.start_at <= now:
        raise NotReschedulable("past")
    return calendly_booking


def _settled(booking: Booking, calendly_booking: CalendlyBooking, now: datetime) -> None:
    if has_pending_reschedule(booking) or pending_actions.cancels(calendly_booking):
        raise NotReschedulable("pending")
    if shared(booking, calendly_booking, now=now):
        raise NotReschedulable("group")


def _move(
    booking: Booking, calendly_booking: CalendlyBooking, plan: attempts.Plan, wanted: datetime, now: datetime
) -> Outcome:
    """First the new one, then the end of the old one: the meeting is never lost."""
    create.check_quota(plan.event_type, now=now)
    try:
        slots = availability.free(
            plan.event_type, start=wanted, end=wanted + availability.SUGGESTED_SPAN, now=now
        )
    except (CalendlyError, clients.NoToken) as error:
        raise errors.of(error, booking.account, now=now) from error
    exact = [slot for slot in slots if slot.start == wanted]
    outcome = attempts.place(plan, exact) if exact else None
    if isinstance(outcome, attempts.Placed):
        if pending_actions.take_cancellation(calendly_booking):
            pending_actions.cancel_now(calendly_booking)
        return Moved(Booking.objects.shown().get(pk=booking.pk))
    if isinstance(outcome, attempts.Unknown):
        return MoveUnknown(outcome.booking)
    zone = zone_of(booking)
    left = [slot for slot in slots if slot.start != wanted]
    days = tuple(availability.suggest(left, around=wanted, zone=zone.info))
    own = outcome is None and _is_in_its_own_way(booking, plan.event_type, wanted)
    return NotFree(days, zone, taken=outcome is not None, own=own)


def _is_in_its_own_way(booking: Booking, event_type: EventType, wanted: datetime) -> bool:
    """True where the meeting as it stands overlaps the same meeting at `wanted`, buffers counted: Calendly then
    does not offer that start. A buffer may share time with another buffer, not with a meeting."""
    if booking.event_type_id != event_type.pk or booking.start_at is None or booking.end_at is None:
        return False
    ends = wanted + timedelta(minutes=event_type.duration)
    before = timedelta(minutes=event_type.buffer_before)
    after = timedelta(minutes=event_type.buffer_after)
    return (wanted - before < booking.end_at and booking.start_at < ends + after) or (
        wanted < booking.end_at + after and booking.start_at - before < ends
    )


def _carried(calendly_booking: CalendlyBooking, event_type: EventType) -> list[tuple[str, str]]:
    """What the invitee has answered, and the other event type asks and takes, too."""
    asked = {event_types.normalize_name(str(each["name"])): each for each in questions.enabled(event_type)}
    return [
        (each.question, each.answer)
        for each in mapping.answers(calendly_booking.invitee_raw)
        if (question := asked.get(event_types.normalize_name(each.question)))
        and questions.fits(question, each.answer)
    ]


def _plan(
    booking: Booking,
    event_type: EventType,
    calendly_booking: CalendlyBooking,
    by: Actor,
    now: datetime,
    *,
    location: dict[str, str] | None,
    answers: tuple[Answer, ...],
    action: str,
) -> attempts.Plan:
    """The same meeting once more: same person, answers and guests."""
    guests = calendly_booking.request.get("guests") or mapping.guests(calendly_booking.event_raw)

    def save(new: CalendlyBooking) -> Booking:
        locked = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
        if (
            locked.status != Booking.Status.CONFIRMED
            or locked.current_calendly_booking_id != calendly_booking.pk
        ):
            raise NotReschedulable(locked.status)
        # Asked again, under the lock: of two moves at once one waits.
        if has_pending_reschedule(locked) or pending_actions.cancels(calendly_booking):
            raise NotReschedulable("pending")
        new.booking, new.replaces = locked, calendly_booking
        new.save(force_insert=True)
        entry(booking.pk, at=now, by=by, action=action).save()
        return locked

    return attempts.Plan(
        event_type=event_type,
        email=booking.invitee_email,
        name=booking.invitee_name or booking.invitee_email,
        time_zone=zone_of(booking).name,
        location=location,
        answers=answers,
        guests=tuple(guests)[:10],
        by=by,
        save=save,
        phone=booking.phone,
    )


def _adopt(booking: Booking, event_type: EventType, now: datetime) -> None:
    """Show the other host at once. Calendly's answer to a booking does not tell the event; when that has been read,
    it says the same."""
    hosts = list(event_type.hosts.all())
    with transaction.atomic(durable=True):
        locked = Booking.objects.select_for_update(no_key=True).get(pk=booking.pk)
        calendly_booking = locked.current_calendly_booking
        if (
            locked.current_calendly_booking_id == booking.current_calendly_booking_id
            and calendly_booking is not None
            and not calendly_booking.event_raw
        ):
            Booking.objects.filter(pk=booking.pk).update(
                event_type=event_type,
                event_name=event_type.name,
                host=hosts[0] if len(hosts) == 1 else None,
                updated_at=now,
            )
