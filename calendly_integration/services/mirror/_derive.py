"""A booking derived from its legs. No queries here.

What a booking shows is what its current leg says, and nothing of a leg that was replaced: the same legs give the
same booking, in whatever order Calendly told of them. Where Calendly is silent about the current leg, what we
asked for it stands; a host or an event type that is not mirrored yet is none until it is (`catalog`). Two columns
have a second source:

- `time_zone`: the invitee's as Calendly has it, else the one that we booked with.
- `phone`: the reminder number that the current leg was booked with, else the number that an agent or staff gave
  us last: it may be a place or a note, and then Calendly does not tell it as the invitee's.
"""

from collections.abc import Mapping, Sequence

from ...models import Booking, BookingLeg, EventType, Host
from ...models.booking import search_key
from .. import mapping
from ._merge import our_wish

Status = BookingLeg.Status


def superseded(leg: BookingLeg, legs: Sequence[BookingLeg]) -> bool:
    """True where another leg has taken its place, even if that one ended since."""
    taken = (Status.ACTIVE, Status.CANCELED, Status.EXPECTED)
    return any(other.replaces_id == leg.pk and other.status in taken for other in legs)


def current_of(legs: Sequence[BookingLeg]) -> BookingLeg | None:
    """The leg that carries the booking now: the last of the chain, a live one before an ended one."""
    ends = [leg for leg in legs if not superseded(leg, legs)]
    rank = {Status.ACTIVE: 4, Status.EXPECTED: 3, Status.PENDING: 2, Status.CANCELED: 1, Status.FAILED: 0}
    return max(ends, key=lambda leg: (rank[Status(leg.status)], leg.created_at, leg.pk), default=None)


def derive(
    booking: Booking,
    legs: Sequence[BookingLeg],
    *,
    hosts: Mapping[str, Host],
    event_types: Mapping[str, EventType],
) -> None:
    """Set the booking to what its legs say. `hosts` and `event_types` are those that are mirrored, by URI: all that
    are mirrored of those that the legs name."""
    leg = current_of(legs)
    if leg is None:
        return
    if leg.status == Status.EXPECTED:
        # The new half of a move comes within seconds. Until it was looked for, the booking stays as it was.
        if leg.last_error:
            _in_doubt(booking, leg, legs, hosts, event_types)
        return
    booking.current_leg = leg
    if leg.status == Status.PENDING:
        return
    if leg.status == Status.FAILED:
        booking.status = Booking.Status.FAILED
        return
    canceled = leg.status == Status.CANCELED
    booking.status = Booking.Status.CANCELED if canceled else Booking.Status.CONFIRMED
    booking.canceled_at = leg.canceled_at if canceled else None
    booking.canceled_by = _canceled_by(leg) if canceled else ""
    booking.cancel_reason = leg.cancel_reason if canceled else ""
    booking.cancel_code = str(our_wish(leg).get("code") or "") if canceled else ""
    booking.failure = ""
    _copy(booking, leg, legs, hosts, event_types)


def _canceled_by(leg: BookingLeg) -> str:
    """Who wanted it: the agent or person of ours, else whom Calendly names. For what we cancel Calendly names the
    owner of our token, and tells our reason; another reason is that of somebody who was faster."""
    wish = our_wish(leg)
    ours = str(wish.get("reason") or "").split() == leg.cancel_reason.split()
    return str((wish.get("name") if ours else "") or leg.canceled_by)[:255]


def _in_doubt(
    booking: Booking,
    expected: BookingLeg,
    legs: Sequence[BookingLeg],
    hosts: Mapping[str, Host],
    event_types: Mapping[str, EventType],
) -> None:
    """The old half of a move is over, and the new one was looked for and could not be read. It takes place, but
    nobody here knows when: pending, as it was, until the new half is told or read."""
    old = next((each for each in legs if each.pk == expected.replaces_id), None)
    booking.status = Booking.Status.PENDING
    if old is not None and old.invitee_raw:
        booking.current_leg = old
        _copy(booking, old, legs, hosts, event_types)


def _copy(
    booking: Booking,
    leg: BookingLeg,
    legs: Sequence[BookingLeg],
    hosts: Mapping[str, Host],
    event_types: Mapping[str, EventType],
) -> None:
    if leg.event_raw:
        _copy_place(booking, leg, hosts, event_types)
    elif booking.event_id and booking.event_id != leg.event_id:
        # Moved by us: the answer to a booking does not tell the event. It is told or read soon.
        booking.location = booking.meeting_url = ""
        if booking.event_type is not None and booking.event_type.pooling:
            booking.host = None
    booking.event_id, booking.no_show_at = leg.event_id, leg.no_show_at
    if leg.start_at is not None:
        booking.start_at, booking.end_at = leg.start_at, leg.end_at
    if leg.invitee_raw:
        _copy_person(booking, leg, legs)
    if not any(each.request for each in legs):
        told = [each.created_at for each in legs if each.invitee_raw]
        booking.created_at = min(told, default=booking.created_at)


def _copy_place(
    booking: Booking, leg: BookingLeg, hosts: Mapping[str, Host], event_types: Mapping[str, EventType]
) -> None:
    place = mapping.place(leg.event_raw)
    booking.host = hosts.get(place.host_uri)
    booking.location, booking.meeting_url = place.location, place.meeting_url
    # Calendly names no type of a one-off event, and none whose type was deleted; what we booked we know.
    if place.event_type_uri or not leg.request:
        kind = event_types.get(place.event_type_uri)
        booking.event_type = kind
        booking.event_name = place.event_name or (kind.name if kind else "")
    else:
        booking.event_name = place.event_name or booking.event_name


def _copy_person(booking: Booking, leg: BookingLeg, legs: Sequence[BookingLeg]) -> None:
    person = mapping.person(leg.invitee_raw)
    booking.cancel_url, booking.reschedule_url = person.cancel_url, person.reschedule_url
    booking.invitee_name = person.name or (booking.invitee_name if leg.request else "")
    booking.invitee_email = person.email
    booking.email_key = person.email.strip().lower()
    booking.time_zone = person.time_zone or str(leg.request.get("timezone") or "")[:64]
    booking.phone = person.phone or _given_phone(booking, legs)
    booking.search_key = search_key(booking.invitee_name, booking.invitee_email, booking.phone)


def _given_phone(booking: Booking, legs: Sequence[BookingLeg]) -> str:
    """The number that we were given when we booked or moved it, the last one where there are several."""
    asked = sorted((leg for leg in legs if leg.request), key=lambda leg: (leg.created_at, leg.pk))
    if not any("phone" in leg.request for leg in asked):
        return booking.phone if asked else ""  # booked before the number was kept with the leg
    given = [str(leg.request["phone"]) for leg in asked if leg.request.get("phone")]
    return given[-1][:64] if given else ""
