"""What can go wrong between us and a server.

Each class answers one question of the caller: may the request have taken effect?
"""

from __future__ import annotations

import ssl

import requests
import urllib3

NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class TransportError(Exception):
    """A request without a whole response. ``status`` is set where the response broke off after its headers.

    ``reason`` is the name of the exception underneath. Its text is left out: requests and urllib3 write URLs into
    it, and ours hold people's addresses.
    """

    def __init__(self, reason: str, *, status: int | None = None, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.timed_out = timed_out


class NotSent(TransportError):
    """No connection was made: the request certainly did not reach the server."""


class ResponseLost(TransportError):
    """The request was sent, or may have been, and no whole response came back. It may have taken effect."""


class ResponseTooLarge(TransportError):
    """The request was answered, with more bytes than we read. It may have taken effect."""


def from_exception(exc: Exception, *, status: int | None = None) -> TransportError:
    """The error for an exception of requests, urllib3 or the socket."""
    cause = _cause(exc)
    name = type(cause).__name__
    timed_out = isinstance(cause, requests.Timeout | TimeoutError) or _is_timeout(cause)
    if status is None and _certainly_not_sent(cause):
        return NotSent(name, timed_out=timed_out)
    return ResponseLost(name, status=status, timed_out=timed_out)


def _cause(exc: Exception) -> BaseException:
    """The exception underneath: requests wraps urllib3's, which wraps that of the last try."""
    inner = exc.args[0] if exc.args and isinstance(exc.args[0], BaseException) else exc
    if isinstance(inner, urllib3.exceptions.MaxRetryError) and inner.reason is not None:
        return inner.reason
    return exc if isinstance(exc, requests.ConnectTimeout) else inner


def _is_timeout(cause: BaseException) -> bool:
    # urllib3 counts refused connections among its timeouts.
    refused = isinstance(cause, urllib3.exceptions.NewConnectionError)
    return isinstance(cause, urllib3.exceptions.TimeoutError) and not refused


def _certainly_not_sent(cause: BaseException) -> bool:
    """True only for what happens before the first byte of the request.

    A kept connection that the server had closed looks the same as a server that read the request and then died. A
    TLS handshake that timed out looks like a lost response. Both may have been sent.
    """
    if isinstance(cause, urllib3.exceptions.SSLError):
        return bool(cause.args) and isinstance(cause.args[0], ssl.SSLCertVerificationError)
    # urllib3: refused connections and unknown hosts are subclasses of ConnectTimeoutError.
    return isinstance(cause, requests.ConnectTimeout | urllib3.exceptions.ConnectTimeoutError)
