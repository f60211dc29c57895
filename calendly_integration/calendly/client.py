"""Calendly's endpoints, one method each. https://developer.calendly.com/api-docs

Every method may raise any ``CalendlyError``; the docstrings name only what is special. URIs in arguments
may be whole or bare ids where a path is made of them; in queries and bodies Calendly wants them whole. Ids
that cannot be a path segment raise ValueError. Lists leave out what cannot be read (``Pages``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import requests

from . import bodies, fields
from .calls import PAGE, Calls, Pages, segment
from .errors import NotFound
from .transport import Called, Rated, Transport
from .types import (
    AvailabilitySchedule,
    AvailableTime,
    BookingRequest,
    BusyTime,
    Cancellation,
    EventType,
    Invitee,
    Membership,
    Organization,
    RateLimit,
    ScheduledEvent,
    Subscription,
    User,
)

DEFAULT_BASE_URL = "https://api.calendly.com"


class Client:
    """Calendly for one token. One per process and connection; safe for many threads.

    ``on_rate(RateLimit)`` is told each answer's rate headers, ``on_call(method, path, status or None,
    seconds, error class name or None)`` each exchange, retried ones too. ``path`` has no query: that holds
    addresses.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        session: requests.Session | None = None,
        connect_timeout: float = 3.05,
        read_timeout: float = 10.0,
        user_agent: str = "django-calendly-integration",
        on_rate: Rated | None = None,
        on_call: Called | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._transport = Transport(
            token,
            base_url,
            session=session,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            user_agent=user_agent,
            pause=pause,
        )
        self._transport.on_rate = on_rate
        self._transport.on_call = on_call
        self._calls = Calls(self._transport)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._transport.base_url}>"

    @property
    def rate(self) -> RateLimit | None:
        """What the last answer said about the limit; shared with everybody who uses this user's tokens."""
        return self._transport.rate

    @property
    def server_time(self) -> datetime | None:
        """What Calendly's clock said in its last answer, to the second; None where it said nothing."""
        return self._transport.server_time

    @property
    def base_url(self) -> str:
        return self._transport.base_url

    @property
    def session(self) -> requests.Session:
        """The session in use, for mounting another transport adapter."""
        return self._transport.session

    def close(self) -> None:
        """Give the pooled connections back."""
        self._transport.close()

    # Accounts

    def me(self) -> User:
        """GET /users/me: the token's owner, with the organization that other calls need."""
        return self._calls.one("/users/me", User.parse)

    def user(self, uri: str) -> User:
        """GET /users/{uuid}."""
        return self._calls.one(f"/users/{segment(uri)}", User.parse)

    def memberships(self, *, organization: str) -> Pages[Membership]:
        """GET /organization_memberships: the members."""
        return self._calls.pages("/organization_memberships", Membership.parse, organization=organization)

    def organization(self, uri: str) -> Organization:
        """GET /organizations/{uuid}: plan and stage."""
        return self._calls.one(f"/organizations/{segment(uri)}", Organization.parse)

    # Event types and availability

    def event_types(
        self, *, organization: str | None = None, user: str | None = None, active: bool | None = None
    ) -> Pages[EventType]:
        """GET /event_types: of an organization or a user. ``active`` None: deleted and inactive ones too."""
        return self._calls.pages(
            "/event_types", EventType.parse, organization=organization, user=user, active=active
        )

    def event_type(self, uri: str) -> EventType:
        """GET /event_types/{uuid}."""
        return self._calls.one(f"/event_types/{segment(uri)}", EventType.parse)

    def create_event_type(self, **values: Any) -> EventType:
        """POST /event_types: owner, name and others. It may arrive inactive whatever was sent."""
        return self._calls.send("POST", "/event_types", EventType.parse, bodies.event_type(values))

    def update_event_type(self, uri: str, **values: Any) -> EventType:
        """PATCH /event_types/{uuid}: only what is given changes."""
        body = bodies.event_type_changes(values)
        return self._calls.send("PATCH", f"/event_types/{segment(uri)}", EventType.parse, body)

    def event_type_hosts(self, event_type_uri: str) -> Iterator[str]:
        """GET /event_type_memberships: user URIs of the hosts; none where it answers 404."""
        try:
            for uri in self._calls.pages("/event_type_memberships", _host_uri, event_type=event_type_uri):
                if uri is not None:
                    yield uri
        except NotFound:
            return

    def available_times(self, event_type_uri: str, start: datetime, end: datetime) -> list[AvailableTime]:
        """GET /event_type_available_times: a view and no hold. ``start`` in the future, at most 31 days."""
        return self._calls.listed(
            "/event_type_available_times",
            AvailableTime.parse,
            event_type=event_type_uri,
            start_time=start,
            end_time=end,
        )

    def busy_times(self, user_uri: str, start: datetime, end: datetime) -> list[BusyTime]:
        """GET /user_busy_times: ascending; at most 7 days, not in the past. Raises CalendarTrouble."""
        return self._calls.listed(
            "/user_busy_times", BusyTime.parse, user=user_uri, start_time=start, end_time=end
        )

    def availability_schedules(self, user_uri: str) -> list[AvailabilitySchedule]:
        """GET /user_availability_schedules: working hours."""
        return self._calls.listed("/user_availability_schedules", AvailabilitySchedule.parse, user=user_uri)

    # Meetings

    def book(self, request: BookingRequest) -> Invitee:
        """POST /invitees: books at once, and is never repeated by itself.

        Raises SlotTaken, InvalidLocation, NotFound (unknown type, or perhaps a start that was never offered),
        RateLimited (perhaps an hourly or daily cap). With ``outcome_unknown`` it may be booked: look it up.
        """
        return self._calls.send("POST", "/invitees", Invitee.parse, bodies.booking(request))

    def scheduled_events(
        self,
        *,
        organization: str | None = None,
        user: str | None = None,
        invitee_email: str | None = None,
        status: str | None = None,
        min_start: datetime | None = None,
        max_start: datetime | None = None,
        sort: str | None = None,
        count: int = PAGE,
        page_token: str | None = None,
    ) -> Pages[ScheduledEvent]:
        """GET /scheduled_events: canceled ones too unless ``status`` is active. ``sort``: start_time:desc."""
        return self._calls.pages(
            "/scheduled_events",
            ScheduledEvent.parse,
            organization=organization,
            user=user,
            invitee_email=invitee_email,
            status=status,
            min_start_time=min_start,
            max_start_time=max_start,
            sort=sort,
            count=count,
            page_token=page_token,
        )

    def scheduled_event(self, uri: str) -> ScheduledEvent:
        """GET /scheduled_events/{uuid}."""
        return self._calls.one(f"/scheduled_events/{segment(uri)}", ScheduledEvent.parse)

    def invitees(self, event_uri: str, email: str | None = None, status: str | None = None) -> Pages[Invitee]:
        """GET /scheduled_events/{uuid}/invitees."""
        path = f"/scheduled_events/{segment(event_uri)}/invitees"
        return self._calls.pages(path, Invitee.parse, email=email, status=status)

    def invitee(self, uri: str) -> Invitee:
        """GET /scheduled_events/{event}/invitees/{invitee}: takes the whole URI, there is no shorter way."""
        parts = uri.rstrip("/").split("/")
        if len(parts) < 4 or parts[-4] != "scheduled_events" or parts[-2] != "invitees":
            raise ValueError("not the URI of an invitee")
        return self._calls.one(
            f"/scheduled_events/{segment(parts[-3])}/invitees/{segment(parts[-1])}", Invitee.parse
        )

    def cancel(self, event_uri: str, reason: str | None = None) -> Cancellation:
        """POST /scheduled_events/{uuid}/cancellation: the whole event. AlreadyCanceled, EventInPast."""
        path = f"/scheduled_events/{segment(event_uri)}/cancellation"
        return self._calls.send("POST", path, Cancellation.parse, bodies.cancellation(reason))

    def mark_no_show(self, invitee_uri: str) -> str:
        """POST /invitee_no_shows: the mark's URI. Marking twice is some InvalidRequest."""
        return self._calls.send("POST", "/invitee_no_shows", _uri, bodies.no_show(invitee_uri))

    def unmark_no_show(self, no_show_uri: str) -> None:
        """DELETE /invitee_no_shows/{uuid}."""
        self._transport.write("DELETE", f"/invitee_no_shows/{segment(no_show_uri)}")

    def scheduling_link(self, event_type_uri: str) -> str:
        """POST /scheduling_links: the URL of a page for one booking."""
        body = bodies.scheduling_link(event_type_uri)
        return self._calls.send("POST", "/scheduling_links", _booking_url, body)

    # Webhook subscriptions

    def subscriptions(
        self, organization: str, scope: str = "organization", user: str | None = None
    ) -> Pages[Subscription]:
        """GET /webhook_subscriptions: ``user`` with scope user."""
        return self._calls.pages(
            "/webhook_subscriptions", Subscription.parse, organization=organization, scope=scope, user=user
        )

    def subscription(self, uri: str) -> Subscription:
        """GET /webhook_subscriptions/{uuid}."""
        return self._calls.one(f"/webhook_subscriptions/{segment(uri)}", Subscription.parse)

    def subscribe(
        self,
        url: str,
        events: Iterable[str],
        organization: str,
        scope: str = "organization",
        signing_key: str | None = None,
        user: str | None = None,
    ) -> Subscription:
        """POST /webhook_subscriptions. Raises AlreadyExists for a URL in use; there is no update."""
        body = bodies.subscription(
            url=url, events=events, organization=organization, scope=scope, signing_key=signing_key, user=user
        )
        return self._calls.send("POST", "/webhook_subscriptions", Subscription.parse, body)

    def unsubscribe(self, uri: str) -> None:
        """DELETE /webhook_subscriptions/{uuid}."""
        self._transport.write("DELETE", f"/webhook_subscriptions/{segment(uri)}")


def _uri(data: dict[str, Any]) -> str:
    return fields.text(data, "uri")


def _booking_url(data: dict[str, Any]) -> str:
    return fields.text({"booking_url": fields.link(data, "booking_url")}, "booking_url")


def _host_uri(data: dict[str, Any]) -> str | None:
    member = data.get("member")
    return fields.text_or_none(member, "uri") if isinstance(member, dict) else None
