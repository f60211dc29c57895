"""POST /invitees and single-use links: validation. `meetings.book` checks whether the slot is free."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

from .. import errors, meetings, moments, render, webhooks
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import TRACKING_KEYS, EventType, Json, Link
from .event_types import by_uri, check_use

BLANK = "Required Questions and Answers cannot be blank."
# Calendly does not document its rule. Quoted names and domains without a dot are accepted here.
EMAIL = re.compile(r'(?:[^@\s"]+|".+")@(?:[^@\s]+\.[^@\s]+|localhost|\[[0-9a-f:.]+\])', re.IGNORECASE)
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
PUNCTUATION = str.maketrans("", "", " -.()")
MAX_GUESTS = 10
MAX_TRACKING_LENGTH = 255
WITH_TEXT = ("physical", "custom", "ask_invitee", "outbound_call")
AS_CONFIGURED = ("physical", "custom")


def create(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """POST /invitees. Not idempotent: a repeated body makes another booking or gets `already_filled`."""
    if sandbox.options.booking_needs_paid_plan and sandbox.options.plan == "free":
        raise errors.denied(
            "The Scheduling API is only available on paid Calendly plans. "
            "Upgrade your plan to access this feature."
        )
    for name in ("event_type", "start_time", "invitee"):
        if call.data.get(name) is None:
            raise errors.missing(name)
    request = _person(call.data)
    request.event_type = by_uri(sandbox, call.data["event_type"])
    check_use(call, request.event_type)
    if not request.event_type.active or request.event_type.deleted_at is not None:
        raise errors.not_found()
    request.tracking, request.guests = _tracking(call.data), _guests(call.data)
    request.location = _location(sandbox, request.event_type, call.data.get("location"))
    request.answers = _answers(sandbox, request.event_type, call.data.get("questions_and_answers"))
    request.method = "api"
    request.scheduled_by = sandbox.user_uri(call.user) if sandbox.options.scheduled_by_token_owner else None
    invitee = meetings.book(sandbox, request)
    webhooks.emit_invitee(sandbox, "invitee.created", invitee)
    return 201, {"resource": render.invitee(sandbox, invitee)}


def _person(data: Json) -> meetings.BookingRequest:
    start, who = moments.parse(data["start_time"]), data["invitee"]
    if start is None:
        raise errors.invalid("start_time")
    if not isinstance(who, dict):
        raise errors.invalid("invitee")
    for name in ("email", "timezone"):
        if not isinstance(who.get(name), str) or not who[name]:
            raise errors.missing(f"invitee.{name}")
    if not EMAIL.fullmatch(who["email"]):
        raise errors.invalid("invitee.email")
    _check_zone(who["timezone"])
    for part in ("name", "first_name", "last_name"):
        if not isinstance(who.get(part), str | None):
            raise errors.invalid(f"invitee.{part}")
    name = who.get("name") or " ".join(filter(None, (who.get("first_name"), who.get("last_name"))))
    if not who.get("name") and not who.get("first_name"):
        raise errors.invalid("invitee", "either name or first_name must be filled")
    phone = who.get("text_reminder_number")
    if phone is not None and not _is_phone(phone):
        raise errors.invalid("invitee.text_reminder_number")
    first, last = (None, None) if who.get("name") else (who.get("first_name"), who.get("last_name"))
    unknown: Any = None  # the event type is looked up after the invitee is validated
    return meetings.BookingRequest(
        unknown,
        start,
        who["email"],
        name,
        who["timezone"],
        first_name=first,
        last_name=last,
        text_reminder_number=phone,
    )


def _is_phone(value: object) -> bool:
    """E.164, also with punctuation: Calendly's own example is +1 888-888-8888."""
    return isinstance(value, str) and PHONE.fullmatch(value.translate(PUNCTUATION)) is not None


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise errors.invalid("invitee.timezone") from None


def _tracking(data: Json) -> Json:
    given = data.get("tracking")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise errors.invalid("tracking")
    for name in TRACKING_KEYS:
        if name not in given:
            raise errors.missing(f"tracking.{name}")
        value = given[name]
        if value is not None and (not isinstance(value, str) or len(value) > MAX_TRACKING_LENGTH):
            raise errors.invalid(f"tracking.{name}")
    return {name: given[name] for name in TRACKING_KEYS}


