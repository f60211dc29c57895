"""Scheduled events and their invitees."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .. import errors, meetings, moments, paging, render
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import Event, Invitee, Json, User
from .accounts import check_organization, is_admin, member
from .groups import check_group

EVENT_SORTS = {"start_time": lambda item: item.start}
INVITEE_SORTS = {"created_at": lambda item: item.created_at}
MAX_REASON_LENGTH = 10_000
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def listing(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /scheduled_events. Canceled ones are included unless status=active."""
    query = call.query
    host = _host_filter(sandbox, call)
    if "group" in query:
        check_group(sandbox, call, query["group"])
    status = query.get("status")
    if status not in (None, "active", "canceled"):
        raise errors.invalid("status")
    found = [
        event
        for event in (() if "group" in query else _candidates(sandbox, query))
        if (host is None or host.id in event.host_ids) and status in (None, event.status)
    ]

    def show(item: Event) -> Json:
        return render.event(sandbox, item)

    return 200, paging.page(sandbox, call, paging.ordered(found, query, EVENT_SORTS, "start_time:asc"), show)


def _host_filter(sandbox: Sandbox, call: Caller) -> User | None:
    """The host whose meetings are listed; None for the whole organization."""
    query = call.query
    if not query.keys() & {"user", "organization", "group"}:
        raise errors.missing("user")
    user = member(sandbox, query["user"]) if "user" in query else None
    if "organization" in query:
        check_organization(sandbox, query["organization"])
        if not is_admin(call.user) and (user is None or user.id != call.user.id):
            raise errors.denied()
    elif user is not None and user.id != call.user.id:
        raise errors.denied(
            "Please also specify organization when requesting events for a user within your organization."
        )
    return user


def _candidates(sandbox: Sandbox, query: dict[str, str]) -> Iterator[Event]:
    first, last = _bound(query, "min_start_time", FIRST), _bound(query, "max_start_time", LAST)
    state = sandbox.state
    if "invitee_email" in query:
        keys = dict.fromkeys(state.by_email.get(query["invitee_email"].lower(), ()))
        yield from (state.events[key] for key in keys if first <= state.events[key].start <= last)
        return
    line = state.by_start
    for _, key in line[bisect_left(line, (first, "")) : bisect_right(line, (last, "~"))]:
        yield state.events[key]


def _bound(query: dict[str, str], name: str, otherwise: datetime) -> datetime:
    if name not in query:
        return otherwise
    moment = moments.parse(query[name])
    if moment is None:
        raise errors.invalid(name)
    return moment


def event_by_key(sandbox: Sandbox, call: Caller, key: str, refusal: str) -> Event:
    """The event. Raises Problem 404, or 403 with the given text if the caller may not see it."""
    if key not in sandbox.state.events:
        raise errors.not_found()
    event = sandbox.state.events[key]
    if call.user.id not in event.host_ids and not is_admin(call.user):
        raise errors.denied(refusal)
    return event


def one(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /scheduled_events/{id}."""
    event = event_by_key(sandbox, call, call.keys[0], "You are not allowed to view this event")
    return 200, {"resource": render.event(sandbox, event)}


def invitees(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /scheduled_events/{id}/invitees."""
    query = call.query
    event = event_by_key(sandbox, call, call.keys[0], "You are not allowed to view this event")
    found = [sandbox.state.invitees[key] for key in event.invitee_ids]
    if "email" in query:
        found = [item for item in found if item.email.lower() == query["email"].lower()]
    if "status" in query:
        if query["status"] not in ("active", "canceled"):
            raise errors.invalid("status")
        found = [item for item in found if item.status == query["status"]]

    def show(item: Invitee) -> Json:
        return render.invitee(sandbox, item)

    rows = paging.ordered(found, query, INVITEE_SORTS, "created_at:asc")
    return 200, paging.page(sandbox, call, rows, show)


def invitee(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /scheduled_events/{event}/invitees/{invitee}."""
    event = event_by_key(sandbox, call, call.keys[0], "You are not allowed to view this event")
    if call.keys[1] not in event.invitee_ids:
        raise errors.not_found()
    return 200, {"resource": render.invitee(sandbox, sandbox.state.invitees[call.keys[1]])}


def cancel(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """POST /scheduled_events/{id}/cancellation: the whole event. A second time is a 403."""
    event = event_by_key(sandbox, call, call.keys[0], "You are not allowed to cancel this event")
    reason = call.data.get("reason")
    if reason is not None and (not isinstance(reason, str) or len(reason) > MAX_REASON_LENGTH):
        raise errors.invalid("reason")
    note = meetings.cancel_event(sandbox, event, by=call.user.name, reason=reason)
    return 201, {"resource": render.cancellation(note)}


NOTHING: dict[str, Any] = {}
ROUTES = (
    (
        "GET",
        "/scheduled_events",
        listing,
        "scheduled_events:read",
        "user organization group invitee_email status sort min_start_time max_start_time count page_token",
        NOTHING,
    ),
    ("GET", "/scheduled_events/{id}", one, "scheduled_events:read", "", NOTHING),
    (
        "GET",
        "/scheduled_events/{id}/invitees",
        invitees,
        "scheduled_events:read",
        "status email sort count page_token",
        NOTHING,
    ),
    ("GET", "/scheduled_events/{id}/invitees/{id}", invitee, "scheduled_events:read", "", NOTHING),
    ("POST", "/scheduled_events/{id}/cancellation", cancel, "scheduled_events:write", "", {"reason": None}),
)
