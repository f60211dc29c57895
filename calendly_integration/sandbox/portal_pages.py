"""The page of the stand-in portal: its messages, newest first, grouped by booking."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from . import markup, moments
from .http_messages import Response, json_response
from .portal_state import PortalState, ReceivedMessage
from .store import Json

ROWS = 500


def group_of(body: Any) -> str:
    """The id that groups messages: our booking id, or the next best id in the body."""
    if not isinstance(body, dict):
        return ""
    places = [body, body.get("data"), body.get("metadata")]
    for name in ("booking_id", "booking_uri", "conversation_id", "conversation_context"):
        for place in places:
            if isinstance(place, dict) and place.get(name):
                return str(place[name])
    return ""


def listing(portal: PortalState, query: dict[str, str]) -> Json:
    """Messages as JSON, oldest first; `path` and `booking_id` narrow, `limit` keeps the newest."""
    found = portal.messages()
    if "path" in query:
        found = [item for item in found if item.path == query["path"]]
    if "booking_id" in query:
        found = [item for item in found if group_of(item.json) == query["booking_id"]]
    limit = int(query["limit"]) if query.get("limit", "").isdigit() else len(found)
    rows = found[max(0, len(found) - limit) :]
    return {
        "arrived": len(portal.arrivals),
        "count": len(found),
        "messages": [_as_json(item) for item in rows],
    }


def _as_json(item: ReceivedMessage) -> Json:
    return {
        "path": item.path,
        "idempotency_key": item.key,
        "body": item.json,
        "first_at": moments.text(item.first_at),
        "last_at": moments.text(item.last_at),
        "tries": item.tries,
        "statuses": item.statuses,
        "accepted": item.accepted,
    }


def handle(portal: PortalState, path: str, query: dict[str, str]) -> Response:
    """The page at /, and its style."""
    if path == markup.STYLE_PATH:
        return markup.style()
    if path == "/favicon.ico":
        return Response(204)
    if path != "/":
        return json_response(404, {"error": "not found"})
    groups: dict[str, list[ReceivedMessage]] = {}
    for item in reversed(portal.messages(last=ROWS)):
        groups.setdefault(group_of(item.json), []).append(item)
    watching = "watch" in query
    watch = (
        markup.link("/", "Stop refreshing")
        if watching
        else markup.link("/?watch=1", "Refresh every 3 seconds")
    )
    blocks = [f"<h2>{escape(name or 'Other messages')}</h2>{_table(items)}" for name, items in groups.items()]
    body = f"<p>{watch}</p>" + ("".join(blocks) or "<p class=note>Nothing has arrived yet.</p>")
    return markup.page("Stand-in portal", body, refresh=watching, lead=_lead(portal))


def _lead(portal: PortalState) -> str:
    on = [
        name for name in ("down", "drop", "lose", "refuse", "limit_for", "latency") if getattr(portal, name)
    ]
    switches = f"; switched on: {', '.join(on)}" if on else ""
    return f"{len(portal.arrivals)} requests{switches}"


def _table(items: list[ReceivedMessage]) -> str:
    rows = []
    for item in items:
        text = json.dumps(item.json, ensure_ascii=False, indent=2)
        body = f"<details><summary>{escape(item.path)}</summary><pre>{escape(text)}</pre></details>"
        state = (
            markup.tag("accepted", "good")
            if item.accepted
            else markup.tag(f"refused {item.statuses[-1]}", "bad")
        )
        rows.append([f"{item.first_at:%H:%M:%S}", body, escape(item.key or "no key"), str(item.tries), state])
    return markup.table(("Time", "Message", "Idempotency-Key", "Tries", "State"), rows, "Nothing.")
