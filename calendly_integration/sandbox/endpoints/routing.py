"""Routing forms. The sandbox has none."""

from __future__ import annotations

from typing import Any

from .. import errors, paging
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import Json
from .accounts import check_organization

SORTS = {"created_at": lambda item: item["created_at"]}


def forms(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /routing_forms."""
    if "organization" not in call.query:
        raise errors.missing("organization")
    check_organization(sandbox, call.query["organization"])
    return 200, _empty(sandbox, call)


def submissions(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /routing_form_submissions. Every form URI names a form without submissions."""
    if "form" not in call.query:
        raise errors.missing("form")
    if sandbox.key_of("routing_forms", call.query["form"]) is None:
        raise errors.invalid("form")
    return 200, _empty(sandbox, call)


def _empty(sandbox: Sandbox, call: Caller) -> Json:
    return paging.page(sandbox, call, paging.ordered([], call.query, SORTS, "created_at:asc"), dict)


def one(_core: Sandbox, _call: Caller) -> tuple[int, Json]:
    """GET /routing_forms/{id} and /routing_form_submissions/{id}."""
    raise errors.not_found()


NOTHING: dict[str, Any] = {}
ROUTES = (
    ("GET", "/routing_forms", forms, "routing_forms:read", "organization sort count page_token", NOTHING),
    ("GET", "/routing_forms/{id}", one, "routing_forms:read", "", NOTHING),
    (
        "GET",
        "/routing_form_submissions",
        submissions,
        "routing_forms:read",
        "form sort count page_token",
        NOTHING,
    ),
    ("GET", "/routing_form_submissions/{id}", one, "routing_forms:read", "", NOTHING),
)
