"""Book a meeting for an agent or for staff: from the request to the booked start."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ... import conf
from ...calendly.payloads import Answer
from ...models import Booking, EventType, IdempotencyRecord, VAIMetadata
from ...models.booking import search_key
from .. import api_call_log, texts, time_zones
from ..actors import Actor
from ..catalog import event_types
from ..catalog.availability import Slot
from . import attempts, idempotency, phones, questions
from .results import BookingResult, SlotUnavailable

PAST_TOLERANCE = timedelta(minutes=5)
MAX_AHEAD = timedelta(days=730)
NEXT_AVAILABLE = timedelta(days=7)
MAX_GUESTS = 10

Flexibility = Literal["nextAvailable", "sameDay", "exact"]


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """What an agent asks for. A `preferred` time without offset is local time of the invitee."""

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
    """The request cannot be tried. `field` is wrong, `code` and `values` say why; the entry point words it."""

    def __init__(self, field: str, code: str, **values: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code, self.values = field, code, values


def book_once(
    *,
    record: IdempotencyRecord,
    booking_request: BookingRequest,
    by: Actor,
    now: datetime,
    event_type: EventType | None = None,
) -> BookingResult | idempotency.Replay:
    """Book the meeting, or give the result of the same request if it was made before.

    The caller stores the answer with `idempotency.keep_answer`. Raises Mismatch, InProgress, and what `book`
    raises: then nothing is stored, and the request may be repeated.
    """
    replay = idempotency.begin(record, now=now)
    if replay is not None:
        return replay
    try:
        result = book(booking_request=booking_request, by=by, now=now, record=record, event_type=event_type)
    except Exception:
        idempotency.release(record)
        raise
    if isinstance(result, SlotUnavailable):
        return idempotency.find_replay(record, now=now) or result
    return result


@api_call_log.calls()
def book(
    *,
    booking_request: BookingRequest,
    by: Actor,
    now: datetime,
    record: IdempotencyRecord | None = None,
    booking_id: uuid.UUID | None = None,
    event_type: EventType | None = None,
) -> BookingResult:
    """Book the meeting at the first free start that fits. Two calls to Calendly: free starts, create invitee.

    The reservation links `record` to the booking. With `booking_id` the booking gets that id; IntegrityError if
    there is one with it. `event_type` is that of the request, if the caller has found it already.

    Raises EventTypeNotFound, InvalidBookingRequest, QuotaExhausted, CalendlyRefused, CalendlyUnavailable.
    """
    event_type = event_type or event_types.find(booking_request.event_type, key_id=by.key_id)
    zone, wanted = when(booking_request, now=now)
    answers, location = answered(event_type, booking_request, zone)
    guests = guest_list(booking_request.guests, booking_request.email)
    booking = _new_booking(booking_request, event_type, zone, by, booking_id, now)
    plan = attempts.Plan(
        booking=booking,
        event_type=event_type,
        zone=zone,
        location=location,
        answers=answers,
        guests=guests,
        by=by,
        action="requested",
        wanted=_wanted(booking_request.preferred, zone.name),
        metadata=_new_metadata(booking_request, booking),
        record=record,
    )
    slots = attempts.find_slots(event_type, start=wanted, now=now)
    fitting = [slot for slot in slots if fits(slot, booking_request.flexibility, wanted, zone)]
    result = attempts.book_first_free(plan, fitting)
    if isinstance(result, SlotUnavailable):
        return attempts.add_suggestions(result, slots, around=wanted)
    return result


def when(booking_request: BookingRequest, *, now: datetime) -> tuple[time_zones.Zone, datetime]:
    """The invitee's zone, and the earliest start that fits, in UTC. Raises InvalidBookingRequest."""
    zone, preferred = request_zone(booking_request, now=now), booking_request.preferred
    if preferred is None:
        return zone, now
    return zone, instant("preferredTime", preferred, zone, now=now)


