"""What can go wrong with a call to Calendly.

Every error answers two questions, and callers branch on these instead of on status codes:
``retryable`` (may the same request be sent again?) and ``outcome_unknown`` (may it have taken effect?).
The answers belong to the instance: a read whose answer was lost is sent again, a booking whose answer was lost
is looked up.

Calendly's texts come from outside: they are cut and stripped of control characters here. No error holds our token,
a request body or a query string.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..http import errors as http_errors
from ..http.transport import retry_after, seconds

_MAX_TEXT = 500
_MAX_SHORT = 120
_MAX_DETAILS = 20
# Where a 429 names no pause. Nothing is documented; the limits are counted by the minute.
_DEFAULT_PAUSE_SECONDS = 60.0


class Detail(NamedTuple):
    """An entry of ``details`` in an error body. ``parameter`` may be Calendly's internal path, not ours."""

    parameter: str
    message: str
    code: str | None


class CalendlyError(Exception):
    """A call that did not succeed. ``retry_after`` is in seconds, None where Calendly named no pause."""

    retryable: bool = False
    outcome_unknown: bool = False
    timed_out: bool = False

    def __init__(
        self,
        message: str,
        *,
        title: str = "",
        status: int | None = None,
        details: tuple[Detail, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.title = title
        self.status = status
        self.details = details
        self.retry_after = retry_after

    def __str__(self) -> str:
        details = [f"{detail.parameter} {detail.message}".strip() for detail in self.details]
        text = ": ".join(part for part in (self.title, self.message) if part)
        return f"{text} ({'; '.join(details)})" if details else text


class _MayHaveArrived(CalendlyError):
    """The request may have reached Calendly. A read is sent again; of a write the outcome is unknown."""

    def __init__(self, message: str, *, write: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.retryable = not write
        self.outcome_unknown = write


class NotSent(CalendlyError):
    """No connection was made: the request certainly did not reach Calendly."""

    retryable = True


class AnswerLost(_MayHaveArrived):
    """The request was sent, or may have been, and no whole answer came back."""


class ServerError(_MayHaveArrived):
    """5xx (and 408): Calendly failed, perhaps after it had done what was asked."""


class BadAnswer(_MayHaveArrived):
    """An answer that cannot be used: not JSON, wrong shape, over the size cap, or a redirect."""


class RateLimited(CalendlyError):
    """429: refused before anything was done. For bookings it may mean an hourly or a daily cap."""

    retryable = True


class Unauthenticated(CalendlyError):
    """401: the token is wrong, expired or revoked."""


class PermissionDenied(CalendlyError):
    """403: role, plan, scope, or a state in which this is not allowed."""


class InsufficientScope(PermissionDenied):
    """The token lacks scopes, named in ``required_scopes``; ``guessed`` where Calendly named none and we name the
    likely one. A 403, or the 400 of a subscription (calendly-api, section 2)."""

    required_scopes: tuple[str, ...] = ()
    guessed: bool = False

    def __str__(self) -> str:
        names = ", ".join(self.required_scopes)
        if not names:
            return "The token lacks a scope; Calendly does not say which one"
        if self.guessed:
            return f"The token probably lacks the scope {names} (Calendly only says: {self.message})"
        return f"The token lacks the scope {names}"


class AlreadyCanceled(PermissionDenied):
    """403 on a cancellation: the event is canceled already."""


class EventInPast(PermissionDenied):
    """403 on a cancellation: the event is over."""


class NotFound(CalendlyError):
    """404. On a booking: the event type, or (undocumented) a start time that was never offered."""


class InvalidRequest(CalendlyError):
    """400 and other refusals of what we sent."""


class SlotTaken(InvalidRequest):
    """400 with code ``already_filled``: this start time is booked."""


class AlreadyExists(CalendlyError):
    """409: a webhook subscription for this URL exists."""


class InvalidSignature(Exception):
    """A webhook delivery that was not signed with our key. ``args[0]`` says why, for the log only."""


class UnreadablePayload(ValueError):
    """Bytes or JSON that are not what Calendly sends: not JSON, or a key that we need is missing or wrong."""


_BY_STATUS: dict[int, type[CalendlyError]] = {
    401: Unauthenticated,
    403: PermissionDenied,
    404: NotFound,
    # A proxy's "request timeout" says no more about what was done than a 5xx does.
    408: ServerError,
    409: AlreadyExists,
    410: NotFound,
    429: RateLimited,
}
# Calendly sends no code for these two: the text is all there is.
_BY_MESSAGE: dict[str, type[PermissionDenied]] = {
    "event is already canceled": AlreadyCanceled,
    "event in the past": EventInPast,
}


def from_response(
    status: int, headers: Mapping[str, str], body: object, *, write: bool, token: str
) -> CalendlyError:
    """The error for a status of 400 and more. ``body`` is the parsed JSON, or None where there was none."""
    data: dict[str, Any] = body if isinstance(body, dict) else {}
    details = _details(data.get("details"), token)
    message = _clean(data.get("message"), token)
    kind = _error_class(status, data, details, message)
    error = kind(
        message or f"Calendly answered {status}",
        title=_clean(data.get("title"), token, _MAX_SHORT),
        status=status,
        details=details,
        retry_after=_pause_seconds(status, headers),
        **({"write": write} if kind is ServerError else {}),
    )
    if isinstance(error, InsufficientScope):
        error.required_scopes = _scopes(data.get("required_scopes"), token)
    return error


def from_transport(exc: http_errors.TransportError, *, write: bool) -> CalendlyError:
    """The error for a request without a whole answer."""
    error: CalendlyError
    if isinstance(exc, http_errors.NotSent):
        error = NotSent(f"could not connect to Calendly ({exc.reason})")
    elif isinstance(exc, http_errors.ResponseTooLarge):
        error = BadAnswer("the answer is over 10 MB", status=exc.status, write=write)
    else:
        error = AnswerLost(f"the answer of Calendly was lost ({exc.reason})", status=exc.status, write=write)
    error.timed_out = exc.timed_out
    return error


def _error_class(
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
    return SlotTaken if any(detail.code == "already_filled" for detail in details) else InvalidRequest


def _details(value: object, token: str) -> tuple[Detail, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        Detail(
            parameter=_clean(item.get("parameter"), token, _MAX_SHORT),
            message=_clean(item.get("message"), token),
            code=_clean(item.get("code"), token, _MAX_SHORT) or None,
        )
        for item in value[:_MAX_DETAILS]
        if isinstance(item, dict)
    )


def _scopes(value: object, token: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(_clean(item, token, _MAX_SHORT) for item in value[:_MAX_DETAILS] if isinstance(item, str))


def _pause_seconds(status: int, headers: Mapping[str, str]) -> float | None:
    after = retry_after(headers)
    if status != 429:
        return after
    reset = seconds(headers.get("X-RateLimit-Reset"))
    return next((pause for pause in (reset, after) if pause is not None), _DEFAULT_PAUSE_SECONDS)


def _clean(value: object, token: str, max_length: int = _MAX_TEXT) -> str:
    """A text from outside, made safe for logs and pages: one line, printable, cut, without our token."""
    if not isinstance(value, str):
        return ""
    # Cut generously first, so that ten megabytes of text cost nothing. The token is never longer than that.
    text = value[: max_length * 10]
    if token:
        text = text.replace(token, "[token]")
    printable = "".join([char if char.isprintable() else " " for char in text])
    return " ".join(printable.split())[:max_length]
