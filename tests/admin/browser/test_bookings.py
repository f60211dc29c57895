"""Staff at work on bookings, in both languages."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from calendly_integration.models import Booking
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services import texts

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "calendly_integration_booking_change"
LIST = "calendly_integration_booking_changelist"


def found(staff: AdminClient, booking: Booking) -> None:
    """Find a booking by its invitee's name and open it."""
    staff.open(LIST)
    staff.page.locator("#searchbar").fill("popescu")
    staff.press("Search")
    assert staff.page.locator("#result_list tbody tr:not(.day)").count() == 1
    staff.follow_link("Nora Popescu nora@example.com")
    assert str(booking.pk) in staff.page.url


def test_staff_find_a_booking_cancel_it_and_read_so_in_its_story(
    open_admin: Callable[..., AdminClient],
    booking: Booking,
    sandbox: Calendly,
    flush: Callable[[], None],
    language: str,
) -> None:
    staff = open_admin("maria", language)
    found(staff, booking)
    assert staff.state == staff.words["confirmed"]
    staff.follow_link(staff.words["cancel"])
    assert sandbox.state.events[booking.event_id].status == "active"
    staff.page.locator("input[name=code][value=host_away]").check()
    staff.page.get_by_label(f"{staff.words['reason']}:", exact=True).fill("Radu e bolnav <b>azi</b>")
    staff.press_button(staff.words["cancel"])
    assert staff.words["is canceled"] in staff.messages
    assert sandbox.state.events[booking.event_id].status == "canceled"
    flush()
    staff.page.reload()
    assert staff.state == staff.words["canceled"]
    told = [step for step in staff.steps if step.startswith(staff.words["story canceled"])]
    assert len(told) == 1
    assert "Radu e bolnav <b>azi</b>" in told[0]
    assert staff.act("cancel").count() == staff.act("move").count() == 0


def test_who_goes_back_from_the_question_has_changed_nothing(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open(PAGE, booking.pk)
    staff.follow_link(staff.words["cancel"])
    staff.press("Back without changes")
    assert staff.state == staff.words["confirmed"]
    assert sandbox.state.events[booking.event_id].status == "active"


def test_staff_move_a_booking_to_a_free_start_of_another_day(
    open_admin: Callable[..., AdminClient],
    booking: Booking,
    sandbox: Calendly,
    flush: Callable[[], None],
    language: str,
) -> None:
    staff = open_admin("maria", language)
    found(staff, booking)
    staff.follow_link(staff.words["move"])
    day = staff.page.locator("details.slot-day").nth(2)
    assert not day.locator("input").first.is_visible()
    day.locator("summary").click()
    start = day.locator("input").nth(3)
    day.locator("label").nth(3).click()
    wanted = datetime.fromisoformat(start.get_attribute("value") or "")
    staff.press_button(staff.words["move"])
    assert staff.words["is moved"] in staff.messages
    flush()
    staff.page.reload()
    assert staff.state == staff.words["confirmed"]
    here = wanted.astimezone(ZoneInfo("Europe/Bucharest"))
    for written in (texts.day(here.date(), language), f"{here:%H:%M}"):
        assert written in staff.page.locator(".head").inner_text()
    told = [step for step in staff.steps if step.startswith(staff.words["story moved"])]
    assert len(told) == 1
    old = booking.event_id
    booking.refresh_from_db()
    assert booking.start_at == wanted
    assert sandbox.state.events[old].status == "canceled"
    assert sandbox.state.events[booking.event_id].status == "active"


def test_who_may_only_look_sees_the_story_and_no_buttons(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    viewer = open_admin("victor", language)
    viewer.open(PAGE, booking.pk)
    assert viewer.state == viewer.words["confirmed"]
    assert viewer.steps
    assert viewer.act("cancel").count() == viewer.act("move").count() == 0
    assert "calendly.com/cancellations" not in viewer.page.content()
    viewer.refusals_expected = True
    for act in ("cancel", "reschedule"):
        assert viewer.open(f"calendly_integration_booking_{act}", booking.pk) == 403
