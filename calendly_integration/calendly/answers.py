"""Reads Calendly's answers: one object, a collection, pages; and writes ids and times for its paths and queries."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar

from ..http import json_body
from .errors import AnswerLost, BadAnswer, CalendlyError, NotSent, ServerError, UnreadablePayload
from .fields import Payload
from .payloads import uuid_of

_RETRIED_STATUSES = frozenset({500, 502, 503, 504})
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")

P = TypeVar("P", bound=Payload)

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
            items, unreadable = read_collection(page, model)
            self.unreadable += unreadable
            yield from items


def may_read_again(error: CalendlyError) -> bool:
    if isinstance(error, ServerError):
        return error.status in _RETRIED_STATUSES and error.retry_after is None
    # A timeout has cost its seconds already: the caller decides about more of them.
    return isinstance(error, NotSent | AnswerLost) and not error.timed_out


def json_or_none(body: bytes) -> Any:
    try:
        return json_body.load(body)
    except json_body.InvalidJSON:
        return None


def query_text(params: Mapping[str, object]) -> dict[str, str]:
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


def read_resource(answer: object, model: type[P], *, write: bool) -> P:
    try:
        return model.parse(answer.get("resource") if isinstance(answer, dict) else None)
    except UnreadablePayload as exc:
        problem = str(exc)
    raise BadAnswer(f"the answer cannot be read: {problem}", write=write)


def read_collection(answer: object, model: type[P]) -> tuple[list[P], int]:
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


def next_page_token(page: Any) -> str | None:
    pagination = page.get("pagination")
    token = pagination.get("next_page_token") if isinstance(pagination, dict) else None
    return token if isinstance(token, str) and token else None
