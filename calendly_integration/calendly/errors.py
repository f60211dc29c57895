"""What can go wrong with a call to Calendly.

Every error answers two questions, and callers branch on these instead of on status codes:
``retryable`` (may the same request be sent again?) and ``outcome_unknown`` (may it have taken effect?).
The answers belong to the instance: a lost answer to a read is simply asked for again, a lost answer to a
booking is looked up.

Texts of Calendly are outsiders' texts: they arrive here already cut and stripped of control characters, and
no error ever holds our token, a request body or a query string.
"""

from __future__ import annotations

from typing import Any, NamedTuple


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
        request_id: str | None = None,
        retry_after: float | None = None,
        write: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.title = title
        self.status = status
        self.details = details
        self.code: str | None = next((d.code for d in details if d.code), None)
        self.request_id = request_id
        self.retry_after = retry_after
        self.write = write

    def __str__(self) -> str:
        told = [f"{d.parameter} {d.message}".strip() for d in self.details]
        head = ": ".join(part for part in (self.title, self.message) if part)
        return f"{head} ({'; '.join(told)})" if told else head


class _EitherWay(CalendlyError):
    """The request may have reached Calendly. Harmless for a read; after a write nobody knows."""

    def __init__(self, message: str, *, write: bool = False, **facts: Any) -> None:
        super().__init__(message, write=write, **facts)
        self.retryable = not write
        self.outcome_unknown = write


class NotSent(CalendlyError):
    """No connection was made: the request certainly did not reach Calendly."""

    retryable = True


class AnswerLost(_EitherWay):
    """The request was sent, or may have been, and no whole answer came back."""


class ServerError(_EitherWay):
    """5xx (and 408): Calendly failed, perhaps after it had done what was asked."""


class BadAnswer(_EitherWay):
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
    """400 with code ``already_filled``: somebody else has this start time."""


class InvalidLocation(InvalidRequest):
    """400 with code ``invalid_location_choice``: the location is not one of the event type's."""


class AlreadyExists(CalendlyError):
    """409: a webhook subscription for this URL exists."""


class CalendarTrouble(CalendlyError):
    """424: Calendly cannot read the host's own calendar."""


class InvalidSignature(Exception):
    """A webhook delivery that nobody vouches for. ``args[0]`` says why, for the log only."""


class Unreadable(ValueError):
    """Bytes or JSON that are not what Calendly sends: not JSON, or a key that we need is missing or wrong."""
