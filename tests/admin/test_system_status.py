"""The machine room: what waits, what is stuck, what runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calendly_integration import jobs
from calendly_integration.models import (
    CalendlyAccount,
    CalendlyBooking,
    OutboxMessage,
    OutboxQueue,
    WebhookDelivery,
)
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.worker import heartbeat

from . import factories
from .conftest import person

ROOM = "admin:calendly_integration_calendlyaccount_system_status"


def text(browser: Client) -> str:
    answer = browser.get(reverse(ROOM))
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_room_says_what_to_do(staff: Client) -> None:
    seen = text(staff)
    for words in (
        "No Calendly account is connected yet",
        "never seen",
        "manage.py calendly_worker",
        "Is the webhook subscribed?",
        "No messages are waiting.",
        "There are no pending actions.",
        "The meetings have not been read from Calendly yet",
        "There are no schedules yet",
        "There are no bulk actions yet.",
    ):
        assert words in seen
    assert not CalendlyAccount.objects.exists()


def test_what_is_stuck_stands_there_with_the_way_to_mend_it(staff: Client, clock: Any) -> None:
    factories.create_booking(factories.create_account(), details=3)
    calendly_accounts.default()
    CalendlyBooking.objects.update(
        pending_action="refetch", next_attempt_at=factories.NOW + timedelta(minutes=3)
    )
    OutboxQueue.objects.update(next_attempt_at=factories.NOW + timedelta(minutes=5))
    jobs.ensure_schedules(factories.NOW)
    heartbeat.beat(now=factories.NOW)
    seen = text(staff)
    for words in (
        "Process the failed ones again",
        "Send the refused ones again",
        "refetch it",
        "running",
        "calendly: sync",
        "status__exact=parked",
        "All runs",
        "Check now",
        "Sync now",
        "cancel meetings",
        "UTC+2",
    ):
        assert words in seen, words
    assert "No worker is running" not in seen


def test_the_buttons_are_only_there_for_those_who_may(entered: Callable[..., Client], db: None) -> None:
    factories.create_booking(factories.create_account())
    calendly_accounts.default()
    seen = text(entered("viewer"))
    for words in ("Process the failed", "Send the refused", "Check now", "Sync now"):
        assert words not in seen
    for who, status in (("stranger", 403), ("customer", 302), ("nobody", 302)):
        assert entered(who).get(reverse(ROOM)).status_code == status
    some = Client(headers={"accept-language": "en"})
    some.force_login(person("some", permissions=["view_calendlyaccount"]))
    seen = text(some)
    assert "Queue" in seen
    assert "Messages to the portal" not in seen


def test_a_queue_that_is_away_is_told(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> int:
        raise ConnectionError("no Redis")

    monkeypatch.setattr(jobs, "waiting", away)
    assert "The queue does not answer" in text(staff)


def test_it_asks_no_more_of_the_database_when_there_is_more(staff: Client, db: None) -> None:
    account = factories.create_account()
    for number in range(12):
        factories.create_booking(account, number, details=4)
    calendly_accounts.default()
    CalendlyBooking.objects.update(pending_action="refetch", next_attempt_at=factories.NOW)
    OutboxQueue.objects.update(next_attempt_at=factories.NOW)
    OutboxMessage.objects.update(status="waiting")
    WebhookDelivery.objects.update(status="received", next_attempt_at=factories.NOW)
    with CaptureQueriesContext(database) as asked:
        seen = text(staff)
    assert len(asked) <= 27
    assert "38 more are waiting." in seen
