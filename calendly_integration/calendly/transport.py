"""HTTP exchanges with Calendly: pooled, bounded in time and size, without redirects, with our errors."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from . import fields, refusals
from .errors import AnswerLost, BadAnswer, CalendlyError, NotSent, ServerError, Unreadable
from .sockets import DeadlineAdapter
from .types import RateLimit

MAX_ANSWER = 10 * 1024 * 1024
_MAX_ERROR_BODY = 256 * 1024
_CHUNK = 64 * 1024
_POOL = 32
_READ_TRIES = 3
_FIRST_PAUSE = 0.25
_WIRE_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_RETRIED_STATUSES = frozenset({500, 502, 503, 504})

Rated = Callable[[RateLimit], object]
Called = Callable[[str, str, int | None, float, str | None], object]

log = logging.getLogger("calendly.client")


def new_session() -> requests.Session:
    """A session for one process and connection: own pool, no proxies or passwords out of the environment."""
    session = requests.Session()
    session.trust_env = False
    adapter = DeadlineAdapter(pool_connections=2, pool_maxsize=_POOL)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class Transport:
    """Sends to one base URL with one token. May be used by many threads at once.

    Reads are tried up to three times, with growing, jittered pauses, unless they were limited or timed out.
    The loop is our own because urllib3's logs the URL of what it repeats, and ours hold people's addresses.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        *,
        session: requests.Session | None,
        connect_timeout: float,
        read_timeout: float,
        user_agent: str,
        pause: Callable[[float], object],
    ) -> None:
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("the Calendly token is empty or holds characters that no token has")
        parts = urlsplit(base_url)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.username:
            raise ValueError("the Calendly base URL must be http(s)://host[:port][/path]")
        self.base_url = base_url.rstrip("/")
        self.session = session or new_session()
        self.rate: RateLimit | None = None
        self.server_time: datetime | None = None
        self.on_rate: Rated | None = None
        self.on_call: Called | None = None
        self._token = token
        self._timeout = (connect_timeout, read_timeout)
        self._budget = connect_timeout + 2 * read_timeout
        self._user_agent = user_agent
        self._pause = pause

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url}>"

    def close(self) -> None:
        self.session.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON of a read. Raises CalendlyError, never with ``outcome_unknown``."""
        started = time.monotonic()
        for attempt in range(1, _READ_TRIES):
            try:
                return self._exchange("GET", path, params, None)
            except CalendlyError as error:
                if not _again(error) or time.monotonic() - started > self._timeout[1]:
                    raise
            self._pause(_FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))
        return self._exchange("GET", path, params, None)

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send once and only once; the answer's JSON, None for an empty one. Raises CalendlyError."""
        return self._exchange(method, path, None, body)

    def _exchange(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> Any:
        started = time.monotonic()
        status: int | None = None
        told: str | None = None
        try:
            response = self._send(self._prepare(method, path, params, body), write=method != "GET")
            status = response.status_code
            return self._read(response, write=method != "GET", started=started)
        except Exception as error:
            told = type(error).__name__
            raise
        finally:
            self._tell(self.on_call, method, path, status, time.monotonic() - started, told)

    def _prepare(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> requests.PreparedRequest:
        """Built by hand: Session.request would slowly add cookies and settings of the environment."""
        prepared = requests.PreparedRequest()
        prepared.method = method
        prepared.url = f"{self.base_url}{path}" + (f"?{urlencode(params)}" if params else "")
        prepared.headers = CaseInsensitiveDict(
            {
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": self._user_agent,
            }
        )
        if body is not None:
            prepared.body = fields.dump_json(body)
            prepared.headers["Content-Type"] = "application/json"
        if method != "GET":
            prepared.headers["Content-Length"] = str(len(prepared.body or b""))
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
            failure = refusals.from_exception(exc, write=write)
        # Raised out here so that it carries no trace of the request: error pages print what frames hold.
        raise failure

    def _read(self, response: requests.Response, *, write: bool, started: float) -> Any:
        status, headers = response.status_code, response.headers
        self._note_rate(headers)
        self._note_time(headers.get("Date"))
        try:
            if not 200 <= status < 300 and status < 400:
                raise BadAnswer(f"Calendly answered {status}", status=status, write=write)
            raw = self._body(response, write=write, started=started)
        finally:
            response.close()
        if status >= 400:
            raise refusals.from_answer(status, headers, _json_or_none(raw), write=write, secret=self._token)
        if not raw.strip():
            return None
        try:
            return fields.load_json(raw)
        except Unreadable as exc:
            problem = str(exc)
        request_id = refusals.request_id(headers, self._token)
        raise BadAnswer(problem, status=status, request_id=request_id, write=write)

    def _body(self, response: requests.Response, *, write: bool, started: float) -> bytes:
        """The body, or of an error's body as much as is worth reading. Bounded in size and in time."""
        status = response.status_code
        chunks: list[bytes] = []
        size = 0
        try:
            for chunk in response.iter_content(_CHUNK):
                chunks.append(chunk)
                size += len(chunk)
                if status >= 400 and size > _MAX_ERROR_BODY:
                    break
                if size > MAX_ANSWER:
                    raise BadAnswer("the answer is over 10 MB", status=status, write=write)
                if time.monotonic() - started > self._budget:
                    raise requests.ReadTimeout("the answer took too long")
            return b"".join(chunks)
        except _WIRE_ERRORS as exc:
            failure = refusals.from_exception(exc, write=write, status=status)
        raise failure

    def _note_time(self, date: str | None) -> None:
        try:
            self.server_time = parsedate_to_datetime(date or "")
        except ValueError:
            self.server_time = None

    def _note_rate(self, headers: Mapping[str, str]) -> None:
        limit = refusals.seconds(headers.get("X-RateLimit-Limit"))
        remaining = refusals.seconds(headers.get("X-RateLimit-Remaining"))
        reset = refusals.seconds(headers.get("X-RateLimit-Reset"))
        if limit is None and remaining is None and reset is None:
            return
        self.rate = RateLimit(
            limit=None if limit is None else int(limit),
            remaining=None if remaining is None else int(remaining),
            reset=reset,
            seen_at=time.monotonic(),
        )
        self._tell(self.on_rate, self.rate)

    def _tell(self, hook: Callable[..., object] | None, *facts: object) -> None:
        """A hook watches; it never changes how a call ends."""
        if hook is None:
            return
        try:
            hook(*facts)
        except Exception:
            log.exception("a hook of the Calendly client failed")


def _again(error: CalendlyError) -> bool:
    if isinstance(error, ServerError):
        return error.status in _RETRIED_STATUSES and error.retry_after is None
    # A timeout has cost its seconds already: the caller decides about more of them.
    return isinstance(error, NotSent | AnswerLost) and not error.timed_out


def _json_or_none(raw: bytes) -> Any:
    try:
        return fields.load_json(raw)
    except Unreadable:
        return None
