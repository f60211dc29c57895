"""Rows for the measurements, made by our own services where it matters."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from calendly_integration.calendly.payloads import Invitee
from calendly_integration.models import (
    Booking,
    CalendlyBooking,
    EventType,
    Host,
    OutboxMessage,
    OutboxQueue,
    VAIMetadata,
    WebhookDelivery,
)
from calendly_integration.services import mapping, reconcile
from calendly_integration.services.accounts import calendly_accounts
from calendly_integration.services.actors import Actor

PAYLOAD = Path(__file__).parent.parent / "payloads" / "invitee.created__api.json"
HOST = "https://api.calendly.com/users/2f6b9a10-6c3d-4e8f-8a71-5d0c2e9b4f36"
EVENT_TYPE = "https://api.calendly.com/event_types/3f0c8c2e-7d5a-4c1b-9a55-0f6b3c1d2e4a"
AGENT = Actor("agent", "Benchmark")
STEP = 500


def account_with_event_type(now: datetime) -> EventType:
    """An account with one host and one event type, as after a sync."""
    account = calendly_accounts.default()
    host, _made = Host.objects.get_or_create(
        uri=HOST,
        defaults={"account": account, "name": "Mara Host", "email": "mara@example.com", "seen_at": now},
    )
    kind, made = EventType.objects.get_or_create(
        uri=EVENT_TYPE,
        defaults={
            "account": account,
            "name": "Discovery call",
            "slug": "discovery-call",
            "active": True,
            "duration": 30,
            "updated_at": now,
            "seen_at": now,
        },
    )
    if made:
        kind.hosts.add(host)
    return kind


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def payload(calendly_booking: CalendlyBooking, booking: Booking, *, now: datetime) -> dict[str, Any]:
    """The recorded delivery, changed for one booking."""
    assert calendly_booking.start_at is not None
    return delivered(
        email=booking.invitee_email,
        name=booking.invitee_name,
        tracking=mapping.tracking(calendly_booking.pk),
        start=calendly_booking.start_at,
        now=now,
    )


def delivered(
    *, email: str, name: str, tracking: Mapping[str, Any], start: datetime, now: datetime
) -> dict[str, Any]:
    """The recorded delivery, changed for a meeting of half an hour."""
    body: dict[str, Any] = json.loads(_RECORDED)
    told, event = body["payload"], body["payload"]["scheduled_event"]
    own, meeting = uuid.uuid4(), uuid.uuid4()
    told["event"] = event["uri"] = f"https://api.calendly.com/scheduled_events/{meeting}"
    told["uri"] = f"{event['uri']}/invitees/{own}"
    told["cancel_url"] = f"https://calendly.com/cancellations/{own}"
    told["reschedule_url"] = f"https://calendly.com/reschedulings/{own}"
    told["email"], told["name"] = email, name
    told["tracking"] |= tracking
    event["start_time"], event["end_time"] = text(start), text(start + timedelta(minutes=30))
    event["location"] = {
        "type": "zoom",
        "status": "pushed",
        "join_url": f"https://example.zoom.us/j/{own.int % 10**11}",
        "data": {},
    }
    body["created_at"] = told["created_at"] = told["updated_at"] = event["created_at"] = text(now)
    event["updated_at"] = text(now)
    return body


_RECORDED = PAYLOAD.read_text(encoding="utf-8")


def prepare_agent_bookings(count: int, *, now: datetime) -> list[str]:
    """So fill bookings of an agent, confirmed by Calendly's answer, their first messages delivered. Returns the
    `invitee.created` deliveries that are still to come.
    """
    kind = account_with_event_type(now)
    host = kind.hosts.get()
    bodies: list[str] = []
    for first in range(0, count, STEP):
        numbers = range(first, min(first + STEP, count))
        pairs = [_pending_booking(kind, host, number, now) for number in numbers]
        told = [payload(calendly_booking, booking, now=now) for booking, calendly_booking in pairs]
        with transaction.atomic():
            Booking.objects.bulk_create([booking for booking, _calendly_booking in pairs])
            CalendlyBooking.objects.bulk_create([calendly_booking for _booking, calendly_booking in pairs])
            VAIMetadata.objects.bulk_create(
                [
                    VAIMetadata(booking=booking, conversation_id=f"conv-{booking.pk}")
                    for booking, _calendly_booking in pairs
                ]
            )
            reconcile.apply_observations(kind.account, [_answer(each) for each in told], now=now)
        bodies += [json.dumps(each, separators=(",", ":")) for each in told]
    # All messages are sent, and nothing is due before the deliveries arrive.
    OutboxMessage.objects.update(status=OutboxMessage.Status.SENT, sent_at=now)
    OutboxQueue.objects.update(next_attempt_at=None)
    CalendlyBooking.objects.filter(next_attempt_at__isnull=False).update(
        next_attempt_at=now + timedelta(hours=2)
    )
    return bodies


def _pending_booking(
    kind: EventType, host: Host, number: int, now: datetime
) -> tuple[Booking, CalendlyBooking]:
    start = (now + timedelta(days=1 + number % 300, minutes=number)).replace(second=0, microsecond=0)
    booking = Booking(
        account=kind.account,
        source=Booking.Source.AGENT,
        event_type=kind,
        event_name=kind.name,
        host=host,
        start_at=start,
        end_at=start + timedelta(minutes=30),
        invitee_name=f"Invitee {number}",
        invitee_email=f"invitee-{number}-{uuid.uuid4().hex[:8]}@example.com",
        time_zone="Europe/Bucharest",
        created_at=now,
    )
    booking.email_key = booking.invitee_email
    calendly_booking = CalendlyBooking(
        booking=booking,
        status=CalendlyBooking.Status.PENDING,
        pending_action=CalendlyBooking.PendingAction.RESOLVE,
        start_at=start,
        end_at=booking.end_at,
        slot_key=f"{kind.pk.hex}:{uuid.uuid4().hex}",
        intent=AGENT.dump(),
        sent_at=now,
        next_attempt_at=now + timedelta(hours=2),
        created_at=now,
        request={"location": None, "answers": [], "guests": [], "timezone": "Europe/Bucharest"},
    )
    return booking, calendly_booking


def _answer(body: dict[str, Any]) -> reconcile.Observation:
    """The answer of `POST /invitees`: the invitee without the event."""
    seen = {key: value for key, value in body["payload"].items() if key != "scheduled_event"}
    return reconcile.Observation(reconcile.Kind.BOOKED, Invitee.parse(seen), None)


def fill(count: int, *, now: datetime) -> None:
    """Fill up to so fill confirmed bookings, ten to an invitee, nine in ten past."""
    kind = account_with_event_type(now)
    host = kind.hosts.get()
    there = Booking.objects.count()
    for numbers in _steps(there, count):
        bookings = [_booking(kind, host, number, now) for number in numbers]
        Booking.objects.bulk_create(bookings)
        VAIMetadata.objects.bulk_create(
            [
                VAIMetadata(booking=booking, conversation_id=f"conv-{number // 10}")
                for number, booking in zip(numbers, bookings, strict=True)
            ]
        )


def _steps(first: int, end: int) -> Iterator[Sequence[int]]:
    for begin in range(first, end, STEP):
        yield range(begin, min(begin + STEP, end))


def _booking(kind: EventType, host: Host, number: int, now: datetime) -> Booking:
    days = number % 10 or -(number % 400)
    start = now + timedelta(days=days if number % 10 == 1 else -(1 + number % 400), minutes=number % 1000)
    address = f"person-{number // 10}@example.com"
    return Booking(
        account=kind.account,
        source=Booking.Source.AGENT,
        status=Booking.Status.CONFIRMED,
        event_type=kind,
        event_name=kind.name,
        host=host,
        start_at=start,
        end_at=start + timedelta(minutes=30),
        invitee_name=f"Person {number // 10}",
        invitee_email=address,
        email_key=address,
        time_zone="Europe/Bucharest",
        event_id=f"event-{number}",
        created_at=now - timedelta(seconds=number),
    )


def empty() -> None:
    """Delete all bookings, messages and deliveries."""
    for model in (OutboxMessage, OutboxQueue, WebhookDelivery):
        model.objects.all().delete()
    Booking.objects.update(current_calendly_booking=None)
    Booking.objects.all().delete()
