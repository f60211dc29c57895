"""Lists: filters' sort order, pages of `count`, opaque page tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from . import errors
from .store import Json

DEFAULT_COUNT, MOST = 20, 100


def page(base: str, query: Mapping[str, str], items: list[Any], show: Callable[[Any], Json]) -> Json:
    """One page of `items` with its pagination block. `base` is the list's URL."""
    count = _count(query)
    others = {key: value for key, value in query.items() if key != "page_token"}
    offset = _offset(query["page_token"], others) if "page_token" in query else 0
    rows = items[offset : offset + count]
    following = _token(offset + count, others) if offset + count < len(items) else None
    previous = _token(max(0, offset - count), others) if offset > 0 else None
    return {
        "collection": [show(row) for row in rows],
        "pagination": {
            "count": len(rows),
            "next_page": _link(base, others, following),
            "previous_page": _link(base, others, previous),
            "next_page_token": following,
            "previous_page_token": previous,
        },
    }


def ordered(
    items: Iterable[Any], query: Mapping[str, str], fields: Mapping[str, Callable[[Any], Any]], default: str
) -> list[Any]:
    """Items by `sort`, a comma list of `field:asc|desc`. Raises Problem for another field or direction."""
    found = list(items)
    for part in reversed(query.get("sort", default).split(",")):
        name, _, direction = part.strip().partition(":")
        if name not in fields or direction not in ("", "asc", "desc"):
            raise errors.invalid("sort")
        found.sort(key=fields[name], reverse=direction == "desc")
    return found


def _count(query: Mapping[str, str]) -> int:
    text = query.get("count", str(DEFAULT_COUNT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST:
        raise errors.invalid("count")
    return int(text)


def _mark(others: Mapping[str, str]) -> str:
    """A fingerprint of the other parameters: they have to stay the same from page to page."""
    return hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()[:12]


def _token(offset: int, others: Mapping[str, str]) -> str:
    return base64.urlsafe_b64encode(f"{_mark(others)}.{offset}".encode()).decode().rstrip("=")


def _offset(token: str, others: Mapping[str, str]) -> int:
    try:
        mark, _, offset = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(".")
        if mark == _mark(others):
            return int(offset)
    except ValueError:
        pass
    raise errors.invalid("page_token")


def _link(base: str, others: Mapping[str, str], token: str | None) -> str | None:
    return None if token is None else f"{base}?{urlencode({**others, 'page_token': token})}"
