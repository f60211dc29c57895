"""Groups, locations, invitations to the organization, messages to invitees. There are none here.

Calendly's document does not specify these; clients ask for them, and get empty lists.
"""

from __future__ import annotations

from typing import Any

from .. import errors, paging
from ..core import Core
from ..exchange import Caller
from ..store import Json
from .accounts import check_organization, is_admin, member


def check_group(core: Core, call: Caller, uri: object) -> str:
    """The id in a group's URI. Raises Problem 400 for what is no such URI, 403 for who is no admin.

    No groups are kept: any group's URI is one of a group without members.
    """
    key = core.key_of("groups", uri)
    if key is None:
        raise errors.invalid("group")
    if not is_admin(call.user):
        raise errors.denied("You do not have permission")
    return key


def listing(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /groups, /group_relationships, /locations, /outgoing_communications."""
    query = call.query
    if "organization" in query:
        check_organization(core, query["organization"])
    if "user" in query:
        member(core, query["user"])
    if "group" in query:
        check_group(core, call, query["group"])
    return 200, paging.page(core, call, [], dict)


def invitations(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /organizations/{id}/invitations."""
    check_organization(core, core.uri("organizations", call.keys[0]))
    return 200, paging.page(core, call, [], dict)


def one(_core: Core, _call: Caller) -> tuple[int, Json]:
    """One of them: 404."""
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
