"""The back-office with a million bookings: the list, a search, a filter, a booking's page, today, the calendar."""

import statistics
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from calendly_integration.models import Booking, EventType, Host

from . import rows
from .figures import Figure
from .surroundings import Place

CALLS = 9
MAX_MS = 300
LISTS: dict[str, dict[str, str]] = {
    "list": {},
    "list, page 150": {"p": "150"},
    "list by invitee": {"o": "2"},
    "list by status": {"o": "5"},
    "search for a person": {"q": "person-4711@"},
    "search for a rare short word": {"q": "zyx"},
    "search for two rare letters": {"q": "zy"},
    "search for two letters that all have": {"q": "pe"},
    "search for two digits": {"q": "12"},
    "search for a letter": {"q": "z"},
    "search for a sign": {"q": "%"},
    "search without a match": {"q": "qqq"},
    "search for what a thousand have": {"q": "person-123"},
    "search for what one in ten has": {"q": "person-1"},
    "search for what all have": {"q": "person"},
    "search for what all have, page 150": {"q": "person", "p": "150"},
    "search for a conversation": {"q": "conv-event-5"},
    "filter by a rare status": {"status__exact": "failed"},
    "filter by a common status": {"status__exact": "canceled"},
    "filter by a rare kind of agent": {"metadata__agent_type": "concierge"},
    "filter by three": {"status__exact": "canceled", "period": "week", "q": "person"},
}
# One a minute, booked ten weeks before it begins; nine in ten are past, ten to an invitee; one in ten canceled, one
# in ten thousand failed, one in five thousand not confirmed by Calendly. Twenty hosts, eight event types.
HOSTS, KINDS = 20, 8
BOOKINGS = """
INSERT INTO calendly_integration_booking (id, current_calendly_booking_id, account_id, status, source,
    event_type_id, event_name, host_id, start_at, end_at, invitee_name, invitee_email, email_key, search_key,
    phone, time_zone, locale, location, meeting_url, cancel_url, reschedule_url, event_id, cancel_reason,
    cancel_code, canceled_by, failure, created_at, updated_at, canceled_at, no_show_at, confirmed_at)
SELECT id, id, %(account)s, status, CASE n %% 3 WHEN 0 THEN 'agent' WHEN 1 THEN 'public' ELSE 'staff' END,
    (%(kinds)s::uuid[])[1 + n / 70 %% 8], 'Discovery call', (%(hosts)s::uuid[])[1 + n / 10 %% 20],
    start, start + interval '30 minutes', 'Person ' || n / 10, 'person-' || n / 10 || '@example.com',
    'person-' || n / 10 || '@example.com',
    'person ' || n / 10 || ' person-' || n / 10 || '@example.com +407' || lpad((n / 10)::text, 8, '0'),
    '+407' || lpad((n / 10)::text, 8, '0'), 'Europe/Bucharest', '', '', '', '', '', 'event-' || n, '', '', '', '',
    made, %(now)s, CASE status WHEN 'canceled' THEN least(made + interval '1 day', %(now)s) END,
    CASE WHEN status = 'confirmed' AND n %% 50 = 1 AND start < %(now)s THEN start + interval '30 minutes' END,
    CASE WHEN n %% 5000 <> 7 THEN made END
FROM (
    SELECT n, gen_random_uuid() AS id, %(now)s::timestamptz - make_interval(mins => %(count)s - n) AS made,
        %(now)s::timestamptz + make_interval(mins => n - %(count)s * 9 / 10) AS start,
        CASE WHEN n %% 10000 = 0 THEN 'failed' WHEN n %% 10 = 3 THEN 'canceled' ELSE 'confirmed' END AS status
    FROM generate_series(1, %(count)s) AS n
) AS numbered
"""
CALENDLY_BOOKINGS = """
INSERT INTO calendly_integration_calendlybooking (id, booking_id, status, pending_action, invitee_uri, event_uri,
    event_id, start_at, end_at, request, intent, rescheduled, old_invitee, new_invitee, canceled_by, canceler,
    cancel_reason, no_show_uri, invitee_raw, event_raw, created_at, attempts, last_error)
SELECT id, id, CASE status WHEN 'confirmed' THEN 'active' ELSE status END, '', 'invitee-' || event_id, event_id,
    event_id, start_at, end_at, '{}', '{}', false, '', '', '', '', '', '', '{}', '{}', created_at, 0, ''
FROM calendly_integration_booking
"""
METADATA = """
INSERT INTO calendly_integration_vaimetadata (booking_id, conversation_id, user_id, agent_type, booking_source,
    notes, extra, attempts, last_error)
SELECT id, 'conv-' || event_id, '', CASE WHEN event_id = 'event-999' THEN 'concierge' WHEN source = 'agent'
    THEN 'sales' ELSE '' END, '', '', '{}', 0, ''
FROM calendly_integration_booking
"""
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename IN ('calendly_integration_booking', 'calendly_integration_calendlybooking',
    'calendly_integration_vaimetadata')
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)
"""
RARE = "search_key = 'zyx wvu zyx@example.com +40799999999'"


def measure(place: Place, *, count: int = 1_000_000) -> list[Figure]:
    """On PostgreSQL alone."""
    if place.is_sqlite:
        raise SystemExit("backoffice needs --database postgres")
    fill(count)
    return ask(count)


def ask(count: int) -> list[Figure]:
    """Measure each page."""
    client = Client(headers={"accept-language": "en", "host": "localhost"})
    client.force_login(User.objects.create_superuser("benchmark"))
    return [
        Figure(f"{name}, {count} bookings: p50", _p50(client, url, query), "ms", MAX_MS)
        for name, url, query in _pages(count)
    ]


def _pages(count: int) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Name, address and query."""
    of_list = reverse("admin:calendly_integration_booking_changelist")
    for name, query in LISTS.items():
        yield name, of_list, query
    day = timezone.now().date()
    yield "a year, page 150", of_list, {"start_at__year": str(day.year - 1), "p": "150"}
    some = Booking.objects.order_by("start_at").values_list("pk", flat=True)[count // 4]
    yield "a booking's page", reverse("admin:calendly_integration_booking_change", args=[some]), {}
    yield "today", reverse("admin:app_list", args=["calendly_integration"]), {}
    yield "calendar", reverse("admin:calendly_integration_booking_calendar"), {}
    week = {"start": f"{day}", "end": f"{day + timedelta(days=7)}"}
    yield "calendar, its meetings of a week", reverse("admin:calendly_integration_booking_feed"), week


def fill(count: int) -> None:
    """Delete all rows, then write so many bookings."""
    now = timezone.now()
    rows.empty()
    kind = rows.account_with_event_type(now)
    given = {
        "account": kind.account_id,
        "count": count,
        "now": now,
        "hosts": [host.pk for host in _hosts(kind, now)],
        "kinds": [each.pk for each in _kinds(kind)],
    }
    with connections["default"].cursor() as cursor:
        # Row by row an index of trigrams takes minutes to fill; at once it takes seconds.
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(BOOKINGS, given)
        cursor.execute(CALENDLY_BOOKINGS)
        cursor.execute(METADATA)
        cursor.execute(
            f"UPDATE calendly_integration_booking SET {RARE} WHERE event_id IN ('event-77', 'event-400000')"
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE")


def _hosts(kind: EventType, now: datetime) -> list[Host]:
    return [
        Host.objects.get_or_create(
            uri=f"{rows.HOST}-{number}",
            defaults={
                "account": kind.account,
                "name": f"Host {number}",
                "email": f"host-{number}@example.com",
                "seen_at": now,
            },
        )[0]
        for number in range(HOSTS)
    ]


def _kinds(kind: EventType) -> list[EventType]:
    return [
        EventType.objects.get_or_create(
            uri=f"{rows.EVENT_TYPE}-{number}",
            defaults={
                "account": kind.account,
                "name": f"Call {number}",
                "slug": f"call-{number}",
                "active": True,
                "duration": 30,
                "updated_at": kind.updated_at,
                "seen_at": kind.seen_at,
            },
        )[0]
        for number in range(KINDS)
    ]


def _p50(client: Client, url: str, query: Mapping[str, str]) -> float:
    """In milliseconds."""
    times = []
    for _ in range(CALLS):
        began = time.perf_counter()
        answer = client.get(url, query)
        assert answer.status_code == 200, answer.status_code
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]) * 1000
