"""What agents could not book: kept for staff, who call these people back."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError

from ...models import EventType, IdempotencyRecord, RefusedAttempt
from ..actors import Actor
from ..catalog import event_types
from ..errors import CalendlyRefused, CalendlyUnavailable, QuotaExhausted
from . import create, idempotency
from .results import BookingResult, SlotUnavailable

log = logging.getLogger("calendly.bookings")

KEPT_FOR = timedelta(days=30)
Code = RefusedAttempt.Code
CODES: dict[type[Exception], Code] = {
    QuotaExhausted: Code.QUOTA_EXHAUSTED,
    CalendlyUnavailable: Code.CALENDLY_UNAVAILABLE,
    CalendlyRefused: Code.CALENDLY_REFUSED,
}


def book_once(
    *,
    record: IdempotencyRecord,
    booking_request: create.BookingRequest,
    by: Actor,
    now: datetime,
    event_type: EventType | None = None,
) -> BookingResult | idempotency.Replay:
    """`create.book_once`, and keep the attempt if nothing was booked."""
    try:
        result = create.book_once(
            record=record, booking_request=booking_request, by=by, now=now, event_type=event_type
        )
    except tuple(CODES) as error:
        _keep(CODES[type(error)], booking_request, event_type, by, now)
        raise
    if isinstance(result, SlotUnavailable):
        code = Code.SLOT_TAKEN if result.taken else Code.NO_AVAILABILITY
        _keep(code, booking_request, event_type, by, now)
    return result


def forget(*, now: datetime) -> None:
    """Delete attempts that are too old to call anybody back."""
    RefusedAttempt.objects.filter(last_at__lt=now - KEPT_FOR).delete()


def _keep(
    code: Code,
    booking_request: create.BookingRequest,
    event_type: EventType | None,
    by: Actor,
    now: datetime,
) -> None:
    """Keep the attempt. The agent gets its answer even if this fails."""
    try:
        event_type = event_type or event_types.find(booking_request.event_type, key_id=by.key_id)
        zone, preferred = create.find_zone(booking_request, now=now), booking_request.preferred
        wanted = create.requested_instant("preferredTime", preferred, zone, now=now) if preferred else None
        RefusedAttempt.objects.record(
            email_key=booking_request.email.strip().lower()[:320],
            conversation_id=booking_request.conversation_id[:255],
            now=now,
            code=code,
            event_type=event_type,
            event_name=event_type.name,
            preferred_at=wanted,
            name=booking_request.name[:255],
            email=booking_request.email[:320],
            phone=booking_request.phone[:64],
            time_zone=zone.name,
            agent_key_id=by.key_id,
        )
    except DatabaseError:
        log.exception("A refused attempt could not be kept.")
