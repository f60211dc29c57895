"""Webhook subscriptions. There is no way to change or revive one: delete it and make another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .. import errors, paging, render
from ..core import Core
from ..exchange import Caller
from ..store import Json, Subscription, Token
from ..webhooks import SCOPES
from .accounts import check_organization, is_admin, member
from .groups import check_group

SORTS = {"created_at": lambda item: item.created_at}


def has_scope(token: Token, scope: str) -> bool:
    """Whether a token may; the right to write is the right to read too."""
    subject = scope.partition(":")[0]
    return token.scopes is None or scope in token.scopes or f"{subject}:write" in token.scopes


@dataclass(frozen=True)
class Owner:
    """A user or a group; neither for a hook of the organization."""

    user_id: str | None = None
    group_id: str | None = None


def create(core: Core, call: Caller) -> tuple[int, Json]:
    """POST /webhook_subscriptions."""
    if core.options.webhooks_need_paid_plan and core.options.plan == "free":
        raise errors.denied("Please upgrade your Calendly account to Standard")
    data = call.data
    for name in ("url", "events", "organization", "scope"):
        if not data.get(name):
            raise errors.missing(name)
    check_organization(core, data["organization"])
    owner = whose(core, call, data)
    _check_events(core, call, data)
    _check_url(core, data["url"])
    key = data.get("signing_key")
    if key is not None and not isinstance(key, str):
        raise errors.invalid("signing_key")
    now = core.stamp()
    item = Subscription(
        core.state.new_id(),
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
    core.state.subscriptions[item.id] = item
    return 201, {"resource": render.subscription(core, item)}


def whose(core: Core, call: Caller, fields: Json) -> Owner:
    """Whose hook. Raises Problem where the caller has no right to it."""
    scope = fields.get("scope")
    if scope == "organization":
        if not is_admin(call.user):
            raise errors.denied()
        return Owner()
    if scope == "group":
        if not fields.get("group"):
            raise errors.missing("group")
        return Owner(group_id=check_group(core, call, fields["group"]))
    if scope != "user":
        raise errors.invalid("scope")
    if not fields.get("user"):
        raise errors.missing("user")
    user = member(core, fields["user"])
    if user.id != call.user.id and not is_admin(call.user):
        raise errors.denied("Unauthorized")
    return Owner(user_id=user.id)


def _check_events(core: Core, call: Caller, data: Json) -> None:
    events = data["events"]
    if not isinstance(events, list) or not all(isinstance(name, str) for name in events):
        raise errors.invalid("events")
    if len(set(events)) != len(events):
        raise errors.invalid("events")
    for name in events:
        if name not in SCOPES or data["scope"] not in SCOPES[name][0]:
            raise errors.invalid("events")
    lacking = sorted({SCOPES[name][1] for name in events if not has_scope(call.token, SCOPES[name][1])})
    if lacking and core.options.webhook_scope_refusal == "unnamed":
        raise errors.invalid()
    if lacking:
        raise errors.insufficient_scope(lacking)


def _check_url(core: Core, url: object) -> None:
    allowed = ("https",) if core.options.https_callbacks_only else ("https", "http")
    if not isinstance(url, str) or urlsplit(url).scheme not in allowed or not urlsplit(url).netloc:
        raise errors.invalid("url")
    if any(item.callback_url == url for item in core.state.subscriptions.values()):
        raise errors.url_exists()


def listing(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /webhook_subscriptions: organization and scope are needed."""
    query = call.query
    for name in ("organization", "scope"):
        if name not in query:
            raise errors.missing(name)
    check_organization(core, query["organization"])
    owner = whose(core, call, dict(query))
    found = [
        item
        for item in core.state.subscriptions.values()
        if item.scope == query["scope"] and (item.user_id, item.group_id) == (owner.user_id, owner.group_id)
    ]

    def show(item: Subscription) -> Json:
        return render.subscription(core, item)

    return 200, paging.page(core, call, paging.ordered(found, query, SORTS, "created_at:asc"), show)


def _one(core: Core, call: Caller) -> Subscription:
    item = core.state.subscriptions.get(call.keys[0])
    if item is None:
        raise errors.not_found()
    if item.creator_id != call.user.id and not is_admin(call.user):
        raise errors.denied()
    return item


def one(core: Core, call: Caller) -> tuple[int, Json]:
    """GET /webhook_subscriptions/{id}."""
    return 200, {"resource": render.subscription(core, _one(core, call))}


def delete(core: Core, call: Caller) -> tuple[int, None]:
    """DELETE /webhook_subscriptions/{id}: 204; what waits for it is not sent any more."""
    del core.state.subscriptions[_one(core, call).id]
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
