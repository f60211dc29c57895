"""A booking's page in the browser: from one to the next, its links copied, a no-show marked."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from time_machine import Traveller

from calendly_integration.models import Booking, OutboxMessage
from calendly_integration.sandbox.calendly import Calendly

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "calendly_integration_booking_change"
LINK = "https://meet.example.com/abc"
CLIPBOARD = "() => navigator.clipboard.readText()"


def test_staff_copy_the_invitees_links_and_go_from_booking_to_booking(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    booking.refresh_from_db()
    staff = open_admin("maria", language)
    staff.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    staff.open(PAGE, booking.pk)
    copy = staff.page.locator("button.copy")
    links = [url for url in (booking.meeting_url, booking.reschedule_url, booking.cancel_url) if url]
    assert copy.count() == len(links)
    for number, url in enumerate(links):
        copy.nth(number).focus()
        staff.page.keyboard.press("Enter")
        staff.page.wait_for_function(
            "([n, done]) => document.querySelectorAll('button.copy')[n].textContent == done",
            arg=[number, staff.says("Copied")],
        )
        assert staff.page.evaluate(CLIPBOARD) == url
    staff.follow_to(staff.page.locator("a[rel=next]"))
    assert "Ștefania" in staff.page.locator(".head").inner_text()
    staff.follow_to(staff.page.locator("a[rel=prev]"))
    assert str(booking.pk) in staff.page.url
    assert staff.too_wide_at(390, 1280) == []


def test_where_there_is_no_clipboard_the_link_is_selected(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    booking.refresh_from_db()
    staff = open_admin("maria", language)
    staff.page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    staff.open(PAGE, booking.pk)
    button = staff.page.locator("button.copy").last
    button.click()
    assert button.inner_text() == staff.says("Selected: copy it with the keyboard")
    assert staff.page.evaluate("() => getSelection().toString()") == booking.cancel_url


def test_staff_mark_a_no_show_undo_it_and_send_the_confirmation_again(
    open_admin: Callable[..., AdminClient],
    booking: Booking,
    sandbox: Calendly,
    flush: Callable[[], None],
    clock: Traveller,
    language: str,
) -> None:
    staff = open_admin("maria", language)
    booking.refresh_from_db()
    assert booking.start_at
    clock.move_to(booking.start_at)
    staff.open(PAGE, booking.pk)
    staff.press("Mark as no-show")
    assert staff.says("Marked as no-show at Calendly.") in staff.messages
    flush()
    staff.follow_to(staff.page.locator(".messagelist a"))
    staff.press("Undo the no-show mark")
    assert staff.says("The no-show mark is removed at Calendly.") in staff.messages
    flush()
    staff.open(PAGE, booking.pk)
    staff.follow("Send the confirmation again")
    staff.press("Send the confirmation again")
    assert staff.says("The confirmation is on its way to the portal.") in staff.messages
    flush()
    assert not sandbox.state.no_shows
    assert OutboxMessage.objects.filter(booking=booking, path="/email/send").count() == 2
    staff.page.reload()
    told = " ".join(staff.steps)
    for step in (
        "%(who)s marked the invitee as no-show",
        "%(who)s removed the no-show mark",
        "%(who)s sent the confirmation again",
    ):
        assert told.count(staff.says(step, who="maria")) == 1
    assert "POST /invitee_no_shows" not in told
    staff.page.locator("#booking-story details.machine summary").click()
    assert "POST /invitee_no_shows" in staff.page.locator("#booking-story").inner_text()


def test_a_booking_just_made_renews_itself_and_then_stops(
    open_admin: Callable[..., AdminClient], booking: Booking, flush: Callable[[], None], language: str
) -> None:
    Booking.objects.filter(pk=booking.pk).update(created_at=datetime.now(UTC))
    staff = open_admin("maria", language)
    staff.open(PAGE, booking.pk)
    top = staff.page.locator("#booking-top")
    assert top.get_attribute("hx-trigger") == "every 3s"
    staff.page.locator("details:has(#note) > summary").click()
    staff.page.locator("#note").fill("Vine cu avocatul")
    flush()
    booking.calendly_bookings.update(pending_action="", next_attempt_at=None, lease_token=None)
    Booking.objects.filter(pk=booking.pk).update(meeting_url=LINK)
    staff.page.wait_for_function("() => !document.getElementById('booking-top').hasAttribute('hx-trigger')")
    assert staff.says("Calendly confirmed the meeting") in staff.steps[-1]
    assert staff.page.locator("#note").input_value() == "Vine cu avocatul"
    assert staff.page.locator("button.copy").first.is_visible()


def test_the_first_screen_of_a_phone_answers_who_when_and_what_to_do(
    open_admin: Callable[..., AdminClient], booking: Booking, flush: Callable[[], None], language: str
) -> None:
    flush()
    Booking.objects.filter(pk=booking.pk).update(meeting_url=LINK)
    staff = open_admin("maria", language)
    staff.page.set_viewport_size({"width": 390, "height": 844})
    staff.open(PAGE, booking.pk)
    for part in (".head h1", ".head .when", ".head .mail", "#act-join", "#act-reschedule", "#act-cancel"):
        place = staff.page.locator(part).bounding_box()
        assert place is not None
        assert place["y"] + place["height"] <= 844, part


def test_who_may_only_look_has_nothing_to_copy_and_no_acts(
    open_admin: Callable[..., AdminClient], booking: Booking, clock: Traveller, language: str
) -> None:
    viewer = open_admin("victor", language)
    booking.refresh_from_db()
    assert booking.start_at
    clock.move_to(booking.start_at)
    viewer.open(PAGE, booking.pk)
    assert viewer.page.locator("button.copy").count() == 0
    assert booking.invitee_name in viewer.page.locator(".head").inner_text()
    assert viewer.button("Mark as no-show").count() == 0
    viewer.refusals_expected = True
    for act in ("no_show", "undo_no_show", "send_confirmation"):
        assert viewer.open(f"calendly_integration_booking_{act}", booking.pk) == 403
