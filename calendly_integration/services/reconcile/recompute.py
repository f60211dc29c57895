"""Recomputes a booking from its Calendly bookings. No queries here.

A booking shows what its current Calendly booking says, and nothing of a replaced one. The same Calendly bookings
give the same booking, in whatever order Calendly reported them. Where Calendly says nothing about the current one,
what we asked for stands. A host or an event type that we do not hold yet is empty until we do (`catalog`). Two
columns have a second source:

- `time_zone`: that of the invitee at Calendly, else the one that we booked with.
- `phone`: the reminder number of the current Calendly booking, else the number that an agent or staff gave us last.
  A number given as a place or a note does not come back from Calendly as the number of the invitee.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...models import Booking, CalendlyBooking, EventType, Host
from ...models.booking import search_key
from .. import mapping
from .merge import our_cancel_request

Status = CalendlyBooking.Status
# An active Calendly booking precedes one that is expected, and so on.
RANK = {Status.ACTIVE: 4, Status.EXPECTED: 3, Status.PENDING: 2, Status.CANCELED: 1, Status.FAILED: 0}


def is_superseded(calendly_booking: CalendlyBooking, calendly_bookings: Sequence[CalendlyBooking]) -> bool:
    """True where another Calendly booking has taken its place, even if that has ended."""
    replacing = (Status.ACTIVE, Status.CANCELED, Status.EXPECTED)
    return any(
        other.replaces_id == calendly_booking.pk and other.status in replacing for other in calendly_bookings
    )


def current_of(calendly_bookings: Sequence[CalendlyBooking]) -> CalendlyBooking | None:
    """The Calendly booking that carries the booking now: one that is not superseded, best by `RANK`, then
    newest."""
    candidates = [each for each in calendly_bookings if not is_superseded(each, calendly_bookings)]
    return max(
        candidates, key=lambda each: (RANK[Status(each.status)], each.created_at, each.pk), default=None
    )


@dataclass(frozen=True, slots=True)
class _Catalog:
    """Hosts and event types by URI."""

    hosts: Mapping[str, Host]
    event_types: Mapping[str, EventType]


def recompute_booking(
    booking: Booking,
    calendly_bookings: Sequence[CalendlyBooking],
    *,
    hosts: Mapping[str, Host],
    event_types: Mapping[str, EventType],
) -> None:
    """Set the columns of the booking. `hosts` and `event_types`, by URI, hold all that we have of those that the
    Calendly bookings name."""
    catalog = _Catalog(hosts, event_types)
    current = current_of(calendly_bookings)
    if current is None:
        return
    if current.status == Status.EXPECTED:
        # The new half of a move arrives within seconds. Until it has been looked for, the booking stays as it was.
        if current.last_error:
            _set_new_time_unknown(booking, current, calendly_bookings, catalog)
        return
    booking.current_calendly_booking = current
    if current.status == Status.PENDING:
        return
    if current.status == Status.FAILED:
        booking.status = Booking.Status.FAILED
        return
    canceled = current.status == Status.CANCELED
    booking.status = Booking.Status.CANCELED if canceled else Booking.Status.CONFIRMED
    booking.canceled_at = current.canceled_at if canceled else None
    booking.canceled_by = _canceled_by(current) if canceled else ""
    booking.cancel_reason = current.cancel_reason if canceled else ""
    booking.cancel_code = str(our_cancel_request(current).get("code") or "") if canceled else ""
    booking.failure = ""
    _copy(booking, current, calendly_bookings, catalog)


def _canceled_by(calendly_booking: CalendlyBooking) -> str:
    """The agent or person of ours who asked for it, else whom Calendly names.

    For our cancellations Calendly names the owner of our token and returns our reason. With another reason somebody
    else canceled first.
    """
    request = our_cancel_request(calendly_booking)
    is_ours = str(request.get("reason") or "").split() == calendly_booking.cancel_reason.split()
    return str((request.get("name") if is_ours else "") or calendly_booking.canceled_by)[:255]


def _set_new_time_unknown(
    booking: Booking,
    expected: CalendlyBooking,
    calendly_bookings: Sequence[CalendlyBooking],
    catalog: _Catalog,
) -> None:
    """The old half of a move has ended, and the new half could not be read: the meeting takes place, but we do not
    know when. The booking is pending, with its old columns, until the new half arrives or is read."""
    old = next((each for each in calendly_bookings if each.pk == expected.replaces_id), None)
    booking.status = Booking.Status.PENDING
    if old is not None and old.invitee_raw:
        booking.current_calendly_booking = old
        _copy(booking, old, calendly_bookings, catalog)


def _copy(
    booking: Booking,
    current: CalendlyBooking,
    calendly_bookings: Sequence[CalendlyBooking],
    catalog: _Catalog,
) -> None:
    if current.event_raw:
        _copy_place(booking, current, catalog)
    elif booking.event_id and booking.event_id != current.event_id:
        # Moved by us: the answer to a booking does not contain the event. It arrives or is read soon.
        booking.location = booking.meeting_url = ""
        if booking.event_type is not None and booking.event_type.pooling:
            booking.host = None
    booking.event_id, booking.no_show_at = current.event_id, current.no_show_at
    if current.start_at is not None:
        booking.start_at, booking.end_at = current.start_at, current.end_at
    if current.invitee_raw:
        _copy_person(booking, current, calendly_bookings)
    if not any(each.request for each in calendly_bookings):
        created = [each.created_at for each in calendly_bookings if each.invitee_raw]
        booking.created_at = min(created, default=booking.created_at)


def _copy_place(booking: Booking, current: CalendlyBooking, catalog: _Catalog) -> None:
    place = mapping.place(current.event_raw)
    booking.host = catalog.hosts.get(place.host_uri)
    booking.location, booking.meeting_url = place.location, place.meeting_url
    # Calendly names no type for a one-off event or where the type was deleted. We know the type that we booked.
    if place.event_type_uri or not current.request:
        event_type = catalog.event_types.get(place.event_type_uri)
        booking.event_type = event_type
        booking.event_name = place.event_name or (event_type.name if event_type else "")
    else:
        booking.event_name = place.event_name or booking.event_name


def _copy_person(
    booking: Booking, current: CalendlyBooking, calendly_bookings: Sequence[CalendlyBooking]
) -> None:
    person = mapping.person(current.invitee_raw)
    booking.cancel_url, booking.reschedule_url = person.cancel_url, person.reschedule_url
    booking.invitee_name = person.name or (booking.invitee_name if current.request else "")
    booking.invitee_email = person.email
    booking.email_key = person.email.strip().lower()
    booking.time_zone = person.time_zone or str(current.request.get("timezone") or "")[:64]
    booking.phone = person.phone or _given_phone(booking, calendly_bookings)
    booking.search_key = search_key(booking.invitee_name, booking.invitee_email, booking.phone)


def _given_phone(booking: Booking, calendly_bookings: Sequence[CalendlyBooking]) -> str:
    """The last number that we were given with a booking or a move."""
    ours = sorted(
        (each for each in calendly_bookings if each.request), key=lambda each: (each.created_at, each.pk)
    )
    if not any("phone" in each.request for each in ours):
        return booking.phone if ours else ""  # booked before the number was kept with the Calendly booking
    given = [str(each.request["phone"]) for each in ours if each.request.get("phone")]
    return given[-1][:64] if given else ""
