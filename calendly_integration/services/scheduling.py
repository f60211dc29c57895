"""An agent's wish becomes a meeting: the whole way from words to a booked start."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from .. import clients, conf
from ..calendly.errors import CalendlyError
from ..calendly.types import Answer
from ..models import Booking, BookingLeg, EventType, VAIMetadata
from ..models.booking import search_key
from ..models.rewriting import insertion, send
from . import availability, catalog, failures, hearing, phones, placing, questions, wording, zones
from .actors import Actor, entry
from .availability import Day, Slot

LATE = timedelta(minutes=5)
FURTHEST = timedelta(days=730)
NEXT_AVAILABLE = timedelta(days=7)
MOST_GUESTS = 10

Flexibility = Literal["nextAvailable", "sameDay", "exact"]


@dataclass(frozen=True, slots=True)
class Wish:
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


class InvalidWish(ValueError):
    """The wish cannot be tried. `errors`: what is wrong, by field, as (code, values) for the door to say."""

    def __init__(self, field: str, code: str, **values: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code, self.values = field, code, values


@dataclass(frozen=True, slots=True)
class Booked:
    """It is booked."""

    booking: Booking
    zone: zones.Zone


@dataclass(frozen=True, slots=True)
class NothingFree:
    """Nothing that fits is free. `taken`: it was, until somebody else took it while we were booking."""

    suggestions: tuple[Day, ...]
    zone: zones.Zone
    taken: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The answer was lost; it may be booked."""

    booking: Booking
    zone: zones.Zone


Outcome = Booked | NothingFree | OutcomeUnknown
OnIntent = Callable[[Booking], None]
OnBooked = Callable[[Booked], None]


