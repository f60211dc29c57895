"""Lists: filters' sort order, pages of `count`, opaque page tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from . import errors
from .core import Core
from .exchange import Caller
from .store import Json

DEFAULT_COUNT, MOST = 20, 100


def page(core: Core, call: Caller, items: list[Any], show: Callable[[Any], Json]) -> Json:
    """One page of `items` with its pagination block. Raises Problem for a wrong count or page token."""
    count = _count(call.query)
    others = {key: value for key, value in call.query.items() if key != "page_token"}
    offset = _offset(core, call.query["page_token"], others) if "page_token" in call.query else 0
    rows = items[offset : offset + count]
    following = _token(core, offset + count, others) if offset + count < len(items) else None
    previous = _token(core, max(0, offset - count), others) if offset > 0 else None
    return {
        "collection": [show(row) for row in rows],
        "pagination": {
            "count": len(rows),
            "next_page": _link(call.base, others, following),
            "previous_page": _link(call.base, others, previous),
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


def _token(core: Core, offset: int, others: Mapping[str, str]) -> str:
    text = f"{_mark(others)}.{offset}.{core.now().timestamp()}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _offset(core: Core, token: str, others: Mapping[str, str]) -> int:
    lifetime = core.options.page_token_seconds
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        mark, offset, made = text.split(".", 2)
        fresh = lifetime is None or core.now().timestamp() - float(made) < lifetime
        if fresh and mark == _mark(others):
            return int(offset)
    except ValueError:
        pass
    raise errors.invalid("page_token")


def _link(base: str, others: Mapping[str, str], token: str | None) -> str | None:
    return None if token is None else f"{base}?{urlencode({**others, 'page_token': token})}"
