from __future__ import annotations

from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from calendly_integration.calendly import errors

INVALID = {"title": "Invalid Argument", "message": "The supplied parameters are invalid."}


def refused(
    status: int, body: object = None, *, write: bool = True, token: str = "", **headers: str
) -> errors.CalendlyError:
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return errors.from_response(status, named, body, write=write, token=token)


def with_code(code: str) -> dict[str, Any]:
    return INVALID | {"details": [{"parameter": "event.start_time", "message": "no", "code": code}]}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, INVALID, errors.InvalidRequest),
        (400, with_code("already_filled"), errors.SlotTaken),
        (400, with_code("invalid_location_choice"), errors.InvalidRequest),
        (400, with_code("unheard_of"), errors.InvalidRequest),
        (401, {"title": "Unauthenticated", "message": "The access token expired"}, errors.Unauthenticated),
        (
            403,
            {"title": "Permission Denied", "message": "You do not have permission"},
            errors.PermissionDenied,
        ),
        (403, {"message": "Event is already canceled"}, errors.AlreadyCanceled),
        (403, {"message": "Event in the past"}, errors.EventInPast),
        (403, {"title": "Insufficient scope", "required_scopes": ["users:read"]}, errors.InsufficientScope),
        (403, None, errors.PermissionDenied),
        (404, {"title": "Resource Not Found"}, errors.NotFound),
        (409, {"title": "Already Exists"}, errors.AlreadyExists),
        (410, None, errors.NotFound),
        (418, None, errors.InvalidRequest),
        (422, [], errors.InvalidRequest),
        (424, {"title": "External Calendar Error"}, errors.InvalidRequest),
    ],
)
@pytest.mark.parametrize("write", [True, False])
def test_a_refusal_did_nothing_and_would_come_again(
    status: int, body: object, kind: type[errors.CalendlyError], write: bool
) -> None:
    error = refused(status, body, write=write)
    assert type(error) is kind
    assert (error.status, error.retryable, error.outcome_unknown) == (status, False, False)


@pytest.mark.parametrize("write", [True, False])
def test_a_limit_did_nothing_and_may_be_asked_again(write: bool) -> None:
    error = refused(429, write=write)
    assert type(error) is errors.RateLimited
    assert (error.retryable, error.outcome_unknown) == (True, False)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 599])
def test_a_failing_server_may_have_done_what_was_asked(status: int) -> None:
    write, read = refused(status), refused(status, write=False)
    assert type(write) is type(read) is errors.ServerError
    assert (write.retryable, write.outcome_unknown) == (False, True)
    assert (read.retryable, read.outcome_unknown) == (True, False)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, 60),
        ({"X_RateLimit_Reset": "42"}, 42),
        ({"X_RateLimit_Reset": "0"}, 0),
        ({"X_RateLimit_Reset": "7", "Retry_After": "99"}, 7),
        ({"Retry_After": "99"}, 99),
        ({"X_RateLimit_Reset": "soon", "Retry_After": "9"}, 9),
        ({"X_RateLimit_Reset": "-5"}, 60),
        ({"X_RateLimit_Reset": "nan"}, 60),
        ({"X_RateLimit_Reset": "٣"}, 60),
        ({"X_RateLimit_Reset": "1795421643"}, 86_400),
        ({"Retry_After": "Mon, 23 Nov 2026 08:00:30 GMT", "Date": "Mon, 23 Nov 2026 08:00:00 GMT"}, 30),
        ({"Retry_After": "Mon, 23 Nov 2026 08:00:00 GMT", "Date": "Mon, 23 Nov 2026 08:00:30 GMT"}, 0),
        ({"Retry_After": "Mon, 23 Nov 2026 08:00:30 GMT"}, 60),
        ({"Retry_After": "whenever"}, 60),
    ],
)
def test_a_limit_says_how_long_to_wait(headers: dict[str, str], pause: float) -> None:
    assert refused(429, None, **headers).retry_after == pause


def test_other_errors_wait_only_when_told() -> None:
    assert refused(503).retry_after is None
    assert refused(503, None, Retry_After="5").retry_after == 5


def test_the_facts_of_a_refusal_are_kept() -> None:
    error = refused(400, with_code("already_filled"))
    assert error.title == "Invalid Argument"
    assert error.details == (errors.Detail("event.start_time", "no", "already_filled"),)
    assert str(error) == "Invalid Argument: The supplied parameters are invalid. (event.start_time no)"
    scopes = refused(403, {"required_scopes": ["users:read", 7]})
    assert isinstance(scopes, errors.InsufficientScope)
    assert scopes.required_scopes == ("users:read",)


def test_outsiders_text_is_cut_and_stripped_and_without_our_token() -> None:
    text = "a\x00b\x1b[31m\r\nc\u202e\ud800 secret-token " + "x" * 5000
    body = {"title": text, "message": text, "details": [{"message": text, "code": text}] * 50}
    error = refused(400, body, token="secret-token")
    assert len(error.message) == 500
    assert error.message.startswith("a b [31m c [token]")
    assert len(error.details) == 20
    for shown in (str(error), error.title, error.details[0].code or ""):
        assert shown.isprintable()
        assert "secret-token" not in shown


@pytest.mark.parametrize(
    "body", [None, [], "text", 7, {"message": 7, "title": None, "details": "x"}, {"details": [1, None, {}]}]
)
def test_any_body_is_survived(body: object) -> None:
    assert refused(400, body).message == "Calendly answered 400"