@hearing.calls()
def schedule(
    *,
    wish: Wish,
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
    event_type = event_type or catalog.find(wish.event_type, key_id=by.key_id)
    zone, wanted = when(wish, now=now)
    plan = _plan(wish, event_type, zone, by, on_intent, on_booked, booking_id, now)
    check_quota(event_type, now=now)
    try:
        slots = availability.free(event_type, start=wanted, end=wanted + availability.SUGGESTED_SPAN, now=now)
    except (CalendlyError, clients.NoToken) as error:
        raise failures.of(error, event_type.connection, now=now) from error
    fitting = [slot for slot in slots if fits(slot, wish.flexibility, wanted, zone)]
    outcome = placing.place(plan, fitting) if fitting else None
    if isinstance(outcome, placing.Placed):
        return Booked(outcome.booking, zone)
    if isinstance(outcome, placing.Unknown):
        return OutcomeUnknown(outcome.booking, zone)
    taken = set(outcome.starts) if outcome else set()
    left = [slot for slot in slots if slot.start not in taken]
    days = availability.suggest(left, around=wanted, zone=zone.info)
    return NothingFree(tuple(days), zone, taken=bool(taken))


def when(wish: Wish, *, now: datetime) -> tuple[zones.Zone, datetime]:
    """The invitee's zone, and the earliest start wanted, in UTC. Raises InvalidWish."""
    zone, preferred = zone_of(wish, now=now), wish.preferred
    if preferred is None:
        return zone, now
    return zone, instant("preferredTime", preferred, zone, now=now)


def zone_of(wish: Wish, *, now: datetime) -> zones.Zone:
    """The invitee's zone. Raises InvalidWish."""
    preferred = wish.preferred
    try:
        return zones.resolve(
            explicit=wish.time_zone,
            preferred=preferred if preferred is not None and preferred.tzinfo else None,
            phone=wish.phone,
            locale=wish.locale,
            now=now,
        )
    except zones.UnknownZone as error:
        raise InvalidWish("timezone", "unknown_zone", name=str(error)) from error
    except OverflowError as error:
        raise InvalidWish("preferredTime", "out_of_range") from error


def instant(field: str, given: datetime, zone: zones.Zone, *, now: datetime) -> datetime:
    """A time that was asked for, as an instant in UTC, not before now. Without offset it is local in `zone`.

    Raises InvalidWish: skipped by the clocks, more than five minutes past, or further than two years away.
    """
    try:
        wanted = given.astimezone(UTC) if given.tzinfo else zones.at(given, zone.info)
    except zones.NoSuchTime as error:
        raise InvalidWish(field, "no_such_time", time=str(error), zone=zone.name) from error
    except OverflowError as error:
        raise InvalidWish(field, "out_of_range") from error
    if wanted < now - LATE:
        raise InvalidWish(field, "past")
    if wanted > now + FURTHEST:
        raise InvalidWish(field, "out_of_range")
    return max(wanted, now)


def fits(slot: Slot, flexibility: Flexibility, wanted: datetime, zone: zones.Zone) -> bool:
    """Whether a free start is what was asked for."""
    if flexibility == "exact":
        return slot.start == wanted
    if flexibility == "sameDay":
        return slot.start.astimezone(zone.info).date() == wanted.astimezone(zone.info).date()
    return slot.start < wanted + NEXT_AVAILABLE


def _plan(
    wish: Wish, event_type: EventType, zone: zones.Zone, by: Actor, on_intent: OnIntent | None,
    on_booked: OnBooked | None, booking_id: uuid.UUID | None, now: datetime,
) -> placing.Plan:  # fmt: skip
    """Everything that can be settled before Calendly is asked. Raises InvalidWish."""
    answers, location = answered(event_type, wish, zone)
    guests = guest_list(wish.guests, wish.email)

    def save(leg: BookingLeg) -> Booking:
        booking = _booking(wish, event_type, zone, by, leg, booking_id, now)
        if on_intent is not None:
            # Before the start is taken: who asks the same again shall not find it taken by the first request.
            on_intent(booking)
        _intend(booking, leg, wish, by, now)
        return booking

    def confirmed(booking: Booking) -> None:
        if on_booked is not None:
            on_booked(Booked(booking, zone))

    return placing.Plan(
        event_type=event_type,
        email=wish.email,
        name=wish.name,
        time_zone=zone.name,
        location=location,
        answers=answers,
        guests=guests,
        by=by,
        save=save,
        phone=wish.phone,
        confirmed=confirmed,
    )


def answered(
    event_type: EventType, wish: Wish, zone: zones.Zone
) -> tuple[tuple[Answer, ...], dict[str, str] | None]:
    """What the event type asks, and where the meeting is to be. Raises InvalidWish."""
    evidence = phones.Evidence(wish.phone, zone, wish.locale)
    try:
        return (
            questions.answers(event_type, wish.answers, evidence),
            questions.location(event_type, wish.phone, wish.location, evidence),
        )
    except questions.Invalid as error:
        raise InvalidWish(error.field, error.code, **error.values) from error


def guest_list(guests: Sequence[str], invitee: str) -> tuple[str, ...]:
    """Each guest once, without the invitee; with the portal's own address where Calendly's ten leave room for it.
    Raises InvalidWish over ten."""
    own = conf.get().SYSTEM_EMAIL
    wanted: dict[str, str] = {}
    for address in guests:
        wanted.setdefault(address.lower(), address)
    wanted.pop(invitee.lower(), None)
    if len(wanted) > MOST_GUESTS:
        raise InvalidWish("guests", "too_many_guests")
    if own and own.lower() != invitee.lower():
        wanted.setdefault(own.lower(), own)
    return tuple(wanted.values())[:MOST_GUESTS]


def _booking(
    wish: Wish, event_type: EventType, zone: zones.Zone, by: Actor, leg: BookingLeg,
    booking_id: uuid.UUID | None, now: datetime,
) -> Booking:  # fmt: skip
    """The booking to be, not written yet."""
    hosts = list(event_type.hosts.all())
    return Booking(
        pk=booking_id or uuid.uuid4(),
        current_leg_id=leg.pk,  # both are there when the transaction ends
        connection=event_type.connection,
        source=by.source,
        event_type=event_type,
        event_name=event_type.name,
        host=hosts[0] if len(hosts) == 1 else None,
        start_at=leg.start_at,
        end_at=leg.end_at,
        invitee_name=wish.name,
        invitee_email=wish.email,
        email_key=wish.email.strip().lower(),
        search_key=search_key(wish.name, wish.email, wish.phone),
        phone=wish.phone,
        time_zone=zone.name,
        locale=wish.locale,
        agent_key_id=by.key_id,
        created_at=now,
    )


def _intend(booking: Booking, leg: BookingLeg, wish: Wish, by: Actor, now: datetime) -> None:
    """Write the rows of the intent: booking, leg, metadata, timeline. The caller holds the transaction."""
    leg.booking = booking
    metadata = VAIMetadata(
        booking=booking,
        conversation_id=wish.conversation_id,
        user_id=wish.user_id,
        agent_type=wish.agent_type,
        booking_source="vai_agent" if booking.agent_made else "staff",
        notes=wish.notes,
    )
    wanted = _wanted(wish.preferred, booking.time_zone)
    requested = entry(booking.pk, at=now, by=by, action="requested", wanted=wanted)
    send([each for row in (booking, leg, metadata, requested) for each in insertion([row])])


def _wanted(preferred: datetime | None, time_zone: str) -> str:
    """The start that was asked for, as an instant in UTC; empty where none was."""
    if preferred is None:
        return ""
    instant = preferred if preferred.tzinfo else zones.at(preferred, zones.named(time_zone))
    return wording.utc(instant)


def check_quota(event_type: EventType, *, now: datetime) -> None:
    """Do not ask in vain while the allowance is known to be used up. Raises QuotaExhausted."""
    until = event_type.connection.quota_exhausted_until
    if until is not None and until > now:
        raise failures.QuotaExhausted(
            failures.seconds((until - now).total_seconds()), event_type.scheduling_url
        )
