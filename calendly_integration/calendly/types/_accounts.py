"""Who we are at Calendly: users, organizations, rate limits, webhook subscriptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from .. import fields
from ._base import Entity


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The rate headers of an answer; ``reset`` in seconds from ``seen_at``, which is ``time.monotonic()``."""

    limit: int | None
    remaining: int | None
    reset: float | None
    seen_at: float


@dataclass(frozen=True, slots=True, repr=False)
class User(Entity):
    """A Calendly user. ``organization`` is missing inside a membership."""

    uri: str
    name: str
    email: str
    slug: str
    timezone: str
    scheduling_url: str
    organization: str | None
    locale: str | None
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            uri=fields.text(data, "uri"),
            name=fields.line(data, "name"),
            email=fields.line(data, "email"),
            slug=fields.line(data, "slug"),
            timezone=fields.line(data, "timezone"),
            scheduling_url=fields.link(data, "scheduling_url"),
            organization=fields.text_or_none(data, "current_organization"),
            locale=fields.text_or_none(data, "locale"),
            raw=data,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Organization(Entity):
    """An organization and its plan. ``stage`` is trial, free or paid."""

    uri: str
    name: str | None
    plan: str
    stage: str
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            uri=fields.text(data, "uri"),
            name=fields.line_or_none(data, "name"),
            plan=fields.text_or(data, "plan"),
            stage=fields.text_or(data, "stage"),
            raw=data,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Membership(Entity):
    """A user's place in an organization. ``role`` is user, admin or owner."""

    uri: str
    role: str
    user: User
    organization: str
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            uri=fields.text(data, "uri"),
            role=fields.text_or(data, "role", "user"),
            user=User.parse(fields.as_dict(data.get("user"), "user")),
            organization=fields.text(data, "organization"),
            raw=data,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Subscription(Entity):
    """A webhook subscription: active or disabled; ``retry_started_at`` is set while deliveries fail."""

    uri: str
    callback_url: str
    state: str
    events: tuple[str, ...]
    scope: str
    organization: str
    user: str | None
    creator: str | None
    created_at: datetime
    updated_at: datetime
    retry_started_at: datetime | None
    raw: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, data: dict[str, Any]) -> Self:
        return cls(
            uri=fields.text(data, "uri"),
            callback_url=fields.text(data, "callback_url"),
            state=fields.text(data, "state"),
            events=fields.texts(data, "events"),
            scope=fields.text_or(data, "scope"),
            organization=fields.text_or(data, "organization"),
            user=fields.text_or_none(data, "user"),
            creator=fields.text_or_none(data, "creator"),
            created_at=fields.instant(data, "created_at"),
            updated_at=fields.instant(data, "updated_at"),
            retry_started_at=fields.instant_or_none(data, "retry_started_at"),
            raw=data,
        )
