from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest
import requests
import responses
import yaml

from calendly_integration.calendly import errors, payloads
from calendly_integration.calendly.client import Client

from . import examples
from .conftest import TOKEN
from .examples import API, EVENT, EVENT_TYPE, INVITEE, NO_SHOW, ORGANIZATION, SUBSCRIPTION, USER

CONTRACT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent.parent / "contracts" / "calendly-openapi.yaml").read_text()
)
START = datetime(2026, 12, 1, tzinfo=UTC)
END = datetime(2026, 12, 8, tzinfo=UTC)
BOOKING = payloads.CreateInviteeRequest(
    event_type_uri=EVENT_TYPE,
    start_time="2026-12-03T15:00:00Z",
    email="nora.field@example.com",
    name="Nora Field",
    timezone="Europe/Berlin",
    tracking=payloads.Tracking(utm_content="our-id"),
)

Call = Callable[[Client], Any]


class Case:
    """One remote call: what is called, what goes out (by which schema of the contract), what comes back."""

    def __init__(
        self,
        method: str,
        path: str,
        answer: object,
        call: Call,
        *,
        query: object = None,
        body: object = None,
        schema: str = "",
    ) -> None:
        self.method, self.path, self.answer, self.call = method, path, answer, call
        self.query, self.body, self.schema = query or {}, body, schema

    def __repr__(self) -> str:
        return f"{self.method} {self.path}"


def answer(question: str, answer: str, position: int) -> payloads.Answer:
    return payloads.Answer(question=question, answer=answer, position=position)


def one(data: dict[str, Any]) -> dict[str, Any]:
    return {"resource": data}


