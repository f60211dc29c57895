"""All pages of the app: they fit, they load only what is ours, the browser has nothing to complain of."""

from collections.abc import Callable

import pytest
from django.apps import apps

from calendly_integration.models import Booking, Heartbeat, SyncRun

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = 390
WIDTHS = (PHONE, 1280)


def test_a_phone_shows_a_booking_without_scrolling_sideways(
    open_admin: Callable[..., AdminClient], booking: Booking, language: str
) -> None:
    staff = open_admin("maria", language)
    for page in ("changelist", "change", "cancel", "reschedule"):
        staff.open(f"calendly_integration_booking_{page}", *([] if page == "changelist" else [booking.pk]))
        assert staff.too_wide_at(PHONE) == []


def test_every_list_and_page_fits_and_obeys_a_strict_content_security_policy(
    open_admin: Callable[..., AdminClient], booking: Booking
) -> None:
    """What the browser complains of is asked for when the window closes. Romanian alone: its words are longer."""
    SyncRun.objects.create(
        account=booking.account, window_start=booking.created_at, started_at=booking.created_at
    )
    Heartbeat.objects.create(name="worker", beat_at=booking.created_at)
    staff = open_admin("maria", "ro")
    seen = set()
    for model in apps.get_app_config("calendly_integration").get_models():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        assert staff.open(f"{name}_changelist") == 200
        assert staff.too_wide_at(*WIDTHS) == []
        links = staff.page.locator("#result_list tbody a[href*='/change/']")
        if links.count():
            seen.add(model._meta.model_name)
            staff.follow_to(links.first)
            assert staff.too_wide_at(*WIDTHS) == []
    assert {
        "booking",
        "calendlybooking",
        "webhookdelivery",
        "eventtype",
        "outboxmessage",
        "timelineentry",
    } <= seen


def test_the_page_of_the_api_is_drawn_under_the_projects_policy(
    open_admin: Callable[..., AdminClient],
) -> None:
    staff = open_admin("maria", "en")
    staff.page.goto(f"{staff.url}/api/calendly/docs")
    staff.page.locator(".opblock-summary-path").first.wait_for()
    staff.page.locator(".opblock-summary").first.click()
    staff.page.locator(".opblock-description-wrapper, .opblock-body").first.wait_for()


def test_the_portals_own_page_speaks_the_visitors_language(open_admin: Callable[..., AdminClient]) -> None:
    for language, words in (("ro", "agenții programează întâlniri"), ("en", "agents book meetings")):
        visitor = open_admin(None, language)
        visitor.page.goto(visitor.url)
        assert words in visitor.page.locator("main").inner_text()
        assert visitor.page.locator("html").get_attribute("lang") == language
