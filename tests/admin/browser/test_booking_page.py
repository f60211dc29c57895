"""A booking's page in the browser: from one to the next, its links copied, a no-show marked."""

from collections.abc import Callable

import pytest
from time_machine import Traveller

from calendly_integration.models import Booking, OutboxMessage
from calendly_integration.sandbox.calendly import Calendly

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "calendly_integration_booking_change"
CLIPBOARD = "() => navigator.clipboard.readText()"


def test_staff_copy_the_invitees_links_and_go_from_booking_to_booking(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    booking.refresh_from_db()
    staff = open_admin("maria", language)
    staff.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    staff.open(PAGE, booking.pk)
    copy = staff.page.locator("button.copy")
    assert copy.count() == 2
    for number, url in enumerate((booking.cancel_url, booking.reschedule_url)):
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
    button = staff.page.locator("button.copy").first
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
    for act, said in (
        ("Mark as no-show", "Marked as no-show at Calendly."),
        ("Undo the no-show mark", "The no-show mark is removed at Calendly."),
        ("Send the confirmation again", "The confirmation is on its way to the portal."),
    ):
        staff.open(PAGE, booking.pk)
        staff.follow(act)
        staff.press(act)
        assert staff.says(said) in staff.messages
        flush()
    assert not sandbox.state.no_shows
    assert OutboxMessage.objects.filter(booking=booking, path="/email/send").count() == 2
    staff.page.reload()
    told = " ".join(staff.steps)
    for step in ("Marked as no-show", "The no-show mark was removed", "The confirmation was sent again"):
        assert told.count(staff.says(step)) == 1
    assert "POST /invitee_no_shows" in told


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
    assert viewer.link("Mark as no-show").count() == 0
    viewer.refusals_expected = True
    for act in ("no_show", "undo_no_show", "send_confirmation"):
        assert viewer.open(f"calendly_integration_booking_{act}", booking.pk) == 403
