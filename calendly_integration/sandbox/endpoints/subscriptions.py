"""Webhook subscriptions. They cannot be changed or enabled again: delete one and make another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .. import errors, paging, render
from ..http_messages import Caller
from ..sandbox import Sandbox
from ..store import Json, Subscription, Token
from ..webhooks import SCOPES
from .accounts import check_organization, is_admin, member
from .groups import check_group

SORTS = {"created_at": lambda item: item.created_at}


def has_scope(token: Token, scope: str) -> bool:
    """Whether a token has a scope. Write access includes read access."""
    subject = scope.partition(":")[0]
    return token.scopes is None or scope in token.scopes or f"{subject}:write" in token.scopes


@dataclass(frozen=True)
class Owner:
    """A user or a group; neither for the organization."""

    user_id: str | None = None
    group_id: str | None = None


def create(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """POST /webhook_subscriptions."""
    if sandbox.options.webhooks_need_paid_plan and sandbox.options.plan == "free":
        raise errors.denied("Please upgrade your Calendly account to Standard")
    data = call.data
    for name in ("url", "events", "organization", "scope"):
        if not data.get(name):
            raise errors.missing(name)
    check_organization(sandbox, data["organization"])
    owner = owner_of(sandbox, call, data)
    _check_events(sandbox, call, data)
    _check_url(sandbox, data["url"])
    key = data.get("signing_key")
    if key is not None and not isinstance(key, str):
        raise errors.invalid("signing_key")
    now = sandbox.stamp()
    item = Subscription(
        sandbox.state.new_id(),
        data["url"],
        list(data["events"]),
        data["scope"],
        call.user.id,
        key,
        now,
        now,
        user_id=owner.user_id,
        group_id=owner.group_id,
    )
    sandbox.state.subscriptions[item.id] = item
    return 201, {"resource": render.subscription(sandbox, item)}


def owner_of(sandbox: Sandbox, call: Caller, fields: Json) -> Owner:
    """The owner of the subscription. Raises Problem if the caller has no right to it."""
    scope = fields.get("scope")
    if scope == "organization":
        if not is_admin(call.user):
            raise errors.denied()
        return Owner()
    if scope == "group":
        if not fields.get("group"):
            raise errors.missing("group")
        return Owner(group_id=check_group(sandbox, call, fields["group"]))
    if scope != "user":
        raise errors.invalid("scope")
    if not fields.get("user"):
        raise errors.missing("user")
    user = member(sandbox, fields["user"])
    if user.id != call.user.id and not is_admin(call.user):
        raise errors.denied("Unauthorized")
    return Owner(user_id=user.id)


def _check_events(sandbox: Sandbox, call: Caller, data: Json) -> None:
    events = data["events"]
    if not isinstance(events, list) or not all(isinstance(name, str) for name in events):
        raise errors.invalid("events")
    if len(set(events)) != len(events):
        raise errors.invalid("events")
    for name in events:
        if name not in SCOPES or data["scope"] not in SCOPES[name][0]:
            raise errors.invalid("events")
    lacking = sorted({SCOPES[name][1] for name in events if not has_scope(call.token, SCOPES[name][1])})
    if lacking and sandbox.options.webhook_scope_refusal == "unnamed":
        raise errors.invalid()
    if lacking:
        raise errors.insufficient_scope(lacking)


def _check_url(sandbox: Sandbox, url: object) -> None:
    allowed = ("https",) if sandbox.options.https_callbacks_only else ("https", "http")
    if not isinstance(url, str) or urlsplit(url).scheme not in allowed or not urlsplit(url).netloc:
        raise errors.invalid("url")
    if any(item.callback_url == url for item in sandbox.state.subscriptions.values()):
        raise errors.url_exists()


def listing(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /webhook_subscriptions: organization and scope are needed."""
    query = call.query
    for name in ("organization", "scope"):
        if name not in query:
            raise errors.missing(name)
    check_organization(sandbox, query["organization"])
    owner = owner_of(sandbox, call, dict(query))
    found = [
        item
        for item in sandbox.state.subscriptions.values()
        if item.scope == query["scope"] and (item.user_id, item.group_id) == (owner.user_id, owner.group_id)
    ]

    def show(item: Subscription) -> Json:
        return render.subscription(sandbox, item)

    return 200, paging.page(sandbox, call, paging.ordered(found, query, SORTS, "created_at:asc"), show)


def _one(sandbox: Sandbox, call: Caller) -> Subscription:
    item = sandbox.state.subscriptions.get(call.keys[0])
    if item is None:
        raise errors.not_found()
    if item.creator_id != call.user.id and not is_admin(call.user):
        raise errors.denied()
    return item


def one(sandbox: Sandbox, call: Caller) -> tuple[int, Json]:
    """GET /webhook_subscriptions/{id}."""
    return 200, {"resource": render.subscription(sandbox, _one(sandbox, call))}


def delete(sandbox: Sandbox, call: Caller) -> tuple[int, None]:
    """DELETE /webhook_subscriptions/{id}: 204; its waiting deliveries are dropped."""
    del sandbox.state.subscriptions[_one(sandbox, call).id]
    return 204, None


NOTHING: dict[str, Any] = {}
FIELDS = dict.fromkeys(("url", "events", "organization", "user", "group", "scope", "signing_key"))
ROUTES = (
    ("POST", "/webhook_subscriptions", create, "webhooks:write", "", FIELDS),
    (
        "GET",
        "/webhook_subscriptions",
        listing,
        "webhooks:read",
        "organization scope user group sort count page_token",
        NOTHING,
    ),
    ("GET", "/webhook_subscriptions/{id}", one, "webhooks:read", "", NOTHING),
    ("DELETE", "/webhook_subscriptions/{id}", delete, "webhooks:write", "", NOTHING),
)
