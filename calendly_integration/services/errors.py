"""The errors that several services raise: Calendly's, in our terms, and requests that cannot be met."""

import math
from datetime import datetime

from .. import clients
from ..calendly.errors import CalendlyError, RateLimited, Unauthenticated
from ..models import CalendlyAccount
from .accounts import calendly_accounts


class InvalidBookingRequest(ValueError):
    """The request cannot be tried. `field` is wrong, `code` and `values` say why; the entry point has the text."""

    def __init__(self, field: str, code: str, **values: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code, self.values = field, code, values


class CalendlyRefused(Exception):
    """Calendly refused. The text is Calendly's, without secrets."""


class CalendlyUnavailable(Exception):
    """Calendly could not be reached, and nothing was changed there. `retry_after` in seconds."""

    def __init__(self, text: str, retry_after: int = 30) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class QuotaExhausted(Exception):
    """Calendly's booking allowance is used up. `retry_after` in seconds; the invitee can still book by
    `scheduling_url`."""

    def __init__(self, retry_after: int, scheduling_url: str) -> None:
        super().__init__("The booking allowance is used up.")
        self.retry_after, self.scheduling_url = retry_after, scheduling_url


Failure = CalendlyError | clients.NoToken


def from_calendly(error: Failure, account: CalendlyAccount, *, now: datetime) -> Exception:
    """The error to raise for an error after which nothing has changed at Calendly."""
    if isinstance(error, clients.NoToken):
        calendly_accounts.mark_failing(account, error, now=now)
        return CalendlyRefused(str(error))
    if isinstance(error, RateLimited):
        return CalendlyUnavailable("Calendly's rate limit is reached.", seconds(error.retry_after))
    if error.retryable or error.outcome_unknown:
        return CalendlyUnavailable(f"Calendly could not be reached ({type(error).__name__}).")
    if isinstance(error, Unauthenticated):
        calendly_accounts.mark_failing(account, error, now=now)
    return CalendlyRefused(str(error))


def seconds(wait: float | None) -> int:
    """A wait for Retry-After: whole seconds, at least one."""
    return max(1, math.ceil(wait if wait is not None else 60))
