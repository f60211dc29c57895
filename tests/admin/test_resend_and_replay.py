"""Deliveries processed again, messages sent again and parked, from the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from calendly_integration.models import Booking, OutboxMessage, OutboxQueue, TimelineEntry, WebhookDelivery

from . import factories
from .test_pages import named


def test_a_delivery_is_processed_again_and_tells_nothing_twice(
    staff: Client, booking: Booking, flush: Callable[[], None], sandbox: Any
) -> None:
    flush()
    delivery = WebhookDelivery.objects.get()
    told, happened = OutboxMessage.objects.count(), TimelineEntry.objects.count()
    address = reverse(f"{named(WebhookDelivery)}_replay", args=[delivery.pk])
    assert "processed again as if" in staff.get(address).content.decode()
    assert WebhookDelivery.objects.get().status == "applied"
    answer = staff.post(address, follow=True)
    assert "processed again in a moment" in answer.content.decode()
    assert WebhookDelivery.objects.get().status == "received"
    flush()
    assert WebhookDelivery.objects.get().status == "unchanged"
    assert (OutboxMessage.objects.count(), TimelineEntry.objects.count()) == (told, happened)
    assert LogEntry.objects.get().object_id == str(delivery.pk)


def test_a_delivery_that_waits_has_no_button(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    delivery = WebhookDelivery.objects.get()
    page = reverse(f"{named(WebhookDelivery)}_change", args=[delivery.pk])
    assert "/replay/" in staff.get(page).content.decode()
    WebhookDelivery.objects.update(status="received")
    assert "/replay/" not in staff.get(page).content.decode()


def test_many_deliveries_are_listed_first_and_then_processed(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account(), details=102)
    waiting = WebhookDelivery.objects.order_by("pk")[:2]
    WebhookDelivery.objects.filter(pk__in=[row.pk for row in waiting]).update(status="received")
    address = reverse(f"{named(WebhookDelivery)}_changelist")
    chosen = {
        "action": "process_again",
        "_selected_action": [row.pk for row in WebhookDelivery.objects.all()],
    }
    asked = staff.post(address, chosen)
    text = asked.content.decode()
    assert "2 selected rows are left out" in text
    assert "in the background" not in text
    assert WebhookDelivery.objects.filter(status="received").count() == 2
    done = staff.post(address, {**chosen, "sure": "yes"}, follow=True)
    assert "Done for 100 rows" in done.content.decode()
    assert WebhookDelivery.objects.filter(status="received").count() == 102
    assert LogEntry.objects.count() == 100


def test_a_selection_across_pages_keeps_its_filter(staff: Client, db: None) -> None:
    account = factories.create_account()
    factories.create_booking(account, details=60)
    factories.create_booking(account, 2, text="Keep")
    WebhookDelivery.objects.filter(kind="Keep").update(status="applied")
    address = reverse(f"{named(WebhookDelivery)}_changelist") + "?status__exact=parked"
    one = WebhookDelivery.objects.filter(status="parked").first()
    assert one is not None
    booking_request = {"action": "process_again", "_selected_action": one.pk, "select_across": "1"}
    assert 'name="select_across" value="1"' in staff.post(address, booking_request).content.decode()
    staff.post(address, {**booking_request, "sure": "yes"})
    assert WebhookDelivery.objects.filter(status="received").count() == 60
    assert WebhookDelivery.objects.filter(status="applied").count() == 1


def test_nothing_that_fits_is_said(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    address = reverse(f"{named(OutboxMessage)}_changelist")
    booking_request = {"action": "park", "_selected_action": OutboxMessage.objects.get().pk}
    answer = staff.post(address, booking_request, follow=True)
    assert "nothing was done" in answer.content.decode()


def test_a_parked_message_is_sent_again_with_the_same_key(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    message = OutboxMessage.objects.get()
    address = reverse(f"{named(OutboxMessage)}_resend", args=[message.pk])
    staff.get(address)
    message.refresh_from_db()
    assert message.status == "parked"
    answer = staff.post(address, follow=True)
    assert "sent again in a moment" in answer.content.decode()
    again = OutboxMessage.objects.get()
    assert (again.status, again.idempotency_key) == ("waiting", message.idempotency_key)
    assert OutboxQueue.objects.get().next_attempt_at is not None


def test_a_waiting_message_is_parked(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account())
    OutboxMessage.objects.update(status="waiting")
    message = OutboxMessage.objects.get()
    staff.post(reverse(f"{named(OutboxMessage)}_park", args=[message.pk]))
    assert OutboxMessage.objects.get().status == "parked"


@pytest.mark.parametrize(("status", "act"), [("sent", "park"), ("sent", "resend"), ("waiting", "resend")])
def test_what_changed_meanwhile_is_told_and_nothing_is_done(
    staff: Client, db: None, status: str, act: str
) -> None:
    factories.create_booking(factories.create_account())
    OutboxMessage.objects.update(status=status)
    answer = staff.post(
        reverse(f"{named(OutboxMessage)}_{act}", args=[OutboxMessage.objects.get().pk]), follow=True
    )
    assert "nothing was done" in answer.content.decode()
    assert OutboxMessage.objects.get().status == status
    assert not LogEntry.objects.exists()


def test_many_parked_messages_are_sent_again(staff: Client, db: None) -> None:
    factories.create_booking(factories.create_account(), details=5)
    address = reverse(f"{named(OutboxMessage)}_changelist")
    chosen = [row.pk for row in OutboxMessage.objects.all()]
    booking_request = {"action": "send_again", "_selected_action": chosen, "sure": "yes"}
    staff.post(address, booking_request)
    assert OutboxMessage.objects.filter(status="waiting").count() == 5
