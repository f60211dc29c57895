"""Every answer against the schemas of the written contract."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from calendly_integration.sandbox import seeds
from calendly_integration.sandbox.api import ROUTES

from .conftest import BASE

CONTRACT = Path(__file__).parent.parent / "contracts" / "calendly-openapi.yaml"
ROOT = "urn:calendly"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)


@cache
def contract() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(CONTRACT.read_text(encoding="utf-8"), Loader=loader)


@cache
def registry() -> Registry:
    return Registry().with_resource(
        ROOT, Resource.from_contents(contract(), default_specification=DRAFT202012)
    )


def check(value: Any, pointer: str) -> None:
    """`pointer` is a JSON pointer into the contract."""
    schema = {"$ref": f"{ROOT}#{pointer}"}
    problems = [
        error.message for error in Draft202012Validator(schema, registry=registry()).iter_errors(value)
    ]
    assert problems == []


def escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")


def path_of(method: str, target: str) -> str | None:
    """The contract's path for a call; fixed segments win over parameters."""
    found = target.partition("?")[0]
    for path in sorted(contract()["paths"], key=lambda item: item.count("{")):
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        if method.lower() in contract()["paths"][path] and re.fullmatch(pattern, found):
            return path
    return None


def check_answer(method: str, target: str, status: int, body: Any) -> None:
    path = path_of(method, target)
    assert path is not None, target
    answers = contract()["paths"][path][method.lower()]["responses"]
    answer = answers[str(status)]
    pointer = f"/paths/{escaped(path)}/{method.lower()}/responses/{status}"
    if "$ref" in answer:
        pointer = answer["$ref"].removeprefix("#")
    if status == 204:
        assert body is None
        return
    check(body, f"{pointer}/content/{escaped('application/json')}/schema")


def served() -> list[tuple[str, str]]:
    """The contract's operations that the sandbox has, except OAuth's."""
    operations = [
        (method.upper(), path)
        for path, methods in contract()["paths"].items()
        for method in methods
        if method in ("get", "post", "patch", "delete")
    ]
    example = {(method, path): re.sub(r"\{\w+\}", "x", path) for method, path in operations}
    return [
        (method, path)
        for (method, path), target in example.items()
        if any(route.method == method and route.path.fullmatch(target) for route in ROUTES)
    ]


@pytest.fixture
def checked(api):
    """The caller, with each answer checked as it comes."""
    seen: list[tuple[str, str, int]] = []

    def check_each(response, **_):
        target = response.request.path_url
        body = json.loads(response.content) if response.content else None
        for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
            assert response.headers[name].isdigit()
        check_answer(response.request.method, target, response.status_code, body)
        seen.append((response.request.method, path_of(response.request.method, target), response.status_code))

    api.session.hooks["response"].append(check_each)
    api.seen = seen
    return api


def local(uri: str) -> str:
    return uri.removeprefix(BASE)


def test_every_answer_is_as_the_contract_says(checked, calendly, demo):
    api, me, organization = checked, calendly.user_uri(calendly.owner), calendly.organization_uri
    hour = {"start_time": "2026-11-23T08:00:00Z", "end_time": "2026-11-24T08:00:00Z"}
    api.get("/users/me")
    api.get(local(me))
    api.get("/organization_memberships", organization=organization)
    user = next(iter(calendly.state.users.values()))
    api.get(f"/organization_memberships/{user.membership_id}")
    api.get(local(organization))
    api.get("/event_types", organization=organization)
    api.get(f"/event_types/{demo.id}")
    api.get("/event_type_memberships", event_type=calendly.uri("event_types", demo.id))
    made = api.post("/event_types", {"owner": me, "name": "New", "duration": 20, "description": "x"}).json()
    api.patch(local(made["resource"]["uri"]), {"active": True})
    api.get("/event_type_available_times", event_type=calendly.uri("event_types", demo.id), **hour)
    invitee = api.book(demo, event_guests=["g@example.com"]).json()["resource"]
    api.get("/user_busy_times", user=me, **hour)
    schedule = api.get("/user_availability_schedules", user=me).json()["collection"][0]
    api.get(local(schedule["uri"]))
    api.get("/routing_forms", organization=organization)
    api.get("/routing_form_submissions", form=calendly.uri("routing_forms", "x"))
    api.get("/sample_webhook_data", event="invitee.created", organization=organization, scope="organization")
    api.get("/scheduled_events", organization=organization, count=1)
    event = local(invitee["event"])
    api.get(event)
    api.get(f"{event}/invitees")
    mark = api.post("/invitee_no_shows", {"invitee": invitee["uri"]}).json()["resource"]
    api.get(local(mark["uri"]))
    api.get(local(invitee["uri"]))
    api.delete(local(mark["uri"]))
    calendly.move_clock(5)
    api.get(event)
    api.post(f"{event}/cancellation", {"reason": "Ill"})
    api.get(event)
    api.get(local(invitee["uri"]))
    owner = calendly.uri("event_types", demo.id)
    api.post("/scheduling_links", {"max_event_count": 1, "owner": owner, "owner_type": "EventType"})
    hook = {
        "url": "https://portal.example/hook",
        "events": ["invitee.created"],
        "organization": organization,
        "scope": "organization",
    }
    made = api.post("/webhook_subscriptions", hook).json()["resource"]
    api.get("/webhook_subscriptions", organization=organization, scope="organization")
    api.get(local(made["uri"]))
    api.delete(local(made["uri"]))
    assert all(200 <= status < 300 for _, _, status in api.seen), api.seen
    # There are no routing forms.
    api.get("/routing_forms/x")
    api.get("/routing_form_submissions/x")
    assert {(method, path) for method, path, _ in api.seen} == set(served())


