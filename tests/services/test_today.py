"""The day: how long it is, what it holds, what it is compared with."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendly_integration.models import Booking
from calendly_integration.services.backoffice import today

from ..benchmarks import rows

BUCHAREST = ZoneInfo("Europe/Bucharest")
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2026, 11, 25), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
def test_a_day_is_as_long_as_the_clocks_make_it(on: date, hours: int) -> None:
    assert today.day(on, BUCHAREST).hours == hours


def test_a_day_whose_midnight_the_clocks_skip_begins_when_the_one_before_ends() -> None:
    cairo = ZoneInfo("Africa/Cairo")
    before, skipped = today.day(date(2026, 4, 23), cairo), today.day(date(2026, 4, 24), cairo)
    assert before.end == skipped.start
    assert skipped.hours == 23


@pytest.mark.parametrize(
    "text", ["", "x", "2026-13-01", "0001-01-01", "9999-12-31", "2026-11-25T10:00", "١٢"]
)
def test_a_day_that_is_none_is_today(text: str) -> None:
    assert today.chosen(text, zone=BUCHAREST, now=NOW).on == date(2026, 11, 25)


def test_today_is_what_the_viewers_calendar_says() -> None:
    late = datetime(2026, 11, 25, 23, tzinfo=UTC)
    assert today.chosen("", zone=BUCHAREST, now=late).on == date(2026, 11, 26)
    assert today.chosen("", zone=ZoneInfo("UTC"), now=late).on == date(2026, 11, 25)


def meeting(start: datetime, number: int, **columns: object) -> Booking:
    """A row, confirmed if nothing else is said."""
    kind = rows.account_with_event_type(NOW)
    given: dict[str, object] = {
        "account": kind.account,
        "source": "agent",
        "status": "confirmed",
        "event_type": kind,
        "event_name": kind.name,
        "host": kind.hosts.get(),
        "start_at": start,
        "invitee_name": f"Nora {number}",
        "end_at": start + timedelta(minutes=30),
        "invitee_email": "n@example.com",
        "email_key": "n@example.com",
        "event_id": f"e{number}",
        "created_at": NOW - timedelta(days=30),
    } | columns
    return Booking.objects.create(**given)


@pytest.mark.django_db
def test_the_first_and_the_last_minute_of_a_long_day_are_in_it_and_their_neighbours_are_not() -> None:
    on = today.day(date(2026, 10, 25), BUCHAREST)
    first, last = meeting(on.start, 1), meeting(on.end - timedelta(minutes=1), 2)
    meeting(on.start - timedelta(minutes=1), 3)
    meeting(on.end, 4)
    meeting(on.start, 5, status="failed", event_id="")
    assert today.meetings(on).rows == [first, last]
    assert today.booking_figures(on, now=NOW)["meetings"] == today.Figure(2, 0)


@pytest.mark.django_db
def test_figures_stand_beside_those_of_the_same_day_last_week() -> None:
    on, week = today.day(date(2026, 11, 25), BUCHAREST), timedelta(days=7)
    at = on.start + timedelta(hours=9)
    meeting(at, 1)
    meeting(at, 2, status="canceled", canceled_at=NOW - week)  # at this hour a week ago: not before it
    meeting(at + week, 8, status="canceled", canceled_at=NOW - timedelta(minutes=1))
    meeting(at - week, 9, status="canceled", canceled_at=NOW - week - timedelta(minutes=1))
    meeting(at, 3, no_show_at=NOW)
    meeting(at - week, 4)
    meeting(at + week, 5, created_at=NOW - timedelta(minutes=1))
    meeting(at + week, 6, created_at=NOW - week - timedelta(minutes=1))
    meeting(at + week, 7, created_at=NOW - week + timedelta(minutes=1))  # later in that day than it is now
    figures = today.booking_figures(on, now=NOW)
    assert figures["meetings"] == today.Figure(2, 1)
    assert figures["canceled"] == today.Figure(1, 1)
    assert figures["no_shows"] == today.Figure(1, 0)
    assert figures["booked"] == today.Figure(1, 1)


@pytest.mark.django_db
def test_a_booking_is_unconfirmed_only_after_ten_minutes_and_while_it_is_to_come() -> None:
    late = meeting(NOW + timedelta(hours=1), 1, created_at=NOW - timedelta(minutes=11))
    meeting(NOW + timedelta(hours=1), 2, created_at=NOW - timedelta(minutes=9))
    meeting(NOW + timedelta(hours=1), 3, confirmed_at=NOW)
    meeting(NOW - timedelta(hours=1), 4)
    assert today.unconfirmed(now=NOW).rows == [late]


@pytest.mark.django_db
def test_no_more_is_read_than_is_of_use() -> None:
    rows.fill(150, now=NOW)
    Booking.objects.update(start_at=NOW, end_at=NOW + timedelta(minutes=30))
    found = today.unconfirmed(now=NOW)
    Booking.objects.update(created_at=NOW - timedelta(days=1))
    found = today.unconfirmed(now=NOW)
    assert (len(found.rows), found.more) == (today.MAX_ROWS, True)
