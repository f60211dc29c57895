"""Today in a real browser: narrow and wide, by keyboard, without a complaint of the strict policy."""

from collections.abc import Callable

import pytest
from django.utils.text import capfirst

from calendly_integration.models import Booking

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
    assert "Nora Popescu" in staff.page.locator(".today-host").first.inner_text()
    assert staff.too_wide_at(1280, 390) == []
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
