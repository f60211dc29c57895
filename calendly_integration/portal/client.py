"""The portal's endpoints that we call: messages out, and one question.

Lean on purpose: after an outage all that waited goes out at once, from some fifty threads. The request is
prepared by hand and given to the adapter directly; Session.request costs several times as much as the
exchange itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from .adapter import LeanAdapter
from .errors import KeyRefused, PortalError, Refused, Unavailable

_MAX_DROPPED = 64 * 1024
_MAX_METADATA = 1024 * 1024
_CHUNK = 16 * 1024
_MAX_PAUSE = 86_400.0
_KEY_REFUSED = frozenset({401, 403})
_TRY_LATER = frozenset({408, 425, 429})
_WIRE_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Client:
    """The portal for one key. One per process; safe for many threads. Sends each call once."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        session: requests.Session | None = None,
        connect_timeout: float = 3.05,
        read_timeout: float = 10.0,
        pool: int = 64,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.username:
            raise ValueError("the portal's URL must be http(s)://host[:port][/path]")
        self.base_url = base_url.rstrip("/")
        self.session = session or _new_session(pool)
        self._timeout = (connect_timeout, read_timeout)
        self._budget = connect_timeout + 2 * read_timeout
        self._headers = {
            "Authorization": f"Bearer {_header_text(key, 'key')}",
            "Accept": "application/json",
            # Answers are short or dropped: unpacking them would only cost.
            "Accept-Encoding": "identity",
            "User-Agent": "django-calendly-integration",
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url}>"

    def close(self) -> None:
        """Give the pooled connections back."""
        self.session.close()

    def post(self, path: str, body: bytes | Mapping[str, Any], *, idempotency_key: str) -> None:
        """POST a message; ``path`` starts with a slash, bytes are JSON already. What is answered is dropped.

        Raises Refused, KeyRefused, Unavailable. ValueError for an idempotency key that no header can carry.
        """
        data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode("ascii")
        prepared = self._prepared("POST", path, data, _header_text(idempotency_key, "idempotency key"))
        started = time.monotonic()
        response = self._send(prepared, write=True)
        status = response.status_code
        try:
            # Read only to keep the connection: the status has said all.
            self._body(response, _MAX_DROPPED, started)
        except _WIRE_ERRORS:
            pass
        finally:
            response.close()
        if not 200 <= status < 300:
            raise _refusal(response, write=True)

    def get_metadata(self, event_id: str) -> dict[str, Any] | None:
        """GET /calendly/metadata/{event id}: what the portal knows of a meeting; None where it knows nothing.

        Raises Refused, KeyRefused, Unavailable.
        """
        started = time.monotonic()
        path = f"/calendly/metadata/{quote(event_id, safe='')}"
        response = self._send(self._prepared("GET", path, None, None), write=False)
        status = response.status_code
        try:
            if status == 404:
                return None
            if not 200 <= status < 300:
                raise _refusal(response, write=False)
            return self._json_object(response, started)
        finally:
            response.close()

    def _json_object(self, response: requests.Response, started: float) -> dict[str, Any]:
        status = response.status_code
        try:
            raw = self._body(response, _MAX_METADATA, started)
            value = None if raw is None else _parsed(raw)
        except _WIRE_ERRORS as exc:
            told = type(exc).__name__
        except (ValueError, RecursionError):
            told = "not JSON"
        else:
            if isinstance(value, dict):
                return value
            told = "no object" if raw is not None else "too long or too slow"
        raise Unavailable(f"the portal's answer cannot be read ({told})", status=status)

    def _prepared(
        self, method: str, path: str, data: bytes | None, idempotency_key: str | None
    ) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.method = method
        prepared.url = f"{self.base_url}{path}"
        headers = CaseInsensitiveDict(self._headers)
        if data is not None and idempotency_key is not None:
            prepared.body = data
            headers["Content-Type"] = "application/json"
            headers["Content-Length"] = str(len(data))
            headers["Idempotency-Key"] = idempotency_key
        prepared.headers = headers
        return prepared

    def _send(self, prepared: requests.PreparedRequest, *, write: bool) -> requests.Response:
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
        except _WIRE_ERRORS as exc:
            failure = _not_answered(exc, write=write)
        # Raised out here so that it carries no trace of the request: error pages print what frames hold.
        raise failure

    def _body(self, response: requests.Response, limit: int, started: float) -> bytes | None:
        """The whole body, or None where it is longer than ``limit`` bytes or takes too long."""
        raw = response.raw
        # One wait for the network each: read() would wait for a slow body to its end.
        read = getattr(raw, "read1", raw.read)
        chunks: list[bytes] = []
        size = 0
        while chunk := read(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > limit or time.monotonic() - started > self._budget:
                return None
        return b"".join(chunks)


def _parsed(raw: bytes) -> Any:
    """The JSON value; texts that no database could store are mended. Only escapes can spell those."""
    value = json.loads(raw.decode("utf-8"))
    return _storable(value) if b"\\u" in raw else value


def _storable(value: Any) -> Any:
    """Without NULs and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return value


def _new_session(pool: int) -> requests.Session:
    session = requests.Session()
    # No proxies or passwords out of the environment.
    session.trust_env = False
    adapter = LeanAdapter(pool_maxsize=pool)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _header_text(value: str, what: str) -> str:
    if not value or not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError(f"the portal's {what} is empty or holds characters that no header can carry")
    return value


def _refusal(response: requests.Response, *, write: bool) -> PortalError:
    status, headers = response.status_code, response.headers
    message = f"the portal answered {status}"
    if status in _KEY_REFUSED:
        return KeyRefused(message, status=status)
    if 400 <= status < 500 and status not in _TRY_LATER:
        return Refused(message, status=status)
    return Unavailable(
        message, status=status, retry_after=_retry_after(headers), outcome_unknown=write and status >= 500
    )


def _not_answered(exc: Exception, *, write: bool) -> PortalError:
    """Class names only: the texts of urllib3 hold URLs."""
    inner = exc.args[0] if exc.args and isinstance(exc.args[0], BaseException) else exc
    reason = getattr(inner, "reason", None)
    if isinstance(reason, BaseException):
        inner = reason
    # Refused connections and unknown hosts are subclasses of it.
    not_sent = isinstance(exc, requests.ConnectTimeout) or isinstance(
        inner, urllib3.exceptions.ConnectTimeoutError
    )
    told = "could not connect to the portal" if not_sent else "the portal's answer was lost"
    return Unavailable(f"{told} ({type(inner).__name__})", outcome_unknown=write and not not_sent)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, at most a day. A date counts from the answer's own Date: we have no clock."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        if value.strip().isdigit():
            return min(float(value), _MAX_PAUSE)
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
        return min(max(wait.total_seconds(), 0.0), _MAX_PAUSE)
    except (ValueError, TypeError):
        return None
