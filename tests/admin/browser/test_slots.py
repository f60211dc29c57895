"""Staff choose free starts: move, hand over, book for somebody."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from calendly_integration.models import Booking, CalendlyAccount, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.seeds import question
from calendly_integration.services import texts
from calendly_integration.services.catalog import event_types

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1280, 390)


def synced(sandbox: Calendly, name: str, **fields: Any) -> None:
    """A type of Radu's."""
    radu = next(user for user in sandbox.state.users.values() if user.name == "Radu Marin")
    sandbox.add_event_type(name, 30, owner=radu, increment=15, **fields)
    event_types.sync(CalendlyAccount.objects.get(), now=datetime.now(UTC))


def hours(page: Any) -> Any:
    """The hours of the open day."""
    return page.locator("#slots details[open] input[type=radio]")


def test_the_clock_is_switched_and_later_days_are_looked_at(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    Booking.objects.filter(pk=booking.pk).update(time_zone="America/New_York")
    staff = open_admin("maria", language)
    staff.open("calendly_integration_booking_reschedule", booking.pk)
    page = staff.page
    heading = page.locator("#slots h2")
    assert staff.says("on the invitee's clock, %s", "America/New_York") in heading.inner_text()
    page.locator("#slots-host").click()
    heading.filter(has_text=staff.says("on the host's clock, %s", "Europe/Bucharest")).wait_for()
    page.locator("#slots-later").click()
    page.locator("#slots .span").filter(has_text=texts.short_date(date(2026, 12, 7), language)).wait_for()
    assert staff.says("on the host's clock, %s", "") in heading.inner_text()
    assert staff.too_wide_at(*WIDTHS) == []
    assert page.locator("button.copy").is_visible()
    hours(page).first.focus()
    page.keyboard.press("Space")
    staff.press_button(staff.words["move"])
    assert staff.words["is moved"] in staff.messages


def test_the_keyboard_alone_goes_from_day_to_day_and_into_the_hours_of_each(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    staff.open("calendly_integration_booking_reschedule", booking.pk)
    page = staff.page
    page.locator("#slots button[data-start]").focus()
    page.keyboard.press("Enter")
    chosen = page.locator("#slots-choice")
    first = chosen.inner_text()
    assert hours(page).first.get_attribute("data-text") == first
    page.keyboard.press("ArrowRight")
    assert chosen.inner_text() == hours(page).nth(1).get_attribute("data-text")
    page.keyboard.press("Tab")  # to the next day
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # into its hours, though one of another day is chosen
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert page.locator("#slots input:checked").count() == 1
    wanted = chosen.inner_text()
    assert wanted == hours(page).nth(1).get_attribute("data-text")
    assert wanted != first
    button = page.get_by_role("button", name=staff.words["move"], exact=True)
    box, height = button.bounding_box(), page.evaluate("innerHeight")
    assert box
    assert box["y"] + box["height"] <= height
    start = page.locator("#slots input:checked").get_attribute("value")
    button.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    booking.refresh_from_db()
    assert booking.start_at == datetime.fromisoformat(str(start))


def test_a_meeting_is_handed_over_at_its_own_start(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    synced(sandbox, "Demo with Radu")
    synced(sandbox, "Second demo with Radu")
    staff = open_admin("maria", language)
    staff.open("calendly_integration_booking_change", booking.pk)
    staff.follow("Give the meeting to a colleague")
    staff.follow_to(staff.page.get_by_role("link", name="Demo with Radu").first)
    assert staff.page.locator("#slots input:checked").count() == 1
    assert staff.too_wide_at(*WIDTHS) == []
    staff.press("Reassign")
    assert staff.words["is reassigned"] in staff.messages
    fresh = Booking.objects.get(pk=booking.pk)
    assert (fresh.start_at, fresh.event_name) == (booking.start_at, "Demo with Radu")


def test_staff_book_for_somebody_and_a_look_around_forgets_nothing(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    kinds = ("small", "large")
    synced(
        sandbox,
        "Asking",
        questions=[
            question("Company?", required=True, kind="string"),
            question("What do you need?", kind="multi_select", position=1, choices=kinds),
        ],
    )
    staff = open_admin("maria", language)
    page = staff.page
    staff.open("calendly_integration_booking_add")
    assert staff.too_wide_at(*WIDTHS) == []
    staff.follow_to(page.get_by_role("link", name="Asking"))
    page.get_by_label(staff.says("Name"), exact=True).fill("Ioana Țepeș")
    page.get_by_label("E-mail", exact=True).fill("ioana@example.com")
    page.get_by_label(staff.says("Time zone")).select_option("Asia/Tokyo")
    page.wait_for_selector("input[name=shown_zone][value='Asia/Tokyo']", state="attached")
    page.get_by_label("Company?").fill("VAI")
    page.get_by_label("large").check()
    page.locator("#slots-later").click()
    page.locator("#slots .span").filter(has_text=texts.short_date(date(2026, 12, 7), language)).wait_for()
    assert page.get_by_label(staff.says("Name"), exact=True).input_value() == "Ioana Țepeș"
    assert page.get_by_label("large").is_checked()
    assert staff.says("on the invitee's clock, %s", "Asia/Tokyo") in page.locator("#slots h2").inner_text()
    assert page.locator(".errorlist").count() == 0
    staff.press("Book the meeting")
    assert (
        staff.says("Choose one of the free start times.") in page.locator("[role=alert]").first.inner_text()
    )
    assert staff.too_wide_at(*WIDTHS) == []
    hours(page).first.check()
    staff.press("Book the meeting")
    assert staff.words["is booked"] in staff.messages
    made = Booking.objects.get(email_key="ioana@example.com")
    assert (made.source, made.status, made.time_zone) == ("staff", "confirmed", "Asia/Tokyo")


def test_another_time_zone_of_the_invitee_shows_the_starts_on_their_clock_at_once(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    kind = EventType.objects.get(name="Sales Demo")
    staff = open_admin("maria", language)
    page = staff.page
    staff.open("calendly_integration_booking_add", query=f"?event_type={kind.pk}&start=2026-11-24T13:45:00Z")
    page.get_by_label(staff.says("Name"), exact=True).fill("Ioana Țepeș")
    page.get_by_label("E-mail", exact=True).fill("ioana@example.com")
    page.get_by_label(staff.says("Time zone")).select_option("America/New_York")
    page.wait_for_selector("input[name=shown_zone][value='America/New_York']", state="attached")
    assert (
        staff.says("on the invitee's clock, %s", "America/New_York") in page.locator("#slots h2").inner_text()
    )
    chosen = page.locator("label:has(input:checked)")
    assert chosen.inner_text().split()[0] == "08:45"
    assert "08:45" in page.locator("#slots-choice").inner_text()
    assert page.get_by_label(staff.says("Name"), exact=True).input_value() == "Ioana Țepeș"
    assert staff.too_wide_at(*WIDTHS) == []
    staff.press("Book the meeting")
    assert staff.words["is booked"] in staff.messages
    made = Booking.objects.get(email_key="ioana@example.com")
    assert made.start_at == datetime(2026, 11, 24, 13, 45, tzinfo=UTC)
    assert made.time_zone == "America/New_York"


def test_a_known_person_is_filled_in(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    Booking.objects.filter(pk=booking.pk).update(
        phone="+40744120980", time_zone="America/New_York", locale="en"
    )
    kind = EventType.objects.get(name="Sales Demo")
    staff = open_admin("maria", language)
    page = staff.page
    staff.open("calendly_integration_booking_add", query=f"?event_type={kind.pk}&notes=VIP")
    page.get_by_label("E-mail", exact=True).press_sequentially("Nora@example.com")
    page.locator("#known-person a", has_text="Nora").wait_for()
    staff.button("Fill in").click()
    page.wait_for_selector("input[name=shown_zone][value='America/New_York']", state="attached")
    assert page.get_by_label(staff.says("Name"), exact=True).input_value() == booking.invitee_name
    assert page.locator("#id_phone").input_value() == "+40744120980"
    assert page.locator("#id_language").input_value() == "en"
    assert page.locator("#id_notes").input_value() == "VIP"


def test_who_only_looks_finds_no_way_to_book(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    viewer = open_admin("victor", language)
    viewer.refusals_expected = True
    viewer.open("calendly_integration_booking_changelist")
    assert viewer.page.locator(".addlink").count() == 0
    for name, args in (("add", ()), ("reassign", (booking.pk,)), ("reschedule", (booking.pk,))):
        assert viewer.open(f"calendly_integration_booking_{name}", *args) == 403
