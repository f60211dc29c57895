"""A key that stands twice, or in both spellings: refused, for nobody can say which of the two is meant."""

import json
from typing import Any

import pytest

from calendly_integration.models import Booking

from .document import CheckedClient

PREFIX = "/api/calendly/"
SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}

pytestmark = pytest.mark.usefixtures("event_types")


def send(api: CheckedClient, path: str, more: str, method: str = "POST") -> Any:
    """The body with `more` JSON behind it."""
    body = json.dumps(SCHEDULE_BODY)[:-1] + f", {more}}}"
    return api.generic(method, PREFIX + path, body.encode(), content_type="application/json")


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('"inviteeEmail": "b@example.com"', "inviteeEmail"),
        ('"inviteeEmail": "ana@example.com"', "inviteeEmail"),
        ('"invitee_email": "b@example.com"', "inviteeEmail"),
        ('"invitee_email": null', "inviteeEmail"),
        ('"mood": 1, "mood": 2', "mood"),
        ('"customAnswers": [{"question": "a", "answer": "b", "answer": "c"}]', "answer"),
        ('"customAnswers": [], "custom_answers": []', "customAnswers"),
        ('"ignored": {"deep": [{"a": 1, "a": 1}]}', "a"),
        ('"\\u0061": 1, "a": 2', "a"),
    ],
)
def test_a_doubled_key_is_a_400_that_names_it(api: CheckedClient, more: str, key: str) -> None:
    answer = send(api, "schedule", more)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [key]
    assert f"“{key}”" in answer.json()["errors"][key][0]
    assert Booking.objects.count() == 0


@pytest.mark.parametrize("extra", ['{"a": 1, "a": 2}', '{"in": [{"lead_score": 1, "leadScore": 2}]}'])
def test_doubled_keys_in_metadata_are_refused_too(api: CheckedClient, extra: str) -> None:
    answer = send(api, "bookings/x/metadata", f'"extra": {extra}', "PATCH")
    assert answer.status_code == 400


def test_keys_that_only_look_alike_are_kept(api: CheckedClient) -> None:
    made = send(api, "schedule", '"_id": 1, "id": 2, "ID": 3').json()["booking"]
    extra = {"_id": 1, "id": 2, "id_": 3, "a_b": {"c": 1}, "c": 2}
    answer = api.patch(f"{PREFIX}bookings/{made['id']}/metadata", {"extra": extra}, format="json")
    assert answer.json()["metadata"]["extra"] == extra


@pytest.mark.parametrize(
    "query", ["email=a@example.com&email=b@example.com", "conversationId=a&conversation_id=a", "x=1&x=2"]
)
def test_a_doubled_parameter_is_a_400(api: CheckedClient, query: str) -> None:
    answer = api.get(f"{PREFIX}bookings?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"


def test_it_is_said_in_romanian(romanian: CheckedClient) -> None:
    answer = send(romanian, "schedule", '"inviteeName": "Ion"')
    assert answer.json()["errors"] == {"inviteeName": ["„inviteeName” apare de două ori în cerere."]}
