"""HTTP exchanges with one server: pooled, limited in time and size, without redirects, with few errors."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from .adapter import PooledAdapter
from .errors import NETWORK_ERRORS, ResponseTooLarge, TransportError, from_exception

USER_AGENT = "django-calendly-integration"

# As much of an error's body, or of a body that is not needed, is read to keep the connection.
_MAX_ERROR_BYTES = 256 * 1024
_MAX_DISCARDED_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
_MAX_WAIT_SECONDS = 86_400.0


class Response(NamedTuple):
    """A response whose body was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends each request once to one base URL. May be used by many threads at once.

    Requests are built by hand and given to the adapter: ``Session.request`` would add cookies and settings of the
    environment, and costs several times as much as the exchange.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        max_response_bytes: int,
        session: requests.Session | None = None,
        connect_timeout: float = 3.05,
        read_timeout: float = 10.0,
        pool_size: int = 64,
    ) -> None:
        """Raises ValueError for a base URL that is none. Timeouts are in seconds."""
        parts = urlsplit(base_url)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.username:
            raise ValueError("the base URL must be http(s)://host[:port][/path]")
        self.base_url = base_url.rstrip("/")
        self.session = session or _new_session(pool_size)
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **headers}
        self._max_response_bytes = max_response_bytes
        self._timeout = (connect_timeout, read_timeout)
        self._deadline_seconds = connect_timeout + 2 * read_timeout

    def close(self) -> None:
        """Close the pooled connections."""
        self.session.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        discard_body: bool = False,
    ) -> Response:
        """Send once. ``body`` is JSON; ``path`` begins with a slash. Redirects come back like any response.

        Of an error's body only the beginning is read. With ``discard_body`` the status is all that matters: the
        body of the response is dropped, whatever happens to it. Raises TransportError.
        """
        started = time.monotonic()
        response = self._send(self._prepare(method, path, params, body, headers))
        try:
            content = self._discard(response) if discard_body else self._read(response, started)
        finally:
            response.close()
        return Response(response.status_code, response.headers, content)

    def _prepare(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.method = method
        prepared.url = f"{self.base_url}{path}" + (f"?{urlencode(params)}" if params else "")
        prepared.headers = CaseInsensitiveDict(self._headers)
        if body is not None:
            prepared.body = body
            prepared.headers["Content-Type"] = "application/json"
        if method != "GET":
            prepared.headers["Content-Length"] = str(len(body or b""))
        if headers:
            prepared.headers.update(headers)
        return prepared

    def _send(self, prepared: requests.PreparedRequest) -> requests.Response:
        session = self.session
        try:
            return session.get_adapter(prepared.url or "").send(
                prepared,
                stream=True,
                timeout=self._timeout,
                verify=True if session.verify is None else session.verify,
                cert=session.cert,
                proxies=session.proxies,
            )
        except NETWORK_ERRORS as exc:
            error = from_exception(exc)
        # Raised outside of the handler, so that it holds no reference to the request with its secrets.
        raise error

    def _read(self, response: requests.Response, started: float) -> bytes:
        """The body, or the beginning of an error's body."""
        status = response.status_code
        chunks: list[bytes] = []
        size = 0
        error: TransportError
        try:
            for chunk in response.iter_content(_CHUNK_BYTES):
                chunks.append(chunk)
                size += len(chunk)
                if status >= 400 and size > _MAX_ERROR_BYTES:
                    break
                if size > self._max_response_bytes:
                    raise ResponseTooLarge(f"over {self._max_response_bytes} bytes", status=status)
                if time.monotonic() - started > self._deadline_seconds:
                    raise requests.ReadTimeout("the response took too long")
            return b"".join(chunks)
        except NETWORK_ERRORS as exc:
            error = from_exception(exc, status=status)
        raise error

    def _discard(self, response: requests.Response) -> bytes:
        """Read a short body, so that the connection can be used again."""
        with suppress(*NETWORK_ERRORS):
            response.raw.read(_MAX_DISCARDED_BYTES)
        return b""


def header_value(value: str, what: str) -> str:
    """The value itself. Raises ValueError where no header can carry it."""
    if not value or not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError(f"{what} is empty or holds characters that no header can carry")
    return value


def seconds(value: str | None) -> float | None:
    """A header's number of seconds, at most a day; None where it is no such number."""
    if value is None or not value.isascii():
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    # Also false for NaN.
    return min(number, _MAX_WAIT_SECONDS) if number >= 0 else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, at most a day. A date counts from the response's own Date: we have no clock here."""
    value = headers.get("Retry-After")
    number = seconds(value)
    if value is None or number is not None:
        return number
    try:
        until, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("Date", ""))
        return min(max((until - now).total_seconds(), 0.0), _MAX_WAIT_SECONDS)
    except (ValueError, TypeError):
        return None


def _new_session(pool_size: int) -> requests.Session:
    session = requests.Session()
    # No proxies or passwords of the environment.
    session.trust_env = False
    adapter = PooledAdapter(pool_size=pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
