"""A sighting brought into its leg, and the booking derived from its legs. No queries here."""

from datetime import datetime, timedelta
from typing import Any

from ...calendly import types
from ...calendly.types import uuid_of
from ...models import Booking, BookingLeg, EventType, Host
from ...models.booking import search_key
from .. import mapping
from ._sighting import Kind, Sighting

Status, Todo = BookingLeg.Status, BookingLeg.Todo
# A conference link is ready seconds after the booking; look again after these many. The first four fall within
# the minute that the confirmation mail waits for it.
LOOK_AGAIN = (5, 10, 15, 20, 300, 1800)
MOVED = "Moved to another time"


def merge(leg: BookingLeg, sighting: Sighting, *, now: datetime) -> bool:
    """Bring in what is newer than what the leg holds. True if the leg changed.

    A canceled invitee never becomes active again at Calendly, so a cancellation stands whatever comes later.
    """
    before = _state(leg)
    _merge_invitee(leg, sighting)
    if sighting.event is not None:
        _merge_event(leg, sighting.event)
    if leg.status == Status.ACTIVE and leg.todo == Todo.SETTLE:
        leg.todo, leg.next_attempt_at, leg.lease_token, leg.last_error = Todo.NOTHING, None, None, ""
    if sighting.told and leg.seen_at is None:
        leg.seen_at = now
    _plan_next_look(leg, now)
    return _state(leg) != before


def _state(leg: BookingLeg) -> tuple[object, ...]:
    return (
        leg.status, leg.start_at, leg.end_at, leg.rescheduled, leg.no_show_at, leg.new_invitee, leg.seen_at,
        leg.event_updated_at, leg.invitee_updated_at, leg.todo, mapping.place(leg.event_raw),
    )  # fmt: skip


def _merge_invitee(leg: BookingLeg, sighting: Sighting) -> None:
    invitee = sighting.invitee
    leg.invitee_uri = invitee.uri
    leg.event_uri, leg.event_id = invitee.event_uri, uuid_of(invitee.event_uri)[:64]
    leg.old_invitee = leg.old_invitee or invitee.old_invitee or ""
    leg.new_invitee = leg.new_invitee or invitee.new_invitee or ""
    leg.rescheduled = leg.rescheduled or invitee.rescheduled
    if invitee.status == "canceled":
        cancel(leg, invitee.cancellation, invitee.updated_at)
    elif leg.status != Status.CANCELED:
        leg.status = Status.ACTIVE
    if leg.invitee_updated_at is not None and invitee.updated_at < leg.invitee_updated_at:
        return
    leg.invitee_updated_at, leg.invitee_raw = invitee.updated_at, _without(invitee.raw, "scheduled_event")
    undone = sighting.kind is Kind.NO_SHOW_UNDONE
    leg.no_show_uri = "" if undone else invitee.no_show_uri or ""
    leg.no_show_at = None if undone or not invitee.no_show_uri else invitee.no_show_at or invitee.updated_at


def _merge_event(leg: BookingLeg, event: types.ScheduledEvent) -> None:
    if event.status == "canceled":
        cancel(leg, event.cancellation, event.updated_at)
    if leg.event_updated_at is not None and event.updated_at < leg.event_updated_at:
        return
    settled_before = bool(leg.event_raw) and mapping.place(leg.event_raw).settled
    if leg.event_updated_at == event.updated_at and settled_before and not event.location_settled:
        return  # the same version, read before its conference was ready
    leg.event_updated_at, leg.event_raw = event.updated_at, event.raw
    leg.start_at, leg.end_at = event.start_time, event.end_time


def cancel(leg: BookingLeg, cancellation: types.Cancellation | None, at: datetime) -> None:
    """The leg is over. Who and why is taken from Calendly as soon as it says so."""
    if leg.status != Status.CANCELED:
        leg.status, leg.canceled_at = Status.CANCELED, at
        leg.slot_key = None
        if leg.todo:
            leg.todo, leg.next_attempt_at, leg.lease_token = Todo.NOTHING, None, None
    if cancellation is not None:
        leg.canceled_by = cancellation.canceled_by[:255]
        leg.canceler, leg.cancel_reason = cancellation.canceler_type[:20], cancellation.reason or ""
        leg.canceled_at = cancellation.created_at or leg.canceled_at


def our_wish(leg: BookingLeg) -> dict[str, Any]:
    """Who of us wanted the leg canceled, and why; empty where the invitee ended it, or nobody of us did."""
    found: dict[str, Any] = leg.intent.get("cancel") or {}
    return found if leg.canceler != "invitee" else {}


