"""The rules of meetings: book, cancel, move, mark. Doors check the request, these check the state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from . import availability, errors, moments, webhooks
from .core import Core
from .store import TRACKING_KEYS, Cancellation, Event, EventType, Invitee, Json, NoShow


@dataclass
class Wish:
    """What somebody wants to book, checked for form but not yet against the calendar."""

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


def book(core: Core, wish: Wish, *, leaving: Event | None = None) -> Invitee:
    """Take the slot and make the invitee; queues nothing. `leaving` is a meeting that is given up for it,
    so that its time counts as free. Raises Problem where the start is not free."""
    event = _event_for(core, wish, leaving)
    now = core.stamp()
    invitee = Invitee(
        core.state.new_id(),
        event.id,
        wish.email,
        wish.name,
        wish.timezone,
        now,
        now,
        first_name=wish.first_name,
        last_name=wish.last_name,
        answers=wish.answers,
        tracking=dict.fromkeys(sorted(TRACKING_KEYS)) | wish.tracking,
        text_reminder_number=wish.text_reminder_number,
        old_invitee=wish.old_invitee,
        scheduling_method=wish.method,
        scheduled_by=wish.scheduled_by,
    )
    core.state.add_invitee(invitee)
    event.updated_at = core.stamp()
    added = moments.text(now)
    event.guests += [{"email": guest, "created_at": added, "updated_at": added} for guest in wish.guests]
    return invitee


def _event_for(core: Core, wish: Wish, leaving: Event | None) -> Event:
    kind, state = wish.event_type, core.state
    joined = state.active_at(kind.id, wish.start) if kind.seats > 1 else None
    if joined is not None and joined is not leaving:
        if len(state.active_invitees(joined)) >= joined.seats or wish.start <= core.now():
            raise errors.already_filled()
        return joined
    possible = availability.offers(state, kind, wish.start, core.now())
    if not possible:
        raise errors.not_found() if core.options.never_offered == "not_found" else errors.already_filled()
    if leaving is not None:
        leaving.status = "leaving"
    try:
        free = availability.free_hosts(state, kind, wish.start, possible)
    finally:
        if leaving is not None:
            leaving.status = "active"
    if not free:
        raise errors.already_filled()
    return _new_event(core, wish, free)


def _new_event(core: Core, wish: Wish, free: list[str]) -> Event:
    kind, now = wish.event_type, core.stamp()
    hosts = [_least_busy(core, free)] if kind.pooling_type == "round_robin" else free
    event = Event(
        core.state.new_id(),
        kind.id,
        kind.name,
        wish.start,
        wish.start + timedelta(minutes=kind.duration),
        hosts,
        wish.location,
        kind.before_buffer,
        kind.after_buffer,
        kind.seats,
        now,
        now,
        settles_at=core.now() + timedelta(seconds=core.options.location_push_seconds),
        settles_to=core.options.location_outcome,
    )
    core.state.add_event(event)
    return event


def _least_busy(core: Core, hosts: list[str]) -> str:
    """Round robin: the host with the fewest meetings to come, the first of them on a tie."""
    now, state = core.now(), core.state

    def load(host: str) -> int:
        line = (state.events[key] for _, key in state.by_host.get(host, ()))
        return sum(event.status == "active" and event.start > now for event in line)

    return min(hosts, key=load)


def cancel_invitee(
    core: Core, invitee: Invitee, *, by: str, kind: str, reason: str | None, at: datetime | None = None
) -> None:
    """End one invitee's part; the meeting ends with its last invitee. Queues nothing."""
    note = Cancellation(by, reason, kind, at or core.stamp())
    invitee.status, invitee.cancellation, invitee.updated_at = "canceled", note, core.stamp()
    event = core.state.events[invitee.event_id]
    if not core.state.active_invitees(event):
        event.status, event.cancellation = "canceled", note
    event.updated_at = core.stamp()


def cancel_event(core: Core, event: Event, *, by: str, reason: str | None) -> Cancellation:
    """Cancel for all, as a host or by the API. Raises Problem for a canceled or past meeting."""
    if event.status == "canceled":
        raise errors.denied("Event is already canceled")
    if event.start <= core.now():
        raise errors.denied("Event in the past")
    ended = core.state.active_invitees(event)
    at = core.stamp()
    for invitee in ended:
        cancel_invitee(core, invitee, by=by, kind="host", reason=reason, at=at)
    for invitee in ended:
        webhooks.emit_invitee(core, "invitee.canceled", invitee)
    return Cancellation(by, reason, "host", at)


@dataclass(frozen=True)
class Changes:
    """What an invitee enters anew on the rescheduling page. None leaves it as it is."""

    email: str | None = None
    name: str | None = None
    timezone: str | None = None
    text_reminder_number: str | None = None
    """An empty text takes the number away."""


def move(core: Core, invitee: Invitee, start: datetime, changes: Changes) -> Invitee:
    """What the rescheduling page does: a new event, the old one canceled, both linked, two deliveries."""
    old = core.state.events[invitee.event_id]
    alone = len(core.state.active_invitees(old)) == 1
    renamed = changes.name not in (None, invitee.name)
    phone = changes.text_reminder_number
    wish = Wish(
        core.state.event_types[old.event_type_id],
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
        old_invitee=core.invitee_uri(invitee.id),
    )
    new = book(core, wish, leaving=old if alone else None)
    cancel_invitee(core, invitee, by=invitee.name, kind="invitee", reason=None)
    invitee.rescheduled, invitee.new_invitee = True, core.invitee_uri(new.id)
    webhooks.emit_pair(core, invitee, new)
    return new


def mark_no_show(core: Core, invitee: Invitee) -> NoShow:
    """Mark an invitee as not having come. Raises Problem if that is so already."""
    if invitee.no_show_id is not None:
        raise errors.Problem(core.options.no_show_twice_status, errors.invalid("invitee").body)
    mark = NoShow(core.state.new_id(), invitee.id, core.stamp())
    core.state.no_shows[mark.id] = mark
    invitee.no_show_id, invitee.updated_at = mark.id, core.stamp()
    webhooks.emit_invitee(core, "invitee_no_show.created", invitee)
    return mark


def undo_no_show(core: Core, mark: NoShow) -> None:
    """Take the mark back."""
    invitee = core.state.invitees[mark.invitee_id]
    del core.state.no_shows[mark.id]
    invitee.no_show_id, invitee.updated_at = None, core.stamp()
    webhooks.emit_invitee(core, "invitee_no_show.deleted", invitee)
