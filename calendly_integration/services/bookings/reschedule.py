"""Reschedule a confirmed meeting. The booking keeps its id and gets another Calendly booking."""

from datetime import datetime, timedelta

from ...calendly.payloads import Answer
from ...models import Booking, CalendlyBooking, EventType
from .. import errors, mapping
from ..actors import Actor
from ..time_zones import zone_of
from . import attempts, cancel, create, phones, questions
from .attempts import NotReschedulable
from .results import Booked, BookingResult, SlotUnavailable

MAX_GUESTS = 10


def reschedule(booking: Booking, *, new_start: datetime, by: Actor, now: datetime) -> BookingResult:
    """Book the new start, then cancel the old one. Calendly has no call that reschedules (calendly-api, section 9).
    `new_start` without offset is the invitee's local time.

    Raises NotReschedulable, InvalidBookingRequest, CalendlyRefused, CalendlyUnavailable, QuotaExhausted.
    """
    wanted = create.instant("newStartTime", new_start, zone_of(booking), now=now)
    replaced, event_type = current(booking, now), booking.event_type
    if event_type is None or not event_type.active:
        raise NotReschedulable("gone")
    if booking.start_at == wanted:
        raise NotReschedulable("same")
    check_replaceable(booking, replaced, now)
    asked = replaced.request.get("location") if replaced.request else None
    plan = plan_replacement(
        booking,
        replaced,
        event_type,
        location=asked or location_of(event_type, booking, replaced),
        answers=mapping.answers(replaced.invitee_raw),
        by=by,
        action="move_requested",
    )
    return replace(plan, replaced, wanted, now)


# The steps that rescheduling and reassigning share


def current(booking: Booking, now: datetime) -> CalendlyBooking:
    """The Calendly booking that would be replaced. Raises NotReschedulable."""
    calendly_booking = booking.current_calendly_booking
    if booking.status != Booking.Status.CONFIRMED or calendly_booking is None:
        raise NotReschedulable(booking.status)
    if booking.start_at is not None and booking.start_at <= now:
        raise NotReschedulable("past")
    return calendly_booking


def check_replaceable(booking: Booking, replaced: CalendlyBooking, now: datetime) -> None:
    """Raise NotReschedulable while another change of the booking is pending, and for an event with other
    invitees."""
    rows = CalendlyBooking.objects
    if rows.has_pending(booking) or rows.is_being_canceled(replaced):
        raise NotReschedulable("pending")
    if cancel.has_other_invitees(booking, replaced, now=now):
        raise NotReschedulable("group")


def plan_replacement(
    booking: Booking,
    replaced: CalendlyBooking,
    event_type: EventType,
    *,
    location: dict[str, str] | None,
    answers: tuple[Answer, ...],
    by: Actor,
    action: str,
) -> attempts.Plan:
    """The same meeting again: same invitee and guests."""
    guests = replaced.request.get("guests") or mapping.guests(replaced.event_raw)
    return attempts.Plan(
        booking=booking,
        event_type=event_type,
        zone=zone_of(booking),
        location=location,
        answers=answers,
        guests=tuple(guests)[:MAX_GUESTS],
        by=by,
        action=action,
        replaces=replaced,
    )


def replace(plan: attempts.Plan, replaced: CalendlyBooking, wanted: datetime, now: datetime) -> BookingResult:
    """Book the new start first and cancel the old one afterwards, so that the meeting is never lost."""
    slots = attempts.find_slots(plan.event_type, start=wanted, now=now)
    exact = [slot for slot in slots if slot.start == wanted]
    result = attempts.book_first_free(plan, exact)
    if isinstance(result, Booked):
        cancel.cancel_replaced(replaced)
        return Booked(Booking.objects.shown().get(pk=plan.booking.pk), plan.zone)
    if isinstance(result, SlotUnavailable):
        own = not exact and _overlaps_itself(plan.booking, plan.event_type, wanted)
        others = [slot for slot in slots if slot.start != wanted]
        unavailable = SlotUnavailable(plan.zone, taken=result.taken, own=own)
        return attempts.add_suggestions(unavailable, others, around=wanted)
    return result


def location_of(event_type: EventType, booking: Booking, replaced: CalendlyBooking) -> dict[str, str] | None:
    """The location to book with, from what Calendly says about the old event. Raises CalendlyRefused."""
    found = replaced.event_raw.get("location") or replaced.request.get("location")
    old = found if isinstance(found, dict) else {}
    text = str(old.get("location") or "")
    place = text if "ask_invitee" in (old.get("type"), old.get("kind")) else ""
    evidence = phones.Evidence(booking.phone, zone_of(booking), booking.locale)
    try:
        return questions.location(event_type, booking.phone or text, place, evidence)
    except questions.NoPhone as error:
        raise errors.CalendlyRefused("A phone number is needed to move this meeting.") from error
    except questions.NoPlace as error:
        raise errors.CalendlyRefused("A place is needed to move this meeting.") from error


def _overlaps_itself(booking: Booking, event_type: EventType, wanted: datetime) -> bool:
    """True if the meeting overlaps itself at `wanted`, buffers included: then Calendly does not offer that start. A
    buffer may overlap another buffer, but not a meeting."""
    if booking.event_type_id != event_type.pk or booking.start_at is None or booking.end_at is None:
        return False
    ends = wanted + timedelta(minutes=event_type.duration)
    before = timedelta(minutes=event_type.buffer_before)
    after = timedelta(minutes=event_type.buffer_after)
    return (wanted - before < booking.end_at and booking.start_at < ends + after) or (
        wanted < booking.end_at + after and booking.start_at - before < ends
    )
