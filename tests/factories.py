"""Bookings, deliveries, the passing of time and the final account, for tests of the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.db import transaction

from calendly_integration.models import (
    Booking,
    CalendlyAccount,
    CalendlyBooking,
    OutboxMessage,
    OutboxQueue,
    PendingMail,
    VAIMetadata,
    WebhookDelivery,
)
from calendly_integration.sandbox.calendly import Calendly
from calendly_integration.sandbox.store import Invitee
from calendly_integration.services.actors import Actor
from calendly_integration.services.bookings import create, pending_actions
from calendly_integration.services.bookings.results import Booked, BookingResult
from calendly_integration.services.outbox import confirmations
from calendly_integration.services.webhooks import inbox

AGENT = Actor("agent", "Test agent")
# Tuesday, ten in the morning in Bucharest. The clock of the tests stands at Monday, eight.
TEN = datetime(2026, 11, 24, 8, tzinfo=UTC)
URL = "https://portal.example/webhooks/calendly"
KEY = "test-signing-key"


def now() -> datetime:
    """What the frozen clock says."""
    return datetime.now(UTC)


def booking_request(event_type: str = "Sales Demo", **changes: Any) -> create.BookingRequest:
    """A booking request of Maria's, for her conversation."""
    facts: dict[str, Any] = {
        "email": "maria@example.com",
        "name": "Maria Popa",
        "conversation_id": "conv-1",
        "user_id": "user-7",
        "agent_type": "sales",
        "notes": "Wants prices.",
    }
    return create.BookingRequest(event_type, **(facts | changes))


def try_booking(event_type: str = "Sales Demo", **changes: Any) -> BookingResult:
    """The result of a booking request."""
    return create.book(booking_request=booking_request(event_type, **changes), by=AGENT, now=now())


def book(event_type: str = "Sales Demo", **changes: Any) -> Booking:
    """A booking of an agent's; tomorrow at ten unless told otherwise."""
    outcome = try_booking(event_type, **({"preferred": TEN, "flexibility": "exact"} | changes))
    assert isinstance(outcome, Booked)
    return outcome.booking


def posts(sandbox: Calendly, path: str = "/invitees") -> int:
    """How often that was posted to Calendly."""
    return sum(call.method == "POST" and call.path.endswith(path) for call in sandbox.calls)


def deliver(sandbox: Calendly, *, held: bool = False) -> None:
    """Calendly delivers what waits, and it is applied."""

    def post(_url: str, body: bytes, headers: dict[str, str]) -> int:
        inbox.accept(body=body, signature=headers.get("Calendly-Webhook-Signature"), now=now())
        return 200

    sandbox.deliver(post)
    apply_inbox()


def apply_inbox() -> None:
    """The worker applies what is due."""
    while inbox.process(now=now()):
        pass


def work_pending_actions() -> int:
    """The worker does once what is due at Calendly."""
    due = pending_actions.claim(now=now(), limit=50)
    for calendly_booking in due:
        pending_actions.work(calendly_booking, now=now())
    return len(due)


def pass_time(
    clock: time_machine.Traveller, sandbox: Calendly, *, minutes: int = 4, hooks: bool = True
) -> None:
    """Time passes, half a minute at a time: Calendly delivers, the worker works."""
    for _ in range(minutes * 2):
        clock.shift(30)
        if hooks:
            deliver(sandbox)
        apply_inbox()
        work_pending_actions()
        confirmations.process(now=now())


def active(sandbox: Calendly) -> list[Invitee]:
    """The meetings that stand at Calendly."""
    return [invitee for invitee in sandbox.state.invitees.values() if invitee.status == "active"]


def told(booking: Booking | None = None) -> list[str]:
    """What the portal is told, in order, without analytics."""
    found = OutboxMessage.objects.filter(booking=booking) if booking else OutboxMessage.objects.all()
    return list(found.exclude(path="/analytics/log").order_by("id").values_list("path", flat=True))


def logged() -> list[str]:
    """The events that analytics are told of, in order."""
    found = OutboxMessage.objects.filter(path="/analytics/log").order_by("id")
    return [message.body["event_type"] for message in found]


def message(path: str) -> dict[str, Any]:
    """The body of the only message of that path."""
    return OutboxMessage.objects.get(path=path).body


def portal_has_all() -> None:
    """The portal has got all that waited."""
    OutboxMessage.objects.filter(status="waiting").update(status="sent", sent_at=now(), attempts=1)
    OutboxQueue.objects.update(next_attempt_at=None)


def assert_consistent(sandbox: Calendly) -> None:
    """The final account: both sides hold the same meetings, and nothing is left to do."""
    here = Booking.objects.filter(status=Booking.Status.CONFIRMED)
    assert sorted(here.values_list("event_id", "invitee_email", "start_at")) == sorted(
        (each.event_id, each.email, sandbox.state.events[each.event_id].start) for each in active(sandbox)
    )
    assert not Booking.objects.filter(status=Booking.Status.PENDING).exists()
    for model in (CalendlyBooking, WebhookDelivery, PendingMail, VAIMetadata):
        left = model.objects.filter(next_attempt_at__isnull=False)
        assert not left.exists(), left.values()
    assert not CalendlyBooking.objects.exclude(pending_action="").exists()
    strict(sandbox)


def strict(sandbox: Calendly) -> None:
    """Calendly was only asked for what it knows."""
    assert not sandbox.unknown_fields
    assert not sandbox.unknown_paths


@contextmanager
def rolled_back() -> Iterator[None]:
    """A transaction that leaves nothing behind."""
    block = transaction.atomic()
    block._from_testcase = True  # our durable transactions count as outermost within a test's own
    with block:
        yield
        transaction.set_rollback(True)


def mirrored(account: CalendlyAccount) -> None:
    """Event types that were added to the sandbox after the first sync."""
    from calendly_integration.services.catalog import event_types

    event_types.sync(account, now=now())


def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)
