"""GET /sample_webhook_data: what a delivery of an event looks like.

A temporary Calendly produces the sample, so that it equals what this sandbox sends.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from .. import availability, errors, meetings, webhooks
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..seeds import Seeds
from ..store import EventType, Invitee, Json
from .accounts import check_organization
from .subscriptions import owner_of

OTHER_IDS = 1_000_000
"""Offset of the id counter: a sample must not use ids of the state, which has the same seed."""


def sample(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """The envelope without `resource`. Events that this sandbox never sends answer 501."""
    query = call.query
    for name in ("event", "organization", "scope"):
        if name not in query:
            raise errors.missing(name)
    check_organization(sandbox, query["organization"])
    owner_of(sandbox, call, dict(query))
    event = query["event"]
    if event not in webhooks.SCOPES or query["scope"] not in webhooks.SCOPES[event][0]:
        raise errors.invalid("event")
    if event not in SCENARIOS:
        raise errors.not_implemented(f"a sample of {event}")
    scratch = Seeds(
        clock=sandbox.now, seed=sandbox.state.seed, api_base=sandbox.api_base, public_base=sandbox.public_base
    )
    scratch.seed_standard()
    scratch.state.ids_made += OTHER_IDS
    scratch.subscribe("https://sample.example/hook", events=(event,))
    SCENARIOS[event](scratch)
    body: Json = json.loads(scratch.state.deliveries[-1].body)
    return 200, body


def _book(sandbox: Seeds) -> Invitee:
    event_type = next(iter(sandbox.state.event_types.values()))
    now = sandbox.now()
    start, _ = availability.starts(sandbox.state, event_type, now, now + timedelta(days=14), now)[0]
    request = meetings.BookingRequest(
        event_type,
        start,
        "maria.popa@example.com",
        "Maria Popa",
        "Europe/Bucharest",
        location=event_type.locations[0] if event_type.locations else None,
    )
    invitee = meetings.book(sandbox, request)
    webhooks.emit_invitee(sandbox, "invitee.created", invitee)
    return invitee


def _cancel(sandbox: Seeds) -> None:
    event = sandbox.state.events[_book(sandbox).event_id]
    meetings.cancel_event(sandbox, event, by=sandbox.owner.name, reason="Travelling")


def _undo_no_show(sandbox: Seeds) -> None:
    meetings.undo_no_show(sandbox, meetings.mark_no_show(sandbox, _book(sandbox)))


def _change(sandbox: Seeds) -> None:
    event_type = sandbox.add_event_type("Discovery call")
    webhooks.emit_event_type(sandbox, "event_type.updated", event_type)


def _delete(sandbox: Seeds) -> None:
    event_type: EventType = sandbox.add_event_type("Discovery call")
    event_type.active, event_type.deleted_at = False, sandbox.stamp()
    webhooks.emit_event_type(sandbox, "event_type.deleted", event_type)


SCENARIOS: dict[str, Callable[[Seeds], Any]] = {
    "invitee.created": _book,
    "invitee.canceled": _cancel,
    "invitee_no_show.created": lambda sandbox: meetings.mark_no_show(sandbox, _book(sandbox)),
    "invitee_no_show.deleted": _undo_no_show,
    "event_type.created": lambda sandbox: sandbox.add_event_type("Discovery call"),
    "event_type.updated": _change,
    "event_type.deleted": _delete,
}
NOTHING: dict[str, Any] = {}
ROUTES = (
    ("GET", "/sample_webhook_data", sample, "webhooks:read", "event organization scope user group", NOTHING),
)
