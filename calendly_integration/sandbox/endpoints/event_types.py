"""Event types: reading, and the changes that the API allows."""

from __future__ import annotations

import re
from typing import Any

from .. import errors, paging, render, seeds, webhooks
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import EventType, Json
from .accounts import check_organization, is_admin, member

BUFFERS = (0, 5, 10, 15, 30, 45, 60, 90, 120, 150, 180)
KINDS = (*render.CONFERENCES, "ask_invitee", "custom", "inbound_call", "outbound_call", "physical")
LOCALES = ("en", "fr", "es", "de", "nl", "pt", "it", "uk")
SORTS = {
    "name": lambda item: item.name,
    "position": lambda item: item.position,
    "created_at": lambda item: item.created_at,
    "updated_at": lambda item: item.updated_at,
}
BOOLS = {"true": True, "false": False}


def by_uri(sandbox: Sandbox, uri: object, parameter: str = "event_type") -> EventType:
    """The event type of a URI. Raises Problem 400 for an invalid URI, 404 for an unknown one."""
    key = sandbox.key_of("event_types", uri)
    if key is None:
        raise errors.missing(parameter) if uri is None else errors.invalid(parameter)
    if key not in sandbox.state.event_types:
        raise errors.not_found()
    return sandbox.state.event_types[key]


def check_use(call: Caller, item: EventType) -> None:
    """Raises Problem 403 unless the caller is its owner, a host or an admin."""
    if call.user.id not in (item.owner_id, *item.host_ids) and not is_admin(call.user):
        raise errors.denied()


