"""Users, memberships, the organization."""

from __future__ import annotations

from typing import Any

from .. import errors, paging, render
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import Json, User


def user(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /users/{id}; `me` is the token's own user."""
    key = call.user.id if call.keys[0] == "me" else call.keys[0]
    if key not in sandbox.state.users:
        raise errors.not_found()
    return 200, {"resource": render.user(sandbox, sandbox.state.users[key])}


def member(sandbox: Sandbox, uri: object, parameter: str = "user") -> User:
    """The user of a URI. Raises Problem 400 for an invalid URI, 403 for a user of another organization."""
    key = sandbox.key_of("users", uri)
    if key is None:
        raise errors.invalid(parameter)
    if key not in sandbox.state.users:
        raise errors.denied("This user is not in your organization")
    return sandbox.state.users[key]


def check_organization(sandbox: Sandbox, uri: object) -> None:
    """Raises Problem 400 for an invalid URI, 403 for another organization."""
    key = sandbox.key_of("organizations", uri)
    if key is None:
        raise errors.invalid("organization")
    if key != sandbox.organization.id:
        raise errors.denied()


def is_admin(user: User) -> bool:
    """Admins and owners may see the whole organization."""
    return user.role in ("admin", "owner")


def memberships(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /organization_memberships. Open point: a call without user and organization is a 400."""
    query = call.query
    if "user" not in query and "organization" not in query:
        raise errors.missing("user")
    if "organization" in query:
        check_organization(sandbox, query["organization"])
    found = list(sandbox.state.users.values())
    if "user" in query:
        found = [member(sandbox, query["user"])]
    if "email" in query:
        found = [item for item in found if item.email.lower() == query["email"].lower()]
    if "role" in query:
        if query["role"] not in ("user", "admin", "owner"):
            raise errors.invalid("role")
        found = [item for item in found if item.role == query["role"]]

    def show(item: User) -> Json:
        return render.membership(sandbox, item)

    return 200, paging.page(sandbox, call, found, show)


def membership(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /organization_memberships/{id}."""
    for item in sandbox.state.users.values():
        if item.membership_id == call.keys[0]:
            return 200, {"resource": render.membership(sandbox, item)}
    raise errors.not_found()


def organization(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /organizations/{id}."""
    if call.keys[0] != sandbox.organization.id:
        raise errors.not_found()
    return 200, {"resource": render.organization(sandbox)}


NOTHING: dict[str, Any] = {}
ROUTES = (
    ("GET", "/users/{id}", user, "users:read", "", NOTHING),
    (
        "GET",
        "/organization_memberships",
        memberships,
        "organizations:read",
        "user organization email role count page_token",
        NOTHING,
    ),
    ("GET", "/organization_memberships/{id}", membership, "organizations:read", "", NOTHING),
    ("GET", "/organizations/{id}", organization, "organizations:read", "", NOTHING),
)
