"""Today in a real browser: narrow and wide, by keyboard, without a complaint of the strict policy."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.text import capfirst

from calendly_integration.models import Booking, FollowUp, RefusedAttempt

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
APP = "calendly_integration"


def test_staff_go_through_the_days_and_choose_their_zone(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    assert booking.start_at is not None
    assert staff.open("app_list", APP) == 200
    assert staff.too_wide_at(1280, 768, 390) == []
    staff.follow("Next day")
    staff.page.locator("#today-day").fill(f"{booking.start_at:%Y-%m-%d}")
    with staff.page.expect_navigation():
        staff.page.locator("#today-day").press("Enter")
    assert "Nora Popescu" in staff.page.locator(".today-schedule").inner_text()
    assert staff.too_wide_at(1280, 390) == []
    staff.page.locator(".today-zone > summary").press("Enter")
    staff.page.locator("#today-zone").fill("America/New_York")
    with staff.page.expect_navigation():
        staff.page.locator("#today-zone").press("Enter")
    assert "America/New_York" in staff.messages
    assert f"day={booking.start_at:%Y-%m-%d}" in staff.page.url
    staff.follow_link("Nora Popescu")
    assert str(booking.pk) in staff.page.url
    assert "UTC-5" in staff.page.content()


def test_the_list_of_models_is_folded_and_opens(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    viewer = open_admin("victor", language)
    viewer.open("app_list", APP)
    link = viewer.page.locator(".sidebar-all a", has_text=capfirst(viewer.says("agent keys"))).first
    assert not link.is_visible()
    viewer.page.locator(".sidebar-all > summary").press("Enter")
    assert link.is_visible()


def _meet_today(booking: Booking) -> None:
    """The meeting began a minute ago, and ends in the same hour."""
    start = datetime.now(UTC) - timedelta(minutes=1)
    end = start + timedelta(minutes=30)
    Booking.objects.filter(pk=booking.pk).update(start_at=start, end_at=end, phone="0744 120 980")
    booking.calendly_bookings.update(start_at=start, end_at=end)


def test_on_a_phone_the_first_meeting_is_within_the_first_screen(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    _meet_today(booking)
    staff = open_admin("maria", language)
    staff.page.set_viewport_size({"width": 390, "height": 844})
    staff.open("app_list", APP)
    box = staff.page.locator(".today-meeting").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 844


def test_today_renews_itself_without_a_jump_of_focus_or_scroll(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    _meet_today(booking)
    staff = open_admin("maria", language)
    staff.page.set_viewport_size({"width": 1280, "height": 500})
    staff.open("app_list", APP)
    name = staff.page.locator(f"#open-{booking.pk.hex}")
    name.focus()
    scrolled = staff.page.evaluate("window.scrollTo(0, 150); window.scrollY")
    RefusedAttempt.objects.create(
        code="no_availability",
        event_name="Sales Demo",
        name="Radu Pană",
        email="radu@example.com",
        email_key="radu@example.com",
        first_at=timezone.now(),
        last_at=timezone.now(),
    )
    staff.page.evaluate(
        "htmx.ajax('GET', location.pathname, {source: '.today', swap: 'none', selectOOB: '#today-live'})"
    )
    staff.page.get_by_text("Radu Pană").wait_for()
    assert staff.page.evaluate("document.activeElement.id") == f"open-{booking.pk.hex}"
    assert staff.page.evaluate("window.scrollY") == scrolled


def test_a_no_show_is_marked_and_taken_back_by_one_click_each(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    _meet_today(booking)
    staff = open_admin("maria", language)
    staff.open("app_list", APP)
    staff.follow_to(staff.page.locator(f"#noshow-{booking.pk.hex}"))
    assert staff.page.url.partition("#")[0].endswith(f"/admin/{APP}/")
    staff.follow_to(staff.page.locator(f"#undo-{booking.pk.hex}"))
    assert staff.page.locator(f"#noshow-{booking.pk.hex}").is_visible()
    assert FollowUp.objects.count() == 0
