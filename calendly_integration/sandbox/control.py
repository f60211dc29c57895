"""The control endpoints under /sandbox/: faults, webhooks, clock, journal, and actions of people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from . import errors, moments, render
from .calendly import Calendly
from .http_messages import Request, Response, allowed_methods, json_response
from .store import Delivery, Json

Action = Callable[[Calendly, Request, Json], Any]


def handle(calendly: Calendly, request: Request) -> Response:
    """Answer a call to /sandbox/…; errors are JSON, in Calendly's shape."""
    path = request.path.rstrip("/")
    action = ACTIONS.get((request.method, path))
    methods = [method for method, known in ACTIONS if known == path]
    if request.method == "OPTIONS" and methods:
        return allowed_methods(methods)
    try:
        if action is None:
            raise errors.not_found()
        data = json.loads(request.body) if request.body else {}
        if not isinstance(data, dict):
            raise errors.invalid()
        return json_response(200, action(calendly, request, data))
    except errors.Problem as problem:
        return json_response(problem.status, problem.body)
    except (ValueError, TypeError, KeyError) as error:
        return json_response(400, errors.invalid("body", f"{type(error).__name__}: {error}").body)


def _add_fault(calendly: Calendly, _request: Request, data: Json) -> Any:
    return asdict(calendly.faults.add(data.pop("kind"), **data))


def _clear_faults(calendly: Calendly, _request: Request, _data: Json) -> Any:
    calendly.faults.clear()
    return {}


def _faults(calendly: Calendly, _request: Request, _data: Json) -> Any:
    return {"faults": calendly.faults.listing()}


def _state(calendly: Calendly, _request: Request, _data: Json) -> Any:
    with calendly.lock:
        state = calendly.state
        return {
            "now": moments.text(calendly.now()),
            "organization": calendly.organization_uri,
            "users": [render.membership(calendly, item) for item in state.users.values()],
            "event_types": [render.event_type(calendly, item) for item in state.event_types.values()],
            "events": [
                render.event(calendly, item)
                | {"invitees": [render.invitee(calendly, state.invitees[key]) for key in item.invitee_ids]}
                for item in state.events.values()
            ],
            "subscriptions": [render.subscription(calendly, item) for item in state.subscriptions.values()],
            "options": asdict(calendly.options),
            "faults": calendly.faults.listing(),
            "unknown_fields": dict(calendly.unknown_fields),
            "unknown_paths": dict(calendly.unknown_paths),
            "waiting": len(calendly.pending_deliveries),
        }


def _calls(calendly: Calendly, request: Request, _data: Json) -> Any:
    with calendly.lock:
        rows = list(calendly.calls)[-int(request.query.get("limit", "100")) :]
        return {
            "made": calendly.calls_made,
            "calls": [asdict(row) | {"at": moments.text(row.at)} for row in rows],
        }


def delivery(item: Delivery) -> Json:
    """A delivery as JSON."""
    body = asdict(item)
    for name, value in body.items():
        if isinstance(value, datetime):
            body[name] = moments.text(value)
    return body


def _deliveries(calendly: Calendly, request: Request, _data: Json) -> Any:
    with calendly.lock:
        rows = calendly.state.deliveries[-int(request.query.get("limit", "100")) :]
        return {"waiting": len(calendly.pending_deliveries), "deliveries": [delivery(row) for row in rows]}


def _switch(**values: Any) -> Action:
    def action(calendly: Calendly, _request: Request, data: Json) -> Any:
        for name, value in values.items():
            chosen = bool(data.get("on", True)) if value is True else value
            setattr(calendly.options, name, chosen)
        return asdict(calendly.options)

    return action


def _release(calendly: Calendly, _request: Request, _data: Json) -> Any:
    calendly.release_deliveries()
    return asdict(calendly.options)


