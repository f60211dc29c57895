"""The calendar's page and its feed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import Traveller

from calendly_integration.models import Booking
from calendly_integration.services.backoffice import calendar

from . import factories

PAGE = reverse("admin:calendly_integration_booking_calendar")
FEED = reverse("admin:calendly_integration_booking_feed")


def put(start: datetime, account: dict[str, Any], number: int = 0, **columns: Any) -> Booking:
    """A confirmed meeting of half an hour."""
    made = factories.create_booking(account, number)
    kept = {"status": "confirmed", "start_at": start, "end_at": start + timedelta(minutes=30), **columns}
    Booking.objects.filter(pk=made.pk).update(**kept)
    made.refresh_from_db()
    return made


def fed(browser: Client, start: str, end: str, **more: str) -> dict[str, Any]:
    answer = browser.get(FEED, {"start": start, "end": end, "zone": "Europe/Bucharest", **more})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_who_may_look_and_nobody_changes_anything(entered: Callable[..., Client]) -> None:
    for who, status in (("staff", 200), ("viewer", 200), ("superuser", 200), ("stranger", 403)):
        assert entered(who).get(PAGE).status_code == status
        assert entered(who).get(FEED, {"start": "2026-11-23", "end": "2026-11-30"}).status_code == status
    for who in ("customer", "nobody"):
        assert entered(who).get(PAGE).status_code == entered(who).get(FEED).status_code == 302
    for address in (PAGE, FEED):
        assert entered("staff").post(address).status_code == 405


def test_both_half_past_three_of_the_long_night_are_told_apart(staff: Client) -> None:
    account = factories.create_account()
    for number, hour in enumerate((0, 1)):
        put(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), account, number)
    found = fed(staff, "2026-10-19", "2026-10-26")
    assert [each["start"] for each in found["events"]] == ["2026-10-25T03:30:00"] * 2
    assert [each["time"] for each in found["events"]] == ["03:30 UTC+3–03:00 UTC+2", "03:30 UTC+2–04:00"]
    assert [each["end"] for each in found["events"]] == ["2026-10-25T04:00:00"] * 2
    (change,) = found["changes"]
    assert (change["start"], change["end"]) == ("2026-10-25T03:00:00", "2026-10-25T04:00:00")
    assert "03:00 to 04:00 comes twice, first in UTC+3, then in UTC+2" in change["text"]
    assert found["offsets"] == [["2026-10-18T21:00:00Z", 180], ["2026-10-25T01:00:00Z", 120]]


def test_the_short_night_is_marked_and_an_other_zone_has_none(staff: Client) -> None:
    found = fed(staff, "2027-03-22", "2027-03-29")
    assert "03:00 to 04:00 does not exist" in found["changes"][0]["text"]
    assert fed(staff, "2027-03-22", "2027-03-29", zone="UTC")["changes"] == []
    assert "03:00 to 04:00 does not exist" in staff.get(PAGE, {"date": "2027-03-28"}).content.decode()


def test_the_zone_decides_which_day_and_hour_it_is(staff: Client) -> None:
    put(datetime(2026, 11, 23, 22, 30, tzinfo=UTC), factories.create_account())
    assert fed(staff, "2026-11-24", "2026-11-25")["events"][0]["start"] == "2026-11-24T00:30:00"
    assert fed(staff, "2026-11-24", "2026-11-25", zone="UTC")["events"] == []
    (one,) = fed(staff, "2026-11-23", "2026-11-24", zone="Asia/Kathmandu", status="all")["events"] or [None]
    assert one is None


def test_filters_narrow_and_unknown_words_do_not(staff: Client) -> None:
    first, second = factories.create_account("Ana"), factories.create_account("Bogdan")
    at = datetime(2026, 11, 24, 8, tzinfo=UTC)
    one = put(at, first, 0, source="agent")
    two = put(at, second, 1, source="staff")
    put(at, second, 2, status="canceled", source="staff")

    def ids(**more: str) -> list[str]:
        return [each["id"] for each in fed(staff, "2026-11-23", "2026-11-30", **more)["events"]]

    assert set(ids()) == {str(one.pk), str(two.pk)}
    assert ids(host=str(first["host"].pk)) == [str(one.pk)]
    assert ids(event_type=str(second["event_type"].pk)) == [str(two.pk)]
    assert ids(source="agent") == [str(one.pk)]
    assert len(ids(status="all")) == 3
    assert len(ids(status="canceled")) == 1
    assert len(ids(host="x", event_type="'", status="odd", source="odd", zone="Mars/Base")) == 2


def test_only_what_the_person_may_do_and_what_is_offered_is_linked(
    entered: Callable[..., Client], clock: Traveller
) -> None:
    account = factories.create_account()
    now = datetime.now(UTC)
    put(now + timedelta(days=1), account, 0)
    put(now - timedelta(hours=5), account, 1)
    days = ((now - timedelta(days=2)).date().isoformat(), (now + timedelta(days=3)).date().isoformat())
    past, coming = fed(entered("staff"), *days)["events"]
    assert past["actions"] == []
    assert past["move"] == ""
    assert [each["label"] for each in coming["actions"]] == ["Move the meeting", "Cancel the meeting"]
    assert coming["move"].endswith("/reschedule/")
    for each in fed(entered("viewer"), *days)["events"]:
        assert each["actions"] == []
        assert each["move"] == ""


def test_the_feed_tells_no_more_of_people_than_the_list(staff: Client) -> None:
    put(
        datetime(2026, 11, 24, 8, tzinfo=UTC),
        factories.create_account(),
        phone="+40721234567",
        location="Str. Lungă 1",
    )
    answer = staff.get(FEED, {"start": "2026-11-23", "end": "2026-11-30"})
    assert "+40721234567" not in answer.content.decode()
    assert "Lung" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("color", ["red;}", "#12", "url(x)"])
def test_a_colour_that_is_none_is_left_out(staff: Client, color: str) -> None:
    account = factories.create_account()
    account["event_type"].color = color
    account["event_type"].save()
    put(datetime(2026, 11, 24, 8, tzinfo=UTC), account)
    assert fed(staff, "2026-11-23", "2026-11-30")["events"][0]["color"] == ""


def test_too_many_days_are_refused_and_too_many_meetings_are_cut(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = staff.get(FEED, {"start": "2026-01-01", "end": "2026-12-31"})
    assert answer.status_code == 400
    assert "at most 45 days" in answer.json()["error"]
    assert staff.get(FEED).status_code == 400
    account = factories.create_account()
    for number in range(3):
        put(datetime(2026, 11, 24, 8 + number, tzinfo=UTC), account, number)
    monkeypatch.setattr(calendar, "MAX_MEETINGS", 2)
    found = fed(staff, "2026-11-23", "2026-11-30")
    assert len(found["events"]) == 2
    assert "Only the first 2 meetings" in found["cut"]


def test_page_and_feed_ask_the_database_little_however_many_meetings(staff: Client) -> None:
    account = factories.create_account()
    for number in range(12):
        put(datetime(2026, 11, 24, 8 + number % 8, tzinfo=UTC), account, number)
    with CaptureQueriesContext(
        database,
    ) as asked:
        assert len(fed(staff, "2026-11-23", "2026-11-30")["events"]) == 12
    ours = [each for each in asked.captured_queries if 'FROM "calendly_integration_booking"' in each["sql"]]
    assert len(ours) == 1
    assert len(asked) <= 8
    with CaptureQueriesContext(database) as asked:
        page = staff.get(PAGE, {"date": "2026-11-25"})
    assert page.content.decode().count("<li><a href") >= 12
    assert len(asked) <= 14


def test_without_a_script_the_week_is_a_list_and_an_empty_one_says_what_to_do(staff: Client) -> None:
    page = staff.get(PAGE).content.decode()
    assert "Connect Calendly and sync the event types" in page
    assert reverse("admin:calendly_integration_booking_add") in page
    made = put(datetime(2026, 11, 24, 8, tzinfo=UTC), factories.create_account("<b>Ana</b>"))
    page = staff.get(PAGE, {"date": "2026-11-26", "zone": "Europe/Bucharest"}).content.decode()
    assert "Tuesday, November 24" in page
    assert "10:00–10:30" in page
    assert reverse("admin:calendly_integration_booking_change", args=[made.pk]) in page
    assert "<b>Ana" not in page
    assert 'All times in Europe/Bucharest (<span class="offset">UTC+' in page
