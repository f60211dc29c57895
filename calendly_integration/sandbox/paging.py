"""Lists: sort order, pages of `count` items, opaque page tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from . import errors
from .http_messages import Caller
from .sandbox import Sandbox
from .store import Json

DEFAULT_COUNT, MAX_COUNT = 20, 100


def page(sandbox: Sandbox, call: Caller, items: list[Any], show: Callable[[Any], Json]) -> Json:
    """One page of `items` with its pagination block. Raises Problem for a wrong count or page token."""
    count = _count(call.query)
    others = {key: value for key, value in call.query.items() if key != "page_token"}
    offset = _offset(sandbox, call.query["page_token"], others) if "page_token" in call.query else 0
    rows = items[offset : offset + count]
    following = _token(sandbox, offset + count, others) if offset + count < len(items) else None
    previous = _token(sandbox, max(0, offset - count), others) if offset > 0 else None
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
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_COUNT:
        raise errors.invalid("count")
    return int(text)


def _fingerprint(others: Mapping[str, str]) -> str:
    """A hash of the other parameters, which must be the same for all pages."""
    return hashlib.sha256(json.dumps(others, sort_keys=True).encode()).hexdigest()[:12]


def _token(sandbox: Sandbox, offset: int, others: Mapping[str, str]) -> str:
    text = f"{_fingerprint(others)}.{offset}.{sandbox.now().timestamp()}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _offset(sandbox: Sandbox, token: str, others: Mapping[str, str]) -> int:
    lifetime = sandbox.options.page_token_seconds
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        mark, offset, made = text.split(".", 2)
        fresh = lifetime is None or sandbox.now().timestamp() - float(made) < lifetime
        if fresh and mark == _fingerprint(others):
            return int(offset)
    except ValueError:
        pass
    raise errors.invalid("page_token")


def _link(base: str, others: Mapping[str, str], token: str | None) -> str | None:
    return None if token is None else f"{base}?{urlencode({**others, 'page_token': token})}"
