"""The calendar's page and its feed."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import Traveller

from calendly_integration.admin.calendar_colors import PALETTE
from calendly_integration.models import Booking, CalendlyBooking
from calendly_integration.sandbox.calendly import Calendly
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
    assert [each["time"] for each in found["events"]] == ["03:30 UTC+3", "03:30 UTC+2"]
    assert [each["end"] for each in found["events"]] == ["2026-10-25T04:00:00"] * 2
    (change,) = found["changes"]
    assert (change["start"], change["end"]) == ("2026-10-25T03:00:00", "2026-10-25T04:00:00")
    assert "03:00 to 04:00 comes twice, first in UTC+3, then in UTC+2" in change["text"]
    listed = staff.get(PAGE, {"date": "2026-10-25", "view": "listWeek", "zone": "Europe/Bucharest"})
    assert "03:30 UTC+3–03:00 UTC+2" in listed.content.decode()


def test_the_short_night_is_marked_and_an_other_zone_has_none(staff: Client) -> None:
    found = fed(staff, "2027-03-22", "2027-03-29")
    assert "03:00 to 04:00 does not exist" in found["changes"][0]["text"]
    assert fed(staff, "2027-03-22", "2027-03-29", zone="UTC")["changes"] == []
    assert (
        "03:00 to 04:00 does not exist"
        in staff.get(PAGE, {"date": "2027-03-28", "view": "listWeek"}).content.decode()
    )


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


def dialog(browser: Client, row: Booking, **asked: str) -> Any:
    """What the dialog of that meeting shows; with `at`, the question before a move."""
    address = reverse("admin:calendly_integration_booking_calendar_meeting", args=[row.pk])
    current = {"HX-Current-URL": f"http://testserver{PAGE}?view=timeGridWeek&date=2026-11-25"}
    return browser.get(address, {"zone": "Europe/Bucharest", **asked}, headers=current)


def test_only_what_the_person_may_do_and_what_is_offered_is_linked(
    entered: Callable[..., Client], clock: Traveller
) -> None:
    account = factories.create_account()
    now = datetime.now(UTC)
    coming = put(now + timedelta(days=1), account, 0, phone="+40721234567")
    past = put(now - timedelta(hours=5), account, 1)
    shown = dialog(entered("staff"), coming).content.decode()
    assert re.findall(r">([^<]+)</a>", shown)[-3:] == ["Open", "Move the meeting", "Cancel the meeting"]
    assert 'href="tel:+40721234567"' in shown
    for row in (past, coming):
        shown = dialog(entered("viewer"), row).content.decode()
        assert shown.count("<a ") - shown.count("tel:") == 1
    assert dialog(entered("stranger"), past).status_code == 403
    assert dialog(entered("nobody"), past).status_code == 302
    assert dialog(entered("staff"), Booking()).status_code == 404


def test_before_a_drag_moves_anything_the_server_asks_or_says_why_not(
    entered: Callable[..., Client], clock: Traveller
) -> None:
    account = factories.create_account()
    row = put(datetime(2026, 11, 25, 8, tzinfo=UTC), account)
    staff = entered("staff")
    asked = dialog(staff, row, at="2026-11-26T14:00:00").content.decode()
    assert "Wednesday, 25 Nov, 10:00 → <strong>Thursday, 26 Nov, 14:00</strong>?" in asked
    assert 'name="start" value="2026-11-26T12:00:00Z"' in asked
    assert 'name="calendar" value="view=timeGridWeek&amp;date=2026-11-25"' in asked
    assert reverse("admin:calendly_integration_booking_reschedule", args=[row.pk]) in asked
    for at, why in (
        ("2026-11-20T14:00:00", "That time is over. Nothing was moved."),
        ("2027-03-28T03:30:00", "does not exist in the night when the clocks change. Nothing was moved."),
        ("x", "This is not a time."),
        ("\x00", "This is not a time."),
        ("9999-12-31T23:59:59", "→"),
        ("0001-01-01T00:00:00", "This is not a time."),
    ):
        assert why in dialog(staff, row, at=at).content.decode(), at
    assert "but not move it" in dialog(entered("viewer"), row, at="2026-11-26T14:00:00").content.decode()
    Booking.objects.update(status="canceled")
    assert "is canceled and cannot be moved" in dialog(staff, row, at="2026-11-26T14:00:00").content.decode()


def test_a_drop_on_a_colleague_opens_the_hand_over_for_them(
    entered: Callable[..., Client], clock: Traveller
) -> None:
    account = factories.create_account()
    row = put(datetime(2026, 11, 25, 8, tzinfo=UTC), account)
    other = str(uuid.uuid4())
    answer = dialog(entered("staff"), row, at="2026-11-26T14:00:00", host=other)
    page = reverse("admin:calendly_integration_booking_reassign", args=[row.pk])
    assert answer["HX-Redirect"] == f"{page}?host={other}&start=2026-11-26T12%3A00%3A00Z"
    own = dialog(entered("staff"), row, at="2026-11-26T14:00:00", host=str(account["host"].pk))
    assert "HX-Redirect" not in own
    assert "HX-Redirect" not in dialog(entered("viewer"), row, at="2026-11-26T14:00:00", host=other)


def test_a_click_on_an_empty_hour_leads_to_the_page_that_books(
    entered: Callable[..., Client], clock: Traveller
) -> None:
    book = reverse("admin:calendly_integration_booking_calendar_book")
    add = reverse("admin:calendly_integration_booking_add")
    host = str(uuid.uuid4())
    staff, hour = entered("staff"), {"zone": "Europe/Bucharest", "at": "2026-11-26T14:00:00", "host": host}
    answer = staff.get(book, hour)
    assert answer["Location"] == f"{add}?host={host}&start=2026-11-26T12%3A00%3A00Z"
    assert staff.get(book, {"at": "2026-11-26"})["Location"] == f"{add}?from=2026-11-26"
    past = staff.get(book, hour | {"at": "2026-11-20T14:00:00"}, follow=True)
    assert "That time is over." in past.content.decode()
    assert staff.get(book, {"at": "\x00", "host": "\x00\r\n"}).status_code == 302
    assert entered("viewer").get(book, hour).status_code == 403
    assert entered("nobody").get(book, hour)["Location"].startswith("/admin/login/")


def test_when_a_host_cannot_be_booked_comes_from_calendly_and_is_kept_for_minutes(
    staff: Client, booking: Booking, sandbox: Calendly, clock: Traveller
) -> None:
    cache.clear()
    hours = reverse("admin:calendly_integration_booking_calendar_hours")
    asked = {
        "start": "2026-11-24",
        "end": "2026-11-25",
        "zone": "Europe/Bucharest",
        "host": str(booking.host_id),
    }
    sandbox.add_busy_time(datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC))
    calls = sandbox.calls_made
    found = staff.get(hours, asked).json()["hours"]
    made = sandbox.calls_made - calls
    assert made == 2
    spans = [(each["kind"], each["start"][11:16], each["end"][11:16]) for each in found]
    assert ("busy", "10:00", "11:00") in spans
    assert ("closed", "00:00", "09:00") in spans
    assert ("closed", "17:00", "00:00") in spans
    staff.get(hours, asked)
    assert sandbox.calls_made == calls + made
    sandbox.faults.add("refuse", times=None)
    clock.shift(timedelta(minutes=6))
    cache.clear()
    assert staff.get(hours, asked).json()["hours"] == []
    assert staff.get(hours, asked | {"end": "2028-01-01"}).json()["hours"] == []
    assert staff.get(hours, asked | {"host": "x"}).json()["hours"] == []


def test_types_and_hosts_have_distinct_colours_and_the_legend_names_each_once(staff: Client) -> None:
    accounts = [factories.create_account(name) for name in ("Ana", "Bogdan", "Clara")]
    for number, account in enumerate(accounts):
        kind = account["event_type"]
        kind.name, kind.color = ("Demo", "Demo", "Support")[number], "#0099FF"
        kind.save()
        put(datetime(2026, 11, 24, 8 + number, tzinfo=UTC), account, number)
    by_type = [each["color"] for each in fed(staff, "2026-11-23", "2026-11-30")["events"]]
    assert by_type[0] == by_type[1] == "#0099ff"
    assert len(set(by_type)) == 2
    by_host = {each["color"] for each in fed(staff, "2026-11-23", "2026-11-30", color="host")["events"]}
    assert len(by_host) == 3
    legend = staff.get(PAGE).content.decode().partition('class="legend"')[2].partition("</ul>")[0]
    assert legend.count("<bdi>Demo</bdi>") == 1
    assert all(color in legend for color in by_type)
    legend = staff.get(PAGE, {"color": "host"}).content.decode().partition('class="legend"')[2]
    assert all(color in legend for color in by_host)


def test_no_shows_and_moved_meetings_are_marked(staff: Client) -> None:
    account = factories.create_account()
    at = datetime(2026, 11, 23, 8, tzinfo=UTC)
    put(at, account, 0, no_show_at=at)
    moved = put(at, account, 1)
    carrier = CalendlyBooking.objects.filter(booking=moved)
    carrier.update(old_invitee="https://api.calendly.com/scheduled_events/1/invitees/1")
    Booking.objects.filter(pk=moved.pk).update(current_calendly_booking=carrier.get())
    put(at, account, 2)
    events = fed(staff, "2026-11-23", "2026-11-30")["events"]
    marks = {(each["no_show"], each["moved"], each["label"]) for each in events}
    assert marks == {
        (True, False, "confirmed, no-show"),
        (False, True, "confirmed, moved"),
        (False, False, "confirmed"),
    }


def test_a_free_weekend_is_folded_until_it_is_asked_for(staff: Client) -> None:
    account = factories.create_account()
    put(datetime(2026, 11, 24, 8, tzinfo=UTC), account)

    def hidden(**asked: str) -> bool:
        page = staff.get(PAGE, {"date": "2026-11-25", "zone": "Europe/Bucharest"} | asked).content.decode()
        return '"hidden_days": [0, 6]' in page

    assert hidden()
    assert "week 48" in staff.get(PAGE, {"date": "2026-11-25"}).content.decode()
    assert not hidden(weekend="1")
    assert not hidden(date="2026-11-29")
    assert not hidden(view="dayGridMonth")
    put(datetime(2026, 11, 28, 8, tzinfo=UTC), account, 1)
    assert not hidden()


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
    assert fed(staff, "2026-11-23", "2026-11-30")["events"][0]["color"] in PALETTE


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
        page = staff.get(PAGE, {"date": "2026-11-25", "view": "listWeek"})
    assert page.content.decode().count('<li class="status-confirmed"><a href') == 12
    assert len(asked) <= 16


def test_the_week_as_a_list_needs_no_script_and_an_empty_one_says_what_to_do(staff: Client) -> None:
    page = staff.get(PAGE).content.decode()
    assert "Connect Calendly and sync the event types" in page
    assert reverse("admin:calendly_integration_booking_add") in page
    assert "<noscript>" in page
    made = put(datetime(2026, 11, 24, 8, tzinfo=UTC), factories.create_account("<b>Ana</b>"))
    asked = {"date": "2026-11-26", "zone": "Europe/Bucharest", "view": "listWeek"}
    page = staff.get(PAGE, asked).content.decode()
    assert "Tuesday, November 24" in page
    assert "10:00–10:30" in page
    assert reverse("admin:calendly_integration_booking_change", args=[made.pk]) in page
    assert "<b>Ana" not in page
    assert 'All times in Europe/Bucharest (<span class="offset">UTC+' in page
    assert "event-calendar" not in page


def test_earlier_and_later_days_are_links_in_every_view(staff: Client) -> None:
    for view, earlier, later in (
        ("timeGridDay", "2026-12-30", "2027-01-01"),
        ("resourceTimeGridDay", "2026-12-30", "2027-01-01"),
        ("timeGridWeek", "2026-12-21", "2027-01-04"),
        ("listWeek", "2026-12-21", "2027-01-04"),
        ("resourceTimelineWeek", "2026-12-21", "2027-01-04"),
        ("dayGridMonth", "2026-11-30", "2027-01-01"),
    ):
        page = staff.get(PAGE, {"date": "2026-12-31", "view": view, "color": "host"}).content.decode()
        days = re.findall(r'href="\?([^"]+)" rel="(?:prev|next)"', page)
        assert [parse_qs(unescape(each))["date"] for each in days] == [[earlier], [later]], view
        assert all("color=host" in each and f"view={view}" in each for each in days)
    for nonsense in ("x", "\x00", "0001-01-01", "9999-12-31", "2100-12-31", "2000-01-01"):
        assert staff.get(PAGE, {"date": nonsense, "view": "dayGridMonth"}).status_code == 200
