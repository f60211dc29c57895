"""Groups, locations, invitations to the organization, messages to invitees. The sandbox has none.

Calendly's OpenAPI document does not specify these. Clients get empty lists.
"""

from __future__ import annotations

from typing import Any

from .. import errors, paging
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import Json
from .accounts import check_organization, is_admin, member


def check_group(sandbox: Sandbox, call: Caller, uri: object) -> str:
    """The id in a group's URI. Raises Problem 400 for an invalid URI, 403 unless the caller is an admin.

    No groups are stored: every group URI names a group without members.
    """
    key = sandbox.key_of("groups", uri)
    if key is None:
        raise errors.invalid("group")
    if not is_admin(call.user):
        raise errors.denied("You do not have permission")
    return key


def listing(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /groups, /group_relationships, /locations, /outgoing_communications."""
    query = call.query
    if "organization" in query:
        check_organization(sandbox, query["organization"])
    if "user" in query:
        member(sandbox, query["user"])
    if "group" in query:
        check_group(sandbox, call, query["group"])
    return 200, paging.page(sandbox, call, [], dict)


def invitations(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /organizations/{id}/invitations."""
    check_organization(sandbox, sandbox.uri("organizations", call.keys[0]))
    return 200, paging.page(sandbox, call, [], dict)


def one(_core: Sandbox, _call: Caller) -> tuple[int, Json]:
    """A single one: always 404."""
    raise errors.not_found()


NOTHING: dict[str, Any] = {}
PAGES = "organization sort count page_token"
ROUTES = (
    ("GET", "/groups", listing, "groups:read", PAGES, NOTHING),
    ("GET", "/groups/{id}", one, "groups:read", "", NOTHING),
    ("GET", "/group_relationships", listing, "groups:read", f"{PAGES} owner group", NOTHING),
    ("GET", "/group_relationships/{id}", one, "groups:read", "", NOTHING),
    ("GET", "/locations", listing, "locations:read", f"{PAGES} user", NOTHING),
    (
        "GET",
        "/organizations/{id}/invitations",
        invitations,
        "organizations:read",
        "email status sort count page_token",
        NOTHING,
    ),
    ("GET", "/organizations/{id}/invitations/{id}", one, "organizations:read", "", NOTHING),
    (
        "GET",
        "/outgoing_communications",
        listing,
        "outgoing_communications:read",
        f"{PAGES} min_created_at max_created_at",
        NOTHING,
    ),
)
