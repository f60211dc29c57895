"""What can go wrong with a call to the portal.

``retryable``: may the same message be sent again? Its Idempotency-Key makes that safe even where
``outcome_unknown`` says that it may have arrived. No error holds our key, a body, or the answer's text.
"""

from __future__ import annotations


class PortalError(Exception):
    """A call that did not succeed. ``retry_after`` is in seconds, None where the portal named no pause."""

    retryable: bool = False
    outcome_unknown: bool = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown


class RequestRefused(PortalError):
    """4xx other than 401, 403, 408, 425 and 429: the same message would be refused again."""


class KeyRefused(PortalError):
    """401, 403: the portal does not take our key. The message can be sent again once it does."""

    retryable = True


class PortalUnavailable(PortalError):
    """Network, 408, 429, 5xx, 3xx, or an answer that cannot be read: try again later."""

    retryable = True
