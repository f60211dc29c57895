"""Applies observations: match, merge, recompute, record effects, save. The caller holds the transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from ...calendly import payloads
from ...models import Booking, CalendlyAccount, CalendlyBooking, FollowUp, TimelineEntry
from .. import outbox
from ..outbox import confirmations
from .absorb import move_absorbed_rows, readdress
from .effects import Before, Effects, record_analytics, record_effects
from .match import Batch
from .merge import cancel, merge, schedule_old_cancellation
from .observation import Observation
from .recompute import recompute_booking

Status = CalendlyBooking.Status


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one observation."""

    booking: Booking
    calendly_booking: CalendlyBooking
    changed: bool


def apply_observations(
    account: CalendlyAccount,
    observations: Sequence[Observation],
    *,
    now: datetime,
    recorded_calls: Sequence[TimelineEntry] = (),
    expected_booking: uuid.UUID | None = None,
) -> list[Result]:
    """Bring observations into our tables, all or none. Returns a result for each, in their order.

    `recorded_calls` are the calls that led to the observations: they precede them in the timeline.
    `expected_booking` saves the search for a booking where it holds all that the observations refer to.
    """
    try:
        with transaction.atomic():
            return _apply(account, observations, now, recorded_calls, expected_booking)
    except IntegrityError:
        # Another process has created the same rows at the same moment. Now they are found.
        return _apply(account, observations, now, recorded_calls, None)


def _apply(
    account: CalendlyAccount,
    observations: Sequence[Observation],
    now: datetime,
    recorded_calls: Sequence[TimelineEntry],
    expected_booking: uuid.UUID | None,
) -> list[Result]:
    batch, effects = Batch(account, now=now), Effects(entries=list(recorded_calls))
    batch.load(observations, expected_booking=expected_booking)
    results = [_apply_one(batch, effects, observation) for observation in observations]
    _save(batch, effects)
    return [
        Result(batch.bookings[each.calendly_booking.booking_id], each.calendly_booking, each.changed)
        for each in results
    ]


def apply_our_cancellation(
    calendly_booking: CalendlyBooking,
    *,
    by: str,
    at: datetime,
    reason: str,
    now: datetime,
    recorded_calls: Sequence[TimelineEntry] = (),
) -> None:
    """Calendly has accepted our cancellation: apply it without waiting for the delivery."""
    batch = Batch(calendly_booking.booking.account, now=now)
    effects = Effects(entries=list(recorded_calls))
    batch.load_bookings({calendly_booking.booking_id})
    batch.load_hosts_and_event_types()
    row = batch.loaded(calendly_booking.pk)
    before = Before.of(batch.bookings[row.booking_id])
    cancel(
        row,
        payloads.Cancellation(canceled_by=by, reason=reason or None, canceler_type="host", created_at=at),
        at,
    )
    _recompute(batch, effects, row, before)
    _save(batch, effects)


def recompute_unpaired(calendly_booking: CalendlyBooking) -> None:
    """A Calendly booking could not be read. Where it is the missing half of a move, the booking is recomputed: it
    is no longer at its old time. For any other Calendly booking nothing follows. Has a transaction of its own."""
    if calendly_booking.status != Status.EXPECTED:
        return
    with transaction.atomic(durable=True):
        batch, effects = Batch(calendly_booking.booking.account, now=timezone.now()), Effects()
        batch.load_bookings({calendly_booking.booking_id})
        batch.load_hosts_and_event_types()
        last = batch.calendly_bookings[calendly_booking.booking_id][-1]
        before = Before.of(batch.bookings[last.booking_id])
        _recompute(batch, effects, last, before)
        _save(batch, effects)


def _apply_one(batch: Batch, effects: Effects, observation: Observation) -> Result:
    calendly_booking = batch.find(observation)
    status, was_confirmed = calendly_booking.status, calendly_booking.confirmed_at is not None
    changed = merge(calendly_booking, observation, now=batch.now)
    batch.link_halves(calendly_booking)
    booking = batch.bookings[calendly_booking.booking_id]
    before = Before.of(booking)
    batch.request_metadata(booking, calendly_booking, observation)
    if status != Status.ACTIVE:
        schedule_old_cancellation(calendly_booking, batch.calendly_bookings[booking.pk], now=batch.now)
    _recompute(batch, effects, calendly_booking, before, observation)
    if observation.is_authoritative:
        record_analytics(
            effects,
            booking,
            calendly_booking,
            batch.calendly_bookings[booking.pk],
            before=before,
            was_confirmed=was_confirmed,
            was_canceled=status == Status.CANCELED,
            kind=observation.kind,
            now=batch.now,
        )
    return Result(booking, calendly_booking, changed or before.status != booking.status)


def _recompute(
    batch: Batch,
    effects: Effects,
    calendly_booking: CalendlyBooking,
    before: Before,
    observation: Observation | None = None,
) -> None:
    booking = batch.bookings[calendly_booking.booking_id]
    recompute_booking(
        booking, batch.calendly_bookings[booking.pk], hosts=batch.hosts, event_types=batch.event_types
    )
    record_effects(
        effects,
        booking,
        calendly_booking,
        before=before,
        observation=observation,
        now=batch.now,
    )


def _save(batch: Batch, effects: Effects) -> None:
    batch.save()
    if batch.absorbed:
        move_absorbed_rows(batch.absorbed)
        readdress(batch.absorbed, effects)
    TimelineEntry.objects.bulk_create(effects.entries)
    FollowUp.objects.bulk_create(effects.followups, ignore_conflicts=True)
    mails = confirmations.resolve(effects.drafts, batch.bookings, now=batch.now)
    confirmations.save_pending(mails.pending)
    drafts = mails.drafts + confirmations.update_unsent(batch.columns_before(), now=batch.now)
    outbox.add(drafts, now=batch.now)
