"""An agent's wish becomes a meeting: the whole way from words to a booked start."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ... import clients, conf
from ...calendly.errors import CalendlyError
from ...calendly.payloads import Answer
from ...models import Booking, CalendlyBooking, EventType, VAIMetadata
from ...models.booking import search_key
from .. import api_call_log, errors, texts
from ..actors import Actor, entry
from ..catalog import availability, event_types
from ..catalog.availability import Day, Slot
from . import attempts, phones, questions, time_zones

LATE = timedelta(minutes=5)
FURTHEST = timedelta(days=730)
NEXT_AVAILABLE = timedelta(days=7)
MOST_GUESTS = 10

Flexibility = Literal["nextAvailable", "sameDay", "exact"]


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What an agent asks for. A `preferred` without offset is local time of the invitee."""

    event_type: str
    email: str
    name: str
    preferred: datetime | None = None
    flexibility: Flexibility = "nextAvailable"
    time_zone: str = ""
    phone: str = ""
    locale: str = ""
    location: str = ""
    answers: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    guests: tuple[str, ...] = ()
    conversation_id: str = ""
    user_id: str = ""
    agent_type: str = ""
    notes: str = ""


class InvalidBookingRequest(ValueError):
    """The wish cannot be tried. `errors`: what is wrong, by field, as (code, values) for the door to say."""

    def __init__(self, field: str, code: str, **values: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code, self.values = field, code, values


@dataclass(frozen=True, slots=True)
class Booked:
    """It is booked."""

    booking: Booking
    zone: time_zones.Zone


@dataclass(frozen=True, slots=True)
class NothingFree:
    """Nothing that fits is free. `taken`: it was, until somebody else took it while we were booking."""

    suggestions: tuple[Day, ...]
    zone: time_zones.Zone
    taken: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The answer was lost; it may be booked."""

    booking: Booking
    zone: time_zones.Zone


Outcome = Booked | NothingFree | OutcomeUnknown
OnIntent = Callable[[Booking], None]
OnBooked = Callable[[Booked], None]


@api_call_log.calls()
def schedule(
    *,
    booking_request: BookingRequest,
    by: Actor,
    now: datetime,
    on_intent: OnIntent | None = None,
    on_booked: OnBooked | None = None,
    booking_id: uuid.UUID | None = None,
    event_type: EventType | None = None,
) -> Outcome:
    """Book the wish. Two calls to Calendly: free times, book.

    `on_intent` is called with the booking, not written yet, inside the transaction that makes it, before Calendly
    is asked; `on_booked` with the outcome inside the one that confirms it (once more if that is repeated). With a
    `booking_id` the booking is made under it, or not at all where there is one with it already. `event_type` is
    the wish's, where it was found before.
    Raises EventTypeNotFound, InvalidWish, QuotaExhausted, CalendlyRefused, CalendlyUnavailable.
    """
    event_type = event_type or event_types.find(booking_request.event_type, key_id=by.key_id)
    zone, wanted = when(booking_request, now=now)
    plan = _plan(booking_request, event_type, zone, by, on_intent, on_booked, booking_id, now)
    check_quota(event_type, now=now)
    try:
        slots = availability.free(event_type, start=wanted, end=wanted + availability.SUGGESTED_SPAN, now=now)
    except (CalendlyError, clients.NoToken) as error:
        raise errors.of(error, event_type.account, now=now) from error
    fitting = [slot for slot in slots if fits(slot, booking_request.flexibility, wanted, zone)]
    outcome = attempts.place(plan, fitting) if fitting else None
    if isinstance(outcome, attempts.Placed):
        return Booked(outcome.booking, zone)
    if isinstance(outcome, attempts.Unknown):
        return OutcomeUnknown(outcome.booking, zone)
    taken = set(outcome.starts) if outcome else set()
    left = [slot for slot in slots if slot.start not in taken]
    days = availability.suggest(left, around=wanted, zone=zone.info)
    return NothingFree(tuple(days), zone, taken=bool(taken))


def when(booking_request: BookingRequest, *, now: datetime) -> tuple[time_zones.Zone, datetime]:
    """The invitee's zone, and the earliest start wanted, in UTC. Raises InvalidWish."""
    zone, preferred = zone_of(booking_request, now=now), booking_request.preferred
    if preferred is None:
        return zone, now
    return zone, instant("preferredTime", preferred, zone, now=now)


def zone_of(booking_request: BookingRequest, *, now: datetime) -> time_zones.Zone:
    """The invitee's zone. Raises InvalidWish."""
    preferred = booking_request.preferred
    try:
        return time_zones.resolve(
            explicit=booking_request.time_zone,
            preferred=preferred if preferred is not None and preferred.tzinfo else None,
            phone=booking_request.phone,
            locale=booking_request.locale,
            now=now,
        )
    except time_zones.UnknownZone as error:
        raise InvalidBookingRequest("timezone", "unknown_zone", name=str(error)) from error
    except OverflowError as error:
        raise InvalidBookingRequest("preferredTime", "out_of_range") from error


def instant(field: str, given: datetime, zone: time_zones.Zone, *, now: datetime) -> datetime:
    """A time that was asked for, as an instant in UTC, not before now. Without offset it is local in `zone`.

    Raises InvalidWish: skipped by the clocks, more than five minutes past, or further than two years away.
    """
    try:
        wanted = given.astimezone(UTC) if given.tzinfo else time_zones.at(given, zone.info)
    except time_zones.NoSuchTime as error:
        raise InvalidBookingRequest(field, "no_such_time", time=str(error), zone=zone.name) from error
    except OverflowError as error:
        raise InvalidBookingRequest(field, "out_of_range") from error
    if wanted < now - LATE:
        raise InvalidBookingRequest(field, "past")
    if wanted > now + FURTHEST:
        raise InvalidBookingRequest(field, "out_of_range")
    return max(wanted, now)


def fits(slot: Slot, flexibility: Flexibility, wanted: datetime, zone: time_zones.Zone) -> bool:
    """Whether a free start is what was asked for."""
    if flexibility == "exact":
        return slot.start == wanted
    if flexibility == "sameDay":
        return slot.start.astimezone(zone.info).date() == wanted.astimezone(zone.info).date()
    return slot.start < wanted + NEXT_AVAILABLE


def _plan(
    booking_request: BookingRequest,
    event_type: EventType,
    zone: time_zones.Zone,
    by: Actor,
    on_intent: OnIntent | None,
    on_booked: OnBooked | None,
    booking_id: uuid.UUID | None,
    now: datetime,
) -> attempts.Plan:
    """Everything that can be settled before Calendly is asked. Raises InvalidWish."""
    answers, location = answered(event_type, booking_request, zone)
    guests = guest_list(booking_request.guests, booking_request.email)

    def save(calendly_booking: CalendlyBooking) -> Booking:
        booking = _booking(booking_request, event_type, zone, by, calendly_booking, booking_id, now)
        if on_intent is not None:
            # Before the start is taken: who asks the same again shall not find it taken by the first request.
            on_intent(booking)
        _intend(booking, calendly_booking, booking_request, by, now)
        return booking

    def confirmed(booking: Booking) -> None:
        if on_booked is not None:
            on_booked(Booked(booking, zone))

    return attempts.Plan(
        event_type=event_type,
        email=booking_request.email,
        name=booking_request.name,
        time_zone=zone.name,
        location=location,
        answers=answers,
        guests=guests,
        by=by,
        save=save,
        phone=booking_request.phone,
        confirmed=confirmed,
    )


def answered(
    event_type: EventType, booking_request: BookingRequest, zone: time_zones.Zone
) -> tuple[tuple[Answer, ...], dict[str, str] | None]:
    """What the event type asks, and where the meeting is to be. Raises InvalidWish."""
    evidence = phones.Evidence(booking_request.phone, zone, booking_request.locale)
    try:
        return (
            questions.answers(event_type, booking_request.answers, evidence),
            questions.location(event_type, booking_request.phone, booking_request.location, evidence),
        )
    except questions.Invalid as error:
        raise InvalidBookingRequest(error.field, error.code, **error.values) from error


def guest_list(guests: Sequence[str], invitee: str) -> tuple[str, ...]:
    """Each guest once, without the invitee; with the portal's own address where Calendly's ten leave room for it.
    Raises InvalidWish over ten."""
    own = conf.get().SYSTEM_EMAIL
    wanted: dict[str, str] = {}
    for address in guests:
        wanted.setdefault(address.lower(), address)
    wanted.pop(invitee.lower(), None)
    if len(wanted) > MOST_GUESTS:
        raise InvalidBookingRequest("guests", "too_many_guests")
    if own and own.lower() != invitee.lower():
        wanted.setdefault(own.lower(), own)
    return tuple(wanted.values())[:MOST_GUESTS]


def _booking(
    booking_request: BookingRequest,
    event_type: EventType,
    zone: time_zones.Zone,
    by: Actor,
    calendly_booking: CalendlyBooking,
    booking_id: uuid.UUID | None,
    now: datetime,
) -> Booking:
    """The booking to be, not written yet."""
    hosts = list(event_type.hosts.all())
    return Booking(
        pk=booking_id or uuid.uuid4(),
        current_calendly_booking_id=calendly_booking.pk,  # both are there when the transaction ends
        account=event_type.account,
        source=by.source,
        event_type=event_type,
        event_name=event_type.name,
        host=hosts[0] if len(hosts) == 1 else None,
        start_at=calendly_booking.start_at,
        end_at=calendly_booking.end_at,
        invitee_name=booking_request.name,
        invitee_email=booking_request.email,
        email_key=booking_request.email.strip().lower(),
        search_key=search_key(booking_request.name, booking_request.email, booking_request.phone),
        phone=booking_request.phone,
        time_zone=zone.name,
        locale=booking_request.locale,
        agent_key_id=by.key_id,
        created_at=now,
    )


def _intend(
    booking: Booking,
    calendly_booking: CalendlyBooking,
    booking_request: BookingRequest,
    by: Actor,
    now: datetime,
) -> None:
    """Write the rows of the intent: booking, Calendly booking, metadata, timeline. The caller holds the transaction."""
    calendly_booking.booking = booking
    metadata = VAIMetadata(
        booking=booking,
        conversation_id=booking_request.conversation_id,
        user_id=booking_request.user_id,
        agent_type=booking_request.agent_type,
        booking_source="vai_agent" if booking.agent_made else "staff",
        notes=booking_request.notes,
    )
    wanted = _wanted(booking_request.preferred, booking.time_zone)
    requested = entry(booking.pk, at=now, by=by, action="requested", wanted=wanted)
    for row in (booking, calendly_booking, metadata, requested):
        row.save(force_insert=True)


def _wanted(preferred: datetime | None, time_zone: str) -> str:
    """The start that was asked for, as an instant in UTC; empty where none was."""
    if preferred is None:
        return ""
    instant = preferred if preferred.tzinfo else time_zones.at(preferred, time_zones.named(time_zone))
    return texts.utc(instant)


def check_quota(event_type: EventType, *, now: datetime) -> None:
    """Do not ask in vain while the allowance is known to be used up. Raises QuotaExhausted."""
    until = event_type.account.quota_exhausted_until
    if until is not None and until > now:
        raise errors.QuotaExhausted(errors.seconds((until - now).total_seconds()), event_type.scheduling_url)
