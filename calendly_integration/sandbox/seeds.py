"""The standard data of a fresh Calendly, and methods for tests to add more."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from . import webhooks
from .availability import WEEKDAYS
from .oauth_records import OAuthApp
from .sandbox import Sandbox
from .store import BusyTime, EventType, Json, Organization, Schedule, Subscription, Token, User

TOKEN = "sandbox-token"  # noqa: S105 - only valid in this sandbox
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
# Name, minutes, minutes of buffer after the meeting.
STANDARD_TYPES = (
    ("Sales Demo", 30, 15),
    ("Technical Support", 45, 10),
    ("Strategy Call", 60, 15),
    ("Quick Consultation", 15, 5),
)
WORKDAY = ("09:00", "17:00")


def question(
    name: str, *, required: bool = False, kind: str = "text", position: int = 0, choices: tuple[str, ...] = ()
) -> Json:
    """A custom question as an event type shows it."""
    return {
        "name": name,
        "type": kind,
        "position": position,
        "enabled": True,
        "required": required,
        "answer_choices": list(choices),
        "include_other": False,
    }


def place(kind: str, *, text: str | None = None, phone: str | None = None, position: int = 0) -> Json:
    """A configured location as an event type shows it."""
    return {
        "kind": kind,
        "location": text,
        "additional_info": None,
        "phone_number": phone,
        "position": position,
    }


def slug_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Seeds(Sandbox):
    """Add people, event types, busy times, tokens and subscriptions."""

    def seed_standard(self, *, token: str = TOKEN) -> None:
        """One organization, its owner Ana, a colleague, the four standard event types, a token of Ana's."""
        with self.change():
            now = self.stamp()
            self.state.organization = Organization(self.state.new_id(), "VAI Portal", "paid", now, now)
            ana = self.add_user("Ana Ionescu", "ana.ionescu@vaiportal.example", role="owner")
            self.add_user("Radu Marin", "radu.marin@vaiportal.example")
            self.add_token(token, ana)
            self.add_oauth_app(CLIENT_ID, CLIENT_SECRET)
            for name, duration, buffer in STANDARD_TYPES:
                self.add_event_type(name, duration, after_buffer=buffer, increment=15)
            types = self.state.event_types.values()
            support = next(item for item in types if item.slug == "technical-support")
            support.questions = [question("Please describe the problem.")]

    def seed_same_names(self, user: User) -> None:
        """Give a host event types with the names and slugs of the standard ones, so that a name is ambiguous."""
        for name, duration, buffer in STANDARD_TYPES:
            self.add_event_type(name, duration, owner=user, after_buffer=buffer, increment=15)

    def add_user(
        self,
        name: str,
        email: str,
        *,
        role: str = "user",
        timezone: str = "Europe/Bucharest",
        hours: tuple[str, str] = WORKDAY,
        days: tuple[str, ...] = WEEKDAYS[:5],
    ) -> User:
        """A member with one schedule of the same hours on the given days."""
        with self.change():
            now, state = self.stamp(), self.state
            user = User(state.new_id(), name, slug_of(name), email, timezone, role, state.new_id(), now, now)
            state.users[user.id] = user
            spans = [{"from": hours[0], "to": hours[1]}]
            rules: list[Json] = [
                {"type": "wday", "wday": day, "intervals": spans if day in days else []} for day in WEEKDAYS
            ]
            schedule = Schedule(state.new_id(), user.id, timezone, rules)
            state.schedules[schedule.id] = schedule
            return user

    def set_hours(self, user: User, rules: list[Json], *, timezone: str | None = None) -> None:
        """Replace a user's rules, in the form in which the API shows them."""
        with self.change():
            schedule = next(item for item in self.state.schedules.values() if item.user_id == user.id)
            schedule.rules = rules
            schedule.timezone = timezone or schedule.timezone

    def add_token(
        self, token: str, user: User | None = None, *, scopes: list[str] | None = None, state: str = "active"
    ) -> None:
        """Add a token. Without `scopes` it has full access; `state` may be `expired` or `revoked`."""
        with self.change():
            self.state.tokens[token] = Token((user or self.owner).id, scopes, state)

    def add_oauth_app(self, client_id: str, secret: str | None) -> None:
        """Add an OAuth application. Without a secret it is a native one."""
        with self.change():
            self.state.oauth_apps[client_id] = OAuthApp(client_id, secret)

    def add_event_type(
        self,
        name: str,
        duration: int = 30,
        *,
        owner: User | None = None,
        locations: list[Json] | None = None,
        no_location: bool = False,
        **fields: Any,
    ) -> EventType:
        """A solo type of `owner` (the organization's owner by default), by default on Zoom.

        Further fields are those of `store.EventType`: increment, questions, seats, active, after_buffer…
        """
        with self.change():
            now, state = self.stamp(), self.state
            owner = owner or self.owner
            fields.setdefault("host_ids", [owner.id])
            fields.setdefault("position", len(state.event_types))
            places = None if no_location else locations or [place("zoom_conference")]
            event_type = EventType(
                state.new_id(),
                name,
                slug_of(name),
                owner.id,
                duration=duration,
                created_at=now,
                updated_at=now,
                locations=places,
                **fields,
            )
            state.event_types[event_type.id] = event_type
            webhooks.emit_event_type(self, "event_type.created", event_type)
            return event_type

    def add_group_type(self, name: str = "Workshop", seats: int = 3, **fields: Any) -> EventType:
        """An event type in which several invitees share a start."""
        return self.add_event_type(name, kind="group", seats=seats, **fields)

    def add_round_robin_type(self, name: str, hosts: list[User], **fields: Any) -> EventType:
        """An event type for any one of the hosts."""
        keys = [host.id for host in hosts]
        return self.add_event_type(name, pooling_type="round_robin", host_ids=keys, **fields)

    def add_collective_type(self, name: str, hosts: list[User], **fields: Any) -> EventType:
        """An event type for all hosts together."""
        keys = [host.id for host in hosts]
        return self.add_event_type(name, pooling_type="collective", host_ids=keys, **fields)

    def add_busy_time(
        self, start: datetime, end: datetime, *, user: User | None = None, kind: str = "external"
    ) -> BusyTime:
        """A busy time in the host's own calendar (`external`) or at Calendly (`reserved`)."""
        with self.change():
            item = BusyTime((user or self.owner).id, start, end, kind)
            self.state.busy_times.append(item)
            return item

    def break_calendar(self, user: User | None = None, *, broken: bool = True) -> None:
        """Let /user_busy_times of that user answer 424."""
        with self.change():
            (user or self.owner).calendar_broken = broken

    def subscribe(
        self,
        url: str,
        signing_key: str | None = None,
        events: tuple[str, ...] = webhooks.INVITEE_EVENTS + webhooks.EVENT_TYPE_EVENTS,
        *,
        user: User | None = None,
    ) -> Subscription:
        """Add a subscription for the organization, or for `user`, without an API call."""
        with self.change():
            now, key = self.stamp(), self.state.new_id()
            scope, user_id = ("organization", None) if user is None else ("user", user.id)
            creator = user or self.owner
            item = Subscription(
                key, url, list(events), scope, creator.id, signing_key, now, now, user_id=user_id
            )
            self.state.subscriptions[key] = item
            return item
