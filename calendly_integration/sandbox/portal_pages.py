"""What the stand-in portal shows: its messages, newest first, by booking."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from . import markup, moments
from .exchange import Answer, json_answer
from .store import Json

if TYPE_CHECKING:
    from .portal import Message, Portal

ROWS = 500


def group_of(body: Any) -> str:
    """What a message is about: our booking id, or else the best name for it that the body has."""
    if not isinstance(body, dict):
        return ""
    places = [body, body.get("data"), body.get("metadata")]
    for name in ("booking_id", "booking_uri", "conversation_id", "conversation_context"):
        for place in places:
            if isinstance(place, dict) and place.get(name):
                return str(place[name])
    return ""


def listing(portal: Portal, query: dict[str, str]) -> Json:
    """Messages as JSON, oldest first; `path` and `booking_id` narrow, `limit` keeps the newest."""
    found = portal.messages()
    if "path" in query:
        found = [item for item in found if item.path == query["path"]]
    if "booking_id" in query:
        found = [item for item in found if group_of(item.json) == query["booking_id"]]
    limit = int(query["limit"]) if query.get("limit", "").isdigit() else len(found)
    rows = found[max(0, len(found) - limit) :]
    return {"arrived": len(portal.arrivals), "count": len(found), "messages": [_shown(item) for item in rows]}


def _shown(item: Message) -> Json:
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


def handle(portal: Portal, path: str, query: dict[str, str]) -> Answer:
    """The page at /, and its style."""
    if path == markup.STYLE_PATH:
        return markup.style()
    if path == "/favicon.ico":
        return Answer(204)
    if path != "/":
        return json_answer(404, {"error": "not found"})
    groups: dict[str, list[Message]] = {}
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


def _lead(portal: Portal) -> str:
    on = [
        name for name in ("down", "drop", "lose", "refuse", "limit_for", "latency") if getattr(portal, name)
    ]
    told = f"; switched on: {', '.join(on)}" if on else ""
    return f"{len(portal.arrivals)} requests{told}"


def _table(items: list[Message]) -> str:
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
