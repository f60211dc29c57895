"""Finding bookings through the door."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from calendly_integration.models import Booking, CalendlyBooking, FollowUp
from calendly_integration.services.actors import Actor
from calendly_integration.services.backoffice import followups

from .document import CheckedClient

PREFIX = "/api/calendly/"
Book = Callable[..., dict[str, Any]]


def get(api: CheckedClient, path: str, **query: Any) -> Any:
    answer = api.get(PREFIX + path, query)
    assert answer.status_code == 200, answer.content
    assert answer.json()["success"] is True
    return answer.json()


def post(api: CheckedClient, path: str, **body: Any) -> Any:
    return api.post(PREFIX + path, body, format="json")


def many(count: int, like: str) -> None:
    """Copies of a booking, each a minute older."""
    row = Booking.objects.get(pk=like)
    made = row.created_at
    for number in range(count):
        row.pk, row.created_at = None, made - timedelta(minutes=number + 1)
        row._state.adding = True
        row.id = Booking._meta.pk.get_default()
        row.current_calendly_booking = None
        row.save(force_insert=True)


def test_upcoming_shows_confirmed_ones_in_the_window_soonest_first(api: CheckedClient, book: Book) -> None:
    later = book(preferredTime="2026-11-26T10:00:00")
    sooner = book(preferredTime="2026-11-24T10:00:00")
    book(preferredTime="2026-12-01T10:00:00")
    book(preferredTime="2026-11-24T12:00:00", inviteeEmail="b@example.com")
    gone = book(preferredTime="2026-11-25T10:00:00")
    post(api, f"bookings/{gone['id']}/cancel")
    found = get(api, "upcoming/ANA%40Example.com")["events"]
    assert [each["id"] for each in found] == [sooner["id"], later["id"]]
    assert len(get(api, "upcoming/ana@example.com", days=365)["events"]) == 3
    assert len(get(api, "upcoming/ana@example.com", days=1)["events"]) == 0


def test_what_has_begun_is_not_upcoming(
    api: CheckedClient, book: Book, clock: time_machine.Traveller
) -> None:
    book(preferredTime="2026-11-24T10:00:00")
    clock.move_to(datetime(2026, 11, 24, 8, 0, 1, tzinfo=UTC))
    assert get(api, "upcoming/ana@example.com")["events"] == []


@pytest.mark.parametrize("days", ["0", "366", "-1", "x", "1.5", "9" * 2000])
def test_days_are_one_to_a_year(api: CheckedClient, days: str) -> None:
    answer = api.get(f"{PREFIX}upcoming/ana@example.com", {"days": days})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["days"]


@pytest.mark.parametrize("email", ["ana", "a%20b@example.com", "%00@example.com", "a@b/c", "@"])
def test_upcoming_of_no_address_is_a_400(api: CheckedClient, email: str) -> None:
    answer = api.get(f"{PREFIX}upcoming/{email}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["email"]


def test_an_address_with_a_plus_is_found(api: CheckedClient, book: Book) -> None:
    book(inviteeEmail="ana+vai@example.com")
    assert len(get(api, "upcoming/ana+vai@example.com")["events"]) == 1
    assert len(get(api, "upcoming/ana%2Bvai%40example.com")["events"]) == 1
    assert len(api.get(PREFIX + "bookings?email=ana%2Bvai@example.com").json()["bookings"]) == 1


@pytest.mark.parametrize("spelled", ["a+b/c=", "a b/c="])
@pytest.mark.parametrize("query", ["a+b/c=", "a%2Bb/c%3D", "a%20b/c="])
def test_a_conversation_with_a_plus_is_found_unescaped_too(
    api: CheckedClient, book: Book, spelled: str, query: str
) -> None:
    book(conversationId=spelled)
    found = len(api.get(f"{PREFIX}bookings?conversationId={query}").json()["bookings"])
    assert found == (0 if "%2B" in query and " " in spelled else 1)


@pytest.mark.parametrize("path", ["bookings", "upcoming/ana@example.com?days=365"])
def test_a_longer_list_takes_no_more_queries(api: CheckedClient, book: Book, path: str) -> None:
    first = book(preferredTime="2026-11-24T10:00:00", conversationId="c")
    counts = []
    for more in (0, 10):
        many(more, first["id"])
        with CaptureQueriesContext(
            database,
        ) as queries:
            api.get(PREFIX + path)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 4


def test_bookings_come_in_pages_of_fifty(api: CheckedClient, book: Book) -> None:
    first = book()
    many(60, first["id"])
    page = get(api, "bookings")
    assert len(page["bookings"]) == 50
    assert page["bookings"][0]["id"] == first["id"]
    assert page["next"].startswith("http://localhost/api/calendly/bookings?cursor=")
    rest = api.get(page["next"]).json()
    assert len(rest["bookings"]) == 11
    assert rest["next"] is None
    seen = [each["id"] for each in (*page["bookings"], *rest["bookings"])]
    assert len(set(seen)) == 61


def test_bookings_are_found_by_what_an_agent_knows(api: CheckedClient, book: Book) -> None:
    one = book(conversationId="c-1")
    two = book(inviteeEmail="b@example.com", conversationId="c-2")
    post(api, f"bookings/{two['id']}/cancel")
    by = lambda **query: [each["id"] for each in get(api, "bookings", **query)["bookings"]]  # noqa: E731
    assert by(email="ANA@example.com") == [one["id"]]
    assert by(conversationId="c-2") == by(conversation_id="c-2") == [two["id"]]
    assert by(status="canceled") == [two["id"]]
    assert by(status="confirmed", conversationId="c-2") == []
    assert len(by(email="", status="")) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"status": "maybe"},
        {"email": "ana"},
        {"conversationId": "c" * 256},
        {"conversationId": "\x00"},
        {"cursor": "x"},
        {"cursor": "cD1mb28="},
        {"cursor": "cD0wMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAw"},
        {"cursor": "bz0tNQ=="},
    ],
)
def test_a_malformed_question_is_a_400(api: CheckedClient, query: dict[str, str]) -> None:
    answer = api.get(PREFIX + "bookings", query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(query)


def test_a_booking_is_shown_with_metadata_and_timeline(api: CheckedClient, book: Book) -> None:
    made = book(conversationId="c-1", notes="n")
    shown = get(api, f"bookings/{made['id']}")
    assert shown["booking"] == made
    assert shown["metadata"] == {
        "conversationId": "c-1",
        "userId": None,
        "agentType": None,
        "bookingSource": "vai_agent",
        "notes": "n",
        "extra": {},
    }
    assert [entry["action"] for entry in shown["timeline"]] == ["requested", "booked"]
    assert shown["timeline"][0] == {
        "at": "2026-11-23T06:00:00Z",
        "actor": "agent",
        "actorName": "Test agent",
        "action": "requested",
        "detail": {},
    }


def test_what_staff_note_on_a_follow_up_is_not_told_to_agents(api: CheckedClient, book: Book) -> None:
    made = book()
    now, by = datetime.now(UTC), Actor.staff("maria")
    followup = FollowUp.objects.create(
        booking_id=made["id"],
        calendly_booking=CalendlyBooking.objects.get(),
        kind="rebook",
        email="ana@example.com",
        scheduled_for=now,
        created_at=now,
    )
    followups.note(followup, text="rude on the phone", by=by, now=now)
    followups.close(followup, by=by, now=now)
    shown = get(api, f"bookings/{made['id']}")
    assert "rude" not in str(shown)
    assert [entry["action"] for entry in shown["timeline"]] == ["requested", "booked", "followup_closed"]


def test_calendlys_event_id_names_it_too(api: CheckedClient, book: Book) -> None:
    made = book()
    assert get(api, f"bookings/{made['calendlyEventId']}")["booking"]["id"] == made["id"]


@pytest.mark.parametrize(
    ("told", "shown"), [("america/new york", "America/New_York"), ("Europe/Kiev", "Europe/Kyiv")]
)
def test_a_zone_that_calendly_told_is_understood_like_one_that_was_asked_for(
    api: CheckedClient, book: Book, told: str, shown: str
) -> None:
    made = book()
    Booking.objects.update(time_zone=told)
    assert get(api, f"bookings/{made['id']}")["booking"]["local"]["timezone"] == shown


def test_the_history_of_a_booking_comes_in_pages_of_a_hundred(api: CheckedClient, book: Book) -> None:
    made = book()
    for number in range(120):
        api.patch(f"{PREFIX}bookings/{made['id']}/metadata", {"notes": f"n{number}"}, format="json")
    with CaptureQueriesContext(database) as queries:
        page = get(api, f"bookings/{made['id']}")
    assert len(queries) <= 4
    assert [entry["action"] for entry in page["timeline"]] == ["metadata_changed"] * 100
    assert page["timelineNext"].startswith(f"http://localhost{PREFIX}bookings/{made['id']}?before=")
    rest = api.get(page["timelineNext"]).json()
    assert len(rest["timeline"]) == 22
    assert [entry["action"] for entry in rest["timeline"][:3]] == ["requested", "booked", "metadata_changed"]
    assert rest["timelineNext"] is None


def test_a_short_history_has_one_page(api: CheckedClient, book: Book) -> None:
    assert get(api, f"bookings/{book()['id']}")["timelineNext"] is None


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 30])
def test_a_page_of_the_history_that_is_none_is_a_400(api: CheckedClient, book: Book, before: str) -> None:
    answer = api.get(f"{PREFIX}bookings/{book()['id']}", {"before": before})
    assert list(answer.json()["errors"]) == ["before"]
