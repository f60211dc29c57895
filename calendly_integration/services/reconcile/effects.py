"""What follows from a change: who is told, what stands in the timeline, what has to be followed up."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ...models import Booking, CalendlyBooking, FollowUp, TimelineEntry
from ..actors import CALENDLY, SYSTEM, Actor, entry
from ..outbox import Draft, portal_messages
from .merge import our_wish
from .observation import Kind, Observation

Status = Booking.Status


@dataclass(slots=True)
class Effects:
    """What a batch of observations causes, to be written with it."""

    drafts: list[Draft] = field(default_factory=list)
    entries: list[TimelineEntry] = field(default_factory=list)
    followups: list[FollowUp] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LegBefore:
    """A Calendly booking as it stood before a observation."""

    seen: bool
    canceled: bool

    @classmethod
    def of(cls, calendly_booking: CalendlyBooking) -> "LegBefore":
        """Remember it."""
        return cls(
            calendly_booking.confirmed_at is not None,
            calendly_booking.status == CalendlyBooking.Status.CANCELED,
        )


@dataclass(frozen=True, slots=True)
class Before:
    """A booking and its Calendly booking as they stood before a observation."""

    status: str
    came_to_be: bool
    calendly_booking_id: UUID | None
    start_at: datetime | None
    no_show_at: datetime | None
    calendly_booking: LegBefore

    @classmethod
    def of(cls, booking: Booking, calendly_booking: LegBefore) -> "Before":
        """Remember them."""
        return cls(
            booking.status,
            bool(booking.event_id),
            booking.current_calendly_booking_id,
            booking.start_at,
            booking.no_show_at,
            calendly_booking,
        )


def happened(
    effects: Effects,
    booking: Booking,
    calendly_booking: CalendlyBooking,
    calendly_bookings: list[CalendlyBooking],
    *,
    before: Before,
    observation: Observation | None,
    now: datetime,
) -> None:
    """Add to `effects` what the step from `before` to now causes. Without a observation we did it ourselves."""
    current = booking.current_calendly_booking
    moved = bool(
        current
        and current.replaces_id
        and before.calendly_booking_id != current.pk
        and current.invitee_uri
        and before.calendly_booking_id is not None
        and before.status in (Status.CONFIRMED, Status.PENDING)
        and before.came_to_be
    )
    # One that was booked and canceled before we learnt of either did come to be.
    if booking.status in (Status.CONFIRMED, Status.CANCELED) and not before.came_to_be:
        _came_to_be(effects, booking, calendly_booking, observation, now)
    if moved and current is not None:
        _moved(effects, booking, current, before, now)
    if booking.status == Status.CANCELED and before.status != Status.CANCELED:
        _canceled(effects, booking, current or calendly_booking, now)
    doubted = before.status == Status.PENDING and before.came_to_be
    if booking.status == Status.PENDING and booking.event_id and not doubted:
        effects.entries.append(entry(booking.pk, at=now, by=SYSTEM, action="new_time_unknown"))
    if booking.no_show_at != before.no_show_at:
        action = "no_show" if booking.no_show_at else "no_show_undone"
        effects.entries.append(entry(booking.pk, at=now, by=CALENDLY, action=action))
    if observation is not None and observation.told:
        _told(effects, booking, calendly_booking, calendly_bookings, before, observation, now)


def _came_to_be(
    effects: Effects,
    booking: Booking,
    calendly_booking: CalendlyBooking,
    observation: Observation | None,
    now: datetime,
) -> None:
    by = (
        Actor.parse(calendly_booking.intent)
        if "kind" in calendly_booking.intent
        else Actor(TimelineEntry.Actor.INVITEE, booking.invitee_name)
    )
    effects.entries.append(
        entry(
            booking.pk,
            at=now,
            by=by,
            action="booked",
            start=portal_messages.utc_text(booking.start_at),
            through=str(observation.kind) if observation else "",
        )
    )
    if booking.agent_made:
        effects.drafts += portal_messages.booked(booking, calendly_booking, now=now)


def _moved(
    effects: Effects, booking: Booking, current: CalendlyBooking, before: Before, now: datetime
) -> None:
    by = (
        Actor.parse(current.intent)
        if "kind" in current.intent
        else Actor(TimelineEntry.Actor.INVITEE, booking.invitee_name)
    )
    effects.entries.append(
        entry(
            booking.pk,
            at=now,
            by=by,
            action="rescheduled",
            old_start=portal_messages.utc_text(before.start_at),
            new_start=portal_messages.utc_text(booking.start_at),
        )
    )
    if booking.agent_made:
        effects.drafts += portal_messages.rescheduled(booking, current, before.start_at, now=now)


def _canceled(effects: Effects, booking: Booking, calendly_booking: CalendlyBooking, now: datetime) -> None:
    canceler = (
        TimelineEntry.Actor.INVITEE
        if calendly_booking.canceler == "invitee"
        else TimelineEntry.Actor.CALENDLY
    )
    booking_request = our_wish(calendly_booking)
    by = Actor.parse(booking_request) if booking_request else Actor(canceler, calendly_booking.canceled_by)
    effects.entries.append(entry(booking.pk, at=now, by=by, action="canceled", reason=booking.cancel_reason))
    if booking_request.get("follow_up"):
        effects.followups.append(
            portal_messages.plan_follow_up(booking, calendly_booking, kind=FollowUp.Kind.REBOOK, now=now)
        )
    if not booking.agent_made:
        return
    followups, drafts = portal_messages.ended(booking, calendly_booking, now=now)
    effects.followups += followups
    effects.drafts += drafts


def _told(
    effects: Effects,
    booking: Booking,
    calendly_booking: CalendlyBooking,
    calendly_bookings: list[CalendlyBooking],
    before: Before,
    observation: Observation,
    now: datetime,
) -> None:
    """Calendly's own record was seen: the booking is confirmed, and the event counts for analytics."""
    is_move = calendly_booking.replaces_id is not None
    if (
        booking.confirmed_at is None
        and booking.status == Status.CONFIRMED
        and observation.kind is not Kind.CANCELED
    ):
        booking.confirmed_at = now
        effects.entries.append(entry(booking.pk, at=now, by=CALENDLY, action="confirmed"))
        if booking.agent_made:
            effects.drafts += portal_messages.confirmed(booking, now=now)
    # A creation that comes after its cancellation counts as well; a repeated one falls to its `once_key`.
    if observation.kind is Kind.CREATED or (
        not before.calendly_booking.seen and observation.kind is not Kind.CANCELED
    ):
        what = "invitee_rescheduled" if is_move else "invitee_created"
        effects.drafts += portal_messages.logged(booking, calendly_booking, what, now=now)
    is_canceled = calendly_booking.status == CalendlyBooking.Status.CANCELED
    moved_away = calendly_booking.rescheduled or any(
        other.replaces_id == calendly_booking.pk for other in calendly_bookings
    )
    if (
        is_canceled
        and not moved_away
        and (observation.kind is Kind.CANCELED or not before.calendly_booking.canceled)
    ):
        effects.drafts += portal_messages.logged(booking, calendly_booking, "invitee_canceled", now=now)
    if booking.no_show_at != before.no_show_at or observation.kind in (Kind.NO_SHOW, Kind.NO_SHOW_UNDONE):
        what = "invitee_no_show_created" if calendly_booking.no_show_at else "invitee_no_show_deleted"
        stamp = calendly_booking.no_show_uri or str(calendly_booking.invitee_updated_at)
        effects.drafts += portal_messages.logged(
            booking, calendly_booking, what, now=now, mark=":" + stamp[-36:]
        )
