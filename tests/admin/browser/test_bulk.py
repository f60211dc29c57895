"""Staff cancel many meetings, and watch how far it is."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from calendly_integration.models import Booking, BulkRun, FollowUp
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.backoffice import bulk

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "calendly_integration_booking_changelist"
RUN = "calendly_integration_bulkrun_change"
POLL = 2000  # after so many milliseconds the page looks again
CANCEL = ("Cancel %(counter)s meeting", "Cancel %(counter)s meetings")
TAKEN = ("%d row is processed in the background.", "%d rows are processed in the background.")
FAILED = ("%(counter)s could not be done.",) * 2
ALL_DONE = "All are processed."
RETRY = "Try the failed ones again"


def work(limit: int) -> None:
    """The worker does so many items."""
    for item in bulk.claim(now=datetime.now(UTC), limit=limit):
        bulk.work(item, now=datetime.now(UTC))


def chosen(window: AdminClient) -> None:
    """All bookings of the list are ticked, and the page that asks is open."""
    window.open(LIST)
    for row in window.page.locator(".action-select").all():
        row.check()
    window.page.locator("select[name=action]").select_option("cancel_many")
    with window.page.expect_navigation():
        window.page.locator("#changelist-form .actions button[type=submit]").click()


def test_many_are_canceled_while_the_page_follows(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    staff = open_admin("maria", language)
    page = staff.page
    page.clock.install()
    chosen(staff)
    assert page.locator(".previews li").count() == 3
    box = page.locator("#id_follow_up")
    assert not box.is_visible()  # no kind of reason is chosen yet
    page.locator("input[name=code][value=duplicate]").check()
    assert not box.is_visible()
    page.locator("input[name=code][value=host_away]").check()
    assert box.is_visible()
    assert box.is_checked()
    page.locator("#id_reason").fill("Radu e bolnav")
    assert staff.too_wide_at(390, 1280) == []
    staff.press_button(staff.counts(3, *CANCEL))
    assert staff.counts(3, *TAKEN) in staff.messages
    assert page.locator("progress").get_attribute("value") == "0"
    sandbox.faults.add("status", method="POST", path=".*/cancellation", status=403, times=1)
    work(2)
    page.clock.fast_forward(POLL)
    page.locator("progress[value='2']").wait_for()
    assert staff.counts(1, *FAILED) in page.locator("[role=status]").inner_text()
    assert staff.says("Calendly refused: %s", "") in page.locator("[data-live=items]").inner_text()
    work(1)
    page.clock.fast_forward(POLL)
    page.get_by_text(staff.says(ALL_DONE)).wait_for()
    assert staff.too_wide_at(390, 1280) == []
    staff.press(RETRY)
    assert staff.counts(1, "%d row is tried again.", "%d rows are tried again.") in staff.messages
    work(1)
    page.clock.fast_forward(POLL)
    page.get_by_text(staff.says(ALL_DONE)).wait_for()
    assert staff.button(RETRY).count() == 0
    assert Booking.objects.filter(status="canceled").count() == FollowUp.objects.count() == 3


def test_without_a_script_there_is_a_link_to_look_again(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    staff = open_admin("maria", language, java_script_enabled=False)
    chosen(staff)
    staff.page.locator("input[name=code][value=not_needed]").check()
    staff.press_button(staff.counts(3, *CANCEL))
    work(3)
    staff.follow("Refresh")
    assert staff.says(ALL_DONE) in staff.page.locator("[role=status]").inner_text()


def test_who_may_only_look_sees_how_far_it_is_and_has_no_button(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    sandbox.faults.add("status", method="POST", path=".*/cancellation", status=403, times=None)
    staff = open_admin("maria", language)
    chosen(staff)
    staff.page.locator("input[name=code][value=not_needed]").check()
    staff.press_button(staff.counts(3, *CANCEL))
    work(3)
    viewer = open_admin("victor", language)
    assert viewer.open(RUN, BulkRun.objects.get().pk) == 200
    assert viewer.counts(3, *FAILED) in viewer.page.locator("[role=status]").inner_text()
    assert viewer.button(RETRY).count() == 0
