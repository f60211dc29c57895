"""One or many rows of every model, without Calendly."""

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from calendly_integration.models import (
    AgentKey,
    Booking,
    BulkItem,
    BulkRun,
    CalendlyAccount,
    CalendlyBooking,
    CircuitState,
    EventType,
    EventTypeChange,
    FollowUp,
    Heartbeat,
    Host,
    IdempotencyRecord,
    OutboxMessage,
    OutboxQueue,
    PendingMail,
    Preference,
    RefusedAttempt,
    SavedView,
    SyncRun,
    TimelineEntry,
    VAIMetadata,
    WebhookDelivery,
    WorkerSlot,
)
from calendly_integration.models.booking import search_key

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
MODELS: tuple[type[Model], ...] = (
    AgentKey,
    Booking,
    CalendlyBooking,
    BulkItem,
    BulkRun,
    CalendlyAccount,
    WebhookDelivery,
    EventType,
    CircuitState,
    EventTypeChange,
    FollowUp,
    Heartbeat,
    Host,
    IdempotencyRecord,
    OutboxQueue,
    OutboxMessage,
    PendingMail,
    Preference,
    RefusedAttempt,
    SavedView,
    SyncRun,
    TimelineEntry,
    VAIMetadata,
    WorkerSlot,
)


def create_account(text: str = "Ana") -> dict[str, Any]:
    """A connection, a host, an event type, a key, with `text` wherever text may come from outside."""
    raw = {"name": text, "cancel_url": "https://calendly.com/cancellations/secret-way"}
    number = CalendlyAccount.objects.count()
    account = CalendlyAccount.objects.create(slug=f"c{number}", name=text[:200], health_note=text)
    host = Host.objects.create(
        account=account, uri=f"h{number}", name=text[:255], email=text[:320], raw=raw, seen_at=NOW
    )
    kind = EventType.objects.create(
        account=account,
        uri=f"e{number}",
        name=text[:255],
        slug=text[:255],
        active=True,
        duration=30,
        color="#ff00aa",
        questions=[{"name": text, "required": True}],
        raw=raw,
        locations=[{"kind": "physical", "location": text}],
        updated_at=NOW,
        seen_at=NOW,
        scheduling_url="javascript:alert(1)",
    )
    kind.hosts.add(host)
    key = AgentKey.objects.create(
        name=text[:100], prefix=f"vai_{number}", digest="d" * 64, scopes=["book"], created_at=NOW
    )
    EventTypeChange.objects.create(
        event_type=kind, at=NOW, changes={"name": [text, text[:5]], "questions": [[{"name": text}], []]}
    )
    SyncRun.objects.create(account=account, window_start=NOW, started_at=NOW, error=text)
    Heartbeat.objects.create(name=f"p{number}", beat_at=NOW, stopped_at=NOW)
    WorkerSlot.objects.create(name=f"p{number}", held_until=NOW)
    CircuitState.objects.create(name=f"p{number}", opened_at=NOW, probed_by=raw)
    RefusedAttempt.objects.create(
        code="no_availability",
        event_type=kind,
        event_name=text[:255],
        name=text[:255],
        email=text[:320],
        email_key=f"refused-{number}",
        phone=text[:64],
        conversation_id=f"{number} {text[:200]}",
        agent_key=key,
        closed_by=text[:255],
        first_at=NOW,
        last_at=NOW,
    )
    person = User.objects.create(username=f"person-{number}")
    Preference.objects.create(user=person, time_zone="Europe/Bucharest")
    owner = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("owner")
    SavedView.objects.create(
        user=owner, name=f"{number} {text[:50]}", query="status__exact=confirmed", created_at=NOW
    )
    run = BulkRun.objects.create(kind="cancel", given={"reason": text}, by=text[:255], created_at=NOW)
    BulkItem.objects.create(
        run=run, target="1", label=text[:300], status="failed", note=text, last_error=text, done_at=NOW
    )
    return {"account": account, "host": host, "event_type": kind, "agent_key": key, "raw": raw}


def create_booking(account: dict[str, Any], number: int = 0, text: str = "Nora", details: int = 1) -> Booking:
    """A booking with `details` rows of everything that may hang on it."""
    start, raw = NOW + timedelta(hours=number), account["raw"]
    booking = Booking.objects.create(
        account=account["account"],
        status="confirmed",
        source="agent",
        event_type=account["event_type"],
        event_name=text[:255],
        host=account["host"],
        start_at=start,
        end_at=start + timedelta(minutes=30),
        invitee_name=text[:255],
        invitee_email=text[:320],
        email_key=text[:320],
        phone=text[:64],
        search_key=search_key(text[:255], text[:320], text[:64]),
        time_zone="Europe/Bucharest",
        location=text,
        meeting_url="javascript:alert(1)",
        cancel_url="https://calendly.com/cancellations/secret-way",
        reschedule_url="https://calendly.com/reschedulings/secret-way",
        event_id=f"event-{number}",
        agent_key=account["agent_key"],
        cancel_reason=text,
        created_at=NOW,
        failure=text,
    )
    VAIMetadata.objects.create(
        booking=booking, conversation_id=text[:255], notes=text, extra={"more": text}, last_error=text
    )
    for each in range(details):
        _details(booking, account, each, text, raw)
    return booking


def _details(booking: Booking, account: dict[str, Any], each: int, text: str, raw: dict[str, Any]) -> None:
    calendly_booking = CalendlyBooking.objects.create(
        booking=booking,
        status="canceled",
        invitee_uri=uuid.uuid4().hex,
        event_uri="x",
        start_at=booking.start_at,
        invitee_raw=raw,
        event_raw=raw,
        request={"a": text},
        cancel_reason=text,
        last_error=text,
        created_at=NOW,
    )
    body = json.dumps({"payload": {"name": str(uuid.uuid4()), "cancel_url": "https://x/secret-way"}}).encode()
    WebhookDelivery.objects.create(
        account=account["account"],
        digest=hashlib.sha256(body).hexdigest(),
        body=body,
        received_at=NOW,
        status="parked",
        kind=text[:100],
        booking=booking,
        last_error=text,
    )
    queue, _made = OutboxQueue.objects.get_or_create(key=booking.pk.hex, defaults={"last_error": text})
    OutboxMessage.objects.create(
        queue=queue,
        booking=booking,
        path="/calendly/notify",
        body={"name": text},
        once_key=uuid.uuid4().hex,
        status="parked",
        last_error=text,
        created_at=NOW,
    )
    PendingMail.objects.get_or_create(booking=booking, defaults={"once_key": "x"})
    FollowUp.objects.create(
        booking=booking,
        calendly_booking=calendly_booking,
        kind="reschedule_assistance",
        email=text[:320],
        scheduled_for=NOW,
        message=text,
        created_at=NOW,
    )
    TimelineEntry.objects.create(
        booking=booking,
        at=NOW,
        actor="invitee",
        actor_name=text[:255],
        action="canceled",
        detail={"reason": text},
    )
    IdempotencyRecord.objects.create(
        agent_key=account["agent_key"],
        key=uuid.uuid4().hex,
        fingerprint="f",
        booking=booking,
        started_at=NOW,
        status=201,
        body={"cancelUrl": "https://x/secret-way", "name": text},
    )
