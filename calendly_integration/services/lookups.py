"""Metadata that only the portal has: asked for once, kept for good."""

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from .. import clients
from ..models import Booking, FollowUp, VAIMetadata
from ..vai.errors import VAIError
from . import outbox, telling
from .actors import SYSTEM, entry

log = logging.getLogger("calendly.lookups")

LEASE = timedelta(seconds=60)
LONGEST_PAUSE = 300


def claim(*, now: datetime, limit: int) -> list[VAIMetadata]:
    """Metadata that the portal has to be asked for. None while no portal is configured."""
    if clients.portal() is None:
        return []
    return VAIMetadata.objects.claim(now=now, lease=LEASE, limit=limit)


def work(metadata: VAIMetadata, *, now: datetime) -> None:
    """Ask the portal. What it answers is kept; that it knows nothing, too."""
    portal = clients.portal()
    booking = Booking.objects.get(pk=metadata.pk)
    if portal is None or not booking.event_id:
        VAIMetadata.objects.finish(metadata, next_attempt_at=now + timedelta(seconds=LONGEST_PAUSE))
        return
    try:
        told = portal.get_metadata(booking.event_id)
    except VAIError as error:
        _not_told(metadata, error, now)
        return
    with transaction.atomic(durable=True):
        _keep(metadata, told, now)


def _not_told(metadata: VAIMetadata, error: VAIError, now: datetime) -> None:
    """A refusal is an answer; anything else is asked again."""
    wait = error.retry_after or min(LONGEST_PAUSE, 2.0 ** min(metadata.attempts, 9)) * random.uniform(1, 1.2)
    log.warning("metadata of booking %s not told: %s", metadata.pk, type(error).__name__)
    VAIMetadata.objects.finish(
        metadata,
        next_attempt_at=now + timedelta(seconds=wait) if error.retryable else None,
        asked_at=None if error.retryable else now,
        last_error=str(error)[:500],
    )


def _keep(metadata: VAIMetadata, told: dict[str, Any] | None, now: datetime) -> None:
    """Keep the answer. A booking that the portal knows is an agent's, and the portal is told of it."""
    booking = (
        Booking.objects.select_for_update(of=("self",), no_key=True)
        .select_related("current_leg")
        .get(pk=metadata.pk)
    )
    if not VAIMetadata.objects.finish(metadata, asked_at=now, **_columns(told or {})) or told is None:
        return
    booking.source = Booking.Source.AGENT
    booking.save(update_fields=["source", "updated_at"])
    booking.metadata = metadata
    entry(booking.pk, at=now, by=SYSTEM, action="metadata_found").save()
    if booking.status == Booking.Status.CONFIRMED and booking.seen_at is not None:
        outbox.add(telling.confirmed(booking, now=now), now=now)
    if booking.status == Booking.Status.CANCELED and booking.current_leg is not None:
        # Canceled before anybody knew whose it was.
        followups, drafts = telling.ended(booking, booking.current_leg, now=now)
        FollowUp.objects.bulk_create(followups, ignore_conflicts=True)
        outbox.add(drafts, now=now)


def _columns(told: dict[str, Any]) -> dict[str, Any]:
    """The portal's answer as our columns; what we have no column for is kept as `extra`."""
    inner = told.get("metadata")
    data = {**told, **inner} if isinstance(inner, dict) else dict(told)
    data.pop("metadata", None)
    limits = {
        "conversation_id": 255,
        "user_id": 255,
        "agent_type": 100,
        "booking_source": 100,
        "notes": 10_000,
    }
    found = {name: str(data.pop(name, None) or "")[:limit] for name, limit in limits.items()}
    return {**found, "extra": data}