def _options(calendly: Calendly, _request: Request, data: Json) -> Any:
    latency = float(data.pop("latency", calendly.latency))
    tried = replace(calendly.options)
    for options in (tried, calendly.options):  # validate all before changing any
        for name, value in data.items():
            options.set(name, value)
    calendly.latency = latency
    return asdict(calendly.options) | {"latency": calendly.latency}


def _clock(calendly: Calendly, _request: Request, data: Json) -> Any:
    if "now" in data:
        wanted = moments.parse(data["now"])
        if wanted is None:
            raise errors.invalid("now")
        calendly.move_clock((wanted - calendly.now()).total_seconds())
    calendly.move_clock(float(data.get("seconds", 0)))
    return {"now": moments.text(calendly.now()), "offset_seconds": calendly.clock_offset.total_seconds()}


def _book(calendly: Calendly, _request: Request, data: Json) -> Any:
    kind, start = data.pop("event_type"), data.pop("start_time")
    return render.invitee(calendly, calendly.book_as_invitee(kind, start, **data))


def _cancel(calendly: Calendly, _request: Request, data: Json) -> Any:
    return render.invitee(calendly, calendly.cancel_as_invitee(data["invitee"], data.get("reason")))


def _cancel_as_host(calendly: Calendly, _request: Request, data: Json) -> Any:
    return render.event(calendly, calendly.cancel_as_host(data["event"], data.get("reason")))


def _reschedule(calendly: Calendly, _request: Request, data: Json) -> Any:
    invitee, start = data.pop("invitee"), data.pop("start_time")
    return render.invitee(calendly, calendly.reschedule_as_invitee(invitee, start, **data))


def _no_show(calendly: Calendly, _request: Request, data: Json) -> Any:
    return render.no_show(calendly, calendly.mark_no_show(data["invitee"]))


def _undo_no_show(calendly: Calendly, _request: Request, data: Json) -> Any:
    calendly.undo_no_show(data["invitee"])
    return {}


def _change_event_type(calendly: Calendly, _request: Request, data: Json) -> Any:
    kind = calendly.change_event_type(data.pop("event_type"), **data)
    return render.event_type(calendly, kind)


def _delete_event_type(calendly: Calendly, _request: Request, data: Json) -> Any:
    return render.event_type(calendly, calendly.delete_event_type(data["event_type"]))


ACTIONS: dict[tuple[str, str], Action] = {
    ("POST", "/sandbox/faults"): _add_fault,
    ("DELETE", "/sandbox/faults"): _clear_faults,
    ("GET", "/sandbox/faults"): _faults,
    ("GET", "/sandbox/state"): _state,
    ("GET", "/sandbox/calls"): _calls,
    ("GET", "/sandbox/deliveries"): _deliveries,
    ("POST", "/sandbox/webhooks/hold"): _switch(webhook_hold=True),
    ("POST", "/sandbox/webhooks/release"): _release,
    ("POST", "/sandbox/webhooks/double"): _switch(webhook_double=True),
    ("POST", "/sandbox/webhooks/reverse"): _switch(webhook_order="reversed"),
    ("POST", "/sandbox/webhooks/random"): _switch(webhook_order="random"),
    ("POST", "/sandbox/webhooks/normal"): _switch(webhook_order="sent", webhook_double=False),
    ("POST", "/sandbox/options"): _options,
    ("POST", "/sandbox/clock"): _clock,
    ("POST", "/sandbox/people/book"): _book,
    ("POST", "/sandbox/people/cancel"): _cancel,
    ("POST", "/sandbox/people/cancel_as_host"): _cancel_as_host,
    ("POST", "/sandbox/people/reschedule"): _reschedule,
    ("POST", "/sandbox/people/no_show"): _no_show,
    ("POST", "/sandbox/people/undo_no_show"): _undo_no_show,
    ("POST", "/sandbox/people/change_event_type"): _change_event_type,
    ("POST", "/sandbox/people/delete_event_type"): _delete_event_type,
}