def request_zone(booking_request: BookingRequest, *, now: datetime) -> time_zones.Zone:
    """The invitee's zone. Raises InvalidBookingRequest."""
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
    """A requested time as an instant in UTC, not before now. Without offset it is local time in `zone`.

    Raises InvalidBookingRequest for a time that the clocks skip, that is more than five minutes past, or more than
    two years ahead.
    """
    try:
        wanted = given.astimezone(UTC) if given.tzinfo else time_zones.at(given, zone.info)
    except time_zones.NoSuchTime as error:
        raise InvalidBookingRequest(field, "no_such_time", time=str(error), zone=zone.name) from error
    except OverflowError as error:
        raise InvalidBookingRequest(field, "out_of_range") from error
    if wanted < now - PAST_TOLERANCE:
        raise InvalidBookingRequest(field, "past")
    if wanted > now + MAX_AHEAD:
        raise InvalidBookingRequest(field, "out_of_range")
    return max(wanted, now)


def fits(slot: Slot, flexibility: Flexibility, wanted: datetime, zone: time_zones.Zone) -> bool:
    """True if a free start is what was requested."""
    if flexibility == "exact":
        return slot.start == wanted
    if flexibility == "sameDay":
        return slot.start.astimezone(zone.info).date() == wanted.astimezone(zone.info).date()
    return slot.start < wanted + NEXT_AVAILABLE


def answered(
    event_type: EventType, booking_request: BookingRequest, zone: time_zones.Zone
) -> tuple[tuple[Answer, ...], dict[str, str] | None]:
    """The answers to the event type's questions, and the location. Raises InvalidBookingRequest."""
    evidence = phones.Evidence(booking_request.phone, zone, booking_request.locale)
    try:
        return (
            questions.answers(event_type, booking_request.answers, evidence),
            questions.location(event_type, booking_request.phone, booking_request.location, evidence),
        )
    except questions.Invalid as error:
        raise InvalidBookingRequest(error.field, error.code, **error.values) from error


def guest_list(guests: Sequence[str], invitee: str) -> tuple[str, ...]:
    """Each guest once, without the invitee, and the portal's own address if there is room: Calendly takes ten.

    Raises InvalidBookingRequest for more than ten.
    """
    own = conf.get().SYSTEM_EMAIL
    wanted: dict[str, str] = {}
    for address in guests:
        wanted.setdefault(address.lower(), address)
    wanted.pop(invitee.lower(), None)
    if len(wanted) > MAX_GUESTS:
        raise InvalidBookingRequest("guests", "too_many_guests")
    if own and own.lower() != invitee.lower():
        wanted.setdefault(own.lower(), own)
    return tuple(wanted.values())[:MAX_GUESTS]


def _new_booking(
    booking_request: BookingRequest,
    event_type: EventType,
    zone: time_zones.Zone,
    by: Actor,
    booking_id: uuid.UUID | None,
    now: datetime,
) -> Booking:
    """The booking, not saved. It gets its start when one is reserved."""
    hosts = list(event_type.hosts.all())
    return Booking(
        pk=booking_id or uuid.uuid4(),
        account=event_type.account,
        source=by.source,
        event_type=event_type,
        event_name=event_type.name,
        host=hosts[0] if len(hosts) == 1 else None,
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


def _new_metadata(booking_request: BookingRequest, booking: Booking) -> VAIMetadata:
    """The portal's data of the booking, not saved."""
    return VAIMetadata(
        booking=booking,
        conversation_id=booking_request.conversation_id,
        user_id=booking_request.user_id,
        agent_type=booking_request.agent_type,
        booking_source="vai_agent" if booking.agent_made else "staff",
        notes=booking_request.notes,
    )


def _wanted(preferred: datetime | None, time_zone: str) -> str:
    """The requested start in UTC, as text; empty without one."""
    if preferred is None:
        return ""
    instant = preferred if preferred.tzinfo else time_zones.at(preferred, time_zones.named(time_zone))
    return texts.utc(instant)
