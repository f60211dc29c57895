"""A person's page: all that is known under one address."""

import re
from datetime import timedelta
from urllib.parse import urlencode

from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration.admin import person
from calendly_integration.models import Booking, FollowUp, TimelineEntry, VAIMetadata

from . import factories

MOST_QUERIES = 22


def address(email: str, **more: object) -> str:
    return f"{reverse('admin:calendly_integration_booking_person')}?{urlencode({'email': email, **more})}"


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_all_of_a_person_stands_on_one_page_whatever_the_case_of_the_address(staff: Client, db: None) -> None:
    account = factories.create_account()
    first, second, third = (
        factories.create_booking(account, number, "nora@example.com") for number in (1, 2, 3)
    )
    other = factories.create_booking(account, 4, "dan@example.com")
    Booking.objects.filter(pk=first.pk).update(
        status="canceled", canceled_by="ana", cancel_reason="Ill.\r\nSorry."
    )
    Booking.objects.filter(pk=second.pk).update(no_show_at=factories.NOW, staff_note="Pays late")
    Booking.objects.filter(pk=third.pk).update(
        phone="+40 744 120 980", time_zone="America/New_York", locale="ro"
    )
    VAIMetadata.objects.filter(booking=third).update(conversation_id="chat-7")
    TimelineEntry.objects.create(booking=third, at=factories.NOW, actor="staff", action="rescheduled")
    page = staff.get(address("Nora@Example.com")).content.decode()
    shown = words(page)
    for row in (first, second, third):
        assert reverse("admin:calendly_integration_booking_change", args=[row.pk]) in page
    assert str(other.pk) not in page
    canceled = Booking.objects.filter(email_key="nora@example.com", status="canceled").count()
    assert f"{canceled} cancellation" in shown
    for part in (
        "3 meetings",
        "moved 1 time",
        "1 no-show",
        "Pays late",
        "chat-7",
        "America/New_York",
        "Romanian",
    ):
        assert part in shown, part
    assert "Ill.<br>Sorry." in page
    assert 'href="tel:+40744120980"' in page
    followup = FollowUp.objects.filter(booking__email_key="nora@example.com").first()
    assert followup is not None
    assert reverse("admin:calendly_integration_followup_change", args=[followup.pk]) in page


def test_the_button_fills_in_the_known_person(staff: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account(), 1, "nora@example.com")
    Booking.objects.filter(pk=booking.pk).update(
        invitee_name="Nora Ene", phone="+40 744 120 980", time_zone="Europe/Paris"
    )
    page = staff.get(address("nora@example.com")).content.decode()
    known = {
        "name": "Nora Ene",
        "email": "nora@example.com",
        "phone": "+40 744 120 980",
        "timezone": "Europe/Paris",
    }
    assert urlencode(known).replace("&", "&amp;") in page


def test_fifty_meetings_stand_on_a_page_with_few_queries(staff: Client, db: None) -> None:
    account = factories.create_account()
    for number in range(person.PER_PAGE + 3):
        factories.create_booking(account, number, "nora@example.com")
    with CaptureQueriesContext(database) as asked:
        page = staff.get(address("nora@example.com")).content.decode()
    assert len(asked) <= MOST_QUERIES, [query["sql"][:150] for query in asked]
    assert page.count('/change/"><bdi>') >= person.PER_PAGE
    assert "Page 1 of 2" in page
    older = staff.get(address("nora@example.com", page=2)).content.decode()
    assert "Page 2 of 2" in older
    assert older.count("<li><p><strong>") == 3


def test_an_unknown_address_says_so_and_offers_to_book(staff: Client, db: None) -> None:
    for email in ("nobody@example.com", "", "<script>alert(1)</script>", "a\0b", "x" * 5000):
        answer = staff.get(address(email))
        assert answer.status_code == 200
        page = answer.content.decode()
        assert "<script>alert(1)" not in page
        assert "There are no meetings under this address." in page or "No address was given." in page
    assert staff.get(address("x", page="x")).status_code == 200
    assert staff.post(address("x")).status_code == 405


def test_the_persons_zone_of_time_is_the_viewers(staff: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account(), 1, "nora@example.com")
    assert booking.start_at
    shown = words(staff.get(address("nora@example.com")).content.decode())
    assert f"{booking.start_at + timedelta(hours=2):%H:%M}" in shown
