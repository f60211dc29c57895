"""Metadata that only the portal has: requested once and kept."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from ... import clients
from ...models import Booking, FollowUp, OutboxQueue, TimelineEntry, VAIMetadata
from ...models.locked_rows import save_columns
from ...portal.client import Client
from ...portal.errors import PortalError, PortalUnavailable
from .. import outbox
from ..actors import SYSTEM, entry
from ..backoff import MAX_WAIT, backoff
from ..outbox import confirmations, portal_messages

log = logging.getLogger("calendly.lookups")

# Longer than a full pool takes when each question times out.
LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(seconds=2)
# The columns that the portal fills, with their lengths.
COLUMN_LENGTHS = {
    "conversation_id": 255,
    "user_id": 255,
    "agent_type": 100,
    "booking_source": 100,
    "notes": 10_000,
}
SAVED_COLUMNS = (*COLUMN_LENGTHS, "extra", "asked_at", "next_attempt_at", "last_error", "lease_token")


@dataclass(frozen=True, slots=True)
class Question:
    """A claimed row, and the event to ask about. A `probe` tries a refused key."""

    metadata: VAIMetadata
    event_id: str
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a question. `data` is None where the portal knows nothing, or where there is an `error`."""

    question: Question
    data: dict[str, Any] | None = None
    error: PortalError | None = None


def claim(*, now: datetime, limit: int) -> list[Question]:
    """Claim questions for the portal: none where no portal is configured.

    While the portal refuses our key, one message at a time tries the key. Where no message is due, a question does.
    """
    if clients.portal() is None:
        return []
    paused = outbox.paused_since() is not None
    if paused:
        if OutboxQueue.objects.due(now).exists() or not outbox.claim_probe(now):
            return []
        limit = 1
    rows = VAIMetadata.objects.claim(now=now, lease=LEASE, limit=limit)
    events = dict(
        Booking.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "event_id") if rows else ()
    )
    return [Question(row, events.get(row.pk, ""), probe=paused) for row in rows]


def ask(question: Question, portal: Client) -> Answer:
    """Ask the portal. Does not use the database, so many threads can ask while one saves the answers."""
    if not question.event_id:
        error = PortalUnavailable("the booking has no event yet", retry_after=MAX_WAIT.total_seconds())
        return Answer(question, error=error)
    try:
        return Answer(question, data=portal.get_metadata(question.event_id))
    except PortalError as error:
        return Answer(question, error=error)


def keep(answers: Sequence[Answer], *, now: datetime) -> None:
    """Save the answers, all or none. "Nothing known" is an answer too. A question whose lease was lost is left to
    its new holder. A booking that the portal knows is that of an agent, and the portal receives its messages.
    """
    with transaction.atomic(durable=True):
        found = [answer.question.metadata.pk for answer in answers if answer.data is not None]
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
        for answer, row in held:
            _set_answer(answer, row, now)
        save_columns([row for _answer, row in held], SAVED_COLUMNS)
        known = [
            (bookings[row.pk], row) for answer, row in held if answer.data is not None and row.pk in bookings
        ]
        _mark_agents(known, now)
    if any(answer.question.probe and not (answer.error and answer.error.retryable) for answer in answers):
        outbox.resume()


def _locked_bookings(keys: list[UUID]) -> dict[UUID, Booking]:
    locked = Booking.objects.select_for_update(of=("self",), no_key=True).select_related(
        "current_calendly_booking"
    )
    lean = locked.defer("current_calendly_booking__invitee_raw", "current_calendly_booking__request")
    return {booking.pk: booking for booking in lean.filter(pk__in=keys).order_by("pk")}


def _set_answer(answer: Answer, row: VAIMetadata, now: datetime) -> None:
    """A refusal is an answer. After any other error the portal is asked again."""
    error = answer.error
    if error is None:
        _fill(row, answer.data or {})
        row.asked_at, row.next_attempt_at = now, None
    else:
        log.warning("metadata of booking %s not received: %s", row.pk, type(error).__name__)
        row.asked_at = None if error.retryable else now
        wait = backoff(row.attempts, retry_after=error.retry_after, first=FIRST_WAIT)
        row.next_attempt_at = now + wait if error.retryable else None
        row.last_error = str(error)[:500]
    row.lease_token = None


def _fill(row: VAIMetadata, data: dict[str, Any]) -> None:
    """Fill empty columns. What was written meanwhile stays. Values without a column go to `extra`."""
    inner = data.get("metadata")
    values = {**data, **inner} if isinstance(inner, dict) else dict(data)
    values.pop("metadata", None)
    for name, length in COLUMN_LENGTHS.items():
        value = str(values.pop(name, None) or "")[:length]
        setattr(row, name, getattr(row, name) or value)
    row.extra = values | row.extra


def _mark_agents(known: Sequence[tuple[Booking, VAIMetadata]], now: datetime) -> None:
    """Make these bookings those of an agent, and send the messages that they missed."""
    entries: list[TimelineEntry] = []
    followups: list[FollowUp] = []
    drafts: list[outbox.Draft] = []
    for booking, metadata in known:
        booking.source, booking.metadata = Booking.Source.AGENT, metadata
        entries.append(entry(booking.pk, at=now, by=SYSTEM, action="metadata_found"))
        if booking.status == Booking.Status.CONFIRMED and booking.confirmed_at is not None:
            drafts += portal_messages.confirmed(booking, now=now)
        if booking.status == Booking.Status.CANCELED and booking.current_calendly_booking is not None:
            planned, messages = portal_messages.ended(booking, booking.current_calendly_booking, now=now)
            followups += planned
            drafts += messages
    bookings = {booking.pk: booking for booking, _metadata in known}
    Booking.objects.filter(pk__in=bookings).update(source=Booking.Source.AGENT, updated_at=now)
    TimelineEntry.objects.bulk_create(entries)
    FollowUp.objects.bulk_create(followups, ignore_conflicts=True)
    mails = confirmations.resolve(drafts, bookings, now=now)
    confirmations.save_pending(mails.pending)
    outbox.add(mails.drafts, now=now)