def test_the_check_sees_what_is_missing(api):
    body = api.get("/users/me").json()
    check_answer("GET", "/users/me", 200, body)
    del body["resource"]["timezone"]
    with pytest.raises(AssertionError, match="timezone"):
        check_answer("GET", "/users/me", 200, body)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("physical", "Str. Lungă 1"),
        ("custom", "By the river"),
        ("ask_invitee", "My office"),
        ("inbound_call", None),
        ("outbound_call", "+40721000000"),
        ("google_conference", None),
        ("gotomeeting_conference", None),
        ("microsoft_teams_conference", None),
        ("webex_conference", None),
        ("zoom_conference", None),
    ],
)
@pytest.mark.parametrize("outcome", ["pushed", "failed"])
def test_every_kind_of_location(checked, calendly, kind, text, outcome):
    calendly.options.location_outcome = outcome
    configured = None if kind in ("ask_invitee", "outbound_call") else text
    type_ = calendly.add_event_type(
        "Somewhere", locations=[seeds.place(kind, text=configured, phone="+40210000000")]
    )
    wanted = {"kind": kind} if text is None else {"kind": kind, "location": text}
    event = local(checked.book(type_, location=wanted).json()["resource"]["event"])
    assert checked.get(event).json()["resource"]["location"]["type"] in (
        kind,
        kind.removesuffix("_conference"),
    )
    calendly.move_clock(5)
    assert checked.get(event).status_code == 200


def test_every_refusal_is_as_the_contract_says(checked, calendly, demo):
    api = checked
    calendly.add_token("narrow", scopes=["users:read"])
    api.post("/invitees", {})
    api.book(demo, location=None)
    api.book(demo, event_type="https://api.calendly.com/event_types/none")
    api.get("/event_types")
    api.get("/scheduled_events/none")
    api.get("/scheduled_events", user="https://api.calendly.com/users/none")
    calendly.break_calendar()
    hour = {"start_time": "2026-11-23T08:00:00Z", "end_time": "2026-11-24T08:00:00Z"}
    api.get("/user_busy_times", user=calendly.user_uri(calendly.owner), **hour)
    for status in (429, 500):
        calendly.faults.add("status", status=status)
        api.get("/users/me")
    event = local(calendly.uri("scheduled_events", calendly.book_as_invitee(demo, START).event_id))
    calendly.subscribe("https://portal.example/hook")
    hook = {"url": "https://portal.example/hook", "events": ["invitee.created"]}
    api.post(
        "/webhook_subscriptions", hook | {"organization": calendly.organization_uri, "scope": "organization"}
    )
    api.post(f"{event}/cancellation")
    api.post(f"{event}/cancellation")
    api.session.headers["Authorization"] = "Bearer narrow"
    api.get("/event_types")
    api.session.headers["Authorization"] = "Bearer none"
    api.get("/users/me")
    assert {status for _, _, status in api.seen} == {200, 201, 400, 401, 403, 404, 409, 424, 429, 500}


def test_every_delivery_is_as_the_contract_says(calendly, demo):
    calendly.subscribe("https://portal.example/hook", "key")
    kind = calendly.add_event_type("New")
    calendly.change_event_type(kind, name="Newer")
    calendly.delete_event_type(kind)
    invitee = calendly.book_as_invitee(demo, START)
    calendly.mark_no_show(invitee)
    calendly.undo_no_show(invitee)
    calendly.cancel_as_invitee(calendly.reschedule_as_invitee(invitee, START.replace(hour=12)), "Gata")
    bodies: list[dict[str, Any]] = []
    calendly.deliver(lambda _url, body, _headers: bodies.append(json.loads(body)) or 200)
    for body in bodies:
        path = f"/webhooks/{body['event']}/post/requestBody/content/{escaped('application/json')}/schema"
        check(body, path)
    assert {body["event"] for body in bodies} == {
        "event_type.created",
        "event_type.updated",
        "event_type.deleted",
        "invitee.created",
        "invitee.canceled",
        "invitee_no_show.created",
        "invitee_no_show.deleted",
    }
