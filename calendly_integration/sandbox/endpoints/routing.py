"""Routing forms. There are none here."""

from __future__ import annotations

from typing import Any

from .. import errors, paging
from ..core import Core
from ..exchange import Caller
from ..store import Json
from .accounts import check_organization

SORTS = {"created_at": lambda item: item["created_at"]}


def forms(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /routing_forms."""
    if "organization" not in call.query:
        raise errors.missing("organization")
    check_organization(core, call.query["organization"])
    return 200, _empty(core, call)


def submissions(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /routing_form_submissions. Any form's URI is one of a form without submissions."""
    if "form" not in call.query:
        raise errors.missing("form")
    if core.key_of("routing_forms", call.query["form"]) is None:
        raise errors.invalid("form")
    return 200, _empty(core, call)


def _empty(core: Core, call: Caller) -> Json:
    return paging.page(core, call, paging.ordered([], call.query, SORTS, "created_at:asc"), dict)


def one(_core: Core, _call: Caller) -> tuple[int, Json]:
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
