"""Event types, the connection's page and the machine room before a real browser, wide and narrow."""

from collections.abc import Callable

import pytest

from calendly_integration.models import Booking, CalendlyAccount, EventType
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts

from ...factories import mirrored
from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TYPES, CONNECTION = "calendly_integration_eventtype", "calendly_integration_calendlyaccount"
NEW_KEY = "Calendly signs with a new key. The old one is accepted for 48 more hours."


def test_what_calendly_changed_is_seen_and_put_away_and_a_name_is_given(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    sandbox.change_event_type("Sales Demo", name="Demo", duration=40)
    mirrored(calendly_accounts.default())
    kind = EventType.objects.get(name="Demo")
    staff = open_admin("maria", language)
    assert staff.open(f"{TYPES}_changelist") == 200
    assert staff.page.get_by_text(staff.counts(1, "%d new change", "%d new changes")).count() == 1
    assert staff.too_wide_at(1280, 390) == []
    staff.open(f"{TYPES}_change", kind.pk)
    assert "30 → 40" in staff.page.locator(".changes").inner_text()
    assert staff.too_wide_at(1280, 390) == []
    staff.follow("Mark changes as seen")
    staff.press("Mark changes as seen")
    assert staff.counts(1, "%d change is marked as seen.", "%d changes are marked as seen.") in staff.messages
    staff.follow("Edit names and access")
    staff.page.get_by_label(staff.says("Other names")).fill("Prezentare")
    staff.page.get_by_label(staff.says("only the agents chosen here, and staff")).check()
    staff.page.get_by_label("Test agent").check()
    assert staff.too_wide_at(1280, 390) == []
    staff.press("Save")
    assert staff.says("Saved. Agents see it from now on.") in staff.messages
    kind.refresh_from_db()
    assert (kind.aliases, kind.open_to, kind.allowed_keys.count()) == (["Prezentare"], "keys", 1)


def test_the_connection_is_checked_and_its_key_changed(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    row = CalendlyAccount.objects.get()
    staff = open_admin("maria", language)
    staff.open(f"{CONNECTION}_change", row.pk)
    staff.press("Check now")
    assert staff.page.locator(".findings li").count() == 10
    assert staff.too_wide_at(1280, 390) == []
    staff.open(f"{CONNECTION}_rotate", row.pk)
    staff.press("Change the signing key")
    assert staff.says(NEW_KEY) in staff.messages


def test_the_machine_room_is_one_page_for_all_that_waits(
    open_admin: Callable[..., AdminClient], booking: Booking, sandbox: Calendly, language: str
) -> None:
    viewer = open_admin("victor", language)
    assert viewer.open(f"{CONNECTION}_system_status") == 200
    assert viewer.page.get_by_role("button", name=viewer.says("Check now")).count() == 0
    for fold in viewer.page.locator(".folded > summary").all():
        fold.press("Enter")
    assert viewer.page.locator(".system-status section").count() == 6
    assert viewer.too_wide_at(1280, 390) == []
