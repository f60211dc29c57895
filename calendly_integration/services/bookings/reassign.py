"""Reassign a confirmed meeting to another host. The booking keeps its id, and its start where that host is free."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from ...models import Booking, CalendlyBooking, EventType
from .. import mapping
from ..actors import Actor
from ..catalog import event_types
from ..time_zones import zone_of
from . import create, phones, questions
from .attempts import NotReschedulable
from .reschedule import check_replaceable, current, location_of, plan_replacement, replace
from .results import Booked, BookingResult


def reassign_host(
    booking: Booking,
    *,
    event_type: EventType,
    new_start: datetime,
    by: Actor,
    now: datetime,
    answers: questions.Given = (),
) -> BookingResult:
    """Book the other host's event type, then cancel the old event.

    `answers` are for questions that only the other event type asks; the invitee's earlier answers are used too.
    Raises what `reschedule` raises; InvalidBookingRequest also if a required answer is missing.
    """
    zone = zone_of(booking)
    wanted = create.instant("newStartTime", new_start, zone, now=now)
    replaced = current(booking, now)
    if not reassignment_candidates(booking).filter(pk=event_type.pk).exists():
        raise NotReschedulable("not_taken")
    try:
        evidence = phones.Evidence(booking.phone, zone, booking.locale)
        all_answers = [*_carried_answers(replaced, event_type), *answers]
        answered = questions.answers(event_type, all_answers, evidence)
    except questions.Invalid as error:
        raise create.InvalidBookingRequest(error.field, error.code, **error.values) from error
    location = location_of(event_type, booking, replaced)
    check_replaceable(booking, replaced, now)
    plan = plan_replacement(
        booking,
        replaced,
        event_type,
        location=location,
        answers=answered,
        by=by,
        action="hand_over_requested",
    )
    result = replace(plan, replaced, wanted, now)
    if isinstance(result, Booked):
        _show_new_host(result.booking, event_type, now)
        return Booked(Booking.objects.shown().get(pk=booking.pk), zone)
    return result


def reassignment_candidates(booking: Booking) -> QuerySet[EventType]:
    """The event types that could take the meeting: bookable, of the same duration and Calendly account, and without
    the present host."""
    present_type = booking.event_type
    if present_type is None:
        return EventType.objects.none()
    hosts = [booking.host_id] if booking.host_id else list(present_type.hosts.values_list("pk", flat=True))
    found = EventType.objects.bookable().filter(
        account_id=booking.account_id,
        duration=present_type.duration,
        kind=EventType.Kind.SOLO,
        hosts__active=True,
    )
    return found.exclude(pk=present_type.pk).exclude(hosts__in=hosts).distinct()


def unanswered(booking: Booking, event_type: EventType) -> list[dict[str, object]]:
    """The questions of the other event type that the invitee has not answered yet."""
    calendly_booking = booking.current_calendly_booking
    known = (
        {event_types.normalize_name(text) for text, _answer in _carried_answers(calendly_booking, event_type)}
        if calendly_booking
        else set()
    )
    return [
        question
        for question in questions.enabled(event_type)
        if event_types.normalize_name(str(question["name"])) not in known
    ]


def _carried_answers(calendly_booking: CalendlyBooking, event_type: EventType) -> list[tuple[str, str]]:
    """The invitee's answers that the other event type asks for and accepts."""
    asked = {event_types.normalize_name(str(each["name"])): each for each in questions.enabled(event_type)}
    return [
        (each.question, each.answer)
        for each in mapping.answers(calendly_booking.invitee_raw)
        if (question := asked.get(event_types.normalize_name(each.question)))
        and questions.fits(question, each.answer)
    ]


def _show_new_host(booking: Booking, event_type: EventType, now: datetime) -> None:
    """Show the other host at once. Calendly's answer to a booking does not include the event; when the event has
    been read, it says the same."""
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