READS = [
    Case("GET", "/users/me", one(examples.user()), lambda c: c.me()),
    Case(
        "GET",
        "/organization_memberships",
        examples.page(examples.membership()),
        lambda c: list(c.memberships(organization=ORGANIZATION)),
        query={"count": "100", "organization": ORGANIZATION},
    ),
    Case(
        "GET",
        "/organizations/EXAMPLEORG000001",
        one(examples.organization()),
        lambda c: c.organization(ORGANIZATION),
    ),
    Case(
        "GET",
        "/event_types",
        examples.page(examples.event_type()),
        lambda c: list(c.event_types(organization=ORGANIZATION)),
        query={"count": "100", "organization": ORGANIZATION},
    ),
    Case(
        "GET",
        "/event_type_memberships",
        examples.page({"member": {"uri": USER}}, {"member": None}),
        lambda c: list(c.event_type_hosts(EVENT_TYPE)),
        query={"count": "100", "event_type": EVENT_TYPE},
    ),
    Case(
        "GET",
        "/event_type_available_times",
        {"collection": [examples.available_time()]},
        lambda c: c.available_times(EVENT_TYPE, START, END),
        query={
            "event_type": EVENT_TYPE,
            "start_time": "2026-12-01T00:00:00Z",
            "end_time": "2026-12-08T00:00:00Z",
        },
    ),
    Case(
        "GET",
        "/user_busy_times",
        {"collection": [examples.busy_time()]},
        lambda c: c.busy_times(USER, START, END),
        query={"user": USER, "start_time": "2026-12-01T00:00:00Z", "end_time": "2026-12-08T00:00:00Z"},
    ),
    Case(
        "GET",
        "/user_availability_schedules",
        {"collection": [examples.schedule()]},
        lambda c: c.availability_schedules(USER),
        query={"user": USER},
    ),
    Case(
        "GET",
        "/scheduled_events",
        examples.page(examples.scheduled_event()),
        lambda c: list(
            c.scheduled_events(
                user=USER,
                invitee_email="nora.field@example.com",
                min_start=START,
                max_start=END,
                sort="start_time:asc",
                count=10,
            )
        ),
        query={
            "user": USER,
            "invitee_email": "nora.field@example.com",
            "min_start_time": "2026-12-01T00:00:00Z",
            "max_start_time": "2026-12-08T00:00:00Z",
            "sort": "start_time:asc",
            "count": "10",
        },
    ),
    Case(
        "GET",
        f"/scheduled_events/{payloads.uuid_of(EVENT)}",
        one(examples.scheduled_event()),
        lambda c: c.scheduled_event(EVENT),
    ),
    Case(
        "GET",
        f"/scheduled_events/{payloads.uuid_of(EVENT)}/invitees",
        examples.page(examples.invitee()),
        lambda c: list(c.invitees(EVENT, email="nora.field@example.com")),
        query={"count": "100", "email": "nora.field@example.com"},
    ),
    Case(
        "GET",
        f"/scheduled_events/{payloads.uuid_of(EVENT)}/invitees/{payloads.uuid_of(INVITEE)}",
        one(examples.invitee()),
        lambda c: c.invitee(INVITEE),
    ),
    Case(
        "GET",
        "/webhook_subscriptions",
        examples.page(examples.subscription()),
        lambda c: list(c.subscriptions(ORGANIZATION)),
        query={"count": "100", "organization": ORGANIZATION, "scope": "organization"},
    ),
    Case(
        "GET",
        "/webhook_subscriptions",
        examples.page(examples.subscription()),
        lambda c: list(c.subscriptions(ORGANIZATION, "user", USER)),
        query={"count": "100", "organization": ORGANIZATION, "scope": "user", "user": USER},
    ),
]
WRITES = [
    Case(
        "POST",
        "/event_types",
        one(examples.event_type()),
        lambda c: c.create_event_type(
            owner=USER,
            name="Sales Demo",
            duration=30,
            before_buffer=0,
            after_buffer=15,
            color="#0b6e4f",
            locations=[{"kind": "google_conference"}],
        ),
        body={
            "owner": USER,
            "name": "Sales Demo",
            "duration": 30,
            "before_buffer": 0,
            "after_buffer": 15,
            "color": "#0b6e4f",
            "locations": [{"kind": "google_conference"}],
        },
        schema="CreateEventTypeRequest",
    ),
    Case(
        "PATCH",
        f"/event_types/{payloads.uuid_of(EVENT_TYPE)}",
        one(examples.event_type()),
        lambda c: c.update_event_type(EVENT_TYPE, active=True),
        body={"active": True},
        schema="UpdateEventTypeRequest",
    ),
    Case(
        "POST",
        "/invitees",
        one(examples.invitee()),
        lambda c: c.create_invitee(BOOKING),
        body={
            "event_type": EVENT_TYPE,
            "start_time": "2026-12-03T15:00:00Z",
            "invitee": {
                "name": "Nora Field",
                "email": "nora.field@example.com",
                "timezone": "Europe/Berlin",
            },
            "tracking": {
                "utm_campaign": None,
                "utm_source": None,
                "utm_medium": None,
                "utm_content": "our-id",
                "utm_term": None,
                "salesforce_uuid": None,
            },
        },
        schema="CreateInviteeRequest",
    ),
    Case(
        "POST",
        f"/scheduled_events/{payloads.uuid_of(EVENT)}/cancellation",
        one(examples.cancellation()),
        lambda c: c.cancel(EVENT, reason="ill"),
        body={"reason": "ill"},
        schema="CancelEventRequest",
    ),
    Case(
        "POST",
        "/webhook_subscriptions",
        one(examples.subscription()),
        lambda c: c.subscribe(
            url="https://portal.example.com/hook",
            events=["invitee.created"],
            organization=ORGANIZATION,
            scope="organization",
            signing_key="made-up",
        ),
        body={
            "url": "https://portal.example.com/hook",
            "events": ["invitee.created"],
            "organization": ORGANIZATION,
            "scope": "organization",
            "signing_key": "made-up",
        },
        schema="CreateWebhookSubscriptionRequest",
    ),
]
# Writes whose answer holds nothing that we use.
UNREAD = [
    Case(
        "POST",
        "/invitee_no_shows",
        None,
        lambda c: c.mark_no_show(INVITEE),
        body={"invitee": INVITEE},
        schema="CreateInviteeNoShowRequest",
    ),
    Case(
        "DELETE", f"/invitee_no_shows/{payloads.uuid_of(NO_SHOW)}", None, lambda c: c.unmark_no_show(NO_SHOW)
    ),
    Case(
        "DELETE",
        f"/webhook_subscriptions/{payloads.uuid_of(SUBSCRIPTION)}",
        None,
        lambda c: c.unsubscribe(SUBSCRIPTION),
    ),
]
EVERY = READS + WRITES + UNREAD
# Asks for hosts where the endpoint may be missing, so 404 is an answer there.
FOUND_OR_NOT = [case for case in EVERY if case.path != "/event_type_memberships"]


