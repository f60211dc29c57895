"""Merges an observation into its Calendly booking. No queries here.

In this module `row` is a Calendly booking.
"""

from datetime import datetime, timedelta
from typing import Any

from ...calendly import payloads
from ...calendly.payloads import uuid_of
from ...models import CalendlyBooking
from .. import mapping
from .observation import Kind, Observation

Status, PendingAction = CalendlyBooking.Status, CalendlyBooking.PendingAction
# A conference link is ready seconds after the booking. The first four reads fall within the minute for which the
# confirmation mail waits.
REFETCH_WAITS_SECONDS = (5, 10, 15, 20, 300, 1800)
MOVED_REASON = "Moved to another time"


def merge(row: CalendlyBooking, observation: Observation, *, now: datetime) -> bool:
    """Take over what is newer than what the Calendly booking holds. True if it changed.

    Calendly never makes a canceled invitee active again, so a cancellation stands whatever arrives later.
    """
    before = _state(row)
    if row.status == Status.EXPECTED:
        row.last_error = ""
    _merge_invitee(row, observation)
    if observation.event is not None:
        _merge_event(row, observation.event)
    if row.status == Status.ACTIVE and row.pending_action == PendingAction.RESOLVE:
        _clear_pending_action(row)
        row.last_error = ""
    if observation.is_authoritative and row.confirmed_at is None:
        row.confirmed_at = now
    _plan_refetch(row, now)
    return _state(row) != before


def _state(row: CalendlyBooking) -> tuple[object, ...]:
    return (
        row.status,
        row.start_at,
        row.end_at,
        row.rescheduled,
        row.no_show_at,
        row.new_invitee,
        row.confirmed_at,
        row.event_updated_at,
        row.invitee_updated_at,
        row.pending_action,
        row.event_raw.get("location"),
    )


def _merge_invitee(row: CalendlyBooking, observation: Observation) -> None:
    invitee = observation.invitee
    row.invitee_uri = invitee.uri
    if not row.request:
        row.created_at = invitee.created_at  # a placeholder has the time of the link
    row.event_uri, row.event_id = invitee.event_uri, uuid_of(invitee.event_uri)[:64]
    row.old_invitee = row.old_invitee or invitee.old_invitee or ""
    row.new_invitee = row.new_invitee or invitee.new_invitee or ""
    row.rescheduled = row.rescheduled or invitee.rescheduled
    if invitee.status == "canceled":
        cancel(row, invitee.cancellation, invitee.updated_at)
    elif row.status != Status.CANCELED:
        row.status = Status.ACTIVE
    if row.invitee_updated_at is not None and invitee.updated_at < row.invitee_updated_at:
        return
    row.invitee_updated_at = invitee.updated_at
    row.invitee_raw = {name: value for name, value in invitee.raw.items() if name != "scheduled_event"}
    is_no_show = bool(invitee.no_show_uri) and observation.kind is not Kind.NO_SHOW_UNDONE
    row.no_show_uri = (invitee.no_show_uri or "") if is_no_show else ""
    row.no_show_at = (invitee.no_show_at or invitee.updated_at) if is_no_show else None


def _merge_event(row: CalendlyBooking, event: payloads.ScheduledEvent) -> None:
    if event.status == "canceled":
        # In a group an invitee may have left before the rest was canceled.
        own = row.invitee_raw.get("cancellation")
        cancel(row, None if own else event.cancellation, event.updated_at)
    if row.event_updated_at is not None and event.updated_at < row.event_updated_at:
        return
    had_location = bool(row.event_raw) and mapping.location_settled(row.event_raw)
    if row.event_updated_at == event.updated_at and had_location and not event.location_settled:
        return  # the same version, read before its conference was ready
    row.event_updated_at, row.event_raw = event.updated_at, event.raw
    row.start_at, row.end_at = event.start_time, event.end_time


def cancel(row: CalendlyBooking, cancellation: payloads.Cancellation | None, at: datetime) -> None:
    """End the Calendly booking. Who canceled, and why, is taken from Calendly as soon as it is known."""
    if row.status != Status.CANCELED:
        row.status, row.canceled_at, row.slot_key = Status.CANCELED, at, None
        if row.pending_action:
            _clear_pending_action(row)
    if cancellation is not None:
        row.canceled_by = cancellation.canceled_by[:255]
        row.canceler = cancellation.canceler_type[:20]
        row.cancel_reason = cancellation.reason or ""
        row.canceled_at = cancellation.created_at or row.canceled_at


def _clear_pending_action(row: CalendlyBooking) -> None:
    row.pending_action, row.next_attempt_at, row.lease_token = PendingAction.NOTHING, None, None


def our_cancel_request(row: CalendlyBooking) -> dict[str, Any]:
    """Who of us asked for the cancellation, and why. Empty where the invitee canceled, or none of us asked."""
    requested: dict[str, Any] = row.intent.get("cancel") or {}
    return requested if row.canceler != "invitee" else {}


def _plan_refetch(row: CalendlyBooking, now: datetime) -> None:
    """Read the event again while its conference link is not ready, or while we do not know the event."""
    wanted = row.status == Status.ACTIVE and not (row.event_raw and mapping.location_settled(row.event_raw))
    if wanted and row.pending_action == PendingAction.NOTHING:
        row.pending_action, row.attempts = PendingAction.REFETCH, 0
        row.next_attempt_at = now + timedelta(seconds=REFETCH_WAITS_SECONDS[0])
    elif not wanted and row.pending_action == PendingAction.REFETCH:
        _clear_pending_action(row)


def schedule_old_cancellation(
    row: CalendlyBooking, calendly_bookings: list[CalendlyBooking], *, now: datetime
) -> None:
    """After a move of ours: cancel the Calendly booking that `row` replaces, now that `row` is active. This is
    asked for once: what Calendly has refused it would refuse again."""
    if row.status != Status.ACTIVE or row.replaces_id is None or not row.request:
        return
    for old in calendly_bookings:
        if (
            old.pk == row.replaces_id
            and old.status == Status.ACTIVE
            and old.pending_action != PendingAction.CANCEL
        ):
            old.pending_action, old.next_attempt_at = PendingAction.CANCEL, now
            old.lease_token, old.attempts = None, 0
            old.intent = {**old.intent, "cancel": {**row.intent, "reason": MOVED_REASON}}
