"""GET /sample_webhook_data: what a delivery of an event looks like.

The sample is told by a Calendly of its own, which is then thrown away: it is what this sandbox would send.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from .. import availability, errors, meetings, webhooks
from ..core import Core
from ..exchange import Caller
from ..seeds import Seeds
from ..store import EventType, Invitee, Json
from .accounts import check_organization
from .subscriptions import whose

OTHER_IDS = 1_000_000
"""Ids of a sample are far from those of the state, which come from the same seed."""


def sample(core: Core, call: Caller) -> tuple[int, Json]:
    """The bare envelope, without `resource`. Events that this sandbox never sends have no sample: 501."""
    query = call.query
    for name in ("event", "organization", "scope"):
        if name not in query:
            raise errors.missing(name)
    check_organization(core, query["organization"])
    whose(core, call, dict(query))
    event = query["event"]
    if event not in webhooks.SCOPES or query["scope"] not in webhooks.SCOPES[event][0]:
        raise errors.invalid("event")
    if event not in STORIES:
        raise errors.absent(f"a sample of {event}")
    scratch = Seeds(
        clock=core.now, seed=core.state.seed, api_base=core.api_base, public_base=core.public_base
    )
    scratch.seed_standard()
    scratch.state.ids_made += OTHER_IDS
    scratch.subscribe("https://sample.example/hook", events=(event,))
    STORIES[event](scratch)
    body: Json = json.loads(scratch.state.deliveries[-1].body)
    return 200, body


def _book(core: Seeds) -> Invitee:
    kind = next(iter(core.state.event_types.values()))
    now = core.now()
    start, _ = availability.starts(core.state, kind, now, now + timedelta(days=14), now)[0]
    wish = meetings.Wish(
        kind,
        start,
        "maria.popa@example.com",
        "Maria Popa",
        "Europe/Bucharest",
        location=kind.locations[0] if kind.locations else None,
    )
    invitee = meetings.book(core, wish)
    webhooks.emit_invitee(core, "invitee.created", invitee)
    return invitee


def _cancel(core: Seeds) -> None:
    event = core.state.events[_book(core).event_id]
    meetings.cancel_event(core, event, by=core.owner.name, reason="Travelling")


def _undo_no_show(core: Seeds) -> None:
    meetings.undo_no_show(core, meetings.mark_no_show(core, _book(core)))


def _change(core: Seeds) -> None:
    kind = core.add_event_type("Discovery call")
    webhooks.emit_event_type(core, "event_type.updated", kind)


def _delete(core: Seeds) -> None:
    kind: EventType = core.add_event_type("Discovery call")
    kind.active, kind.deleted_at = False, core.stamp()
    webhooks.emit_event_type(core, "event_type.deleted", kind)


STORIES: dict[str, Callable[[Seeds], Any]] = {
    "invitee.created": _book,
    "invitee.canceled": _cancel,
    "invitee_no_show.created": lambda core: meetings.mark_no_show(core, _book(core)),
    "invitee_no_show.deleted": _undo_no_show,
    "event_type.created": lambda core: core.add_event_type("Discovery call"),
    "event_type.updated": _change,
    "event_type.deleted": _delete,
}
NOTHING: dict[str, Any] = {}
ROUTES = (
    ("GET", "/sample_webhook_data", sample, "webhooks:read", "event organization scope user group", NOTHING),
)
