"""Requests that make no sense: a 400 that names the field, before anybody is asked."""

from typing import Any

import pytest

from calendly_integration.models import Booking
from calendly_integration.sandbox.calendly import Calendly

from .document import CheckedClient

URL = "/api/calendly/schedule"
SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}

pytestmark = pytest.mark.usefixtures("event_types")


def ask(api: CheckedClient, **booking_request: Any) -> Any:
    return api.post(URL, {**SCHEDULE_BODY, **booking_request}, format="json")


def calls_to_book(sandbox: Calendly) -> int:
    return sum(call.method == "POST" and call.path == "/invitees" for call in sandbox.calls)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"inviteeEmail": "ana"}, "inviteeEmail"),
        ({"inviteeEmail": None}, "inviteeEmail"),
        ({"inviteeName": " "}, "inviteeName"),
        ({"inviteeName": 7}, "inviteeName"),
        ({"inviteeName": ["Ana"]}, "inviteeName"),
        ({"inviteeName": "A\x07na"}, "inviteeName"),
        ({"inviteeName": "A\x00na"}, "inviteeName"),
        ({"inviteeName": "a" * 256}, "inviteeName"),
        ({"eventType": ""}, "eventType"),
        ({"eventType": {"name": "Sales Demo"}}, "eventType"),
        ({"preferredTime": "tomorrow"}, "preferredTime"),
        ({"preferredTime": "2026-13-45T10:00"}, "preferredTime"),
        ({"preferredTime": "2026-11-24"}, "preferredTime"),
        ({"preferredTime": 1793000000}, "preferredTime"),
        ({"preferredTime": "2026-11-23T05:54:00Z"}, "preferredTime"),
        ({"preferredTime": "9999-12-31T23:59:59-14:00"}, "preferredTime"),
        ({"preferredTime": "0001-01-01T00:00:00+14:00"}, "preferredTime"),
        ({"flexibility": "maybe"}, "flexibility"),
        ({"timezone": "Mars/Phobos"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"guests": ["no address"]}, "guests"),
        ({"guests": "ana@example.com"}, "guests"),
        ({"guests": [f"g{n}@example.com" for n in range(11)]}, "guests"),
        ({"customAnswers": [{"question": "?"}]}, "customAnswers"),
        ({"customAnswers": "yes"}, "customAnswers"),
        ({"customAnswers": [{"question": "Which?", "answer": "this"}]}, "customAnswers"),
        ({"notes": "n" * 10_001}, "notes"),
    ],
)
def test_a_malformed_request_names_the_field(
    api: CheckedClient, sandbox: Calendly, wrong: dict[str, Any], field: str
) -> None:
    answer = ask(api, **wrong)
    assert answer.status_code == 400, answer.content
    body = answer.json()
    assert (body["success"], body["code"]) == (False, "invalid_request")
    assert list(body["errors"]) == [field]
    assert all(body["errors"][field])
    assert body["message"]
    assert Booking.objects.count() == 0
    assert calls_to_book(sandbox) == 0


def test_all_missing_fields_are_named_at_once(api: CheckedClient) -> None:
    answer = api.post(URL, {}, format="json")
    assert set(answer.json()["errors"]) == {"eventType", "inviteeEmail", "inviteeName"}


def test_where_nothing_is_asked_an_answer_is_refused_in_whole_sentences(api: CheckedClient) -> None:
    answer = ask(api, customAnswers=[{"question": "Which?", "answer": "this"}])
    assert answer.json()["message"] == "“Which?” is not asked here. This kind of meeting has no questions."
