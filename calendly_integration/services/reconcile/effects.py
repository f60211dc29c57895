"""Records what follows from a change: messages to the portal, timeline entries, follow-ups."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ...models import Booking, CalendlyBooking, FollowUp, TimelineEntry
from ..actors import CALENDLY, SYSTEM, Actor, entry
from ..outbox import Draft, portal_messages
from .merge import our_cancel_request
from .observation import Kind, Observation

Status = Booking.Status


@dataclass(slots=True)
class Effects:
    """The effects of a batch of observations, saved with it."""

    drafts: list[Draft] = field(default_factory=list)
    entries: list[TimelineEntry] = field(default_factory=list)
    followups: list[FollowUp] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Before:
    """A booking before an observation."""

    status: str
    was_booked: bool
    calendly_booking_id: UUID | None
    start_at: datetime | None
    no_show_at: datetime | None

    @classmethod
    def of(cls, booking: Booking) -> "Before":
        """Its present state."""
        return cls(
            booking.status,
            bool(booking.event_id),
            booking.current_calendly_booking_id,
            booking.start_at,
            booking.no_show_at,
        )


def record_effects(
    effects: Effects,
    booking: Booking,
    calendly_booking: CalendlyBooking,
    *,
    before: Before,
    observation: Observation | None,
    now: datetime,
) -> None:
    """Add the effects of the change from `before` to now. `observation` is None where we made the change."""
    current = booking.current_calendly_booking
    # A booking that was canceled before we learned of it was booked all the same.
    if booking.status in (Status.CONFIRMED, Status.CANCELED) and not before.was_booked:
        _record_booked(effects, booking, calendly_booking, observation, now)
    if current is not None and _was_moved(current, before):
        _record_rescheduled(effects, booking, current, before, now)
    if booking.status == Status.CANCELED and before.status != Status.CANCELED:
        _record_canceled(effects, booking, current or calendly_booking, now)
    time_was_unknown = before.status == Status.PENDING and before.was_booked
    if booking.status == Status.PENDING and booking.event_id and not time_was_unknown:
        effects.entries.append(entry(booking.pk, at=now, by=SYSTEM, action="new_time_unknown"))
    if booking.no_show_at != before.no_show_at:
        action = "no_show" if booking.no_show_at else "no_show_undone"
        effects.entries.append(entry(booking.pk, at=now, by=CALENDLY, action=action))
    if observation is not None and observation.is_authoritative:
        _record_confirmed(effects, booking, observation, now)


def _was_moved(current: CalendlyBooking, before: Before) -> bool:
    return bool(
        current.replaces_id
        and current.invitee_uri
        and before.calendly_booking_id is not None
        and before.calendly_booking_id != current.pk
        and before.status in (Status.CONFIRMED, Status.PENDING)
        and before.was_booked
    )


def _requester(booking: Booking, calendly_booking: CalendlyBooking) -> Actor:
    """Who booked or moved it: one of us, else the invitee."""
    if "kind" in calendly_booking.intent:
        return Actor.parse(calendly_booking.intent)
    return Actor(TimelineEntry.Actor.INVITEE, booking.invitee_name)


def _record_booked(
    effects: Effects,
    booking: Booking,
    calendly_booking: CalendlyBooking,
    observation: Observation | None,
    now: datetime,
) -> None:
    effects.entries.append(
        entry(
            booking.pk,
            at=now,
            by=_requester(booking, calendly_booking),
            action="booked",
            start=portal_messages.utc_text(booking.start_at),
            through=str(observation.kind) if observation else "",
        )
    )
    if booking.agent_made:
        effects.drafts += portal_messages.booked(booking, calendly_booking, now=now)


def _record_rescheduled(
    effects: Effects, booking: Booking, current: CalendlyBooking, before: Before, now: datetime
) -> None:
    effects.entries.append(
        entry(
            booking.pk,
            at=now,
            by=_requester(booking, current),
            action="rescheduled",
            old_start=portal_messages.utc_text(before.start_at),
            new_start=portal_messages.utc_text(booking.start_at),
        )
    )
    if booking.agent_made:
        effects.drafts.append(portal_messages.rescheduled(booking, current, before.start_at, now=now))


def _record_canceled(
    effects: Effects, booking: Booking, calendly_booking: CalendlyBooking, now: datetime
) -> None:
    request = our_cancel_request(calendly_booking)
    if request:
        by = Actor.parse(request)
    else:
        by_invitee = calendly_booking.canceler == "invitee"
        kind = TimelineEntry.Actor.INVITEE if by_invitee else TimelineEntry.Actor.CALENDLY
        by = Actor(kind, calendly_booking.canceled_by)
    effects.entries.append(entry(booking.pk, at=now, by=by, action="canceled", reason=booking.cancel_reason))
    if request.get("follow_up"):
        effects.followups.append(
            portal_messages.plan_follow_up(booking, calendly_booking, kind=FollowUp.Kind.REBOOK, now=now)
        )
    if booking.agent_made:
        followups, drafts = portal_messages.ended(booking, calendly_booking, now=now)
        effects.followups += followups
        effects.drafts += drafts


def _record_confirmed(effects: Effects, booking: Booking, observation: Observation, now: datetime) -> None:
    """The first record of Calendly's own that is no cancellation confirms the booking."""
    if (
        booking.confirmed_at is not None
        or booking.status != Status.CONFIRMED
        or observation.kind is Kind.CANCELED
    ):
        return
    booking.confirmed_at = now
    effects.entries.append(entry(booking.pk, at=now, by=CALENDLY, action="confirmed"))
    if booking.agent_made:
        effects.drafts += portal_messages.confirmed(booking, now=now)


def record_analytics(
    effects: Effects,
    booking: Booking,
    calendly_booking: CalendlyBooking,
    calendly_bookings: list[CalendlyBooking],
    *,
    before: Before,
    was_confirmed: bool,
    was_canceled: bool,
    kind: Kind,
    now: datetime,
) -> None:
    """Log the event for analytics. An event that is logged twice has the same `once_key` and is left out.
    `was_confirmed` and `was_canceled` say how the Calendly booking was before."""
    row = calendly_booking
    # A creation that arrives after its cancellation is logged as well.
    if kind is Kind.CREATED or (not was_confirmed and kind is not Kind.CANCELED):
        what = "invitee_rescheduled" if row.replaces_id is not None else "invitee_created"
        effects.drafts.append(portal_messages.logged(booking, row, what, now=now))
    is_canceled = row.status == CalendlyBooking.Status.CANCELED
    is_news = kind is Kind.CANCELED or not was_canceled
    moved_away = row.rescheduled or any(other.replaces_id == row.pk for other in calendly_bookings)
    if is_canceled and is_news and not moved_away:
        effects.drafts.append(portal_messages.logged(booking, row, "invitee_canceled", now=now))
    if booking.no_show_at != before.no_show_at or kind in (Kind.NO_SHOW, Kind.NO_SHOW_UNDONE):
        what = "invitee_no_show_created" if row.no_show_at else "invitee_no_show_deleted"
        mark = ":" + (row.no_show_uri or str(row.invitee_updated_at))[-36:]
        effects.drafts.append(portal_messages.logged(booking, row, what, now=now, mark=mark))
