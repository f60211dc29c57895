"""A booking derived from its Calendly bookings. No queries here.

What a booking shows is what its current Calendly booking says, and nothing of a Calendly booking that was replaced: the same Calendly bookings give the
same booking, in whatever order Calendly told of them. Where Calendly is silent about the current Calendly booking, what we
asked for it stands; a host or an event type that is not mirrored yet is none until it is (`catalog`). Two columns
have a second source:

- `time_zone`: the invitee's as Calendly has it, else the one that we booked with.
- `phone`: the reminder number that the current Calendly booking was booked with, else the number that an agent or staff gave
  us last: it may be a place or a note, and then Calendly does not tell it as the invitee's.
"""

from collections.abc import Mapping, Sequence

from ...models import Booking, CalendlyBooking, EventType, Host
from ...models.booking import search_key
from . import mapping
from .merge import our_wish

Status = CalendlyBooking.Status


def superseded(calendly_booking: CalendlyBooking, calendly_bookings: Sequence[CalendlyBooking]) -> bool:
    """True where another Calendly booking has taken its place, even if that one ended since."""
    taken = (Status.ACTIVE, Status.CANCELED, Status.EXPECTED)
    return any(
        other.replaces_id == calendly_booking.pk and other.status in taken for other in calendly_bookings
    )


def current_of(calendly_bookings: Sequence[CalendlyBooking]) -> CalendlyBooking | None:
    """The Calendly booking that carries the booking now: the last of the chain, a live one before an ended one."""
    ends = [
        calendly_booking
        for calendly_booking in calendly_bookings
        if not superseded(calendly_booking, calendly_bookings)
    ]
    rank = {Status.ACTIVE: 4, Status.EXPECTED: 3, Status.PENDING: 2, Status.CANCELED: 1, Status.FAILED: 0}
    return max(
        ends,
        key=lambda calendly_booking: (
            rank[Status(calendly_booking.status)],
            calendly_booking.created_at,
            calendly_booking.pk,
        ),
        default=None,
    )


def derive(
    booking: Booking,
    calendly_bookings: Sequence[CalendlyBooking],
    *,
    hosts: Mapping[str, Host],
    event_types: Mapping[str, EventType],
) -> None:
    """Set the booking to what its Calendly bookings say. `hosts` and `event_types` are those that are mirrored, by URI: all that
    are mirrored of those that the Calendly bookings name."""
    calendly_booking = current_of(calendly_bookings)
    if calendly_booking is None:
        return
    if calendly_booking.status == Status.EXPECTED:
        # The new half of a move comes within seconds. Until it was looked for, the booking stays as it was.
        if calendly_booking.last_error:
            _in_doubt(booking, calendly_booking, calendly_bookings, hosts, event_types)
        return
    booking.current_calendly_booking = calendly_booking
    if calendly_booking.status == Status.PENDING:
        return
    if calendly_booking.status == Status.FAILED:
        booking.status = Booking.Status.FAILED
        return
    canceled = calendly_booking.status == Status.CANCELED
    booking.status = Booking.Status.CANCELED if canceled else Booking.Status.CONFIRMED
    booking.canceled_at = calendly_booking.canceled_at if canceled else None
    booking.canceled_by = _canceled_by(calendly_booking) if canceled else ""
    booking.cancel_reason = calendly_booking.cancel_reason if canceled else ""
    booking.cancel_code = str(our_wish(calendly_booking).get("code") or "") if canceled else ""
    booking.failure = ""
    _copy(booking, calendly_booking, calendly_bookings, hosts, event_types)


def _canceled_by(calendly_booking: CalendlyBooking) -> str:
    """Who wanted it: the agent or person of ours, else whom Calendly names. For what we cancel Calendly names the
    owner of our token, and tells our reason; another reason is that of somebody who was faster."""
    booking_request = our_wish(calendly_booking)
    ours = str(booking_request.get("reason") or "").split() == calendly_booking.cancel_reason.split()
    return str((booking_request.get("name") if ours else "") or calendly_booking.canceled_by)[:255]


