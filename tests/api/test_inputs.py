"""Every field of every call: what it says of a wrong value, and that null, blank and absent are the same."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.fields import ListField
from rest_framework.serializers import Serializer
from rest_framework.test import APIClient

from calendly_integration.api import messages
from calendly_integration.models import Host, VAIMetadata
from calendly_integration.sandbox.calendly import Calendly

from .document import PREFIX, CheckedClient
from .inputs import CALLS, SCHEDULE_BODY, Call, checked_serializers, each_field, request_serializers

Book = Callable[..., dict[str, Any]]
WRONG: list[Any] = [
    123,
    1.5,
    True,
    [],
    [5],
    [[]],
    {},
    {"a": 1},
    ["x"],
    [{"question": 5, "answer": [5]}],
    [{}],
    "x\x00y",
    "x\x07y",
    "x\u2028y",
    "\ud800",
    "maybe",
    "-1",
    "999",
    "1_0",
    "٧",
    "9" * 2000,
    "x" * 12_000,
    ["a@b.ro"] * 600,
    "ana at example.com",
    None,
    "",
]
FIELDS = [pytest.param(call, name, id=f"{call.path}:{name}") for call, name, _field in each_field()]
OPTIONAL = [
    pytest.param(call, name, id=f"{call.path}:{name}")
    for call, name, field in each_field()
    if not field.required
]


@pytest.fixture
def ids(book: Book) -> dict[str, str]:
    return {"booking": book()["id"], "host": str(Host.objects.get(name="Ana Ionescu").pk)}


def test_every_request_serializer_is_checked() -> None:
    bases = {kind for kind in request_serializers() if kind.__subclasses__()}
    assert request_serializers() - bases <= checked_serializers()


def test_every_field_has_a_name_to_be_said() -> None:
    names = {name for _call, name, _field in each_field()}
    assert names | {"body", "cursor"} == set(messages.FIELD_NAMES)


@pytest.mark.parametrize(("call", "name"), FIELDS)
def test_a_wrong_value_is_told_in_both_languages_and_names_the_field(
    api: CheckedClient, romanian: CheckedClient, ids: dict[str, str], call: Call, name: str
) -> None:
    told, compared = 0, []
    for value in WRONG:
        if call.method == "GET" and not isinstance(value, str):
            continue
        english = call.send(api, ids, {name: value})
        if english.status_code != 400:
            assert english.status_code in (200, 201, 404, 409), (value, english.content)
            continue
        told += 1
        if english.json() in compared:
            continue
        compared.append(english.json())
        said = call.send(romanian, ids, {name: value})
        assert list(english.json()["errors"]) == list(said.json()["errors"]) == [name]
        for one, other in zip(english.json()["errors"][name], said.json()["errors"][name], strict=True):
            assert one != other, one
            assert "non_field_errors" not in one + other
        assert said.json()["errors"][name][0] in said.json()["message"]
        assert english.json()["message"] != said.json()["message"]
    assert told


@pytest.mark.parametrize(("call", "name"), OPTIONAL)
def test_null_blank_and_absent_are_the_same(
    api: CheckedClient, sandbox: Calendly, ids: dict[str, str], call: Call, name: str
) -> None:
    absent = call.send(api, ids, {})
    for value in (None, "", "  ", "\t", "\u200b\ufeff"):
        answer = call.send(api, ids, {name: value})
        assert answer.status_code == absent.status_code, answer.content
        if call.method == "GET":
            assert answer.json() == absent.json()


def test_blanks_in_a_list_are_left_out(api: CheckedClient, sandbox: Calendly, event_types: Any) -> None:
    answer = api.post(
        PREFIX + "schedule",
        {
            **SCHEDULE_BODY,
            "guests": ["", None, " ", "b@example.com"],
            "customAnswers": [None, "", {}, {"question": "", "answer": None}],
        },
        format="json",
    )
    assert answer.status_code == 201
    [event] = sandbox.state.events.values()
    assert [guest["email"] for guest in event.guests] == ["b@example.com"]


@pytest.mark.parametrize("key", ["", " "])
def test_a_blank_idempotency_key_is_none(api: CheckedClient, event_types: Any, key: str) -> None:
    answers = [
        api.post(PREFIX + "schedule", booking_request, format="json", headers={"Idempotency-Key": key})
        for booking_request in (SCHEDULE_BODY, {**SCHEDULE_BODY, "inviteeEmail": "b@example.com"})
    ]
    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize("name", ["conversationId", "userId", "agentType", "bookingSource", "notes", "extra"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_in_metadata_null_and_blank_clear_and_absent_leaves(
    api: CheckedClient, book: Book, name: str, value: str | None
) -> None:
    url = f"{PREFIX}bookings/{book()['id']}/metadata"
    full = {"conversationId": "c", "userId": "u", "agentType": "a", "bookingSource": "s", "notes": "n"}
    kept = api.patch(url, {**full, "extra": {"a": 1}}, format="json").json()["metadata"]
    cleared = api.patch(url, {name: value}, format="json").json()["metadata"]
    assert cleared == {**kept, name: {} if name == "extra" else None}
    assert VAIMetadata.objects.count() == 1


def test_entries_of_lists_are_counted_and_named(romanian: CheckedClient, event_types: Any) -> None:
    answer = romanian.post(
        PREFIX + "schedule", {**SCHEDULE_BODY, "guests": ["b@example.com", 5]}, format="json"
    )
    assert answer.json()["errors"] == {"guests": ["2: Aici se așteaptă un text."]}
    assert answer.json()["message"].endswith("Invitați: 2: Aici se așteaptă un text.")


def test_no_request_serializer_has_a_field_of_the_framework() -> None:
    """Their messages are not ours."""
    for _call, name, field in each_field():
        inner = [field.child] if isinstance(field, ListField) else []
        if inner and isinstance(inner[0], Serializer):
            inner = [*inner[0].fields.values()]
        for each in (field, *inner):
            assert type(each).__module__.startswith("calendly_integration."), name


def test_all_calls_are_walked() -> None:
    assert len({(call.method, call.path) for call in CALLS}) == len(CALLS)


@pytest.mark.parametrize("name", ["\u200b", "\ufeff \u200d", "\u00a0", "\u202e"])
def test_a_name_that_shows_nothing_is_blank(api: CheckedClient, event_types: Any, name: str) -> None:
    answer = api.post(PREFIX + "schedule", {**SCHEDULE_BODY, "inviteeName": name}, format="json")
    assert answer.json()["errors"] == {"inviteeName": ["This is needed."]}


@pytest.mark.parametrize(
    "name", [name for call, name, field in each_field() if call.path == "schedule" and not field.required]
)
def test_under_one_key_null_blank_and_absent_are_the_same_request(
    api: CheckedClient, event_types: Any, name: str
) -> None:
    answers = [
        api.post(
            PREFIX + "schedule", {**SCHEDULE_BODY, **more}, format="json", headers={"Idempotency-Key": "k"}
        )
        for more in ({}, {name: None}, {name: ""}, {name: " "})
    ]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["booking"]["id"] for answer in answers}) == 1


def test_a_number_with_a_fraction_and_a_locale_with_control_characters_are_refused(api: APIClient) -> None:
    days = api.get("/api/calendly/upcoming/ana@example.com", {"days": "7.0"})
    assert (days.status_code, list(days.json()["errors"])) == (400, ["days"])
    booking_request = {"eventType": "x", "inviteeEmail": "a@b.example", "inviteeName": "A", "locale": "\x84"}
    locale = api.post("/api/calendly/schedule", booking_request, format="json")
    assert (locale.status_code, list(locale.json()["errors"])) == (400, ["locale"])
