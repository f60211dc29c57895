"""Requests and responses, independent of a transport."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .faults import Fault
from .store import Json, Token, User


@dataclass(frozen=True)
class Request:
    """A received request. `query` keeps the last of repeated names; header names are lower-case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    target: str

    @classmethod
    def make(cls, method: str, url: str, headers: dict[str, str], body: bytes) -> Request:
        """From a URL or a request target. HEAD is a GET; the transport leaves the body out."""
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        lowered = {name.lower(): value for name, value in headers.items()}
        verb = "GET" if method.upper() == "HEAD" else method.upper()
        return cls(verb, unquote(parts.path), query, lowered, body, target)


@dataclass
class Response:
    """A response. The transport applies its `fault`, if there is one."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None


def json_response(status: int, value: Any, headers: dict[str, str] | None = None) -> Response:
    """A response with a JSON body; without a body if `value` is None."""
    if value is None:
        return Response(status, b"", dict(headers or {}))
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def allowed_methods(methods: Iterable[str]) -> Response:
    """The response to OPTIONS: the methods of a path."""
    names = {"OPTIONS", *methods}
    if "GET" in names:
        names.add("HEAD")
    return Response(204, b"", {"Allow": ", ".join(sorted(names))})


@dataclass(frozen=True)
class Caller:
    """An accepted call: the caller, the ids in the path, the query and the JSON body."""

    user: User
    token: Token
    keys: tuple[str, ...]
    query: dict[str, str]
    data: Json
    base: str
