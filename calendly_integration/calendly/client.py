"""Calendly's endpoints, one method each. https://developer.calendly.com/api-docs

Every method may raise any ``CalendlyError``; the docstrings name only what is special. URIs in arguments may be
whole or bare ids where a path is made of them; in queries and bodies Calendly wants them whole. Ids that cannot be
a part of a path raise ValueError. Lists leave out what cannot be read (``PagedItems``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from ..http import json_body
from ..http.backoff import backoff_seconds
from ..http.errors import TransportError
from ..http.transport import Response, Transport, header_value
from .answers import (
    PagedItems,
    json_or_none,
    may_read_again,
    next_page_token,
    path_id,
    query_text,
    read_collection,
    read_resource,
)
from .errors import BadAnswer, CalendlyError, NotFound, from_response, from_transport
from .fields import Payload
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

DEFAULT_BASE_URL = "https://api.calendly.com"
PAGE_SIZE = 100
# Far above any account. A server that keeps inventing tokens must not hold a worker.
MAX_PAGES = 10_000
MAX_RESPONSE_BYTES = 10 * 1024 * 1024
MAX_REASON = 10_000

_MAX_READ_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 1.0

P = TypeVar("P", bound=Payload)
# Method, path without query, status, seconds, name of the error.
OnCall = Callable[[str, str, int | None, float, str | None], object]


class Client:
    """Calendly for one token. One per process and connection; may be used by many threads at once.

    ``on_call`` is called after each exchange, retried ones too, with method, path, status or None, seconds, and the
    class name of the error or None. The path has no query: that holds addresses.
    ``pause`` is the clock of the retries, for the tests.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = DEFAULT_BASE_URL,
        connect_timeout: float = 3.05,
        read_timeout: float = 10.0,
        on_call: OnCall | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Timeouts are in seconds. Raises ValueError for a token or a URL that cannot be one."""
        if " " in header_value(token, "the Calendly token"):
            raise ValueError("the Calendly token holds a space")
        self._transport = Transport(
            base_url,
            headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"},
            max_response_bytes=MAX_RESPONSE_BYTES,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )
        self._token = token
        self._read_timeout = read_timeout
        self._on_call = on_call
        self._pause = pause
        self.base_url = self._transport.base_url
        self.session = self._transport.session
        # What Calendly's clock said in its last answer, to the second.
        self.server_time: datetime | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url}>"

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

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
        """GET /user_busy_times: ascending; at most 7 days, not in the past."""
        return self._get_list("/user_busy_times", BusyTime, user=user_uri, start_time=start, end_time=end)

    # https://developer.calendly.com/api-docs/8098de44af94c-list-user-availability-schedules
    def availability_schedules(self, user_uri: str) -> list[AvailabilitySchedule]:
        """GET /user_availability_schedules: working hours."""
        return self._get_list("/user_availability_schedules", AvailabilitySchedule, user=user_uri)

    # Meetings

    # https://developer.calendly.com/api-docs/p3ghrxrwbl8kqe-create-event-invitee
    def create_invitee(self, request: CreateInviteeRequest) -> Invitee:
        """POST /invitees: books at once. Sent only once.

        Raises SlotTaken, NotFound (unknown type, or perhaps a start that was never offered),
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
        self._exchange("POST", "/invitee_no_shows", body={"invitee": invitee_uri})

    # https://developer.calendly.com/api-docs (Scheduled Events)
    def unmark_no_show(self, no_show_uri: str) -> None:
        """DELETE /invitee_no_shows/{uuid}."""
        self._exchange("DELETE", f"/invitee_no_shows/{path_id(no_show_uri)}")

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
        self._exchange("DELETE", f"/webhook_subscriptions/{path_id(uri)}")

    # How requests are sent

    def _get_one(self, path: str, model: type[P]) -> P:
        """GET ``{"resource": …}``."""
        return read_resource(self._get(path), model, write=False)

    def _get_list(self, path: str, model: type[P], **params: object) -> list[P]:
        """GET a collection that Calendly does not paginate. Raises BadAnswer where no item can be read."""
        items, unreadable = read_collection(self._get(path, query_text(params)), model)
        if unreadable and not items:
            raise BadAnswer("the answer cannot be read: no item of the collection")
        return items

    def _get_pages(self, path: str, model: type[P], **params: object) -> PagedItems[P]:
        """GET a collection page by page, as far as the caller reads."""
        return PagedItems(self._pages(path, {"count": str(PAGE_SIZE), **query_text(params)}), model)

    def _send(self, method: str, path: str, model: type[P], body: Mapping[str, Any]) -> P:
        """A write that answers ``{"resource": …}``."""
        return read_resource(self._exchange(method, path, body=body), model, write=True)

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON of a read. Tries up to three times, unless it was limited or timed out.

        The loop is our own because urllib3 logs the URL of what it repeats, and ours hold people's addresses.
        """
        started = time.monotonic()
        for attempt in range(1, _MAX_READ_ATTEMPTS):
            try:
                return self._exchange("GET", path, params=params)
            except CalendlyError as error:
                if not may_read_again(error) or time.monotonic() - started > self._read_timeout:
                    raise
            self._pause(backoff_seconds(attempt, first=_FIRST_PAUSE_SECONDS, longest=_LONGEST_PAUSE_SECONDS))
        return self._exchange("GET", path, params=params)

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[Any]:
        """Follows the page token and never the page's URL: our token must not go to a host named in an answer."""
        seen: set[str] = set()
        while len(seen) < MAX_PAGES:
            page = self._get(path, query)
            yield page
            token = next_page_token(page)
            if token is None:
                return
            if token in seen:
                break
            seen.add(token)
            query["page_token"] = token
        raise BadAnswer("the pages do not end")

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send once and only once. Returns the answer's JSON, None for an empty answer. Raises CalendlyError."""
        started = time.monotonic()
        status: int | None = None
        error_name: str | None = None
        try:
            response = self._transmit(method, path, params, body)
            status = response.status
            return self._read(response, write=method != "GET")
        except CalendlyError as error:
            status, error_name = error.status, type(error).__name__
            raise
        finally:
            if self._on_call is not None:
                self._on_call(method, path, status, time.monotonic() - started, error_name)

    def _transmit(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> Response:
        data = None if body is None else json_body.dump(body)
        try:
            return self._transport.send(method, path, params=params, body=data)
        except TransportError as exc:
            error = from_transport(exc, write=method != "GET")
        # Raised outside of the handler: the error underneath holds the request with its secrets.
        raise error

    def _read(self, response: Response, *, write: bool) -> Any:
        """The JSON of a response. Raises CalendlyError."""
        status, headers = response.status, response.headers
        self.server_time = None
        with suppress(ValueError):
            self.server_time = parsedate_to_datetime(headers.get("Date", ""))
        if status >= 400:
            raise from_response(status, headers, json_or_none(response.body), write=write, token=self._token)
        if not 200 <= status < 300:
            raise BadAnswer(f"Calendly answered {status}", status=status, write=write)
        if not response.body.strip():
            return None
        try:
            return json_body.load(response.body)
        except json_body.InvalidJSON as exc:
            problem = str(exc)
        raise BadAnswer(problem, status=status, write=write)
