"""Every page of the back-office, in both languages, as those see it who act, who look, and who are nobody."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from calendly_integration.models import Booking, BulkRun, FollowUp, OutboxMessage, WebhookDelivery

from .admin_client import AdminClient
from .pages import APP, PAGES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
SERIOUS = ("serious", "critical")
STOCK = {"changelist", "add", "history", "delete", "change"}
# These only take a form, give a file or a part of a page, or feed a script: there is nothing to look at.
NO_PAGE = {
    f"{APP}_{name}"
    for name in (
        "booking_views_save",
        "booking_views_forget",
        "booking_export_csv",
        "booking_export_xlsx",
        "booking_feed",
        "booking_calendar_meeting",
        "booking_columns",
        "booking_calendar_book",
        "booking_calendar_hours",
        "booking_known_person",
        "bulkrun_retry",
        "booking_search",
        "eventtype_sync",
        "preference_language",
        "followup_assign",
        "followup_note",
        "followup_no_answer",
        "followup_later",
        "followup_lost",
        "followup_wait",
        "followup_close",
        "followup_reopen",
        "refusedattempt_close",
        "preference_zone",
    )
}


@pytest.fixture
def rows(booking: Booking) -> dict[str, Any]:
    """What stands in the addresses."""
    now, calendly_booking = datetime.now(UTC), booking.current_calendly_booking
    assert calendly_booking is not None
    followup = FollowUp.objects.create(
        booking=booking,
        calendly_booking=calendly_booking,
        kind="reschedule_assistance",
        email=booking.invitee_email,
        scheduled_for=now,
        message="Would another time suit you better?",
        created_at=now,
    )
    run = BulkRun.objects.create(kind="cancel", given={}, by="maria", created_at=now)
    return {
        "app": APP,
        "booking": booking.pk,
        "bulk_run": run.pk,
        "followup": followup.pk,
        "event_type": booking.event_type_id,
        "account": booking.account_id,
        "delivery": WebhookDelivery.objects.latest("pk").pk,
        "message": OutboxMessage.objects.latest("pk").pk,
        "agent_key": booking.agent_key_id,
    }


def faults(window: AdminClient) -> list[str]:
    """Serious ones that axe-core finds on the page that is open, a line each."""
    kept = list(window.complaints)
    window.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = window.page.evaluate("(rules) => axe.run(document, rules)", RULES)
    window.complaints[:] = kept  # what axe itself tries, such as styles of its own, is not the page's
    return [
        f"{window.page.url}: {each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]


def test_the_table_holds_every_page_of_our_own() -> None:
    ours = {
        pattern.name
        for model in apps.get_app_config(APP).get_models()
        for pattern in admin.site._registry[model].get_urls()
        if pattern.name and pattern.name.rpartition("_")[2] not in STOCK
    }
    assert ours - {page.name for page in PAGES} == NO_PAGE


@pytest.mark.parametrize(
    ("who", "language", "scheme"),
    [
        ("maria", "ro", "light"),
        ("maria", "en", "dark"),
        ("victor", "ro", "dark"),
        ("victor", "en", "light"),
    ],
)
def test_each_sees_what_they_may_in_their_language_and_without_a_serious_fault(
    open_admin: Callable[..., AdminClient], rows: dict[str, Any], who: str, language: str, scheme: str
) -> None:
    person = open_admin(who, language, color_scheme=scheme)
    person.refusals_expected = True
    wrong, found = [], []
    for page in PAGES:
        status = person.open(page.name, *page.args(rows))
        may = page.staff if who == "maria" else page.viewer
        if status != (200 if may else 403):
            wrong.append((page.name, status))
        elif may:
            assert person.page.locator("html").get_attribute("lang") == language, page.name
            found += faults(person)
    assert not wrong
    assert not found, "\n".join(found)


def test_nobody_meets_the_login_page_everywhere(
    open_admin: Callable[..., AdminClient], rows: dict[str, Any], language: str
) -> None:
    nobody = open_admin(None, language)
    for page in PAGES:
        nobody.open(page.name, *page.args(rows), wait_until="commit")
        at = urlsplit(nobody.page.url)
        assert at.path == reverse("admin:login"), page.name
        assert parse_qs(at.query)["next"] == [reverse(f"admin:{page.name}", args=page.args(rows))]
    nobody.page.get_by_role("button", name=nobody.words["log in"]).wait_for()
    assert nobody.page.locator("html").get_attribute("lang") == language
    nobody.page.goto(nobody.url)
    assert faults(nobody) == []
