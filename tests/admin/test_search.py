"""The search on every page: what it finds, how it is written, and who may ask."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration.models import Booking, EventType, Host, VAIMetadata
from calendly_integration.models.booking import search_key

from . import factories
from .conftest import APP

SEARCH = f"admin:{APP}_booking_search"
# Five are of the person: session, user, rights, zone.
MOST_QUERIES = 10 + (10 if database.vendor == "postgresql" else 0)
pytestmark = pytest.mark.django_db


@pytest.fixture
def meetings(db: None) -> dict[str, Booking]:
    """Three people, their meetings with Ana."""
    account = factories.create_account("Ana")
    Host.objects.update(name="Ana Ștefănescu")
    EventType.objects.update(name="Consultanță juridică")
    people = {
        "barsan": ("Bogdan Bârsan", "bogdan@example.com", "+40 744 120 980", "chat-882"),
        "oneill": ("Seán O’Neill", "sean@example.com", "0731 456 789", "WA-7F21"),
        "pop": ("Ioana Pop", "ioana.pop@example.com", "", "chat-900"),
    }
    found = {}
    for number, (key, (name, email, phone, conversation)) in enumerate(people.items()):
        row = factories.create_booking(account, number)
        Booking.objects.filter(pk=row.pk).update(
            invitee_name=name,
            invitee_email=email,
            email_key=email,
            phone=phone,
            search_key=search_key(name, email, phone),
        )
        VAIMetadata.objects.filter(booking=row).update(conversation_id=conversation)
        found[key] = Booking.objects.get(pk=row.pk)
    return found


def found(browser: Client, term: str) -> str:
    answer = browser.get(reverse(SEARCH), {"q": term})
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("term", "who"),
    [
        ("bârsan", "barsan"),
        ("Bîrsan", "barsan"),
        ("BARSAN", "barsan"),
        ("O'Neill", "oneill"),
        ("O’Neill", "oneill"),
        ("oneill", None),
        ("0744120980", "barsan"),
        ("744 120 980", "barsan"),
        ("+40744120980", "barsan"),
        ("0731456789", "oneill"),
        ("chat-882", "barsan"),
        ("CHAT-882", "barsan"),
        ("WA-7F21", "oneill"),
        ("7f21", "oneill"),
        ("sean@example", "oneill"),
    ],
)
def test_a_person_is_found_however_one_types(
    staff: Client, meetings: dict[str, Booking], term: str, who: str | None
) -> None:
    seen = found(staff, term)
    for key, row in meetings.items():
        assert (str(row.pk) in seen) is (key == who), (term, key)


@pytest.mark.parametrize("length", [4, 6, 8, 13, 36])
def test_a_booking_is_found_by_the_beginning_of_its_number(
    staff: Client, meetings: dict[str, Booking], length: int
) -> None:
    row = meetings["pop"]
    assert str(row.pk) in found(staff, str(row.pk)[:length])
    assert str(row.pk) in found(staff, str(row.pk)[:length].upper())


@pytest.mark.parametrize("term", ["stefanescu", "juridica", "juridică pop"])
def test_a_booking_is_found_by_its_host_and_its_type(
    staff: Client, meetings: dict[str, Booking], term: str
) -> None:
    assert str(meetings["pop"].pk) in found(staff, term)


def test_people_are_not_found_by_their_host(staff: Client, meetings: dict[str, Booking]) -> None:
    seen = found(staff, "stefanescu")
    assert "People" not in seen
    assert "Book for stefanescu" in seen


def test_people_lead_to_their_bookings_and_one_books_for_them(
    staff: Client, meetings: dict[str, Booking]
) -> None:
    seen = found(staff, "bogdan")
    assert seen.index("People") < seen.index("Bookings") < seen.index("Book for")
    assert "bogdan%40example.com" in seen
    assert "name=Bogdan+B%C3%A2rsan&amp;email=bogdan%40example.com&amp;phone=%2B40+744+120+980" in seen


@pytest.mark.parametrize(
    ("term", "field"),
    [("Mara Dinu", "name=Mara+Dinu"), ("mara@x.ro", "email=mara%40x.ro"), ("0799 000", "phone=0799+000")],
)
def test_nothing_found_says_what_was_searched_and_keeps_what_was_typed(
    staff: Client, meetings: dict[str, Booking], term: str, field: str
) -> None:
    seen = found(staff, term)
    assert "Nothing is found for" in seen
    assert "phone, host, event type" in seen
    assert f"/add/?{field}" in seen


def test_a_viewer_finds_but_is_not_offered_to_book(
    entered: Callable[..., Client], meetings: dict[str, Booking]
) -> None:
    seen = found(entered("viewer"), "bogdan")
    assert str(meetings["barsan"].pk) in seen
    assert "/add/" not in seen


def test_others_find_nothing(entered: Callable[..., Client], meetings: dict[str, Booking]) -> None:
    assert entered("stranger").get(reverse(SEARCH), {"q": "bogdan"}).status_code == 403
    assert "/login/" in entered("nobody").get(reverse(SEARCH), {"q": "bogdan"})["Location"]


def test_what_outsiders_typed_is_escaped(staff: Client, meetings: dict[str, Booking]) -> None:
    Booking.objects.update(invitee_name="<script>alert(1)</script> Bogdan")
    assert "<script>" not in found(staff, "bogdan")
    assert "<b>" not in found(staff, "<b>x</b>")


@pytest.mark.parametrize("term", ["", "a", "\0", "%", "x" * 5000, "' or 1=1", "%00" * 50, "-" * 300])
def test_an_odd_term_is_answered(staff: Client, meetings: dict[str, Booking], term: str) -> None:
    found(staff, term)


def test_it_asks_little_of_the_database(staff: Client, meetings: dict[str, Booking]) -> None:
    with CaptureQueriesContext(database) as asked:
        found(staff, "bogdan")
    assert len(asked) <= MOST_QUERIES, [query["sql"][:100] for query in asked]


def test_every_page_has_it(staff: Client, meetings: dict[str, Booking]) -> None:
    row = meetings["pop"]
    for name, args in (
        ("app_list", [APP]),
        (f"{APP}_booking_changelist", []),
        (f"{APP}_booking_change", [row.pk]),
        (f"{APP}_booking_cancel", [row.pk]),
        (f"{APP}_calendlyaccount_system_status", []),
        (f"{APP}_followup_board", []),
        (f"{APP}_host_changelist", []),
    ):
        page: Any = staff.get(reverse(f"admin:{name}", args=args)).content.decode()
        assert reverse(SEARCH) in page, name
        assert "htmx.min.js" in page, name
