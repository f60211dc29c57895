"""No-show marks."""

from __future__ import annotations

from typing import Any

from .. import errors, meetings, render
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import Invitee, Json, NoShow
from .meetings import event_by_key


def _invitee(sandbox: Sandbox, call: Caller, uri: object) -> Invitee:
    if uri is None:
        raise errors.missing("invitee")
    event_key, _, key = (sandbox.key_of("scheduled_events", uri) or "").partition("/invitees/")
    if not key:
        raise errors.invalid("invitee")
    event = event_by_key(sandbox, call, event_key, "You do not have permission to access this resource.")
    if key not in event.invitee_ids:
        raise errors.not_found()
    return sandbox.state.invitees[key]


def create(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """POST /invitee_no_shows."""
    mark = meetings.mark_no_show(sandbox, _invitee(sandbox, call, call.data.get("invitee")))
    return 201, {"resource": render.no_show(sandbox, mark)}


def _mark(sandbox: Sandbox, call: Caller) -> NoShow:
    if call.keys[0] not in sandbox.state.no_shows:
        raise errors.not_found()
    return sandbox.state.no_shows[call.keys[0]]


def one(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /invitee_no_shows/{id}."""
    return 200, {"resource": render.no_show(sandbox, _mark(sandbox, call))}


def delete(sandbox: Sandbox, call: Caller) -> tuple[int, None]:
    """DELETE /invitee_no_shows/{id}: 204."""
    meetings.undo_no_show(sandbox, _mark(sandbox, call))
    return 204, None


NOTHING: dict[str, Any] = {}
ROUTES = (
    ("POST", "/invitee_no_shows", create, "scheduled_events:write", "", {"invitee": None}),
    ("GET", "/invitee_no_shows/{id}", one, "scheduled_events:read", "", NOTHING),
    ("DELETE", "/invitee_no_shows/{id}", delete, "scheduled_events:write", "", NOTHING),
)
