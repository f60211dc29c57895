"""Free starts, busy times, working hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .. import availability, errors, moments, render
from ..core import Core
from ..exchange import Caller
from ..store import Json
from .accounts import member
from .event_types import by_uri, check_use

LONGEST_RANGE = timedelta(days=31)
LONGEST_BUSY_RANGE = timedelta(days=7)
DISPUTED = "disputed"
"""The scope of available times, about which the documents disagree: `Options.available_times_scope`."""


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


def available(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /event_type_available_times: at most 31 days, strictly in the future, no pages."""
    item = by_uri(core, call.query.get("event_type"))
    check_use(call, item)
    start, end = _span(call.query, LONGEST_RANGE)
    if start <= core.now():
        raise errors.invalid("start_time", "start_time must be in the future")
    if not item.active or item.deleted_at is not None:
        return 200, {"collection": []}
    url = render.scheduling_url(core, item)
    rows = [
        {
            "status": "available",
            "invitees_remaining": seats,
            "start_time": moments.text(moment),
            "scheduling_url": f"{url}/{moments.seconds(moment)}",
        }
        for moment, seats in availability.starts(core.state, item, start, end, core.now())
    ]
    return 200, {"collection": rows}


def busy(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /user_busy_times: at most 7 days, not in the past, no pages."""
    if "user" not in call.query:
        raise errors.missing("user")
    user = member(core, call.query["user"])
    start, end = _span(call.query, LONGEST_BUSY_RANGE)
    if start < core.now():
        raise errors.invalid("start_time", "start_time must be in the future")
    if user.calendar_broken:
        raise errors.calendar_trouble()
    items = availability.busy(core.state, user.id, start, end)
    return 200, {"collection": [_busy(core, item) for item in items]}


def _busy(core: Core, item: availability.Busy) -> Json:
    shown: Json = {
        "type": item.kind,
        "start_time": moments.text(item.start),
        "end_time": moments.text(item.end),
    }
    if item.event_id is not None:
        shown["buffered_start_time"] = moments.text(item.buffered_start)
        shown["buffered_end_time"] = moments.text(item.buffered_end)
        shown["event"] = {"uri": core.uri("scheduled_events", item.event_id)}
    return shown


def schedules(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /user_availability_schedules: no pages."""
    if "user" not in call.query:
        raise errors.invalid("user")
    user = member(core, call.query["user"])
    found = [item for item in core.state.schedules.values() if item.user_id == user.id]
    return 200, {"collection": [render.schedule(core, item) for item in found]}


def schedule(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /user_availability_schedules/{id}."""
    item = core.state.schedules.get(call.keys[0])
    if item is None:
        raise errors.not_found()
    return 200, {"resource": render.schedule(core, item)}


NOTHING: dict[str, Any] = {}
ROUTES = (
    ("GET", "/event_type_available_times", available, DISPUTED, "event_type start_time end_time", NOTHING),
    ("GET", "/user_busy_times", busy, "availability:read", "user start_time end_time", NOTHING),
    ("GET", "/user_availability_schedules", schedules, "availability:read", "user", NOTHING),
    ("GET", "/user_availability_schedules/{id}", schedule, "availability:read", "", NOTHING),
)
