"""No-show marks."""

from __future__ import annotations

from typing import Any

from .. import errors, meetings, render
from ..core import Core
from ..exchange import Caller
from ..store import Invitee, Json, NoShow
from .meetings import event_by_key


def _invitee(core: Core, call: Caller, uri: object) -> Invitee:
    if uri is None:
        raise errors.missing("invitee")
    event_key, _, key = (core.key_of("scheduled_events", uri) or "").partition("/invitees/")
    if not key:
        raise errors.invalid("invitee")
    event = event_by_key(core, call, event_key, "You do not have permission to access this resource.")
    if key not in event.invitee_ids:
        raise errors.not_found()
    return core.state.invitees[key]


def create(core: Core, call: Caller) -> tuple[int, Json]:
    """POST /invitee_no_shows."""
    mark = meetings.mark_no_show(core, _invitee(core, call, call.data.get("invitee")))
    return 201, {"resource": render.no_show(core, mark)}


def _mark(core: Core, call: Caller) -> NoShow:
    if call.keys[0] not in core.state.no_shows:
        raise errors.not_found()
    return core.state.no_shows[call.keys[0]]


def one(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /invitee_no_shows/{id}."""
    return 200, {"resource": render.no_show(core, _mark(core, call))}


def delete(core: Core, call: Caller) -> tuple[int, None]:
    """DELETE /invitee_no_shows/{id}: 204."""
    meetings.undo_no_show(core, _mark(core, call))
    return 204, None


NOTHING: dict[str, Any] = {}
ROUTES = (
    ("POST", "/invitee_no_shows", create, "scheduled_events:write", "", {"invitee": None}),
    ("GET", "/invitee_no_shows/{id}", one, "scheduled_events:read", "", NOTHING),
    ("DELETE", "/invitee_no_shows/{id}", delete, "scheduled_events:write", "", NOTHING),
)
