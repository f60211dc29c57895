"""The request bodies, built apart from sending so that tests can hold each against the contract's schemas.

Calendly ignores unknown fields in silence, so a misspelt one is refused here: ValueError, as for anything
else that only a programming error can bring.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .types import BookingRequest

TRACKING_KEYS = ("utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term", "salesforce_uuid")
MAX_TRACKING = 255
MAX_GUESTS = 10
MAX_REASON = 10_000

_CHANGEABLE = frozenset(
    {
        "name",
        "active",
        "description",
        "duration",
        "duration_options",
        "locations",
        "color",
        "locale",
        "start_time_increment",
        "before_buffer",
        "after_buffer",
    }
)


def instant(moment: datetime) -> str:
    """Calendly's spelling of an aware time: UTC with Z, no more digits than needed. Raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def booking(request: BookingRequest) -> dict[str, Any]:
    """POST /invitees. Blank answers are left out: Calendly refuses the whole booking for one."""
    invitee: dict[str, Any] = {"name": request.name, "email": request.email, "timezone": request.timezone}
    if request.text_reminder_number:
        invitee["text_reminder_number"] = request.text_reminder_number
    start = request.start if isinstance(request.start, str) else instant(request.start)
    body: dict[str, Any] = {"event_type": request.event_type_uri, "start_time": start, "invitee": invitee}
    if request.location is not None:
        body["location"] = dict(request.location)
    answers = [
        {"question": a.question, "answer": a.answer, "position": a.position}
        for a in request.answers
        if a.answer.strip()
    ]
    if answers:
        body["questions_and_answers"] = answers
    if request.tracking is not None:
        body["tracking"] = _tracking(dict(request.tracking))
    if len(request.guests) > MAX_GUESTS:
        raise ValueError("more than ten guests")
    if request.guests:
        body["event_guests"] = list(request.guests)
    return body


def _tracking(given: dict[str, str | None]) -> dict[str, str | None]:
    """All six keys: a missing one is a 400."""
    _refuse_unknown(given, frozenset(TRACKING_KEYS))
    if any(value is not None and len(value) > MAX_TRACKING for value in given.values()):
        raise ValueError("a tracking value over 255 characters")
    return {key: given.get(key) for key in TRACKING_KEYS}


def cancellation(reason: str | None) -> dict[str, Any]:
    """POST /scheduled_events/{uuid}/cancellation. A longer reason is cut to what Calendly takes."""
    return {"reason": reason[:MAX_REASON]} if reason else {}


def event_type(fields: dict[str, Any]) -> dict[str, Any]:
    """POST /event_types: ``owner`` (user URI), ``name`` and what else may be set. Solo types only."""
    _refuse_unknown(fields, _CHANGEABLE | {"owner"})
    if not fields.get("owner") or not fields.get("name"):
        raise ValueError("an event type needs an owner and a name")
    return dict(fields)


def event_type_changes(fields: dict[str, Any]) -> dict[str, Any]:
    """PATCH /event_types/{uuid}: any of the changeable fields."""
    _refuse_unknown(fields, _CHANGEABLE)
    return dict(fields)


def no_show(invitee_uri: str) -> dict[str, Any]:
    """POST /invitee_no_shows."""
    return {"invitee": invitee_uri}


def scheduling_link(event_type_uri: str) -> dict[str, Any]:
    """POST /scheduling_links: for one booking, the only count that Calendly takes."""
    return {"max_event_count": 1, "owner": event_type_uri, "owner_type": "EventType"}


def subscription(
    *,
    url: str,
    events: Iterable[str],
    organization: str,
    scope: str,
    signing_key: str | None,
    user: str | None,
) -> dict[str, Any]:
    """POST /webhook_subscriptions. Without a signing key deliveries are not signed, and we refuse those."""
    if scope == "user" and not user:
        raise ValueError("a subscription of scope user needs the user")
    body: dict[str, Any] = {
        "url": url,
        "events": list(dict.fromkeys(events)),
        "organization": organization,
        "scope": scope,
    }
    if user:
        body["user"] = user
    if signing_key:
        body["signing_key"] = signing_key
    return body


def _refuse_unknown(given: Iterable[str], known: frozenset[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"Calendly knows no such field: {', '.join(unknown)}")
