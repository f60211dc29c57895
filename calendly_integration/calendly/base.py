"""JSON calls to Calendly over the shared transport: one token, errors, retries of reads, pages."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Self, TypeVar

from ..http import errors as http_errors
from ..http import json_body
from ..http.backoff import backoff_seconds
from ..http.transport import Response, Transport, header_value
from .errors import (
    AnswerLost,
    BadAnswer,
    CalendlyError,
    NotSent,
    ServerError,
    UnreadablePayload,
    from_response,
)
from .fields import Payload
from .payloads import uuid_of

DEFAULT_BASE_URL = "https://api.calendly.com"
PAGE_SIZE = 100
# Far above any account. A server that keeps inventing tokens must not hold a worker.
MAX_PAGES = 10_000
MAX_RESPONSE_BYTES = 10 * 1024 * 1024

_MAX_READ_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 1.0
_RETRIED_STATUSES = frozenset({500, 502, 503, 504})
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")

P = TypeVar("P", bound=Payload)
# Method, path without query, status, seconds, name of the error.
OnCall = Callable[[str, str, int | None, float, str | None], object]

log = logging.getLogger("calendly.client")


def path_id(uri: str) -> str:
    """The id at the end of a URI, safe as a part of a path. Raises ValueError: ids may come from agents."""
    uuid = uuid_of(uri)
    if not _ID.fullmatch(uuid):
        raise ValueError("not an id of Calendly")
    return uuid


class PagedItems(Generic[P]):
    """The items of a collection, page by page, as far as the caller reads.

    An item that cannot be read is logged, left out, and counted in ``unreadable``. While that is not 0, what is not
    in the list may still exist.
    """

    def __init__(self, pages: Iterator[object], model: type[P]) -> None:
        self.unreadable = 0
        self._items = self._read(pages, model)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> P:
        return next(self._items)

    def _read(self, pages: Iterator[object], model: type[P]) -> Iterator[P]:
        for page in pages:
            items, unreadable = _read_collection(page, model)
            self.unreadable += unreadable
            yield from items


class BaseClient:
    """Sends requests with one token. May be used by many threads at once.

    ``on_call`` is called after each exchange, retried ones too, with method, path, status or None, seconds, and the
    class name of the error or None. The path has no query: that holds addresses. An error in it is logged.
    ``pause`` is the clock of the retries, for the tests.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        connect_timeout: float = 3.05,
        read_timeout: float = 10.0,
        on_call: OnCall | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Timeouts are in seconds. Raises ValueError for a token or a URL that cannot be one."""
        if " " in header_value(token, "the Calendly token"):
            raise ValueError("the Calendly token holds a space")
        self._transport = Transport(
            base_url,
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"},
            max_response_bytes=MAX_RESPONSE_BYTES,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )
        self._token = token
        self._read_timeout = read_timeout
        self._on_call = on_call
        self._pause = pause
        self.base_url = self._transport.base_url
        self.session = self._transport.session
        # What Calendly's clock said in its last answer, to the second.
        self.server_time: datetime | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url}>"

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def _get_one(self, path: str, model: type[P]) -> P:
        """GET ``{"resource": …}``."""
        return _read_resource(self._get(path), model, write=False)

    def _get_list(self, path: str, model: type[P], **params: object) -> list[P]:
        """GET a collection that Calendly does not paginate. Raises BadAnswer where no item can be read."""
        items, unreadable = _read_collection(self._get(path, _query(params)), model)
        if unreadable and not items:
            raise BadAnswer("the answer cannot be read: no item of the collection")
        return items

    def _get_pages(self, path: str, model: type[P], **params: object) -> PagedItems[P]:
        """GET a collection page by page, as far as the caller reads."""
        return PagedItems(self._pages(path, {"count": str(PAGE_SIZE), **_query(params)}), model)

    def _send(self, method: str, path: str, model: type[P], body: Mapping[str, Any]) -> P:
        """A write that answers ``{"resource": …}``."""
        return _read_resource(self._write(method, path, body), model, write=True)

    def _write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send once and only once. Returns the answer's JSON, None for an empty answer."""
        return self._exchange(method, path, body=body)

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON of a read. Tries up to three times, unless it was limited or timed out.

        The loop is our own because urllib3 logs the URL of what it repeats, and ours hold people's addresses.
        """
        started = time.monotonic()
        for attempt in range(1, _MAX_READ_ATTEMPTS):
            try:
                return self._exchange("GET", path, params=params)
            except CalendlyError as error:
                if not _may_read_again(error) or time.monotonic() - started > self._read_timeout:
                    raise
            self._pause(backoff_seconds(attempt, first=_FIRST_PAUSE_SECONDS, longest=_LONGEST_PAUSE_SECONDS))
        return self._exchange("GET", path, params=params)

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[Any]:
        """Follows the page token and never the page's URL: our token must not go to a host named in an answer."""
        seen: set[str] = set()
        while len(seen) < MAX_PAGES:
            page = self._get(path, query)
            yield page
            token = _next_page_token(page)
            if token is None:
                return
            if token in seen:
                break
            seen.add(token)
            query["page_token"] = token
        raise BadAnswer("the pages do not end")

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        started = time.monotonic()
        status: int | None = None
        error_name: str | None = None
        try:
            response = self._transmit(method, path, params, body)
            status = response.status
            return self._read(response, write=method != "GET")
        except CalendlyError as error:
            status, error_name = error.status, type(error).__name__
            raise
        finally:
            self._report_call(method, path, status, time.monotonic() - started, error_name)

    def _transmit(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> Response:
        data = None if body is None else json_body.dump(body)
        try:
            return self._transport.send(method, path, params=params, body=data)
        except http_errors.TransportError as exc:
            error = _from_transport(exc, write=method != "GET")
        raise error

    def _read(self, response: Response, *, write: bool) -> Any:
        """The JSON of a response. Raises CalendlyError."""
        status, headers = response.status, response.headers
        self.server_time = None
        with suppress(ValueError):
            self.server_time = parsedate_to_datetime(headers.get("Date", ""))
        if status >= 400:
            raise from_response(status, headers, _json_or_none(response.body), write=write, token=self._token)
        if not 200 <= status < 300:
            raise BadAnswer(f"Calendly answered {status}", status=status, write=write)
        if not response.body.strip():
            return None
        try:
            return json_body.load(response.body)
        except json_body.InvalidJSON as exc:
            problem = str(exc)
        raise BadAnswer(problem, status=status, write=write)

    def _report_call(
        self, method: str, path: str, status: int | None, seconds: float, error_name: str | None
    ) -> None:
        if self._on_call is None:
            return
        try:
            self._on_call(method, path, status, seconds, error_name)
        except Exception:
            log.exception("on_call of the Calendly client failed")


def _may_read_again(error: CalendlyError) -> bool:
    if isinstance(error, ServerError):
        return error.status in _RETRIED_STATUSES and error.retry_after is None
    # A timeout has cost its seconds already: the caller decides about more of them.
    return isinstance(error, NotSent | AnswerLost) and not error.timed_out


def _from_transport(exc: http_errors.TransportError, *, write: bool) -> CalendlyError:
    error: CalendlyError
    if isinstance(exc, http_errors.NotSent):
        error = NotSent(f"could not connect to Calendly ({exc.reason})")
    elif isinstance(exc, http_errors.ResponseTooLarge):
        error = BadAnswer("the answer is over 10 MB", status=exc.status, write=write)
    else:
        error = AnswerLost(f"the answer of Calendly was lost ({exc.reason})", status=exc.status, write=write)
    error.timed_out = exc.timed_out
    return error


def _json_or_none(body: bytes) -> Any:
    try:
        return json_body.load(body)
    except json_body.InvalidJSON:
        return None


def _query(params: Mapping[str, object]) -> dict[str, str]:
    return {
        key: utc_text(value) if isinstance(value, datetime) else str(value)
        for key, value in params.items()
        if value is not None
    }


def utc_text(moment: datetime) -> str:
    """Calendly's spelling of an aware time: UTC with Z, no more digits than needed. Raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_resource(answer: object, model: type[P], *, write: bool) -> P:
    try:
        return model.parse(answer.get("resource") if isinstance(answer, dict) else None)
    except UnreadablePayload as exc:
        problem = str(exc)
    raise BadAnswer(f"the answer cannot be read: {problem}", write=write)


def _read_collection(answer: object, model: type[P]) -> tuple[list[P], int]:
    """The items that can be read, and how many cannot."""
    collection = answer.get("collection") if isinstance(answer, dict) else None
    if not isinstance(collection, list):
        raise BadAnswer("the answer cannot be read: collection is missing or no list")
    items = []
    for number, item in enumerate(collection):
        try:
            items.append(model.parse(item))
        except UnreadablePayload as error:
            log.warning("left out collection[%d]: %s", number, error)
    return items, len(collection) - len(items)


def _next_page_token(page: Any) -> str | None:
    pagination = page.get("pagination")
    token = pagination.get("next_page_token") if isinstance(pagination, dict) else None
    return token if isinstance(token, str) and token else None
