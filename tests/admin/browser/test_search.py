"""The search on every page, by keyboard alone, and the switch of the language."""

from collections.abc import Callable

import pytest

from calendly_integration.models import Booking

from .admin_client import AdminClient
from .test_three_people import faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
APP = "calendly_integration"


def test_a_caller_is_found_from_any_page_by_keyboard(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    from playwright.sync_api import expect

    staff = open_admin("maria", language)
    staff.open(f"{APP}_host_changelist")
    page = staff.page
    page.keyboard.press("/")
    page.keyboard.type("nora")
    options = page.get_by_role("option")
    expect(options).to_have_count(3)  # the person, the booking, and to book for the person
    assert faults(staff) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("combobox")).to_have_attribute("aria-activedescendant", "found-booking-1")
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("nora@")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/booking/{booking.pk}/change/")


def test_nothing_found_says_what_was_searched_and_fits_a_phone(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    from playwright.sync_api import expect

    staff = open_admin("maria", language)
    staff.open("app_list", APP)
    staff.page.keyboard.press("/")
    staff.page.keyboard.type("zzz")
    expect(staff.page.locator("#calendly-found")).to_contain_text("zzz")
    assert faults(staff) == []
    assert staff.too_wide_at(1280, 390) == []


def test_the_language_is_chosen_on_the_page_and_kept(
    open_admin: Callable[..., AdminClient], booking: Booking
) -> None:
    from playwright.sync_api import expect

    staff = open_admin("maria", "en")
    staff.open(f"{APP}_host_changelist")
    staff.page.get_by_role("button", name="RO – română").click()
    expect(staff.page.locator("html")).to_have_attribute("lang", "ro")
    staff.open("app_list", APP)
    expect(staff.page.locator("html")).to_have_attribute("lang", "ro")
