"""Every page of the back-office with a thousand bookings behind it: bounded in queries, whatever there is."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration.models import Booking, EventType, VAIMetadata

from . import factories

MOST = 27
APP = "calendly_integration"


@pytest.fixture
def thousand(db: None) -> Booking:
    """A thousand meetings of two hosts; the one given back has ten of everything."""
    accounts = [factories.create_account("Ana"), factories.create_account("Bogdan")]
    made = factories.create_booking(accounts[0], 0, details=10)
    copies = []
    for number in range(1, 1000):
        copy = Booking.objects.get(pk=made.pk) if number == 1 else Booking(**_columns(made))
        copy.pk, copy.event_id = Booking._meta.pk.get_default(), f"event-{number}"
        copy.host = accounts[number % 2]["host"]
        copy.start_at, copy.end_at = (
            moment + number * factories.timedelta(minutes=40) for moment in _span(made)
        )
        copies.append(copy)
    Booking.objects.bulk_create(copies)
    VAIMetadata.objects.bulk_create([VAIMetadata(booking=each, conversation_id="c") for each in copies])
    return made


def _columns(booking: Booking) -> dict[str, Any]:
    return {field.attname: getattr(booking, field.attname) for field in Booking._meta.concrete_fields}


def _span(booking: Booking) -> tuple[Any, Any]:
    return booking.start_at, booking.end_at


def addresses(booking: Booking) -> Iterator[str]:
    """All that the app's admin serves to somebody who only looks, and the pages that ask before they act."""
    yield reverse("admin:app_list", args=[APP])
    for model, page in admin.site._registry.items():
        if model._meta.app_label != APP:
            continue
        row = booking if model is Booking else model._default_manager.first()
        for pattern in page.get_urls():
            wanted = "object_id" in str(pattern.pattern)
            if pattern.name is None or pattern.name.endswith(("_delete", "_reschedule", "_reassign")):
                continue  # no page, or one that asks Calendly: those have tests of their own
            if wanted and row is None:
                continue
            if pattern.name.endswith("_person"):
                yield f"{reverse(f'admin:{pattern.name}')}?{urlencode({'email': booking.invitee_email})}"
            days = "?start=2026-11-23&end=2026-12-14" if pattern.name.endswith("_feed") else ""
            yield reverse(f"admin:{pattern.name}", args=[row.pk] if wanted and row else []) + days


def test_no_page_asks_more_of_the_database_when_there_is_more_in_it(root: Client, thousand: Booking) -> None:
    assert EventType.objects.count() == 2
    seen = []
    for address in addresses(thousand):
        with CaptureQueriesContext(database) as asked:
            answer = root.get(address)
        if answer.streaming:
            list(answer)
        if answer.status_code == 200:
            seen.append(address)
        assert answer.status_code in (200, 302, 403, 405), (address, answer.status_code)
        assert len(asked) <= MOST, (address, len(asked), [query["sql"][:120] for query in asked])
    assert len(seen) > 40
