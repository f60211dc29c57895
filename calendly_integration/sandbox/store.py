"""The data of this Calendly: plain records and their indexes. Rules are elsewhere."""

from __future__ import annotations

import hashlib
import uuid
from bisect import insort
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .oauth_records import AuthorizationCode, OAuthApp, RefreshToken

Json = dict[str, Any]
TRACKING_KEYS = ("utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term", "salesforce_uuid")


@dataclass
class Organization:
    id: str
    name: str
    stage: str
    created_at: datetime
    updated_at: datetime


@dataclass
class User:
    id: str
    name: str
    slug: str
    email: str
    timezone: str
    role: str
    membership_id: str
    created_at: datetime
    updated_at: datetime
    locale: str = "en"
    calendar_broken: bool = False


@dataclass
class Token:
    user_id: str
    scopes: list[str] | None = None
    """None: an old token with full access."""
    state: str = "active"
    expires_at: datetime | None = None
    client_id: str | None = None
    """Its OAuth application; None for a personal access token."""


@dataclass
class Schedule:
    id: str
    user_id: str
    timezone: str
    rules: list[Json]
    name: str = "Working hours"


@dataclass
class BusyTime:
    user_id: str
    start: datetime
    end: datetime
    kind: str = "external"


@dataclass
class EventType:
    id: str
    name: str
    slug: str
    owner_id: str
    host_ids: list[str]
    duration: int
    created_at: datetime
    updated_at: datetime
    kind: str = "solo"
    pooling_type: str | None = None
    seats: int = 1
    active: bool = True
    locations: list[Json] | None = None
    questions: list[Json] = field(default_factory=list)
    description: str | None = None
    duration_options: list[int] | None = None
    color: str = "#0099ff"
    locale: str = "en"
    increment: int = 30
    before_buffer: int = 0
    after_buffer: int = 0
    position: int = 0
    deleted_at: datetime | None = None
    minimum_notice: int = 0
    """Minutes. Calendly has it on its pages but not in its API."""


@dataclass
class Cancellation:
    canceled_by: str
    reason: str | None
    canceler_type: str
    created_at: datetime


@dataclass
class Event:
    id: str
    event_type_id: str
    name: str
    start: datetime
    end: datetime
    host_ids: list[str]
    location: Json | None
    before_buffer: int
    after_buffer: int
    seats: int
    created_at: datetime
    updated_at: datetime
    settles_at: datetime
    settles_to: str = "pushed"
    status: str = "active"
    guests: list[Json] = field(default_factory=list)
    invitee_ids: list[str] = field(default_factory=list)
    cancellation: Cancellation | None = None


@dataclass
class Invitee:
    id: str
    event_id: str
    email: str
    name: str
    timezone: str | None
    created_at: datetime
    updated_at: datetime
    first_name: str | None = None
    last_name: str | None = None
    status: str = "active"
    answers: list[Json] = field(default_factory=list)
    tracking: Json = field(default_factory=dict)
    text_reminder_number: str | None = None
    rescheduled: bool = False
    old_invitee: str | None = None
    new_invitee: str | None = None
    cancellation: Cancellation | None = None
    no_show_id: str | None = None
    scheduling_method: str | None = None
    scheduled_by: str | None = None


@dataclass
class NoShow:
    id: str
    invitee_id: str
    created_at: datetime


@dataclass
class Link:
    code: str
    event_type_id: str
    used: bool = False


@dataclass
class Subscription:
    id: str
    callback_url: str
    events: list[str]
    scope: str
    creator_id: str
    signing_key: str | None
    created_at: datetime
    updated_at: datetime
    user_id: str | None = None
    state: str = "active"
    retry_started_at: datetime | None = None
    group_id: str | None = None


@dataclass
class Delivery:
    number: int
    subscription_id: str
    event: str
    body: str
    created_at: datetime
    due_at: datetime
    status: str = "pending"
    """pending, sending, held, delivered, failed (given up), dropped (the subscription was deleted)."""
    tries: int = 0
    first_try_at: datetime | None = None
    signed_at: int | None = None
    results: list[str] = field(default_factory=list)


RECORDS: tuple[type, ...] = (
    Organization,
    User,
    Token,
    Schedule,
    BusyTime,
    EventType,
    Cancellation,
    Event,
    Invitee,
    NoShow,
    Link,
    Subscription,
    Delivery,
    OAuthApp,
    AuthorizationCode,
    RefreshToken,
)


@dataclass
class State:
    """Everything that survives a restart, by id. The indexes are rebuilt from it."""

    seed: int = 0
    ids_made: int = 0
    deliveries_made: int = 0
    last_stamp: datetime | None = None
    organization: Organization | None = None
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    busy_times: list[BusyTime] = field(default_factory=list)
    event_types: dict[str, EventType] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    invitees: dict[str, Invitee] = field(default_factory=dict)
    no_shows: dict[str, NoShow] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    oauth_apps: dict[str, OAuthApp] = field(default_factory=dict)
    oauth_codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_start: list[tuple[datetime, str]] = []
        self.by_host: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        self.by_slot: dict[tuple[str, datetime], list[str]] = defaultdict(list)
        self.by_email: dict[str, list[str]] = defaultdict(list)
        self.open_deliveries: dict[int, Delivery] = {}
        self.failing: dict[str, set[int]] = defaultdict(set)
        self.given_up: dict[str, int] = defaultdict(int)
        for event in self.events.values():
            self._index_event(event)
        for invitee in self.invitees.values():
            self.by_email[invitee.email.lower()].append(invitee.event_id)
        for delivery in self.deliveries:
            self._index_delivery(delivery)

    def new_id(self) -> str:
        """A UUID from the seed and a counter: runs are repeatable, and restarts do not collide."""
        self.ids_made += 1
        digest = hashlib.sha256(f"{self.seed}:{self.ids_made}".encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

    def add_event(self, event: Event) -> None:
        self.events[event.id] = event
        self._index_event(event)

    def add_invitee(self, invitee: Invitee) -> None:
        self.invitees[invitee.id] = invitee
        self.events[invitee.event_id].invitee_ids.append(invitee.id)
        self.by_email[invitee.email.lower()].append(invitee.event_id)

    def active_invitees(self, event: Event) -> list[Invitee]:
        invitees = (self.invitees[key] for key in event.invitee_ids)
        return [invitee for invitee in invitees if invitee.status == "active"]

    def active_at(self, event_type_id: str, start: datetime) -> Event | None:
        """The active meeting of that type and start, which the next invitee of a group joins."""
        for key in self.by_slot.get((event_type_id, start), ()):
            if self.events[key].status == "active":
                return self.events[key]
        return None

    def add_delivery(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._index_delivery(delivery)

    def _index_delivery(self, delivery: Delivery) -> None:
        if delivery.status == "sending":
            delivery.status = "pending"
        if delivery.status in ("pending", "held"):
            self.open_deliveries[delivery.number] = delivery
            if delivery.results:
                self.failing[delivery.subscription_id].add(delivery.number)

    def _index_event(self, event: Event) -> None:
        insort(self.by_start, (event.start, event.id))
        self.by_slot[event.event_type_id, event.start].append(event.id)
        for host in event.host_ids:
            insort(self.by_host[host], (event.start, event.id))
