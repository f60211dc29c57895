from __future__ import annotations

import ssl
from typing import Any

import pytest
import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from calendly_integration.calendly import errors, refusals

INVALID = {"title": "Invalid Argument", "message": "The supplied parameters are invalid."}
POOL: Any = urllib3.HTTPConnectionPool("localhost")
CONNECTION: Any = urllib3.connection.HTTPConnection("localhost")


def refused(
    status: int, body: object = None, *, write: bool = True, secret: str = "", **headers: str
) -> errors.CalendlyError:
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return refusals.from_answer(status, named, body, write=write, secret=secret)


def with_code(code: str) -> dict[str, Any]:
    return INVALID | {"details": [{"parameter": "event.start_time", "message": "no", "code": code}]}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, INVALID, errors.InvalidRequest),
        (400, with_code("already_filled"), errors.SlotTaken),
        (400, with_code("invalid_location_choice"), errors.InvalidLocation),
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
        (424, {"title": "External Calendar Error"}, errors.CalendarTrouble),
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
    error = refused(400, with_code("already_filled"), X_Request_Id="abc-1")
    assert (error.code, error.request_id, error.title) == ("already_filled", "abc-1", "Invalid Argument")
    assert error.details == (errors.Detail("event.start_time", "no", "already_filled"),)
    assert str(error) == "Invalid Argument: The supplied parameters are invalid. (event.start_time no)"
    scopes = refused(403, {"required_scopes": ["users:read", 7]})
    assert isinstance(scopes, errors.InsufficientScope)
    assert scopes.required_scopes == ("users:read",)


def test_outsiders_text_is_cut_and_stripped_and_without_our_token() -> None:
    text = "a\x00b\x1b[31m\r\nc\u202e\ud800 secret-token " + "x" * 5000
    body = {"title": text, "message": text, "details": [{"message": text, "code": text}] * 50}
    error = refused(400, body, secret="secret-token", X_Request_Id=text)
    assert len(error.message) == 500
    assert error.message.startswith("a b [31m c [token]")
    assert len(error.details) == 20
    for told in (str(error), error.title, error.code or "", error.request_id or ""):
        assert told.isprintable()
        assert "secret-token" not in told


@pytest.mark.parametrize(
    "body", [None, [], "text", 7, {"message": 7, "title": None, "details": "x"}, {"details": [1, None, {}]}]
)
def test_any_body_is_survived(body: object) -> None:
    assert refused(400, body).message == "Calendly answered 400"


def wrapped(reason: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(POOL, "/x?invitee_email=nora", reason))


@pytest.mark.parametrize(
    "exc",
    [
        requests.ConnectTimeout(),
        wrapped(urllib3.exceptions.NewConnectionError(CONNECTION, "Connection refused")),
        wrapped(urllib3.exceptions.NameResolutionError("nowhere", CONNECTION, OSError())),  # type: ignore[arg-type]
        wrapped(urllib3.exceptions.ConnectTimeoutError(CONNECTION, "late")),
        requests.exceptions.SSLError(
            urllib3.exceptions.MaxRetryError(
                POOL, "/", urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("expired"))
            )
        ),
    ],
)
def test_without_a_connection_nothing_was_sent(exc: Exception) -> None:
    for write in (True, False):
        error = refusals.from_exception(exc, write=write)
        assert type(error) is errors.NotSent
        assert (error.retryable, error.outcome_unknown) == (True, False)
        assert "nora" not in str(error)


@pytest.mark.parametrize(
    "exc",
    [
        requests.ReadTimeout(),
        requests.ConnectionError(
            urllib3.exceptions.ProtocolError("Connection aborted.", ConnectionResetError())
        ),
        requests.ConnectionError("?"),
        wrapped(urllib3.exceptions.ReadTimeoutError(POOL, "/", "late")),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.ContentDecodingError(),
        requests.exceptions.SSLError(urllib3.exceptions.SSLError(ssl.SSLError("bad record"))),
        requests.exceptions.ProxyError(),
        urllib3.exceptions.LocationParseError("?"),
        OSError(),
    ],
)
def test_after_the_connection_nobody_knows(exc: Exception) -> None:
    write, read = (refusals.from_exception(exc, write=write) for write in (True, False))
    assert type(write) is type(read) is errors.AnswerLost
    assert (write.retryable, write.outcome_unknown) == (False, True)
    assert (read.retryable, read.outcome_unknown) == (True, False)
