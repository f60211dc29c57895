"""Free starts, busy times, working hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .. import availability, errors, moments, render
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import Json
from .accounts import member
from .event_types import by_uri, check_use

MAX_RANGE = timedelta(days=31)
MAX_BUSY_RANGE = timedelta(days=7)
DISPUTED = "disputed"
"""The documents disagree about the scope of available times: see `Options.available_times_scope`."""


def _span(query: dict[str, str], longest: timedelta) -> tuple[datetime, datetime]:
    for name in ("start_time", "end_time"):
        if name not in query:
            raise errors.missing(name)
        if moments.parse(query[name]) is None:
            raise errors.invalid(name)
    start, end = moments.parse(query["start_time"]), moments.parse(query["end_time"])
    if start is None or end is None:
        raise errors.invalid("start_time")
    if start >= end:
        raise errors.invalid("start_time", "start_time must be before end_time")
    if end - start > longest:
        raise errors.invalid("end_time", f"date range can not be greater than {longest.days} days")
    return start, end


def available(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /event_type_available_times: at most 31 days, strictly in the future, no pages."""
    item = by_uri(sandbox, call.query.get("event_type"))
    check_use(call, item)
    start, end = _span(call.query, MAX_RANGE)
    if start <= sandbox.now():
        raise errors.invalid("start_time", "start_time must be in the future")
    if not item.active or item.deleted_at is not None:
        return 200, {"collection": []}
    url = render.scheduling_url(sandbox, item)
    rows = [
        {
            "status": "available",
            "invitees_remaining": seats,
            "start_time": moments.text(moment),
            "scheduling_url": f"{url}/{moments.seconds(moment)}",
        }
        for moment, seats in availability.starts(sandbox.state, item, start, end, sandbox.now())
    ]
    return 200, {"collection": rows}


def busy(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /user_busy_times: at most 7 days, not in the past, no pages."""
    if "user" not in call.query:
        raise errors.missing("user")
    user = member(sandbox, call.query["user"])
    start, end = _span(call.query, MAX_BUSY_RANGE)
    if start < sandbox.now():
        raise errors.invalid("start_time", "start_time must be in the future")
    if user.calendar_broken:
        raise errors.calendar_trouble()
    items = availability.busy(sandbox.state, user.id, start, end)
    return 200, {"collection": [_busy(sandbox, item) for item in items]}


def _busy(sandbox: Sandbox, item: availability.Busy) -> Json:
    body: Json = {
        "type": item.kind,
        "start_time": moments.text(item.start),
        "end_time": moments.text(item.end),
    }
    if item.event_id is not None:
        body["buffered_start_time"] = moments.text(item.buffered_start)
        body["buffered_end_time"] = moments.text(item.buffered_end)
        body["event"] = {"uri": sandbox.uri("scheduled_events", item.event_id)}
    return body


def schedules(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /user_availability_schedules: no pages."""
    if "user" not in call.query:
        raise errors.invalid("user")
    user = member(sandbox, call.query["user"])
    found = [item for item in sandbox.state.schedules.values() if item.user_id == user.id]
    return 200, {"collection": [render.schedule(sandbox, item) for item in found]}


def schedule(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /user_availability_schedules/{id}."""
    item = sandbox.state.schedules.get(call.keys[0])
    if item is None:
        raise errors.not_found()
    return 200, {"resource": render.schedule(sandbox, item)}


NOTHING: dict[str, Any] = {}
ROUTES = (
    ("GET", "/event_type_available_times", available, DISPUTED, "event_type start_time end_time", NOTHING),
    ("GET", "/user_busy_times", busy, "availability:read", "user start_time end_time", NOTHING),
    ("GET", "/user_availability_schedules", schedules, "availability:read", "user", NOTHING),
    ("GET", "/user_availability_schedules/{id}", schedule, "availability:read", "", NOTHING),
)
