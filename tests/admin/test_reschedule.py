"""Moving a meeting from the admin."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation
from time_machine import Traveller

from calendly_integration.admin import slots
from calendly_integration.models import Booking, EventType, TimelineEntry
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.backoffice import preferences


def address(booking: Booking) -> str:
    return reverse("admin:calendly_integration_booking_reschedule", args=[booking.pk])


def starts(answer: Any) -> list[str]:
    return re.findall(r'name="start-\d+" value="([^"]+)"', answer.content.decode())


def test_the_page_offers_the_free_starts_on_the_invitees_clock_and_changes_nothing(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    Booking.objects.filter(pk=booking.pk).update(time_zone="America/New_York")
    answer = staff.get(address(booking))
    text = answer.content.decode()
    assert "America/New_York" in text
    found = starts(answer)
    assert len(found) > 100
    assert found == sorted(found)
    assert "2026-11-23T07:00:00Z" not in found  # its own start
    assert "02:30 <small>09:30 Bucharest" in text
    assert {call.method for call in sandbox.calls} <= {"GET", "POST"}
    assert sandbox.calls[-1].method == "GET"
    assert TimelineEntry.objects.filter(booking=booking, action="move_requested").count() == 0


def test_a_choice_moves_the_meeting_and_it_keeps_its_number(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    old = booking.event_id
    chosen = starts(staff.get(address(booking)))[20]
    answer = staff.post(address(booking), {"start": chosen}, follow=True)
    assert "The meeting is moved to" in answer.content.decode()
    booking.refresh_from_db()
    assert booking.start_at == datetime.fromisoformat(chosen)
    assert sandbox.state.events[old].status == "canceled"
    assert sandbox.state.events[booking.event_id].status == "active"
    entry = TimelineEntry.objects.get(booking=booking, action="rescheduled")
    assert (entry.actor, entry.actor_name) == ("staff", "maria")
    assert LogEntry.objects.get(object_id=str(booking.pk)).user.username == "maria"


def seen(answer: Any) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


@pytest.mark.parametrize("page", ["reschedule", "cancel"])
def test_a_page_left_open_does_not_undo_a_move_made_meanwhile(
    staff: Client, booking: Booking, sandbox: Calendly, page: str
) -> None:
    url = reverse(f"admin:calendly_integration_booking_{page}", args=[booking.pk])
    opened = staff.get(address(booking))
    shown, chosen = seen(opened), starts(opened)
    staff.post(address(booking), {"start": chosen[20], "seen": shown})
    booking.refresh_from_db()
    moved_to = booking.start_at
    given = {"start": chosen[40], "seen": shown, "code": "not_needed", "reason": ""}
    text = staff.post(url, given).content.decode()
    assert "The meeting was moved after this page was opened." in text
    booking.refresh_from_db()
    assert (booking.status, booking.start_at) == ("confirmed", moved_to)
    assert seen(staff.get(address(booking))) == str(booking.current_calendly_booking_id)


def test_where_the_start_went_meanwhile_others_are_offered_and_the_meeting_stands(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    chosen = starts(staff.get(address(booking)))[20]
    sandbox.book_as_invitee("Sales Demo", datetime.fromisoformat(chosen), email="fast@example.com")
    answer = staff.post(address(booking), {"start": chosen})
    assert "no longer free" in answer.content.decode()
    others = starts(answer)
    assert others[0][:10] == chosen[:10]
    assert sum(each.startswith(chosen[:10]) for each in others) > 3
    assert chosen not in others
    before = booking.start_at
    booking.refresh_from_db()
    assert (booking.status, booking.start_at) == ("confirmed", before)
    assert not LogEntry.objects.exists()


def test_a_day_on_which_nothing_is_left_stands_first_and_says_so(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    chosen = "2026-12-02T10:00:00Z"
    assert chosen in starts(staff.get(address(booking)))
    sandbox.add_busy_time(datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 12, 3, tzinfo=UTC))
    text = staff.post(address(booking), {"start": chosen}).content.decode()
    first = text.partition('<details class="slot-day" name="slot-day" open>')[2].partition("</details>")[0]
    assert "Wednesday, December 2" in first
    assert "0 free" in first
    assert "No start time is free on this day any more." in first
    assert "Move the meeting" in text.partition('id="slots"')[2]


@pytest.mark.parametrize("value", ["", "tomorrow", "2026-11-24T10:00:00", "9" * 5000, "\x00", "2026-11-24"])
def test_what_is_no_start_is_asked_for_again(staff: Client, booking: Booking, value: str) -> None:
    answer = staff.post(address(booking), {"start": value})
    assert "Choose one of the free start times" in answer.content.decode()
    assert starts(answer)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2020-01-01T10:00:00Z", "is in the past"),
        ("2126-01-01T10:00:00Z", "too far in the future"),
        ("2026-11-23T07:00:00Z", "already starts at that time"),
    ],
)
def test_a_start_that_cannot_be_is_refused_with_a_reason(
    staff: Client, booking: Booking, value: str, said: str
) -> None:
    assert said in staff.post(address(booking), {"start": value}).content.decode()


def test_without_calendly_the_page_opens_and_says_so(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    sandbox.faults.add("refuse", times=None)
    answer = staff.get(address(booking))
    assert answer.status_code == 200
    assert "cannot be reached" in answer.content.decode()
    assert not starts(answer)
    answer = staff.post(address(booking), {"start": "2026-11-24T10:00:00Z"})
    assert answer.status_code == 200
    assert "is unchanged" in answer.content.decode()
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_a_used_up_allowance_is_told(staff: Client, booking: Booking, sandbox: Calendly) -> None:
    chosen = starts(staff.get(address(booking)))[5]
    sandbox.faults.add("status", method="POST", path="/invitees", status=429, seconds=600)
    text = staff.post(address(booking), {"start": chosen}).content.decode()
    alert = text.partition('role="alert">')[2].partition("</p>")[0]
    assert "allowance at Calendly is used up" in alert
    assert "10 minutes" in alert
    assert "The meeting is unchanged." in alert
    assert f"The invitee can still move it on this page: {booking.reschedule_url}" in alert
    assert "public page" not in text
    kind = booking.event_type
    assert kind
    assert kind.scheduling_url not in text


@pytest.mark.parametrize("status", [403, 424, 429, 500])
def test_a_move_that_fails_is_told_in_the_words_and_with_the_link_of_a_move(
    staff: Client, booking: Booking, sandbox: Calendly, status: int
) -> None:
    path = "/event_type_available_times"
    sandbox.faults.add("status", method="GET", path=path, status=status, times=None)
    text = staff.post(address(booking), {"start": "2026-11-24T10:00:00Z"}).content.decode()
    alert = text.partition('role="alert">')[2].partition("</p>")[0]
    assert "The meeting is unchanged." in alert
    assert booking.reschedule_url in alert
    assert "booked" not in alert


def test_a_link_that_leads_nowhere_is_not_told(staff: Client, booking: Booking, sandbox: Calendly) -> None:
    Booking.objects.update(reschedule_url="javascript:alert(1)")
    sandbox.faults.add("status", method="GET", path="/event_type_available_times", status=403, times=None)
    text = staff.post(address(booking), {"start": "2026-11-24T10:00:00Z"}).content.decode()
    assert "The meeting is unchanged." in text
    assert "can still move it" not in text


def test_a_lost_answer_is_told_as_such(staff: Client, booking: Booking, sandbox: Calendly) -> None:
    chosen = starts(staff.get(address(booking)))[5]
    sandbox.faults.add("lose_answer", method="POST", path="/invitees")
    answer = staff.post(address(booking), {"start": chosen}, follow=True)
    assert "is being looked up" in answer.content.decode()
    booking.refresh_from_db()
    assert booking.status == "confirmed"


def test_without_the_token_of_the_form_nothing_happens(
    entered: Callable[..., Client], booking: Booking
) -> None:
    browser = entered("staff", enforce_csrf_checks=True)
    assert browser.post(address(booking), {"start": "2026-11-24T10:00:00Z"}).status_code == 403


def test_no_free_start_is_an_empty_page_that_says_so(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    now = datetime.now(UTC)
    sandbox.add_busy_time(now, now + timedelta(days=30))
    assert "no free start time in these 14 days" in staff.get(address(booking)).content.decode()


def test_what_cannot_be_moved_is_not_asked_of_calendly(
    staff: Client, booking: Booking, sandbox: Calendly, clock: Traveller
) -> None:
    EventType.objects.update(active=False)
    calls = sandbox.calls_made
    assert "is inactive or unknown" in staff.get(address(booking)).content.decode()
    EventType.objects.update(active=True)
    assert booking.start_at
    clock.move_to(booking.start_at)
    assert "has begun" in staff.post(address(booking), {"start": "2026-11-24T10:00:00Z"}).content.decode()
    assert sandbox.calls_made == calls


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    first, zone = datetime(2027, 10, 31, 0, 30, tzinfo=UTC), ZoneInfo("Europe/Bucharest")
    with translation.override("ro"):
        said = [slots.start_text(first + timedelta(hours=hours), zone) for hours in range(3)]
    day = "duminică, 31 oct."
    assert said == [f"{day}, 03:30 UTC+3", f"{day}, 03:30 UTC+2", f"{day}, 04:30"]


@pytest.mark.parametrize(("day", "hours"), [("2027-03-28", 23), ("2027-10-31", 25), ("2027-10-30", 24)])
def test_a_look_ends_at_midnight_whatever_the_clocks_do(
    entered: Callable[..., Client],
    booking: Booking,
    sandbox: Calendly,
    clock: Traveller,
    day: str,
    hours: int,
) -> None:
    clock.move_to(datetime.fromisoformat(f"{day}T00:00:00+03:00") - timedelta(days=20))
    last = datetime.fromisoformat(day).date()
    Booking.objects.update(start_at=datetime.fromisoformat(f"{day}T20:00:00+00:00"), end_at=None)
    first = last - timedelta(days=13)
    entered("staff").get(address(booking), {"from": first.isoformat()})
    asked = next(call for call in reversed(sandbox.calls) if "available_times" in call.path)
    query = parse_qs(urlsplit(asked.path).query)
    begin, end = (datetime.fromisoformat(query[f"{each}_time"][0]) for each in ("start", "end"))
    zone = ZoneInfo("Europe/Bucharest")
    assert begin.astimezone(zone).date() == first
    assert end.astimezone(zone).replace(tzinfo=None) == datetime.combine(
        last + timedelta(days=1), datetime.min.time()
    )
    assert end - begin == timedelta(days=13, hours=hours)


@pytest.mark.parametrize(
    ("whose", "heading", "label"),
    [
        ("", "on the invitee&#x27;s clock, America/New_York", "02:15 <small>07:15 London</small>"),
        ("invitee", "on the invitee&#x27;s clock, America/New_York", "02:15 <small>07:15 London</small>"),
        ("host", "on the host&#x27;s clock, Europe/Bucharest", "09:15 <small>07:15 London</small>"),
        ("viewer", "on your clock, Europe/London", "<span>07:15</span>"),
        ("nobody", "on the invitee&#x27;s clock, America/New_York", "02:15 <small>07:15 London</small>"),
    ],
)
def test_the_clock_can_be_chosen(
    staff: Client, booking: Booking, whose: str, heading: str, label: str
) -> None:
    Booking.objects.update(time_zone="America/New_York")
    preferences.choose_zone(User.objects.get(username="maria"), "Europe/London")
    text = staff.get(address(booking), {"zone": whose}).content.decode()
    assert heading in text
    assert label in text
    assert text.count('hx-swap="outerHTML" aria-current="true"') == 1


def test_zones_with_the_same_clocks_are_offered_once(staff: Client, booking: Booking) -> None:
    text = staff.get(address(booking)).content.decode()
    assert not any(f"zone={each}" in text for each in ("viewer", "host", "invitee"))
    Booking.objects.update(time_zone="America/New_York")
    text = staff.get(address(booking), {"zone": "viewer"}).content.decode()
    assert "invitee · America/New_York" in text
    assert "host, you · Europe/Bucharest</button>" in text
    assert text.count("zone=host") == 2  # one button: for htmx, and without it


def test_the_days_stand_in_a_strip_with_their_free_hours_and_the_first_one_a_click_away(
    staff: Client, booking: Booking
) -> None:
    answer = staff.get(address(booking))
    text = answer.content.decode()
    assert text.count('class="slot-day"') + text.count('class="slot-day none"') == 14
    assert text.count('<details class="slot-day" name="slot-day" open>') == 1
    first = starts(answer)[0]
    assert f'data-start="{first}">First free time: Monday, 23 Nov, 09:45</button>' in text
    assert "Morning" in text
    assert "Afternoon" in text
    assert "Monday, 23 Nov, 09:00 <span" in text  # the present start, before the arrow
    assert "choose an hour</output>" in text
    opened = staff.get(address(booking), {"start": first}).content.decode()
    assert "Monday, 23 Nov, 09:45</output>" in opened
    assert "First free time" in opened


def test_each_day_is_a_group_of_its_own_and_two_choices_are_none(staff: Client, booking: Booking) -> None:
    found = starts(staff.get(address(booking)))
    two = {"start-1": found[0], "start-3": found[-1]}
    assert "Choose one of the free start times" in staff.post(address(booking), two).content.decode()
    staff.post(address(booking), {"start-3": found[-1]})
    booking.refresh_from_db()
    assert booking.start_at == datetime.fromisoformat(found[-1])


def test_a_move_asked_in_the_calendar_leads_back_to_it(staff: Client, booking: Booking) -> None:
    chosen = starts(staff.get(address(booking)))[20]
    sent = {"start": chosen, "calendar": "view=timeGridWeek&date=2026-11-23\r\nx: y"}
    answer = staff.post(address(booking), sent)
    calendar = reverse("admin:calendly_integration_booking_calendar")
    assert answer["Location"].startswith(f"{calendar}?view=timeGridWeek&date=2026-11-23")
    assert "\n" not in answer["Location"]


def test_later_and_earlier_days_are_a_link_away_within_sixty_days(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    first = staff.get(address(booking)).content.decode()
    assert "from=2026-12-07#slots" in first
    assert "Earlier" not in first
    calls = sandbox.calls_made
    later = staff.get(address(booking), {"from": "2026-12-07", "zone": "host"})
    assert sandbox.calls_made == calls + 1
    assert min(starts(later)) >= "2026-12-06T22:00:00Z"
    text = later.content.decode()
    assert "from=2026-11-23&amp;zone=host#slots" in text
    assert "from=2026-12-21&amp;zone=host#slots" in text
    for given in ("2031-01-01", "9999-12-31"):
        far = staff.get(address(booking), {"from": given}).content.decode()
        assert "22 Jan 2027" in far
        assert "Later" not in far
    for given in ("2020-01-01", "0001-01-01", "x", "\x00", "9" * 3000):
        assert "23 Nov 2026" in staff.get(address(booking), {"from": given}).content.decode()


def test_a_start_may_be_chosen_in_the_address(staff: Client, booking: Booking) -> None:
    chosen = "2026-12-15T10:00:00Z"  # after the first fourteen days: those around it are shown
    text = staff.get(address(booking), {"start": chosen}).content.decode()
    assert f'value="{chosen}" checked' in text
    assert text.count(" checked") == 1
    taken = staff.get(address(booking), {"start": "2026-11-28T10:00:00Z"}).content.decode()  # a Saturday
    assert "is not free. Choose another start." in taken
    assert " checked" not in taken
    own = staff.get(address(booking), {"start": "2026-11-23T07:00:00Z"}).content.decode()
    assert "already starts at that time" in own
    for nonsense in (
        "x",
        "2026-11-28T10:00:00",
        "\x00",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+14:00",
    ):
        assert staff.get(address(booking), {"start": nonsense}).status_code == 200


def test_the_link_for_the_invitee_is_offered_and_nothing_changes(staff: Client, booking: Booking) -> None:
    url = Booking.objects.get().reschedule_url
    assert url
    assert f'data-copy="{url}"' in staff.get(address(booking)).content.decode()
    Booking.objects.update(reschedule_url="javascript:alert(1)")
    assert "javascript:" not in staff.get(address(booking)).content.decode()


def test_a_limited_calendly_is_told_and_the_page_opens(
    staff: Client, booking: Booking, sandbox: Calendly
) -> None:
    path = "/event_type_available_times"
    sandbox.faults.add("status", method="GET", path=path, status=429, seconds=240, times=None)
    answer = staff.get(address(booking))
    assert answer.status_code == 200
    assert "Try again in" in answer.content.decode()
    sandbox.faults.clear()
    sandbox.faults.add("status", method="GET", path=path, status=403, times=None)
    answer = staff.get(address(booking))
    assert answer.status_code == 200
    assert "did not return the free times" in answer.content.decode()