def listing(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /event_types. Open point: without user and organization it is a 400 with details on `user`."""
    query = call.query
    if "user" not in query and "organization" not in query:
        raise errors.missing("user")
    found = list(sandbox.state.event_types.values())
    if "organization" in query:
        check_organization(sandbox, query["organization"])
    if "user" in query:
        user = member(sandbox, query["user"])
        found = [item for item in found if user.id in (item.owner_id, *item.host_ids)]
    if "active" in query:
        if query["active"] not in BOOLS:
            raise errors.invalid("active")
        found = [item for item in found if item.active is BOOLS[query["active"]]]
    if "admin_managed" in query:
        if query["admin_managed"] not in BOOLS:
            raise errors.invalid("admin_managed")
        found = [item for item in found if BOOLS[query["admin_managed"]] is False]
    if "user_availability_schedule" in query:
        found = _on_schedule(sandbox, query, found)

    def show(item: EventType) -> Json:
        return render.event_type(sandbox, item)

    return 200, paging.page(sandbox, call, paging.ordered(found, query, SORTS, "name:asc"), show)


def _on_schedule(sandbox: Sandbox, query: dict[str, str], found: list[EventType]) -> list[EventType]:
    """The event types of a schedule: each member has one schedule for all own types."""
    if "user" not in query:
        raise errors.missing("user")
    key = sandbox.key_of("user_availability_schedules", query["user_availability_schedule"])
    if key is None:
        raise errors.invalid("user_availability_schedule")
    schedule = sandbox.state.schedules.get(key)
    return [] if schedule is None else [item for item in found if schedule.user_id in item.host_ids]


def one(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /event_types/{id}."""
    item = by_uri(sandbox, sandbox.uri("event_types", call.keys[0]))
    return 200, {"resource": render.event_type(sandbox, item)}


def create(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """POST /event_types: solo types only."""
    for name in ("owner", "name"):
        if not call.data.get(name):
            raise errors.missing(name)
    owner = member(sandbox, call.data["owner"], "owner")
    if owner.id != call.user.id and not is_admin(call.user):
        raise errors.denied()
    fields = _checked(call.data)
    if sandbox.options.created_inactive:
        fields["active"] = False
    now, key, name = sandbox.stamp(), sandbox.state.new_id(), fields.pop("name")
    fields.setdefault("duration", 30)
    item = EventType(
        key,
        name,
        seeds.slug_of(name),
        owner.id,
        [owner.id],
        created_at=now,
        updated_at=now,
        position=len(sandbox.state.event_types),
        **{"active": False, **fields},
    )
    sandbox.state.event_types[key] = item
    webhooks.emit_event_type(sandbox, "event_type.created", item)
    return 201, {"resource": render.event_type(sandbox, item)}


def change(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """PATCH /event_types/{id}."""
    item = by_uri(sandbox, sandbox.uri("event_types", call.keys[0]))
    if item.owner_id != call.user.id and not is_admin(call.user):
        raise errors.denied()
    for name, value in _checked(call.data).items():
        setattr(item, name, value)
    item.updated_at = sandbox.stamp()
    webhooks.emit_event_type(sandbox, "event_type.updated", item)
    return 200, {"resource": render.event_type(sandbox, item)}


def _checked(data: Json) -> dict[str, Any]:
    """The writable fields under the names of the record. Raises Problem for an invalid value."""
    fields: dict[str, Any] = {}
    for name, (own_name, allowed) in WRITABLE.items():
        if name in data:
            if not allowed(data[name]):
                raise errors.invalid(name)
            fields[own_name] = data[name]
    options = fields.get("duration_options")
    if options and "duration" in fields and fields["duration"] not in options:
        raise errors.invalid("duration")
    if "locations" in fields:
        fields["locations"] = [
            _location(place, item) for place, item in enumerate(fields["locations"])
        ] or None
    return fields


def _location(place: int, item: Json) -> Json:
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise errors.invalid(f"locations[{place}].kind")
    if kind == "inbound_call" and not item.get("phone_number"):
        raise errors.missing(f"locations[{place}].phone_number")
    shown = seeds.place(kind, text=item.get("location"), phone=item.get("phone_number"), position=place)
    return shown | {"additional_info": item.get("additional_info")}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_minutes(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 720


def _is_options(value: object) -> bool:
    if not isinstance(value, list) or len(value) > 4:
        return False
    return all(map(_is_minutes, value)) and len(set(value)) == len(value)


WRITABLE: dict[str, tuple[str, Any]] = {
    "name": ("name", _is_text),
    "active": ("active", lambda value: isinstance(value, bool)),
    "description": ("description", lambda value: isinstance(value, str)),
    "duration": ("duration", _is_minutes),
    "duration_options": ("duration_options", _is_options),
    "locations": (
        "locations",
        lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
    ),
    "color": ("color", lambda value: re.fullmatch(r"#[a-f\d]{6}", str(value)) is not None),
    "locale": ("locale", lambda value: value in LOCALES),
    "start_time_increment": ("increment", lambda value: _is_minutes(value) and value >= 5),
    "before_buffer": ("before_buffer", lambda value: value in BUFFERS),
    "after_buffer": ("after_buffer", lambda value: value in BUFFERS),
}


def hosts(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /event_type_memberships. The shape of an item is known from other clients only."""
    item = by_uri(sandbox, call.query.get("event_type"))

    def show(key: str) -> Json:
        return {
            "uri": sandbox.uri("event_type_memberships", f"{item.id}-{key}"),
            "event_type": sandbox.uri("event_types", item.id),
            "member": render.person(sandbox, sandbox.state.users[key]),
        }

    return 200, paging.page(sandbox, call, item.host_ids, show)


NOTHING: dict[str, Any] = {}
PLACES = dict.fromkeys(("kind", "location", "additional_info", "phone_number"))
FIELDS = dict.fromkeys(WRITABLE) | {"locations": PLACES}
ROUTES = (
    (
        "GET",
        "/event_types",
        listing,
        "event_types:read",
        "user organization active admin_managed user_availability_schedule sort count page_token",
        NOTHING,
    ),
    ("POST", "/event_types", create, "event_types:write", "", FIELDS | {"owner": None}),
    ("GET", "/event_types/{id}", one, "event_types:read", "", NOTHING),
    ("PATCH", "/event_types/{id}", change, "event_types:write", "", FIELDS),
    ("GET", "/event_type_memberships", hosts, "event_types:read", "event_type count page_token", NOTHING),
)
