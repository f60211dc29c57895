"""A sighting brought into its leg. No queries here."""

from datetime import datetime, timedelta
from typing import Any

from ...calendly import fields, types
from ...calendly.types import uuid_of
from ...models import BookingLeg
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
    if leg.status == Status.EXPECTED:
        leg.last_error = ""
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
        leg.event_updated_at, leg.invitee_updated_at, leg.todo, leg.event_raw.get("location"),
    )  # fmt: skip


def _merge_invitee(leg: BookingLeg, sighting: Sighting) -> None:
    invitee = sighting.invitee
    leg.invitee_uri = invitee.uri
    if not leg.request:
        leg.created_at = invitee.created_at  # a link to it may have been told first
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
        # Of a group's event one may have left before the rest was canceled.
        own = fields.object_or_none(leg.invitee_raw, "cancellation")
        cancel(leg, None if own else event.cancellation, event.updated_at)
    if leg.event_updated_at is not None and event.updated_at < leg.event_updated_at:
        return
    settled_before = bool(leg.event_raw) and mapping.settled(leg.event_raw)
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
    wanted = leg.status == Status.ACTIVE and (not leg.event_raw or not mapping.settled(leg.event_raw))
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