@pytest.fixture
def mocked() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def assert_matches(body: object, schema: str) -> None:
    """The body is what the contract says."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": CONTRACT["components"]}
    jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(body)


def sent(mock: responses.RequestsMock, number: int = 0) -> requests.PreparedRequest:
    return mock.calls[number].request


def query(request: requests.PreparedRequest) -> dict[str, str]:
    pairs = parse_qs(urlsplit(str(request.url)).query, strict_parsing=bool(urlsplit(str(request.url)).query))
    return {key: values[0] for key, values in pairs.items()}


@pytest.mark.parametrize("case", EVERY, ids=repr)
def test_each_call_sends_what_the_contract_says(
    case: Case, mocked: responses.RequestsMock, client: Client
) -> None:
    if case.answer is None:
        mocked.add(case.method, API + case.path, status=204)
    else:
        mocked.add(case.method, API + case.path, json=case.answer)
    result = case.call(client)
    assert (result is None) is (case.answer is None)
    request = sent(mocked)
    assert query(request) == case.query
    assert (json.loads(request.body) if request.body else None) == case.body
    assert bool(case.body) is bool(case.schema)
    if case.schema:
        assert_matches(case.body, case.schema)
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["User-Agent"] == "django-calendly-integration"


@pytest.mark.parametrize("case", EVERY, ids=repr)
def test_refused(case: Case, mocked: responses.RequestsMock, client: Client) -> None:
    body = {"title": "Unauthenticated", "message": "The access token was revoked"}
    mocked.add(case.method, API + case.path, status=401, json=body)
    with pytest.raises(errors.Unauthenticated, match="revoked"):
        case.call(client)


@pytest.mark.parametrize("case", FOUND_OR_NOT, ids=repr)
def test_unknown(case: Case, mocked: responses.RequestsMock, client: Client) -> None:
    mocked.add(case.method, API + case.path, status=404, json={"title": "Resource Not Found"})
    with pytest.raises(errors.NotFound):
        case.call(client)


@pytest.mark.parametrize("case", EVERY, ids=repr)
def test_limited_is_asked_once_and_says_when(
    case: Case, mocked: responses.RequestsMock, client: Client, pauses: list[float]
) -> None:
    headers = {"X-RateLimit-Reset": "33"}
    mocked.add(case.method, API + case.path, status=429, headers=headers)
    with pytest.raises(errors.RateLimited) as caught:
        case.call(client)
    assert caught.value.retry_after == 33
    assert len(mocked.calls) == 1
    assert pauses == []


@pytest.mark.parametrize("case", READS, ids=repr)
def test_a_read_that_breaks_is_asked_three_times(
    case: Case, mocked: responses.RequestsMock, client: Client, pauses: list[float]
) -> None:
    mocked.add(case.method, API + case.path, status=502, body="<html>bad gateway</html>")
    with pytest.raises(errors.ServerError) as caught:
        case.call(client)
    assert (caught.value.retryable, caught.value.outcome_unknown) == (True, False)
    assert len(mocked.calls) == 3
    assert len(pauses) == 2
    assert 0 < pauses[0] <= pauses[1] < 1


@pytest.mark.parametrize("case", WRITES + UNREAD, ids=repr)
@pytest.mark.parametrize("status", [500, 503])
def test_a_write_that_breaks_is_sent_once(
    case: Case, status: int, mocked: responses.RequestsMock, client: Client
) -> None:
    mocked.add(case.method, API + case.path, status=status)
    with pytest.raises(errors.ServerError) as caught:
        case.call(client)
    assert (caught.value.retryable, caught.value.outcome_unknown) == (False, True)
    assert len(mocked.calls) == 1


@pytest.mark.parametrize("case", WRITES + UNREAD, ids=repr)
@pytest.mark.parametrize("lost", [requests.ReadTimeout(), requests.ConnectionError("Connection aborted.")])
def test_a_write_whose_answer_is_lost_is_sent_once(
    case: Case, lost: Exception, mocked: responses.RequestsMock, client: Client
) -> None:
    mocked.add(case.method, API + case.path, body=lost)
    with pytest.raises(errors.AnswerLost) as caught:
        case.call(client)
    assert (caught.value.retryable, caught.value.outcome_unknown) == (False, True)
    assert len(mocked.calls) == 1


@pytest.mark.parametrize("case", READS, ids=repr)
def test_a_read_whose_answer_is_lost_may_be_asked_again(
    case: Case, mocked: responses.RequestsMock, client: Client
) -> None:
    mocked.add(case.method, API + case.path, body=requests.ConnectionError("Connection aborted."))
    with pytest.raises(errors.AnswerLost) as caught:
        case.call(client)
    assert (caught.value.retryable, caught.value.outcome_unknown) == (True, False)


@pytest.mark.parametrize("case", EVERY, ids=repr)
@pytest.mark.parametrize(
    "body", ["<html>hello</html>", '{"resource": ', "[" * 100_000], ids=["html", "cut", "deep"]
)
def test_an_answer_that_is_no_json(
    case: Case, body: str, mocked: responses.RequestsMock, client: Client
) -> None:
    mocked.add(case.method, API + case.path, body=body)
    with pytest.raises(errors.BadAnswer) as caught:
        case.call(client)
    write = case.method != "GET"
    assert (caught.value.retryable, caught.value.outcome_unknown) == (not write, write)


SHAPES: list[object] = [
    [],
    {},
    {"resource": []},
    {"resource": {"uri": 7, "created_at": "never"}},
    {"collection": {"uri": 7}},
]


@pytest.mark.parametrize("case", READS + WRITES, ids=repr)
@pytest.mark.parametrize("answer", SHAPES)
def test_an_answer_of_another_shape(
    case: Case, answer: object, mocked: responses.RequestsMock, client: Client
) -> None:
    mocked.add(case.method, API + case.path, json=answer)
    with pytest.raises(errors.BadAnswer) as caught:
        case.call(client)
    assert caught.value.outcome_unknown is (case.method != "GET")


def test_an_item_that_cannot_be_read_costs_only_itself(
    mocked: responses.RequestsMock, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    bad = examples.membership()
    del bad["user"]
    mocked.add(
        "GET",
        API + "/organization_memberships",
        json=examples.page(bad, "secret", examples.membership()),  # type: ignore[arg-type]
    )
    members = client.memberships(organization=ORGANIZATION)
    assert [member.user.name for member in members] == ["Mara Host"]
    assert members.unreadable == 2
    assert "collection[0]: user is missing" in caplog.text
    assert "secret" not in caplog.text


def test_a_page_without_anything_readable_is_an_empty_one_and_counted(
    mocked: responses.RequestsMock, client: Client
) -> None:
    mocked.add("GET", API + "/event_types", json={"collection": [{"uri": 7}, 7]})
    found = client.event_types(organization=ORGANIZATION)
    assert (list(found), found.unreadable) == ([], 2)


def test_times_that_cannot_be_read_are_left_out_unless_none_can(
    mocked: responses.RequestsMock, client: Client
) -> None:
    path, good = API + "/event_type_available_times", examples.available_time()
    mocked.add("GET", path, json={"collection": [{"start_time": 7}, good]})
    found = client.available_times(EVENT_TYPE, START, END)
    assert [each.start_text for each in found] == [good["start_time"]]
    mocked.upsert("GET", path, json={"collection": [{"start_time": 7}]})
    with pytest.raises(errors.BadAnswer):
        client.available_times(EVENT_TYPE, START, END)


@pytest.mark.parametrize("case", EVERY, ids=repr)
def test_no_redirect_is_followed(case: Case, mocked: responses.RequestsMock, client: Client) -> None:
    mocked.add(case.method, API + case.path, status=307, headers={"Location": "https://evil.example.net/"})
    with pytest.raises(errors.BadAnswer):
        case.call(client)
    assert len(mocked.calls) == 1


def test_answers_become_types(mocked: responses.RequestsMock, client: Client) -> None:
    for case in READS + WRITES:
        mocked.add(case.method, API + case.path, json=case.answer)
    results = {repr(case): case.call(client) for case in READS + WRITES}
    me = results["GET /users/me"]
    assert (me.uri, me.organization, me.timezone) == (USER, ORGANIZATION, "Europe/Berlin")
    assert results["GET /organization_memberships"][0].user.email == "mara.host@example.com"
    assert results["GET /organizations/EXAMPLEORG000001"].stage == "paid"
    kind = results["GET /event_types"][0]
    assert (kind.duration, kind.before_buffer, kind.after_buffer) == (30, 0, 10)
    assert kind.questions[0].name == kind.questions[0].raw["name"]
    assert kind.questions[0].raw["required"]
    assert kind.locations[0].kind == "zoom_conference"
    assert kind.profile_owner == USER
    assert results["GET /event_type_memberships"] == [USER]
    offered = results["GET /event_type_available_times"][0]
    assert offered.start_time == datetime(2026, 12, 3, 15, tzinfo=UTC)
    assert (offered.start_text, offered.invitees_remaining) == ("2026-12-03T15:00:00Z", 3)
    busy = results["GET /user_busy_times"][0]
    assert (busy.end_time.minute, busy.buffered_end_time.minute) == (30, 40)
    hours = results["GET /user_availability_schedules"][0]
    assert [(each.opens, each.closes) for each in hours.rules[0].intervals] == [("09:00", "17:00")]
    assert (hours.rules[1].date.isoformat(), hours.rules[1].intervals) == ("2026-12-24", ())
    assert results["POST /invitees"].uri == INVITEE
    assert results["POST /webhook_subscriptions"].state == "active"


def test_an_event_type_without_buffers_and_profile(mocked: responses.RequestsMock, client: Client) -> None:
    data = examples.event_type() | {"profile": None, "locations": None, "duration": 30.0, "name": None}
    del data["before_buffer"]
    data["after_buffer"] = None
    mocked.get(f"{API}/event_types", json=examples.page(data))
    [kind] = client.event_types(organization=ORGANIZATION)
    assert (kind.before_buffer, kind.after_buffer, kind.locations, kind.duration) == (0, 0, (), 30)
    assert (kind.name, kind.profile_owner) == ("", None)


GUESTS = [f"guest{n}@example.com" for n in range(10)]


def booked(mocked: responses.RequestsMock, client: Client, **changes: Any) -> dict[str, Any]:
    """The body that books, which the contract allows."""
    mocked.post(f"{API}/invitees", json=one(examples.invitee()))
    client.create_invitee(BOOKING.model_copy(update=changes))
    body: dict[str, Any] = json.loads(sent(mocked).body or b"")
    assert_matches(body, "CreateInviteeRequest")
    return body


@pytest.mark.parametrize(
    ("changes", "key", "value"),
    [
        ({"start_time": "2026-12-03T15:00:00.0Z"}, "start_time", "2026-12-03T15:00:00.0Z"),
        ({"location": {"kind": "zoom_conference"}}, "location", {"kind": "zoom_conference"}),
        (
            {"location": {"kind": "outbound_call", "location": "+40721000000"}},
            "location",
            {"kind": "outbound_call", "location": "+40721000000"},
        ),
        ({}, "location", None),
        (
            {"answers": (answer("A", " ", 0), answer("B", "b", 1))},
            "questions_and_answers",
            [{"question": "B", "answer": "b", "position": 1}],
        ),
        ({"answers": (answer("A", "", 0),)}, "questions_and_answers", None),
        (
            {"guests": tuple(f"guest{n}@example.com" for n in range(10))},
            "event_guests",
            [f"guest{n}@example.com" for n in range(10)],
        ),
        ({}, "event_guests", None),
    ],
)
def test_a_booking_matches_the_contract(
    mocked: responses.RequestsMock, client: Client, changes: dict[str, Any], key: str, value: object
) -> None:
    assert booked(mocked, client, **changes).get(key) == value


def request(**changes: Any) -> payloads.CreateInviteeRequest:
    details = {
        "event_type_uri": EVENT_TYPE,
        "start_time": "2026-12-03T15:00:00Z",
        "email": "nora.field@example.com",
        "name": "Nora Field",
        "timezone": "Europe/Berlin",
        "tracking": payloads.Tracking(),
    }
    return payloads.CreateInviteeRequest(**(details | changes))


def test_what_calendly_would_refuse_or_ignore_is_not_sent() -> None:
    with pytest.raises(ValueError, match="at most 10"):
        request(guests=(*GUESTS, "eleventh@example.com"))
    with pytest.raises(ValueError, match="at most 255"):
        payloads.Tracking(utm_content="x" * 256)
    with pytest.raises(ValueError, match="not permitted"):
        payloads.Tracking(utm_contents="x")


def test_a_booking_request_names_nobody_in_its_repr() -> None:
    shown = repr(request(guests=("sam.guest@example.com",)))
    assert not any(word in shown for word in ("nora", "Nora", "sam.guest"))


@pytest.mark.parametrize("reason", [None, "", "ill", "x" * 20_000])
def test_a_cancellation_matches_the_contract(
    reason: str | None, mocked: responses.RequestsMock, client: Client
) -> None:
    mocked.post(f"{API}/scheduled_events/x/cancellation", json=one(examples.cancellation()))
    client.cancel("x", reason)
    assert_matches(json.loads(sent(mocked).body or b""), "CancelEventRequest")


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (START, "2026-12-01T00:00:00Z"),
        (START.astimezone(timezone(timedelta(hours=2))), "2026-12-01T00:00:00Z"),
        (START.replace(microsecond=1), "2026-12-01T00:00:00.000001Z"),
    ],
)
def test_times_are_sent_as_utc(
    moment: datetime, text: str, mocked: responses.RequestsMock, client: Client
) -> None:
    mocked.get(f"{API}/scheduled_events", json=examples.page())
    list(client.scheduled_events(user=USER, min_start=moment))
    assert query(sent(mocked))["min_start_time"] == text


def test_a_time_without_a_zone_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match="zone"):
        client.scheduled_events(user=USER, min_start=datetime(2026, 12, 3, 15))


def test_a_taken_slot(mocked: responses.RequestsMock, client: Client) -> None:
    detail = {
        "parameter": "event.start_time",
        "message": "That start time has been filled",
        "code": "already_filled",
    }
    body = {
        "title": "Invalid Argument",
        "message": "The supplied parameters are invalid.",
        "details": [detail],
    }
    mocked.post(f"{API}/invitees", status=400, json=body)
    with pytest.raises(errors.SlotTaken, match="That start time has been filled") as caught:
        client.create_invitee(BOOKING)
    assert not caught.value.outcome_unknown


def test_hosts_are_none_where_the_endpoint_is_missing(mocked: responses.RequestsMock, client: Client) -> None:
    mocked.get(f"{API}/event_type_memberships", status=404)
    assert list(client.event_type_hosts(EVENT_TYPE)) == []


def test_pages_follow_the_token_and_keep_the_other_parameters(
    mocked: responses.RequestsMock, client: Client
) -> None:
    url = f"{API}/event_types"
    mocked.get(url, json=examples.page(examples.event_type(), next_page_token="a b&c"))
    mocked.get(url, json=examples.page(examples.event_type()))
    assert len(list(client.event_types(organization=ORGANIZATION))) == 2
    assert "page_token" not in query(sent(mocked))
    assert query(sent(mocked, 1)) == query(sent(mocked)) | {"page_token": "a b&c"}


def test_pages_are_asked_for_as_far_as_they_are_read(mocked: responses.RequestsMock, client: Client) -> None:
    answer = examples.page(examples.event_type(), next_page_token="more")
    mocked.get(f"{API}/event_types", json=answer)
    next(client.event_types(organization=ORGANIZATION))
    assert len(mocked.calls) == 1


def test_pages_that_do_not_end_are_an_error(mocked: responses.RequestsMock, client: Client) -> None:
    mocked.get(f"{API}/event_types", json=examples.page(examples.event_type(), next_page_token="same"))
    with pytest.raises(errors.BadAnswer, match="do not end"):
        list(client.event_types(organization=ORGANIZATION))
    assert len(mocked.calls) == 2


@pytest.mark.parametrize("uri", ["", "..", "a b", "a?b", "a#b", f"{API}/users/..", "x" * 101, "ü"])
def test_ids_cannot_leave_their_place_in_the_path(uri: str, client: Client) -> None:
    with pytest.raises(ValueError, match="not an id"):
        client.scheduled_event(uri)


@pytest.mark.parametrize("uri", [payloads.uuid_of(INVITEE), EVENT, f"{EVENT}/invitee/x"])
def test_an_invitee_needs_the_whole_uri(uri: str, client: Client) -> None:
    with pytest.raises(ValueError, match="not the URI"):
        client.invitee(uri)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ключ"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="the Calendly token"):
        Client(token)


@pytest.mark.parametrize(
    "url", ["", "api.calendly.com", "ftp://x", "https://", "https://u:p@x", "https://x?y"]
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        Client("token", base_url=url)


def test_the_token_shows_nowhere(mocked: responses.RequestsMock, client: Client) -> None:
    mocked.get(f"{API}/users/me", status=403, json={"title": TOKEN, "message": f"bad {TOKEN}"})
    with pytest.raises(errors.PermissionDenied) as caught:
        client.me()
    assert TOKEN not in str(caught.value) + repr(caught.value) + repr(client) + repr(vars(caught.value))
    mocked.get(f"{API}/organizations/x", body=requests.ConnectionError(f"refused {TOKEN}"))
    with pytest.raises(errors.AnswerLost) as lost:
        client.organization("x")
    assert TOKEN not in str(lost.value)
    # The request, with its headers, hangs on the exceptions of requests: none may hang on ours.
    assert lost.value.__cause__ is lost.value.__context__ is None


def test_each_exchange_is_reported_without_addresses(
    mocked: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[tuple[object, ...]] = []

    def on_call(*details: object) -> None:
        calls.append(details)

    client = Client("token", on_call=on_call, pause=lambda _: None)
    mocked.get(f"{API}/scheduled_events", status=500)
    mocked.get(f"{API}/scheduled_events", json=examples.page())
    assert list(client.scheduled_events(user=USER, invitee_email="nora.field@example.com")) == []
    reported = [(method, path, status, error) for method, path, status, _, error in calls]
    assert reported == [
        ("GET", "/scheduled_events", 500, "ServerError"),
        ("GET", "/scheduled_events", 200, None),
    ]
    assert "nora" not in caplog.text
