"""One rule for e-mail addresses: who can be held can be found, at every entry point."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from calendly_integration.models import Booking
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.reconcile import sync
from tests.services.test_addresses import FINE, NONE

from .document import PREFIX, CheckedClient

SCHEDULE_BODY = {"eventType": "Sales Demo", "inviteeEmail": "ana@example.com", "inviteeName": "Ana Pop"}

pytestmark = pytest.mark.usefixtures("event_types")


def found(api: CheckedClient, email: str) -> tuple[int, int]:
    """How many bookings are found by the query and by the path."""
    listed = api.get(PREFIX + "bookings", {"email": email})
    upcoming = api.get(f"{PREFIX}upcoming/{quote(email, safe='')}?days=365")
    assert (listed.status_code, upcoming.status_code) == (200, 200), listed.content + upcoming.content
    return len(listed.json()["bookings"]), len(upcoming.json()["events"])


@pytest.mark.parametrize("email", FINE)
def test_whom_an_agent_books_is_found(api: CheckedClient, email: str) -> None:
    answer = api.post(PREFIX + "schedule", {**SCHEDULE_BODY, "inviteeEmail": email}, format="json")
    assert answer.status_code == 201, answer.content
    assert found(api, email) == (1, 1)
    assert found(api, email.upper() if email.isascii() else email) == (1, 1)


@pytest.mark.parametrize("email", FINE)
def test_whoever_is_held_is_found(api: CheckedClient, email: str) -> None:
    api.post(PREFIX + "schedule", SCHEDULE_BODY, format="json")
    Booking.objects.update(invitee_email=email, email_key=email.strip().lower())
    assert found(api, email) == (1, 1)


@pytest.mark.parametrize("email", [text for text in NONE if text.strip() and text == text.strip()])
def test_what_is_no_address_is_a_400_everywhere(api: CheckedClient, email: str) -> None:
    bodies: list[dict[str, Any]] = [{"inviteeEmail": email}, {"guests": [email]}]
    for booking_request in bodies:
        answer = api.post(PREFIX + "schedule", {**SCHEDULE_BODY, **booking_request}, format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, list(booking_request))
    assert api.get(f"{PREFIX}upcoming/{quote(email, safe='')}").status_code == 400
    if email != "ana pop@example.com":  # in a query that is a plus
        assert api.get(f"{PREFIX}bookings?email={quote(email)}").status_code == 400


def test_blanks_around_an_address_are_taken_off(api: CheckedClient) -> None:
    answer = api.post(
        PREFIX + "schedule", {**SCHEDULE_BODY, "inviteeEmail": " ana@example.com\n"}, format="json"
    )
    assert answer.json()["booking"]["invitee"]["email"] == "ana@example.com"


def test_a_dictated_address_is_not_guessed_and_the_refusal_can_be_said(romanian: CheckedClient) -> None:
    for dictated in ("ana at example.com", "ana arond example punct com", "ana@example.com."):
        answer = romanian.post(
            PREFIX + "schedule", {**SCHEDULE_BODY, "inviteeEmail": dictated}, format="json"
        )
        assert answer.status_code == 400
        assert answer.json()["message"] == (
            "Unele detalii ale cererii lipsesc sau nu sunt valide. Adresa de e-mail a invitatului: Aceasta nu "
            "este o adresă de e-mail, de exemplu ana@example.com. O adresă are un singur @, nu are spații și "
            "nu se termină cu punct."
        )


@pytest.mark.parametrize("query", ["ana+x@example.com", "ana%2Bx@example.com", "ANA%20x%40Example.com"])
def test_an_unescaped_plus_is_found(api: CheckedClient, query: str) -> None:
    api.post(PREFIX + "schedule", {**SCHEDULE_BODY, "inviteeEmail": "ana+x@example.com"}, format="json")
    answer = api.get(f"{PREFIX}bookings?email={query}")
    assert len(answer.json()["bookings"]) == 1


def test_an_unescaped_plus_is_mended_in_queries_only(api: CheckedClient) -> None:
    answer = api.post(
        PREFIX + "schedule", {**SCHEDULE_BODY, "inviteeEmail": "ana x@example.com"}, format="json"
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("email", ["o'brien+1@example.com", "ană@exemplu.ro"])
def test_who_books_on_the_public_page_is_found(api: CheckedClient, sandbox: Calendly, email: str) -> None:
    start = datetime(2026, 11, 24, 8, tzinfo=UTC)
    sandbox.book_as_invitee("Sales Demo", start, email=email)
    sync.events(calendly_accounts.default(), now=datetime.now(UTC))
    assert found(api, email) == (1, 1)
