"""Metadata that only the portal has: asked for once, kept for good."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from ... import clients
from ...http.backoff import backoff_seconds
from ...models import Booking, OutboxQueue, VAIMetadata
from ...models.bulk_sql import Change, alteration, insertion, send
from ...portal.client import Client
from ...portal.errors import PortalError, PortalUnavailable
from .. import outbox
from ..actors import SYSTEM, entry
from ..outbox import confirmations, portal_messages

log = logging.getLogger("calendly.lookups")

# Longer than a full pool takes when the portal lets each question run into its time-out.
LEASE = timedelta(minutes=2)
LONGEST_PAUSE = 300
COLUMNS = {
    "conversation_id": 255,
    "user_id": 255,
    "agent_type": 100,
    "booking_source": 100,
    "notes": 10_000,
}


@dataclass(frozen=True, slots=True)
class Question:
    """A claimed row, and the event that the portal is asked about. A `probe` tries the key in a pause."""

    metadata: VAIMetadata
    event_id: str
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question. `told` is None where the portal knows nothing, or where there is an `error`."""

    question: Question
    told: dict[str, Any] | None = None
    error: PortalError | None = None


def claim(*, now: datetime, limit: int) -> list[Question]:
    """Questions for the portal. None while no portal is configured. While it refuses our key messages try that; a
    question does so where there are none."""
    if clients.portal() is None:
        return []
    paused = outbox.paused_since() is not None
    if paused:
        if OutboxQueue.objects.due(now).exists() or not outbox.take_turn(now):
            return []
        limit = 1
    rows = VAIMetadata.objects.claim(now=now, lease=LEASE, limit=limit)
    events = dict(
        Booking.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "event_id") if rows else ()
    )
    return [Question(row, events.get(row.pk, ""), probe=paused) for row in rows]


def ask(question: Question, portal: Client) -> Answer:
    """Ask the portal. Without the database, so that many threads can ask while one keeps the answers."""
    if not question.event_id:
        error = PortalUnavailable("the booking has no event yet", retry_after=LONGEST_PAUSE)
        return Answer(question, error=error)
    try:
        return Answer(question, told=portal.get_metadata(question.event_id))
    except PortalError as error:
        return Answer(question, error=error)


def keep(answers: Sequence[Answer], *, now: datetime) -> None:
    """Keep the answers, all or none; also that the portal knows nothing. A question whose lease was lost is left
    to its new holder. A booking that the portal knows is an agent's, and the portal is told of it.
    """
    with transaction.atomic(durable=True):
        found = [answer.question.metadata.pk for answer in answers if answer.told is not None]
        bookings = _locked_bookings(found) if found else {}
        rows = {
            row.pk: row
            for row in VAIMetadata.objects.select_for_update(no_key=True)
            .filter(pk__in=[answer.question.metadata.pk for answer in answers])
            .order_by("pk")
        }
        claimed = [(answer, answer.question.metadata) for answer in answers]
        held = [
            (answer, rows[metadata.pk])
            for answer, metadata in claimed
            if metadata.pk in rows and rows[metadata.pk].lease_token == metadata.lease_token
        ]
        send(alteration(VAIMetadata, list(_changes(held, now))))
        known = [
            (bookings[row.pk], row) for answer, row in held if answer.told is not None and row.pk in bookings
        ]
        _tell(known, now)
    if any(answer.question.probe and not (answer.error and answer.error.retryable) for answer in answers):
        outbox.go_on()


def _locked_bookings(keys: list[UUID]) -> dict[UUID, Booking]:
    locked = Booking.objects.select_for_update(of=("self",), no_key=True).select_related(
        "current_calendly_booking"
    )
    lean = locked.defer("current_calendly_booking__invitee_raw", "current_calendly_booking__request")
    return {booking.pk: booking for booking in lean.filter(pk__in=keys).order_by("pk")}


def _changes(held: Sequence[tuple[Answer, VAIMetadata]], now: datetime) -> Iterator[Change]:
    """A refusal is an answer; anything else that failed is asked again."""
    for answer, row in held:
        error = answer.error
        if error is None:
            changes = _filled(row, answer.told or {}) | {"asked_at": now, "next_attempt_at": None}
        else:
            log.warning("metadata of booking %s not told: %s", row.pk, type(error).__name__)
            changes = {
                "asked_at": None if error.retryable else now,
                "next_attempt_at": now + _pause(row, error) if error.retryable else None,
                "last_error": str(error)[:500],
            }
        yield row.pk, changes | {"lease_token": None}


def _pause(row: VAIMetadata, error: PortalError) -> timedelta:
    growing = backoff_seconds(row.attempts, first=2.0, longest=LONGEST_PAUSE)
    return timedelta(seconds=error.retry_after or growing)


def _filled(row: VAIMetadata, told: dict[str, Any]) -> dict[str, Any]:
    """Fill what is still blank with the portal's answer; what was written meanwhile stays. What we have no column
    for is kept as `extra`. The row is changed too."""
    inner = told.get("metadata")
    data = {**told, **inner} if isinstance(inner, dict) else dict(told)
    data.pop("metadata", None)
    for name, limit in COLUMNS.items():
        value = str(data.pop(name, None) or "")[:limit]
        setattr(row, name, getattr(row, name) or value)
    row.extra = data | row.extra
    return {name: getattr(row, name) for name in (*COLUMNS, "extra")}


def _tell(known: Sequence[tuple[Booking, VAIMetadata]], now: datetime) -> None:
    """Each of these bookings is an agent's from now on."""
    entries, followups, drafts = [], [], []
    for booking, metadata in known:
        booking.source, booking.metadata = Booking.Source.AGENT, metadata
        entries.append(entry(booking.pk, at=now, by=SYSTEM, action="metadata_found"))
        if booking.status == Booking.Status.CONFIRMED and booking.confirmed_at is not None:
            drafts += portal_messages.confirmed(booking, now=now)
        if booking.status == Booking.Status.CANCELED and booking.current_calendly_booking is not None:
            # Canceled before anybody knew whose it was.
            planned, news = portal_messages.ended(booking, booking.current_calendly_booking, now=now)
            followups += planned
            drafts += news
    changes = {"source": Booking.Source.AGENT, "updated_at": now}
    statements = alteration(Booking, [(booking.pk, changes) for booking, _metadata in known])
    statements += insertion(entries) + insertion(followups, otherwise="DO NOTHING")
    mails = confirmations.resolve(drafts, {booking.pk: booking for booking, _metadata in known}, now=now)
    statements += insertion(mails.pending, otherwise="DO NOTHING")
    send(statements + outbox.addition(mails.drafts, now=now))
