"""Requests that are no requests: an answer in our shape, never a 500, nothing stored."""

import io
import json
from typing import Any

import pytest
from django.db import OperationalError

from calendly_integration.models import Booking, IdempotencyRecord
from calendly_integration.services.catalog import event_types

from .document import CheckedClient

URL = "/api/calendly/schedule"
SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}

pytestmark = pytest.mark.usefixtures("event_types")


def send(api: CheckedClient, body: bytes, content_type: str = "application/json", **headers: Any) -> Any:
    answer = api.generic("POST", URL, body, content_type=content_type, **headers)
    assert Booking.objects.count() == 0
    assert IdempotencyRecord.objects.count() == 0
    assert answer.json()["success"] is False
    assert answer.json()["message"]
    return answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"\xff\xfe\x00",
        b'{"eventType": NaN}',
        b'{"eventType": 1e999}',
        b'{"eventType": Infinity}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
        b'{"inviteeName": "\\u0000"}',
        b'{"inviteeName": "\\ud800"}',
        b'{"invitee_name": "\\ud800 half"}',
        b'{"\\u0000": 1}',
        b'{"": 1, "_": 2, "__": 3}',
    ],
)
def test_a_body_that_is_no_request_is_a_400(api: CheckedClient, body: bytes) -> None:
    answer = send(api, body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["errors"]


def test_the_field_with_half_a_character_is_named(api: CheckedClient) -> None:
    body = json.dumps({"event_type": "x", "invitee_email": "a@b.ro", "invitee_name": "\ud800"}).encode()
    assert list(send(api, body).json()["errors"]) == ["inviteeName"]


def test_what_is_ignored_may_hold_anything(api: CheckedClient) -> None:
    body = json.dumps({**SCHEDULE_BODY, "\ud800": "\x00", "more": [[[[]]]]}).encode()
    assert api.generic("POST", URL, body, content_type="application/json").status_code == 201


def test_ten_megabytes_are_a_413(api: CheckedClient) -> None:
    body = json.dumps({**SCHEDULE_BODY, "notes": "n" * 10_000_000}).encode()
    answer = send(api, body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_chunked_body_is_a_411(api: CheckedClient) -> None:
    answer = send(api, b"", HTTP_TRANSFER_ENCODING="chunked")
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_a_short_body_is_a_400(api: CheckedClient) -> None:
    body = json.dumps(SCHEDULE_BODY).encode()
    cut = {"CONTENT_LENGTH": len(body) + 100, "wsgi.input": io.BytesIO(body)}
    answer = send(api, body, **cut)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "a/b/c", ";"]
)
def test_another_content_type_is_a_415(api: CheckedClient, content_type: str) -> None:
    answer = send(api, b"a=b", content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_json_with_a_charset_is_json(api: CheckedClient) -> None:
    body = json.dumps(SCHEDULE_BODY).encode()
    answer = api.generic("POST", URL, body, content_type="application/json; charset=utf-8")
    assert answer.status_code == 201


def test_a_caller_that_wants_no_json_gets_a_406_in_json(api: CheckedClient) -> None:
    answer = api.get("/api/calendly/hosts", HTTP_ACCEPT="text/html")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/*", "application/json", "application/json; indent=4", "text/html, */*;q=0.1"],
)
def test_json_is_given_to_who_takes_it(api: CheckedClient, accept: str) -> None:
    answer = api.get("/api/calendly/hosts?format=xml", HTTP_ACCEPT=accept)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "schedule", "POST"),
        ("DELETE", "bookings", "GET, HEAD"),
        ("PUT", "bookings/x/metadata", "GET, HEAD, PATCH"),
        ("OPTIONS", "hosts", "GET, HEAD"),
        ("TRACE", "hosts", "GET, HEAD"),
        ("POST", "docs", "GET, HEAD"),
    ],
)
def test_another_method_is_a_405(api: CheckedClient, method: str, path: str, allowed: str) -> None:
    answer = CheckedClient.__mro__[1].generic(api, method, f"/api/calendly/{path}")
    assert answer.status_code == 405
    assert answer["Allow"] == allowed


@pytest.mark.parametrize(
    "path", ["", "nothing", "bookings/a/b/c", "schedule.json", "hosts//availability", "%00", "Schedule"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_elsewhere_is_a_404_in_our_shape(api: CheckedClient, method: str, path: str) -> None:
    answer = api.generic(method, f"/api/calendly/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["success"] is False


def test_a_slash_at_the_end_is_the_same_call(api: CheckedClient) -> None:
    assert api.post(URL + "/", SCHEDULE_BODY, format="json").status_code == 201
    assert api.get("/api/calendly/bookings/").status_code == 200
    assert len(api.get("/api/calendly/upcoming/ana@example.com/").json()["events"]) == 1


@pytest.mark.parametrize("key", ["%00", "%ff%fe", "a" * 500, "%F0%9F%8E%89", "..", "{7}"])
def test_an_id_that_is_none_is_a_404(api: CheckedClient, key: str) -> None:
    assert api.get(f"/api/calendly/bookings/{key}").status_code == 404
    assert api.post(f"/api/calendly/bookings/{key}/cancel", {}, format="json").status_code == 404
    assert api.get(f"/api/calendly/hosts/{key}/availability").status_code == 404


def test_the_database_away_is_a_503_without_a_traceback(
    api: CheckedClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_args: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(event_types, "hosts", away)
    answer = api.get("/api/calendly/hosts")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert not [record for record in caplog.records if record.exc_info]


def test_a_mistake_of_ours_is_a_500_in_our_shape_and_logged(
    api: CheckedClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(event_types, "hosts", broken)
    answer = api.get("/api/calendly/hosts")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret detail" not in answer.content.decode()
    assert [record for record in caplog.records if record.exc_info]


def test_answers_are_not_kept_by_anybody(api: CheckedClient) -> None:
    answer = api.get("/api/calendly/hosts")
    assert answer["Cache-Control"] == "no-store"
    assert "Authorization" in answer["Vary"]
    assert "Accept-Language" in answer["Vary"]


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("", "ro"),
        ("fr", "ro"),
        ("en-GB", "en"),
        ("de, en;q=0.5, ro;q=0.4", "en"),
        ("*", "ro"),
        ("\x00;;,", "ro"),
        ("en," * 900, "en"),
    ],
)
def test_the_language_is_romanian_unless_english_is_asked_for(
    api: CheckedClient, accepted: str, spoken: str
) -> None:
    answer = api.get("/api/calendly/hosts", HTTP_ACCEPT_LANGUAGE=accepted)
    assert answer["Content-Language"] == spoken


def test_refusals_are_said_in_romanian(romanian: CheckedClient) -> None:
    answer = romanian.post(URL, {**SCHEDULE_BODY, "preferredTime": "2026-11-22T10:00:00"}, format="json")
    assert answer.json()["errors"] == {"preferredTime": ["Ora aceea a trecut deja."]}
    assert answer.json()["message"] == "Ora aceea a trecut deja."
