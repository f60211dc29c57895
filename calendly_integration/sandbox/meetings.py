"""The rules of meetings: book, cancel, reschedule, no-show. Callers have validated the input."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from . import availability, errors, moments, webhooks
from .sandbox import Sandbox
from .store import TRACKING_KEYS, Cancellation, Event, EventType, Invitee, Json, NoShow


@dataclass
class BookingRequest:
    """A validated booking request, not yet checked against the calendar."""

    event_type: EventType
    start: datetime
    email: str
    name: str
    timezone: str | None
    first_name: str | None = None
    last_name: str | None = None
    location: Json | None = None
    answers: list[Json] = field(default_factory=list)
    tracking: Json = field(default_factory=dict)
    guests: list[str] = field(default_factory=list)
    text_reminder_number: str | None = None
    method: str | None = None
    scheduled_by: str | None = None
    old_invitee: str | None = None


def book(sandbox: Sandbox, request: BookingRequest, *, leaving: Event | None = None) -> Invitee:
    """Reserve the slot and create the invitee; queue no webhook. The time of the meeting `leaving` counts as free.
    Raises Problem if the start is not free."""
    event = _event_for(sandbox, request, leaving)
    now = sandbox.stamp()
    invitee = Invitee(
        sandbox.state.new_id(),
        event.id,
        request.email,
        request.name,
        request.timezone,
        now,
        now,
        first_name=request.first_name,
        last_name=request.last_name,
        answers=request.answers,
        tracking=dict.fromkeys(sorted(TRACKING_KEYS)) | request.tracking,
        text_reminder_number=request.text_reminder_number,
        old_invitee=request.old_invitee,
        scheduling_method=request.method,
        scheduled_by=request.scheduled_by,
    )
    sandbox.state.add_invitee(invitee)
    event.updated_at = sandbox.stamp()
    added = moments.text(now)
    event.guests += [{"email": guest, "created_at": added, "updated_at": added} for guest in request.guests]
    return invitee


def _event_for(sandbox: Sandbox, request: BookingRequest, leaving: Event | None) -> Event:
    event_type, state = request.event_type, sandbox.state
    joined = state.active_at(event_type.id, request.start) if event_type.seats > 1 else None
    if joined is not None and joined is not leaving:
        if len(state.active_invitees(joined)) >= joined.seats or request.start <= sandbox.now():
            raise errors.already_filled()
        return joined
    possible = availability.offers(state, event_type, request.start, sandbox.now())
    if not possible:
        raise errors.not_found() if sandbox.options.never_offered == "not_found" else errors.already_filled()
    if leaving is not None:
        leaving.status = "leaving"
    try:
        free = availability.free_hosts(state, event_type, request.start, possible)
    finally:
        if leaving is not None:
            leaving.status = "active"
    if not free:
        raise errors.already_filled()
    return _new_event(sandbox, request, free)


def _new_event(sandbox: Sandbox, request: BookingRequest, free: list[str]) -> Event:
    event_type, now = request.event_type, sandbox.stamp()
    hosts = [_least_busy(sandbox, free)] if event_type.pooling_type == "round_robin" else free
    event = Event(
        sandbox.state.new_id(),
        event_type.id,
        event_type.name,
        request.start,
        request.start + timedelta(minutes=event_type.duration),
        hosts,
        request.location,
        event_type.before_buffer,
        event_type.after_buffer,
        event_type.seats,
        now,
        now,
        settles_at=sandbox.now() + timedelta(seconds=sandbox.options.location_push_seconds),
        settles_to=sandbox.options.location_outcome,
    )
    sandbox.state.add_event(event)
    return event


def _least_busy(sandbox: Sandbox, hosts: list[str]) -> str:
    """Round robin: the host with the fewest future meetings; the first one on a tie."""
    now, state = sandbox.now(), sandbox.state

    def load(host: str) -> int:
        line = (state.events[key] for _, key in state.by_host.get(host, ()))
        return sum(event.status == "active" and event.start > now for event in line)

    return min(hosts, key=load)


def cancel_invitee(
    sandbox: Sandbox, invitee: Invitee, *, by: str, kind: str, reason: str | None, at: datetime | None = None
) -> None:
    """Cancel one invitee; the meeting is canceled with its last invitee. Queue no webhook."""
    note = Cancellation(by, reason, kind, at or sandbox.stamp())
    invitee.status, invitee.cancellation, invitee.updated_at = "canceled", note, sandbox.stamp()
    event = sandbox.state.events[invitee.event_id]
    if not sandbox.state.active_invitees(event):
        event.status, event.cancellation = "canceled", note
    event.updated_at = sandbox.stamp()


def cancel_event(sandbox: Sandbox, event: Event, *, by: str, reason: str | None) -> Cancellation:
    """Cancel the meeting for all invitees. Raises Problem for a canceled or past meeting."""
    if event.status == "canceled":
        raise errors.denied("Event is already canceled")
    if event.start <= sandbox.now():
        raise errors.denied("Event in the past")
    ended = sandbox.state.active_invitees(event)
    at = sandbox.stamp()
    for invitee in ended:
        cancel_invitee(sandbox, invitee, by=by, kind="host", reason=reason, at=at)
    for invitee in ended:
        webhooks.emit_invitee(sandbox, "invitee.canceled", invitee)
    return Cancellation(by, reason, "host", at)


@dataclass(frozen=True)
class Changes:
    """Values that an invitee changes on the rescheduling page. None keeps the old value."""

    email: str | None = None
    name: str | None = None
    timezone: str | None = None
    text_reminder_number: str | None = None
    """An empty text removes the number."""


def move(sandbox: Sandbox, invitee: Invitee, start: datetime, changes: Changes) -> Invitee:
    """Reschedule as the public page does: create a new event, cancel the old one, link both, queue two webhooks."""
    old = sandbox.state.events[invitee.event_id]
    alone = len(sandbox.state.active_invitees(old)) == 1
    renamed = changes.name not in (None, invitee.name)
    phone = changes.text_reminder_number
    request = BookingRequest(
        sandbox.state.event_types[old.event_type_id],
        start,
        changes.email or invitee.email,
        changes.name or invitee.name,
        changes.timezone or invitee.timezone,
        first_name=None if renamed else invitee.first_name,
        last_name=None if renamed else invitee.last_name,
        location=old.location,
        answers=invitee.answers,
        tracking=dict(invitee.tracking),
        guests=[guest["email"] for guest in old.guests] if alone else [],
        text_reminder_number=invitee.text_reminder_number if phone is None else phone or None,
        old_invitee=sandbox.invitee_uri(invitee.id),
    )
    new = book(sandbox, request, leaving=old if alone else None)
    cancel_invitee(sandbox, invitee, by=invitee.name, kind="invitee", reason=None)
    invitee.rescheduled, invitee.new_invitee = True, sandbox.invitee_uri(new.id)
    webhooks.emit_pair(sandbox, invitee, new)
    return new


def mark_no_show(sandbox: Sandbox, invitee: Invitee) -> NoShow:
    """Mark an invitee as a no-show. Raises Problem if the mark exists."""
    if invitee.no_show_id is not None:
        raise errors.Problem(sandbox.options.no_show_twice_status, errors.invalid("invitee").body)
    mark = NoShow(sandbox.state.new_id(), invitee.id, sandbox.stamp())
    sandbox.state.no_shows[mark.id] = mark
    invitee.no_show_id, invitee.updated_at = mark.id, sandbox.stamp()
    webhooks.emit_invitee(sandbox, "invitee_no_show.created", invitee)
    return mark


def undo_no_show(sandbox: Sandbox, mark: NoShow) -> None:
    """Remove the mark."""
    invitee = sandbox.state.invitees[mark.invitee_id]
    del sandbox.state.no_shows[mark.id]
    invitee.no_show_id, invitee.updated_at = None, sandbox.stamp()
    webhooks.emit_invitee(sandbox, "invitee_no_show.deleted", invitee)
