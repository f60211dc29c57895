"""The shapes that Calendly's answers come in: one resource, a plain list, pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from . import bodies, fields
from .errors import BadAnswer, Unreadable
from .transport import Transport
from .types import uuid_of

T = TypeVar("T")
Parse = Callable[[dict[str, Any]], T]

PAGE = 100
# Far above any account; a server that keeps inventing tokens must not hold a worker.
MAX_PAGES = 10_000

_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,100}")


def segment(uri: str) -> str:
    """The bare id of a URI, safe as a path segment. Raises ValueError: ids may come from agents' requests."""
    uuid = uuid_of(uri)
    if not _SEGMENT.fullmatch(uuid):
        raise ValueError("not an id of Calendly")
    return uuid


class Pages(Generic[T]):
    """The items of a collection, page by page, as far as the caller reads.

    An item that cannot be read costs only itself: it is logged, left out, and counted in ``unreadable``. While
    that is not 0, what is not in the list may still be there.
    """

    def __init__(self, answers: Iterator[dict[str, Any]], parse: Parse[T]) -> None:
        self.unreadable = 0
        self._items = self._read(answers, parse)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        return next(self._items)

    def _read(self, answers: Iterator[dict[str, Any]], parse: Parse[T]) -> Iterator[T]:
        for answer in answers:
            found, unreadable = _collection(answer, parse)
            self.unreadable += unreadable
            yield from found


class Calls:
    """Turns a transport's JSON into our types. Raises BadAnswer for what cannot be read."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def one(self, path: str, parse: Parse[T]) -> T:
        """GET ``{"resource": …}``."""
        return _resource(self._transport.get(path), parse, write=False)

    def send(self, method: str, path: str, parse: Parse[T], body: Mapping[str, Any]) -> T:
        """A write that answers ``{"resource": …}``. Never repeated."""
        return _resource(self._transport.write(method, path, body), parse, write=True)

    def listed(self, path: str, parse: Parse[T], **params: object) -> list[T]:
        """GET a collection that Calendly does not paginate. BadAnswer where no item can be read."""
        found, unreadable = _collection(self._transport.get(path, _query(params)), parse)
        if unreadable and not found:
            raise BadAnswer("the answer cannot be read: no item of the collection")
        return found

    def pages(self, path: str, parse: Parse[T], **params: object) -> Pages[T]:
        """GET a collection page by page, as far as the caller reads."""
        return Pages(self._answers(path, {"count": str(PAGE), **_query(params)}), parse)

    def _answers(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Follows the page token and never the page's URL: our token must not travel to a host named in an
        answer."""
        seen: set[str] = set()
        while len(seen) < MAX_PAGES:
            answer = self._transport.get(path, query)
            yield answer
            token = _next_token(answer)
            if token is None:
                return
            if token in seen:
                break
            seen.add(token)
            query["page_token"] = token
        raise BadAnswer("the pages do not end")


def _query(params: Mapping[str, object]) -> dict[str, str]:
    return {key: _parameter(value) for key, value in params.items() if value is not None}


def _parameter(value: object) -> str:
    if isinstance(value, datetime):
        return bodies.instant(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resource(answer: object, parse: Parse[T], *, write: bool) -> T:
    try:
        return parse(fields.as_dict(fields.as_dict(answer, "answer").get("resource"), "resource"))
    except Unreadable as exc:
        problem = str(exc)
    raise BadAnswer(f"the answer cannot be read: {problem}", write=write)


def _collection(answer: object, parse: Parse[T]) -> tuple[list[T], int]:
    """What can be read, and how many items cannot."""
    try:
        data = fields.as_dict(answer, "answer")
        if not isinstance(data.get("collection"), list):
            raise Unreadable("collection is missing or no list")
        found = fields.parsed(data, "collection", parse)
        return list(found), len(data["collection"]) - len(found)
    except Unreadable as exc:
        problem = str(exc)
    raise BadAnswer(f"the answer cannot be read: {problem}")


def _next_token(answer: dict[str, Any]) -> str | None:
    pagination = answer.get("pagination")
    token = pagination.get("next_page_token") if isinstance(pagination, dict) else None
    return token if isinstance(token, str) and token else None