def _guests(data: Json) -> list[str]:
    guests = data.get("event_guests") or []
    if not isinstance(guests, list) or len(guests) > MAX_GUESTS:
        raise errors.invalid("event_guests")
    for place, guest in enumerate(guests):
        if not isinstance(guest, str) or not EMAIL.fullmatch(guest):
            raise errors.invalid(f"event_guests[{place}]")
    return guests


def _location(sandbox: Sandbox, event_type: EventType, given: object) -> Json | None:
    """The chosen configured location, with the invitee's text where the location requires one."""
    if event_type.pooling_type == "round_robin":
        if given is not None and sandbox.options.round_robin_location == "refused":
            raise errors.invalid_location()
        return dict(event_type.locations[0]) if event_type.locations else None
    if given is None and not event_type.locations:
        return None
    if not isinstance(given, dict):
        raise errors.invalid_location()
    text = given.get("location")
    for place in event_type.locations or []:
        if place["kind"] != given.get("kind"):
            continue
        if place["kind"] in WITH_TEXT and not text:
            raise errors.invalid_location()
        if place["kind"] in AS_CONFIGURED and place["location"] != text:
            continue
        if place["kind"] == "inbound_call":
            text = place["phone_number"]
        return place | {"location": text}
    raise errors.invalid_location()


def _answers(sandbox: Sandbox, event_type: EventType, given: object) -> list[Json]:
    if given is not None and not isinstance(given, list):
        raise errors.invalid("questions_and_answers")
    questions = {item["name"]: item for item in event_type.questions if item["enabled"]}
    answers: list[Json] = []
    for place, item in enumerate(given or []):
        for name in ("question", "answer", "position"):
            if not isinstance(item, dict) or item.get(name) is None:
                raise errors.missing(f"questions_and_answers[{place}].{name}")
        if not isinstance(item["question"], str):
            raise errors.invalid(f"questions_and_answers[{place}].question")
        _check_answer(sandbox, place, item, questions.get(item["question"]))
        answers.append({name: item[name] for name in ("answer", "position", "question")})
    named = {item["question"] for item in answers}
    if any(item["required"] and name not in named for name, item in questions.items()):
        raise errors.invalid(text=BLANK)
    return answers


def _check_answer(sandbox: Sandbox, place: int, item: Json, question: Json | None) -> None:
    if not str(item["answer"]).strip():
        raise errors.invalid(text=BLANK)
    if question is None:
        # Open point: a question that the event type does not have. The answer is kept, and counted.
        sandbox.unknown_fields["POST /invitees: questions_and_answers: no such question"] += 1
        return
    if question["type"] == "phone_number" and not _is_phone(item["answer"]):
        raise errors.invalid("questions_and_answers", "Answer to Phone Number is not a valid phone number")
    if sandbox.options.compare_position and item["position"] != question["position"]:
        raise errors.invalid(f"questions_and_answers[{place}].position")


def create_link(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """POST /scheduling_links: a booking page for one use."""
    if call.data.get("max_event_count") != 1:
        raise errors.invalid("max_event_count")
    if call.data.get("owner_type") != "EventType":
        raise errors.invalid("owner_type")
    event_type = by_uri(sandbox, call.data.get("owner"), "owner")
    check_use(call, event_type)
    code = sandbox.state.new_id()[:13]
    sandbox.state.links[code] = Link(code, event_type.id)
    url = f"{sandbox.public_base}/d/{code}/{event_type.slug}"
    owner = sandbox.uri("event_types", event_type.id)
    return 201, {"resource": {"booking_url": url, "owner": owner, "owner_type": "EventType"}}


PERSON = dict.fromkeys(("name", "first_name", "last_name", "email", "timezone", "text_reminder_number"))
FIELDS: dict[str, Any] = {
    "event_type": None,
    "start_time": None,
    "invitee": PERSON,
    "location": dict.fromkeys(("kind", "location")),
    "questions_and_answers": dict.fromkeys(("question", "answer", "position")),
    "tracking": dict.fromkeys(TRACKING_KEYS),
    "event_guests": None,
}
LINK_FIELDS = dict.fromkeys(("max_event_count", "owner", "owner_type"))
ROUTES = (
    ("POST", "/invitees", create, "scheduled_events:write", "", FIELDS),
    ("POST", "/scheduling_links", create_link, "scheduling_links:write", "", LINK_FIELDS),
)
