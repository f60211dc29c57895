"""The box on the portal's page: asks for free times and books as an agent, and shows what goes to and fro."""

from collections.abc import Callable

import pytest

from calendly_integration.models import AgentKey, Booking, EventType

from .admin_client import AdminClient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_staff_book_as_an_agent_would_and_see_request_and_answer(
    open_admin: Callable[..., AdminClient], event_types: dict[str, EventType], language: str
) -> None:
    maria = open_admin("maria", language)
    page = maria.page
    page.goto(maria.url)
    page.get_by_label(maria.says("Event type"), exact=True).select_option(label="Sales Demo")
    page.get_by_label(maria.says("Name of the invitee")).fill("Nora Popescu")
    page.get_by_label(maria.says("E-mail of the invitee")).fill("nora@example.com")
    maria.button("Ask for free times").click()
    free = page.locator("#try-slots button")
    free.first.wait_for()
    free.nth(1).click()
    assert free.nth(1).get_attribute("aria-pressed") == "true"
    maria.button("Book as an agent").click()
    page.locator("#try-log article").nth(1).wait_for()
    request, answer = page.locator("#try-log article").first.locator("pre").all_inner_texts()
    assert "POST " in request
    assert "/api/calendly/schedule" in request
    assert '"inviteeEmail": "nora@example.com"' in request
    assert '"success": true' in answer
    booking = Booking.objects.get()
    assert (booking.status, booking.source, booking.agent_key) == (
        "confirmed",
        "agent",
        AgentKey.objects.get(),
    )
    assert "Authorization: Bearer vai_" in request
    assert "••••" in request
    assert maria.too_wide_at(390, 1280) == []


def test_the_key_is_shown_nowhere(
    open_admin: Callable[..., AdminClient], event_types: dict[str, EventType], language: str
) -> None:
    maria = open_admin("maria", language)
    with maria.page.expect_response("**/try/key") as made:
        maria.page.goto(maria.url)
        maria.button("Ask for free times").click()
    key = made.value.json()["key"]
    maria.page.locator("#try-log article").wait_for()
    assert key not in maria.page.content()
    assert key not in maria.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_a_visitor_sees_no_box_and_the_page_fits_a_phone(
    open_admin: Callable[..., AdminClient], event_types: dict[str, EventType], language: str
) -> None:
    visitor = open_admin(None, language)
    visitor.page.goto(visitor.url)
    assert visitor.page.locator("#try-box").count() == 0
    assert visitor.link("Log in as staff").is_visible()
    assert visitor.too_wide_at(390, 1280) == []


def test_who_may_only_look_is_told_who_may_try(
    open_admin: Callable[..., AdminClient], event_types: dict[str, EventType], language: str
) -> None:
    viewer = open_admin("victor", language)
    viewer.page.goto(viewer.url)
    assert viewer.page.locator("#try-box").count() == 0
    said = "Staff who may manage agent keys can ask for free times and book here, as an agent does."
    assert viewer.says(said) in viewer.page.locator("main").inner_text()
    viewer.refusals_expected = True
    key = viewer.page.evaluate("() => fetch('/try/key', {method: 'POST'}).then((answer) => answer.status)")
    assert key == 403
    assert not AgentKey.objects.exists()