def _in_doubt(
    booking: Booking,
    expected: CalendlyBooking,
    calendly_bookings: Sequence[CalendlyBooking],
    hosts: Mapping[str, Host],
    event_types: Mapping[str, EventType],
) -> None:
    """The old half of a move is over, and the new one was looked for and could not be read. It takes place, but
    nobody here knows when: pending, as it was, until the new half is told or read."""
    old = next((each for each in calendly_bookings if each.pk == expected.replaces_id), None)
    booking.status = Booking.Status.PENDING
    if old is not None and old.invitee_raw:
        booking.current_calendly_booking = old
        _copy(booking, old, calendly_bookings, hosts, event_types)


def _copy(
    booking: Booking,
    calendly_booking: CalendlyBooking,
    calendly_bookings: Sequence[CalendlyBooking],
    hosts: Mapping[str, Host],
    event_types: Mapping[str, EventType],
) -> None:
    if calendly_booking.event_raw:
        _copy_place(booking, calendly_booking, hosts, event_types)
    elif booking.event_id and booking.event_id != calendly_booking.event_id:
        # Moved by us: the answer to a booking does not tell the event. It is told or read soon.
        booking.location = booking.meeting_url = ""
        if booking.event_type is not None and booking.event_type.pooling:
            booking.host = None
    booking.event_id, booking.no_show_at = calendly_booking.event_id, calendly_booking.no_show_at
    if calendly_booking.start_at is not None:
        booking.start_at, booking.end_at = calendly_booking.start_at, calendly_booking.end_at
    if calendly_booking.invitee_raw:
        _copy_person(booking, calendly_booking, calendly_bookings)
    if not any(each.request for each in calendly_bookings):
        told = [each.created_at for each in calendly_bookings if each.invitee_raw]
        booking.created_at = min(told, default=booking.created_at)


def _copy_place(
    booking: Booking,
    calendly_booking: CalendlyBooking,
    hosts: Mapping[str, Host],
    event_types: Mapping[str, EventType],
) -> None:
    place = mapping.place(calendly_booking.event_raw)
    booking.host = hosts.get(place.host_uri)
    booking.location, booking.meeting_url = place.location, place.meeting_url
    # Calendly names no type of a one-off event, and none whose type was deleted; what we booked we know.
    if place.event_type_uri or not calendly_booking.request:
        kind = event_types.get(place.event_type_uri)
        booking.event_type = kind
        booking.event_name = place.event_name or (kind.name if kind else "")
    else:
        booking.event_name = place.event_name or booking.event_name


def _copy_person(
    booking: Booking, calendly_booking: CalendlyBooking, calendly_bookings: Sequence[CalendlyBooking]
) -> None:
    person = mapping.person(calendly_booking.invitee_raw)
    booking.cancel_url, booking.reschedule_url = person.cancel_url, person.reschedule_url
    booking.invitee_name = person.name or (booking.invitee_name if calendly_booking.request else "")
    booking.invitee_email = person.email
    booking.email_key = person.email.strip().lower()
    booking.time_zone = person.time_zone or str(calendly_booking.request.get("timezone") or "")[:64]
    booking.phone = person.phone or _given_phone(booking, calendly_bookings)
    booking.search_key = search_key(booking.invitee_name, booking.invitee_email, booking.phone)


def _given_phone(booking: Booking, calendly_bookings: Sequence[CalendlyBooking]) -> str:
    """The number that we were given when we booked or moved it, the last one where there are several."""
    asked = sorted(
        (calendly_booking for calendly_booking in calendly_bookings if calendly_booking.request),
        key=lambda calendly_booking: (calendly_booking.created_at, calendly_booking.pk),
    )
    if not any("phone" in calendly_booking.request for calendly_booking in asked):
        return booking.phone if asked else ""  # booked before the number was kept with the Calendly booking
    given = [
        str(calendly_booking.request["phone"])
        for calendly_booking in asked
        if calendly_booking.request.get("phone")
    ]
    return given[-1][:64] if given else ""