def _plan_next_look(leg: BookingLeg, now: datetime) -> None:
    """Read the event again while its conference link is not ready yet, or was never told."""
    wanted = leg.status == Status.ACTIVE and (not leg.event_raw or not mapping.place(leg.event_raw).settled)
    if wanted and leg.todo == Todo.NOTHING:
        leg.todo, leg.attempts = Todo.REFRESH, 0
        leg.next_attempt_at = now + timedelta(seconds=LOOK_AGAIN[0])
    elif not wanted and leg.todo == Todo.REFRESH:
        leg.todo, leg.next_attempt_at, leg.lease_token = Todo.NOTHING, None, None


def _without(raw: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in raw.items() if name != key}


def retire(leg: BookingLeg, legs: list[BookingLeg], *, now: datetime) -> None:
    """A move of ours: now that the new leg stands, the one it replaces is to be canceled. Asked for once: what
    Calendly has refused it would refuse again."""
    if leg.status != Status.ACTIVE or leg.replaces_id is None or not leg.request:
        return
    for old in legs:
        if old.pk == leg.replaces_id and old.status == Status.ACTIVE and old.todo != Todo.CANCEL:
            old.todo, old.next_attempt_at, old.lease_token, old.attempts = Todo.CANCEL, now, None, 0
            old.intent = {**old.intent, "cancel": {**leg.intent, "reason": MOVED}}


def superseded(leg: BookingLeg, legs: list[BookingLeg]) -> bool:
    """True where another leg has taken its place, even if that one ended since."""
    taken = (Status.ACTIVE, Status.CANCELED, Status.EXPECTED)
    return any(other.replaces_id == leg.pk and other.status in taken for other in legs)


def current_of(legs: list[BookingLeg]) -> BookingLeg | None:
    """The leg that carries the booking now: the last of the chain, a live one before an ended one."""
    ends = [leg for leg in legs if not superseded(leg, legs)]
    rank = {Status.ACTIVE: 4, Status.EXPECTED: 3, Status.PENDING: 2, Status.CANCELED: 1, Status.FAILED: 0}
    return max(ends, key=lambda leg: (rank[Status(leg.status)], leg.created_at, leg.pk), default=None)


def derive(
    booking: Booking, legs: list[BookingLeg], *, hosts: dict[str, Host], event_types: dict[str, EventType]
) -> None:
    """Set the booking to what its legs say."""
    leg = current_of(legs)
    if leg is None or leg.status == Status.EXPECTED:
        return  # a move whose new half has not come yet: the booking stays as it was
    booking.current_leg = leg
    if leg.status == Status.PENDING:
        return
    if leg.status == Status.FAILED:
        booking.status = Booking.Status.FAILED
        return
    canceled = leg.status == Status.CANCELED
    booking.status = Booking.Status.CANCELED if canceled else Booking.Status.CONFIRMED
    booking.canceled_at = leg.canceled_at if canceled else None
    booking.canceled_by = leg.canceled_by if canceled else ""
    booking.cancel_reason = leg.cancel_reason if canceled else ""
    booking.cancel_code = str(our_wish(leg).get("code") or "") if canceled else ""
    booking.failure = ""
    _copy(booking, leg, hosts, event_types)


def _copy(
    booking: Booking, leg: BookingLeg, hosts: dict[str, Host], event_types: dict[str, EventType]
) -> None:
    place = mapping.place(leg.event_raw)
    if booking.event_id != leg.event_id:
        booking.meeting_url = ""  # the old event's link leads nowhere; the new one is told or read soon
    booking.event_id, booking.no_show_at = leg.event_id, leg.no_show_at
    if leg.start_at is not None:
        booking.start_at, booking.end_at = leg.start_at, leg.end_at
    if leg.event_raw:
        # Set only where it is known: to read the present one would be a query for each booking.
        if place.host_uri in hosts:
            booking.host = hosts[place.host_uri]
        booking.location, booking.meeting_url = place.location, place.meeting_url
        booking.event_name = str(leg.event_raw.get("name") or booking.event_name)[:255]
        kind = event_types.get(str(leg.event_raw.get("event_type") or ""))
        if kind is not None:
            booking.event_type = kind
    raw = leg.invitee_raw
    booking.cancel_url = str(raw.get("cancel_url") or "")[:500]
    booking.reschedule_url = str(raw.get("reschedule_url") or "")[:500]
    booking.invitee_name = str(raw.get("name") or booking.invitee_name)[:255]
    booking.invitee_email = str(raw.get("email") or booking.invitee_email)[:320]
    booking.email_key = booking.invitee_email.strip().lower()
    booking.time_zone = booking.time_zone or str(raw.get("timezone") or "")[:64]
    booking.phone = booking.phone or str(raw.get("text_reminder_number") or "")[:64]
    booking.search_key = search_key(booking.invitee_name, booking.invitee_email, booking.phone)
