"""Every list and page of the admin: it opens, it is read-only, it asks the database little."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection as database
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calendly_integration.models import (
    AgentKey,
    Booking,
    CalendlyAccount,
    CalendlyBooking,
    OutboxMessage,
    Preference,
    WebhookDelivery,
)

from . import factories

# Session, user, count, rows, and what the filters and the date hierarchy ask.
MOST_OF_A_LIST = 15 + (3 if database.vendor == "postgresql" else 0)
MOST_OF_A_PAGE = 22


def named(model: type[Model]) -> str:
    return f"admin:calendly_integration_{model._meta.model_name}"


def pages() -> list[str]:
    """The address of every list and of a page, its history included, of every model."""
    found = []
    for model in factories.MODELS:
        found.append(reverse(f"{named(model)}_changelist"))
        row = model._default_manager.first()
        assert row is not None
        found += [reverse(f"{named(model)}_{page}", args=[row.pk]) for page in ("change", "history")]
    return found


@pytest.fixture
def many(db: None) -> Booking:
    """Some hundred rows; the one given back has two hundred of everything."""
    account = factories.create_account()
    for number in range(1, 121):
        other = factories.create_account(f"Host {number}") if number % 40 == 0 else account
        factories.create_booking(other, number)
    return factories.create_booking(account, 200, details=200)


def test_every_model_of_the_app_stands_in_the_admin() -> None:
    from django.apps import apps

    models = set(apps.get_app_config("calendly_integration").get_models())
    assert models == {
        model for model in admin.site._registry if model._meta.app_label == "calendly_integration"
    }
    assert models == set(factories.MODELS)


@pytest.mark.parametrize("model", factories.MODELS)
def test_nothing_is_changed_or_deleted_and_only_keys_and_bookings_are_added(
    model: type[Model], rf: Any
) -> None:
    page = admin.site._registry[model]
    request = rf.get("/")
    request.user = type("Root", (), {"has_perm": lambda *_: True, "is_active": True, "is_staff": True})()
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)
    assert page.has_add_permission(request) == (model in (AgentKey, Booking))
    assert page.show_full_result_count is False
    assert page.list_select_related is not True
    assert any(
        "list_select_related" in vars(each) for each in type(page).__mro__ if "calendly" in each.__module__
    )


def test_lists_of_hundreds_and_their_pages_are_asked_for_in_few_queries(root: Client, many: Booking) -> None:
    ContentType.objects.get_for_models(*factories.MODELS)  # Django keeps them from the first request on
    # One test for all models: to make the rows takes longer than to show them.
    for model in factories.MODELS:
        with CaptureQueriesContext(database) as asked:
            answer = root.get(reverse(f"{named(model)}_changelist"))
        assert answer.status_code == 200
        assert len(asked) <= MOST_OF_A_LIST, [query["sql"][:150] for query in asked]
        row = model._default_manager.filter(booking=many).first() if hasattr(model, "booking") else None
        row = many if model is Booking else row or model._default_manager.first()
        assert row is not None
        with CaptureQueriesContext(database) as asked:
            answer = root.get(reverse(f"{named(model)}_change", args=[row.pk]))
        assert answer.status_code == 200
        assert len(asked) <= MOST_OF_A_PAGE, [query["sql"][:150] for query in asked]


def test_lists_leave_large_columns_in_the_database(root: Client, many: Booking) -> None:
    for model, column in ((WebhookDelivery, '"body"'), (CalendlyBooking, '"event_raw"')):
        with CaptureQueriesContext(database) as asked:
            root.get(reverse(f"{named(model)}_changelist"))
        assert not [query for query in asked if column in query["sql"]]


def test_no_page_holds_inline_code_or_the_credential(root: Client, db: None) -> None:
    account = factories.create_account()
    CalendlyAccount.objects.update(token_encrypted="gAAAA-cipher-text")
    AgentKey.objects.update(digest="e" * 64)
    factories.create_booking(account)
    tomorrow = timezone.now() + timedelta(days=1)
    Booking.objects.update(start_at=tomorrow, end_at=tomorrow + timedelta(minutes=30))
    key_form = reverse(f"{named(AgentKey)}_add")
    acts = [
        reverse(f"{named(model)}_{act}", args=[model._default_manager.first().pk])
        for model, act in (
            (Booking, "cancel"),
            (Booking, "reschedule"),
            (WebhookDelivery, "replay"),
            (OutboxMessage, "resend"),
        )
    ]
    everything = ""
    for address in (*pages(), key_form, *acts):
        answer = root.get(address)
        assert answer.status_code == 200, address
        text = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), address
        assert not re.search(r"<style", text), address
        assert not re.search(r"<[a-z][^>]*\s(style|on[a-z]+)=", text), address
        assert "cipher-text" not in text, address
        assert "e" * 64 not in text, address
        everything += text
    # Those who may act see the invitee's links.
    assert "https://calendly.com/cancellations/secret-way" in everything
    assert "https://calendly.com/reschedulings/secret-way" in everything


def test_times_stand_with_their_zone_and_the_invitees_clock_beside(root: Client, db: None) -> None:
    booking = factories.create_booking(factories.create_account())
    addresses = (
        reverse(f"{named(Booking)}_changelist"),
        reverse(f"{named(Booking)}_change", args=[booking.pk]),
    )
    for address in addresses:
        text = root.get(address, {"tab": "all"}).content.decode()
        assert "23 Nov 2026, 08:00 UTC+2" in text
        assert "Europe/Bucharest" in text
    # Somebody who reads times elsewhere has the invitee's clock beside.
    Preference.objects.update_or_create(
        user=User.objects.get(username="root"), defaults={"time_zone": "America/New_York"}
    )
    for address in addresses:
        text = root.get(address, {"tab": "all"}).content.decode()
        assert "23 Nov 2026, 01:00 UTC-5" in text
        assert "08:00" in text
        assert "Europe/Bucharest" in text


def test_viewers_do_not_see_the_invitees_links(entered: Any, db: None) -> None:
    factories.create_booking(factories.create_account())
    viewer = entered("viewer")
    assert "secret-way" not in "".join(viewer.get(address).content.decode() for address in pages())


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("Nora", 1),
        ("{pk}", 1),
        ("{hex}", 1),
        ("event-7", 1),
        ("event-old-one", 1),
        ("nobody", 0),
        ("0" * 32, 0),
    ],
)
def test_a_booking_is_found_by_what_people_have_at_hand(
    root: Client, db: None, term: str, found: int
) -> None:
    account = factories.create_account()
    booking = factories.create_booking(account, 7)
    factories.create_booking(account, 8, text="Other")
    CalendlyBooking.objects.filter(booking=booking).update(event_id="event-old-one")
    term = term.format(pk=booking.pk, hex=booking.pk.hex)
    answer = root.get(reverse(f"{named(Booking)}_changelist"), {"q": term})
    assert answer.context["cl"].result_count == found


def test_the_story_has_words_for_every_action(
    root: Client, booking: Booking, flush: Any, sandbox: Any
) -> None:
    flush()
    answer = root.get(reverse(f"{named(Booking)}_change", args=[booking.pk]))
    text = answer.content.decode()
    assert "Agent Test agent booked the meeting" in text
    assert "Calendly confirmed the meeting" in text
    assert "Message to the portal: booking confirmed" in text
    assert "Notification from Calendly: booking created" in text


def test_a_page_that_is_not_there_is_no_error(root: Client, db: None) -> None:
    for model in (Booking, WebhookDelivery):
        missing = reverse(f"{named(model)}_change", args=["no-such-row"])
        assert root.get(missing).status_code == 302
        assert root.get(reverse(f"{named(model)}_history", args=["no-such-row"])).status_code == 302
    assert root.get(reverse(f"{named(Booking)}_cancel", args=["no-such-row"])).status_code == 404
