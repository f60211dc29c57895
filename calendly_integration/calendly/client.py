"""Calendly's endpoints, one method each. https://developer.calendly.com/api-docs

Every method may raise any ``CalendlyError``; the docstrings name only what is special. URIs in arguments may be
whole or bare ids where a path is made of them; in queries and bodies Calendly wants them whole. Ids that cannot be
a part of a path raise ValueError. Lists leave out what cannot be read (``PagedItems``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from .base import PAGE_SIZE, BaseClient, PagedItems, path_id
from .errors import NotFound
from .payloads import (
    AvailabilitySchedule,
    AvailableTime,
    BusyTime,
    Cancellation,
    CreateInviteeRequest,
    EventType,
    EventTypeHost,
    Invitee,
    Membership,
    Organization,
    ScheduledEvent,
    Subscription,
    User,
)

MAX_REASON = 10_000


class Client(BaseClient):
    """Calendly for one token. One per process and connection."""

    # Accounts

    # https://developer.calendly.com/api-docs/005832c83aeae-get-current-user
    def me(self) -> User:
        """GET /users/me: the token's owner, with the organization that other calls need."""
        return self._get_one("/users/me", User)

    # https://developer.calendly.com/api-docs/eaed2e61a6bc3-list-organization-memberships
    def memberships(self, *, organization: str) -> PagedItems[Membership]:
        """GET /organization_memberships: the members."""
        return self._get_pages("/organization_memberships", Membership, organization=organization)

    # https://developer.calendly.com/api-docs (Organizations)
    def organization(self, uri: str) -> Organization:
        """GET /organizations/{uuid}: plan and stage."""
        return self._get_one(f"/organizations/{path_id(uri)}", Organization)

    # Event types and availability

    # https://developer.calendly.com/api-docs/25a4ece03c1bc-list-user-s-event-types
    def event_types(self, *, organization: str) -> PagedItems[EventType]:
        """GET /event_types: those of an organization, deleted and inactive ones too."""
        return self._get_pages("/event_types", EventType, organization=organization)

    # https://developer.calendly.com/api-docs (Event Types)
    def create_event_type(
        self,
        *,
        owner: str,
        name: str,
        duration: int,
        before_buffer: int,
        after_buffer: int,
        color: str,
        locations: Sequence[dict[str, str]],
    ) -> EventType:
        """POST /event_types: of one user, ``owner``. Minutes. It may arrive inactive."""
        body = {
            "owner": owner,
            "name": name,
            "duration": duration,
            "before_buffer": before_buffer,
            "after_buffer": after_buffer,
            "color": color,
            "locations": list(locations),
        }
        return self._send("POST", "/event_types", EventType, body)

    # https://developer.calendly.com/api-docs (Event Types)
    def update_event_type(self, uri: str, *, active: bool) -> EventType:
        """PATCH /event_types/{uuid}."""
        return self._send("PATCH", f"/event_types/{path_id(uri)}", EventType, {"active": active})

    # https://developer.calendly.com/api-docs (Event Types)
    def event_type_hosts(self, event_type_uri: str) -> Iterator[str]:
        """GET /event_type_memberships: the hosts' user URIs. None where it answers 404."""
        try:
            for host in self._get_pages("/event_type_memberships", EventTypeHost, event_type=event_type_uri):
                if host.user_uri is not None:
                    yield host.user_uri
        except NotFound:
            return

    # https://developer.calendly.com/api-docs/6a1be82aef359-list-event-type-available-times
    def available_times(self, event_type_uri: str, start: datetime, end: datetime) -> list[AvailableTime]:
        """GET /event_type_available_times: ``start`` in the future, at most 31 days. Nothing is reserved."""
        return self._get_list(
            "/event_type_available_times",
            AvailableTime,
            event_type=event_type_uri,
            start_time=start,
            end_time=end,
        )

    # https://developer.calendly.com/api-docs/5920076156501-list-user-busy-times
    def busy_times(self, user_uri: str, start: datetime, end: datetime) -> list[BusyTime]:
        """GET /user_busy_times: ascending; at most 7 days, not in the past. Raises CalendarTrouble."""
        return self._get_list("/user_busy_times", BusyTime, user=user_uri, start_time=start, end_time=end)

    # https://developer.calendly.com/api-docs/8098de44af94c-list-user-availability-schedules
    def availability_schedules(self, user_uri: str) -> list[AvailabilitySchedule]:
        """GET /user_availability_schedules: working hours."""
        return self._get_list("/user_availability_schedules", AvailabilitySchedule, user=user_uri)

    # Meetings

    # https://developer.calendly.com/api-docs/p3ghrxrwbl8kqe-create-event-invitee
    def create_invitee(self, request: CreateInviteeRequest) -> Invitee:
        """POST /invitees: books at once. Sent only once.

        Raises SlotTaken, InvalidLocation, NotFound (unknown type, or perhaps a start that was never offered),
        RateLimited (perhaps an hourly or daily cap). With ``outcome_unknown`` it may be booked: look it up.
        """
        return self._send("POST", "/invitees", Invitee, request.body())

    # https://developer.calendly.com/api-docs/2d5ed9bbd2952-list-events
    def scheduled_events(
        self,
        *,
        organization: str | None = None,
        user: str | None = None,
        invitee_email: str | None = None,
        min_start: datetime | None = None,
        max_start: datetime | None = None,
        sort: str | None = None,
        count: int = PAGE_SIZE,
    ) -> PagedItems[ScheduledEvent]:
        """GET /scheduled_events: canceled ones too. ``sort``: start_time:asc or start_time:desc."""
        return self._get_pages(
            "/scheduled_events",
            ScheduledEvent,
            organization=organization,
            user=user,
            invitee_email=invitee_email,
            min_start_time=min_start,
            max_start_time=max_start,
            sort=sort,
            count=count,
        )

    # https://developer.calendly.com/api-docs/e2f95ebd44914-get-event
    def scheduled_event(self, uri: str) -> ScheduledEvent:
        """GET /scheduled_events/{uuid}."""
        return self._get_one(f"/scheduled_events/{path_id(uri)}", ScheduledEvent)

    # https://developer.calendly.com/api-docs/eb8ee72701f99-list-event-invitees
    def invitees(self, event_uri: str, *, email: str | None = None) -> PagedItems[Invitee]:
        """GET /scheduled_events/{uuid}/invitees."""
        return self._get_pages(f"/scheduled_events/{path_id(event_uri)}/invitees", Invitee, email=email)

    # https://developer.calendly.com/api-docs/8305c0ccfac70-get-event-invitee
    def invitee(self, uri: str) -> Invitee:
        """GET /scheduled_events/{event}/invitees/{invitee}: needs the whole URI. Raises ValueError for another."""
        parts = uri.rstrip("/").split("/")
        if len(parts) < 4 or parts[-4] != "scheduled_events" or parts[-2] != "invitees":
            raise ValueError("not the URI of an invitee")
        return self._get_one(f"/scheduled_events/{path_id(parts[-3])}/invitees/{path_id(parts[-1])}", Invitee)

    # https://developer.calendly.com/api-docs/afb2e9fe3a0a0-cancel-event
    def cancel(self, event_uri: str, reason: str | None = None) -> Cancellation:
        """POST /scheduled_events/{uuid}/cancellation: for all invitees. A longer reason is cut to Calendly's limit.

        Raises AlreadyCanceled, EventInPast.
        """
        path = f"/scheduled_events/{path_id(event_uri)}/cancellation"
        return self._send("POST", path, Cancellation, {"reason": reason[:MAX_REASON]} if reason else {})

    # https://developer.calendly.com/api-docs/cebd8c3170790-create-invitee-no-show
    def mark_no_show(self, invitee_uri: str) -> None:
        """POST /invitee_no_shows. Raises InvalidRequest for an invitee who is marked already."""
        self._write("POST", "/invitee_no_shows", {"invitee": invitee_uri})

    # https://developer.calendly.com/api-docs (Scheduled Events)
    def unmark_no_show(self, no_show_uri: str) -> None:
        """DELETE /invitee_no_shows/{uuid}."""
        self._write("DELETE", f"/invitee_no_shows/{path_id(no_show_uri)}")

    # Webhook subscriptions

    # https://developer.calendly.com/api-docs/faac832d7c57d-list-webhook-subscriptions
    def subscriptions(
        self, organization: str, scope: str = "organization", user: str | None = None
    ) -> PagedItems[Subscription]:
        """GET /webhook_subscriptions: ``user`` with scope user."""
        return self._get_pages(
            "/webhook_subscriptions", Subscription, organization=organization, scope=scope, user=user
        )

    # https://developer.calendly.com/api-docs/c1ddc06ce1f1b-create-webhook-subscription
    def subscribe(
        self, *, url: str, events: Iterable[str], organization: str, scope: str, signing_key: str
    ) -> Subscription:
        """POST /webhook_subscriptions. Raises AlreadyExists for a URL in use; there is no update."""
        body = {
            "url": url,
            "events": list(events),
            "organization": organization,
            "scope": scope,
            "signing_key": signing_key,
        }
        return self._send("POST", "/webhook_subscriptions", Subscription, body)

    # https://developer.calendly.com/api-docs/565b97f62dafe-delete-webhook-subscription
    def unsubscribe(self, uri: str) -> None:
        """DELETE /webhook_subscriptions/{uuid}."""
        self._write("DELETE", f"/webhook_subscriptions/{path_id(uri)}")
