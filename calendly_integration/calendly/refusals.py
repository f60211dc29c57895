"""From an answer or an exception of the transport to the right error. The table of the whole client."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3

from .errors import (
    AlreadyCanceled,
    AlreadyExists,
    AnswerLost,
    CalendarTrouble,
    CalendlyError,
    Detail,
    EventInPast,
    InsufficientScope,
    InvalidLocation,
    InvalidRequest,
    NotFound,
    NotSent,
    PermissionDenied,
    RateLimited,
    ServerError,
    SlotTaken,
    Unauthenticated,
)

_MAX_TEXT = 500
_MAX_SHORT = 120
_MAX_DETAILS = 20
_MAX_PAUSE = 86_400.0
# Where a 429 names no pause. Nothing is documented; the limits are counted by the minute.
_DEFAULT_PAUSE = 60.0

_BY_STATUS: dict[int, type[CalendlyError]] = {
    401: Unauthenticated,
    403: PermissionDenied,
    404: NotFound,
    # A proxy's "request timeout" says no more about what was done than a 5xx does.
    408: ServerError,
    409: AlreadyExists,
    410: NotFound,
    424: CalendarTrouble,
    429: RateLimited,
}
_BY_CODE: dict[str, type[InvalidRequest]] = {
    "already_filled": SlotTaken,
    "invalid_location_choice": InvalidLocation,
}
# Calendly sends no code for these two: the text is all there is.
_BY_MESSAGE: dict[str, type[PermissionDenied]] = {
    "event is already canceled": AlreadyCanceled,
    "event in the past": EventInPast,
}


def clean(value: object, secret: str, limit: int = _MAX_TEXT) -> str:
    """An outsider's text made safe for logs and pages: one line, printable, cut, without our token."""
    if not isinstance(value, str):
        return ""
    # Cut generously first, so that ten megabytes of text cost nothing; the token is never longer than that.
    text = value[: limit * 10]
    if secret:
        text = text.replace(secret, "[token]")
    printable = "".join([char if char.isprintable() else " " for char in text])
    return " ".join(printable.split())[:limit]


def from_answer(
    status: int, headers: Mapping[str, str], body: object, *, write: bool, secret: str
) -> CalendlyError:
    """The error for a status of 400 and more; ``body`` is the parsed JSON, or None where there was none."""
    data: dict[str, Any] = body if isinstance(body, dict) else {}
    details = _details(data.get("details"), secret)
    message = clean(data.get("message"), secret)
    kind = _kind(status, data, details, message)
    error = kind(
        message or f"Calendly answered {status}",
        title=clean(data.get("title"), secret, _MAX_SHORT),
        status=status,
        details=details,
        request_id=request_id(headers, secret),
        retry_after=_pause(status, headers),
        write=write,
    )
    if isinstance(error, InsufficientScope):
        error.required_scopes = _scopes(data.get("required_scopes"), secret)
    return error


def from_exception(exc: Exception, *, write: bool, status: int | None = None) -> CalendlyError:
    """The error for a call that ended without a whole answer; with a ``status`` it broke off in the body.

    Only class names are told: the texts of requests and urllib3 hold the query, and with it people's
    addresses.
    """
    reason = _reason(exc)
    told = type(reason).__name__
    error: CalendlyError
    if status is None and _certainly_not_sent(reason):
        error = NotSent(f"could not connect to Calendly ({told})", write=write)
    else:
        error = AnswerLost(f"the answer of Calendly was lost ({told})", status=status, write=write)
    error.timed_out = isinstance(reason, requests.Timeout | TimeoutError) or _is_timeout(reason)
    return error


def request_id(headers: Mapping[str, str], secret: str) -> str | None:
    """What Calendly's support asks for, where an answer has it."""
    value = headers.get("X-Request-Id") or headers.get("CF-Ray")
    return clean(value, secret, _MAX_SHORT) or None


def seconds(value: str | None) -> float | None:
    """A header's number of seconds, within a day; None where it is no such number."""
    if value is None or not value.isascii():
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    # Also false for NaN.
    return min(number, _MAX_PAUSE) if number >= 0 else None


def _kind(
    status: int, data: dict[str, Any], details: tuple[Detail, ...], message: str
) -> type[CalendlyError]:
    if status >= 500:
        return ServerError
    if status == 403:
        if "required_scopes" in data:
            return InsufficientScope
        return next((kind for text, kind in _BY_MESSAGE.items() if text in message.lower()), PermissionDenied)
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return next((_BY_CODE[d.code] for d in details if d.code in _BY_CODE), InvalidRequest)


def _details(value: object, secret: str) -> tuple[Detail, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        Detail(
            parameter=clean(item.get("parameter"), secret, _MAX_SHORT),
            message=clean(item.get("message"), secret),
            code=clean(item.get("code"), secret, _MAX_SHORT) or None,
        )
        for item in value[:_MAX_DETAILS]
        if isinstance(item, dict)
    )


def _scopes(value: object, secret: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(clean(item, secret, _MAX_SHORT) for item in value[:_MAX_DETAILS] if isinstance(item, str))


def _pause(status: int, headers: Mapping[str, str]) -> float | None:
    after = _retry_after(headers)
    if status != 429:
        return after
    reset = seconds(headers.get("X-RateLimit-Reset"))
    return next((pause for pause in (reset, after) if pause is not None), _DEFAULT_PAUSE)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After")
    number = seconds(value)
    if value is None or number is not None:
        return number
    try:
        # Against the server's own clock: this package has none.
        until, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("Date", ""))
        return min(max((until - now).total_seconds(), 0.0), _MAX_PAUSE)
    except (ValueError, TypeError):
        return None


def _reason(exc: Exception) -> BaseException:
    """The exception underneath: requests wraps urllib3's, which wraps the last try's."""
    inner = exc.args[0] if exc.args and isinstance(exc.args[0], BaseException) else exc
    if isinstance(inner, urllib3.exceptions.MaxRetryError) and inner.reason is not None:
        return inner.reason
    if isinstance(exc, requests.ConnectTimeout):
        return exc
    return inner


def _is_timeout(reason: BaseException) -> bool:
    # urllib3 files refused connections under its timeouts.
    refused = isinstance(reason, urllib3.exceptions.NewConnectionError)
    return isinstance(reason, urllib3.exceptions.TimeoutError) and not refused


def _certainly_not_sent(reason: BaseException) -> bool:
    """Only what happens before the first byte of the request.

    A kept connection that the server had closed is not among these: it looks the same as a server that read
    the request and then died. Nor is a handshake that timed out: urllib3 reports it like a lost answer.
    """
    if isinstance(reason, urllib3.exceptions.SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    # urllib3: refused connections and unknown hosts are subclasses of ConnectTimeoutError.
    return isinstance(reason, requests.ConnectTimeout | urllib3.exceptions.ConnectTimeoutError)
