"""A observation brought into its Calendly booking. No queries here."""

from datetime import datetime, timedelta
from typing import Any

from ...calendly import payloads
from ...calendly.payloads import uuid_of
from ...models import CalendlyBooking
from . import mapping
from .observation import Kind, Observation

Status, PendingAction = CalendlyBooking.Status, CalendlyBooking.PendingAction
# A conference link is ready seconds after the booking; look again after these many. The first four fall within
# the minute that the confirmation mail waits for it.
LOOK_AGAIN = (5, 10, 15, 20, 300, 1800)
MOVED = "Moved to another time"


def merge(calendly_booking: CalendlyBooking, observation: Observation, *, now: datetime) -> bool:
    """Bring in what is newer than what the Calendly booking holds. True if the Calendly booking changed.

    A canceled invitee never becomes active again at Calendly, so a cancellation stands whatever comes later.
    """
    before = _state(calendly_booking)
    if calendly_booking.status == Status.EXPECTED:
        calendly_booking.last_error = ""
    _merge_invitee(calendly_booking, observation)
    if observation.event is not None:
        _merge_event(calendly_booking, observation.event)
    if calendly_booking.status == Status.ACTIVE and calendly_booking.pending_action == PendingAction.RESOLVE:
        (
            calendly_booking.pending_action,
            calendly_booking.next_attempt_at,
            calendly_booking.lease_token,
            calendly_booking.last_error,
        ) = PendingAction.NOTHING, None, None, ""
    if observation.told and calendly_booking.confirmed_at is None:
        calendly_booking.confirmed_at = now
    _plan_next_look(calendly_booking, now)
    return _state(calendly_booking) != before


def _state(calendly_booking: CalendlyBooking) -> tuple[object, ...]:
    return (
        calendly_booking.status,
        calendly_booking.start_at,
        calendly_booking.end_at,
        calendly_booking.rescheduled,
        calendly_booking.no_show_at,
        calendly_booking.new_invitee,
        calendly_booking.confirmed_at,
        calendly_booking.event_updated_at,
        calendly_booking.invitee_updated_at,
        calendly_booking.pending_action,
        calendly_booking.event_raw.get("location"),
    )


def _merge_invitee(calendly_booking: CalendlyBooking, observation: Observation) -> None:
    invitee = observation.invitee
    calendly_booking.invitee_uri = invitee.uri
    if not calendly_booking.request:
        calendly_booking.created_at = invitee.created_at  # a link to it may have been told first
    calendly_booking.event_uri, calendly_booking.event_id = invitee.event_uri, uuid_of(invitee.event_uri)[:64]
    calendly_booking.old_invitee = calendly_booking.old_invitee or invitee.old_invitee or ""
    calendly_booking.new_invitee = calendly_booking.new_invitee or invitee.new_invitee or ""
    calendly_booking.rescheduled = calendly_booking.rescheduled or invitee.rescheduled
    if invitee.status == "canceled":
        cancel(calendly_booking, invitee.cancellation, invitee.updated_at)
    elif calendly_booking.status != Status.CANCELED:
        calendly_booking.status = Status.ACTIVE
    if (
        calendly_booking.invitee_updated_at is not None
        and invitee.updated_at < calendly_booking.invitee_updated_at
    ):
        return
    calendly_booking.invitee_updated_at, calendly_booking.invitee_raw = (
        invitee.updated_at,
        _without(invitee.raw, "scheduled_event"),
    )
    undone = observation.kind is Kind.NO_SHOW_UNDONE
    calendly_booking.no_show_uri = "" if undone else invitee.no_show_uri or ""
    calendly_booking.no_show_at = (
        None if undone or not invitee.no_show_uri else invitee.no_show_at or invitee.updated_at
    )


def _merge_event(calendly_booking: CalendlyBooking, event: payloads.ScheduledEvent) -> None:
    if event.status == "canceled":
        # Of a group's event one may have left before the rest was canceled.
        own = calendly_booking.invitee_raw.get("cancellation")
        cancel(calendly_booking, None if own else event.cancellation, event.updated_at)
    if calendly_booking.event_updated_at is not None and event.updated_at < calendly_booking.event_updated_at:
        return
    settled_before = bool(calendly_booking.event_raw) and mapping.settled(calendly_booking.event_raw)
    if (
        calendly_booking.event_updated_at == event.updated_at
        and settled_before
        and not event.location_settled
    ):
        return  # the same version, read before its conference was ready
    calendly_booking.event_updated_at, calendly_booking.event_raw = event.updated_at, event.raw
    calendly_booking.start_at, calendly_booking.end_at = event.start_time, event.end_time


def cancel(
    calendly_booking: CalendlyBooking, cancellation: payloads.Cancellation | None, at: datetime
) -> None:
    """The Calendly booking is over. Who and why is taken from Calendly as soon as it says so."""
    if calendly_booking.status != Status.CANCELED:
        calendly_booking.status, calendly_booking.canceled_at = Status.CANCELED, at
        calendly_booking.slot_key = None
        if calendly_booking.pending_action:
            (
                calendly_booking.pending_action,
                calendly_booking.next_attempt_at,
                calendly_booking.lease_token,
            ) = PendingAction.NOTHING, None, None
    if cancellation is not None:
        calendly_booking.canceled_by = cancellation.canceled_by[:255]
        calendly_booking.canceler, calendly_booking.cancel_reason = (
            cancellation.canceler_type[:20],
            cancellation.reason or "",
        )
        calendly_booking.canceled_at = cancellation.created_at or calendly_booking.canceled_at


def our_wish(calendly_booking: CalendlyBooking) -> dict[str, Any]:
    """Who of us wanted the Calendly booking canceled, and why; empty where the invitee ended it, or nobody of us did."""
    found: dict[str, Any] = calendly_booking.intent.get("cancel") or {}
    return found if calendly_booking.canceler != "invitee" else {}


def _plan_next_look(calendly_booking: CalendlyBooking, now: datetime) -> None:
    """Read the event again while its conference link is not ready yet, or was never told."""
    wanted = calendly_booking.status == Status.ACTIVE and (
        not calendly_booking.event_raw or not mapping.settled(calendly_booking.event_raw)
    )
    if wanted and calendly_booking.pending_action == PendingAction.NOTHING:
        calendly_booking.pending_action, calendly_booking.attempts = PendingAction.REFETCH, 0
        calendly_booking.next_attempt_at = now + timedelta(seconds=LOOK_AGAIN[0])
    elif not wanted and calendly_booking.pending_action == PendingAction.REFETCH:
        calendly_booking.pending_action, calendly_booking.next_attempt_at, calendly_booking.lease_token = (
            PendingAction.NOTHING,
            None,
            None,
        )


def _without(raw: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in raw.items() if name != key}


def retire(
    calendly_booking: CalendlyBooking, calendly_bookings: list[CalendlyBooking], *, now: datetime
) -> None:
    """A move of ours: now that the new Calendly booking stands, the one it replaces is to be canceled. Asked for once: what
    Calendly has refused it would refuse again."""
    if (
        calendly_booking.status != Status.ACTIVE
        or calendly_booking.replaces_id is None
        or not calendly_booking.request
    ):
        return
    for old in calendly_bookings:
        if (
            old.pk == calendly_booking.replaces_id
            and old.status == Status.ACTIVE
            and old.pending_action != PendingAction.CANCEL
        ):
            old.pending_action, old.next_attempt_at, old.lease_token, old.attempts = (
                PendingAction.CANCEL,
                now,
                None,
                0,
            )
            old.intent = {**old.intent, "cancel": {**calendly_booking.intent, "reason": MOVED}}
