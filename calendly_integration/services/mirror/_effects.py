"""What follows from a change: who is told, what stands in the timeline, what has to be followed up."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ...models import Booking, BookingLeg, FollowUp, TimelineEntry
from .. import telling
from ..actors import CALENDLY, SYSTEM, Actor, entry
from ..outbox import Draft
from ._merge import our_wish
from ._sighting import Kind, Sighting

Status = Booking.Status


@dataclass(slots=True)
class Effects:
    """What a batch of sightings causes, to be written with it."""

    drafts: list[Draft] = field(default_factory=list)
    entries: list[TimelineEntry] = field(default_factory=list)
    followups: list[FollowUp] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LegBefore:
    """A leg as it stood before a sighting."""

    seen: bool
    canceled: bool

    @classmethod
    def of(cls, leg: BookingLeg) -> "LegBefore":
        """Remember it."""
        return cls(leg.seen_at is not None, leg.status == BookingLeg.Status.CANCELED)


@dataclass(frozen=True, slots=True)
class Before:
    """A booking and its leg as they stood before a sighting."""

    status: str
    came_to_be: bool
    leg_id: UUID | None
    start_at: datetime | None
    no_show_at: datetime | None
    leg: LegBefore

    @classmethod
    def of(cls, booking: Booking, leg: LegBefore) -> "Before":
        """Remember them."""
        return cls(
            booking.status, bool(booking.event_id), booking.current_leg_id, booking.start_at,
            booking.no_show_at, leg,
        )  # fmt: skip


def happened(
    effects: Effects, booking: Booking, leg: BookingLeg, legs: list[BookingLeg], *,
    before: Before, sighting: Sighting | None, now: datetime,
) -> None:  # fmt: skip
    """Add to `effects` what the step from `before` to now causes. Without a sighting we did it ourselves."""
    current = booking.current_leg
    moved = bool(
        current and current.replaces_id and before.leg_id != current.pk and current.invitee_uri
        and before.leg_id is not None and before.status in (Status.CONFIRMED, Status.PENDING)
        and before.came_to_be
    )  # fmt: skip
    # One that was booked and canceled before we learnt of either did come to be.
    if booking.status in (Status.CONFIRMED, Status.CANCELED) and not before.came_to_be:
        _came_to_be(effects, booking, leg, sighting, now)
    if moved and current is not None:
        _moved(effects, booking, current, before, now)
    if booking.status == Status.CANCELED and before.status != Status.CANCELED:
        _canceled(effects, booking, current or leg, now)
    doubted = before.status == Status.PENDING and before.came_to_be
    if booking.status == Status.PENDING and booking.event_id and not doubted:
        effects.entries.append(entry(booking.pk, at=now, by=SYSTEM, action="new_time_unknown"))
    if booking.no_show_at != before.no_show_at:
        action = "no_show" if booking.no_show_at else "no_show_undone"
        effects.entries.append(entry(booking.pk, at=now, by=CALENDLY, action=action))
    if sighting is not None and sighting.told:
        _told(effects, booking, leg, legs, before, sighting, now)


def _came_to_be(
    effects: Effects, booking: Booking, leg: BookingLeg, sighting: Sighting | None, now: datetime
) -> None:
    by = (
        Actor.parse(leg.intent)
        if "kind" in leg.intent
        else Actor(TimelineEntry.Actor.INVITEE, booking.invitee_name)
    )
    effects.entries.append(
        entry(
            booking.pk, at=now, by=by, action="booked",
            start=telling.utc_text(booking.start_at), through=str(sighting.kind) if sighting else "",
        )
    )  # fmt: skip
    if booking.agent_made:
        effects.drafts += telling.booked(booking, leg, now=now)


def _moved(effects: Effects, booking: Booking, current: BookingLeg, before: Before, now: datetime) -> None:
    by = (
        Actor.parse(current.intent)
        if "kind" in current.intent
        else Actor(TimelineEntry.Actor.INVITEE, booking.invitee_name)
    )
    effects.entries.append(
        entry(
            booking.pk, at=now, by=by, action="rescheduled",
            old_start=telling.utc_text(before.start_at), new_start=telling.utc_text(booking.start_at),
        )
    )  # fmt: skip
    if booking.agent_made:
        effects.drafts += telling.rescheduled(booking, current, before.start_at, now=now)


def _canceled(effects: Effects, booking: Booking, leg: BookingLeg, now: datetime) -> None:
    canceler = TimelineEntry.Actor.INVITEE if leg.canceler == "invitee" else TimelineEntry.Actor.CALENDLY
    wish = our_wish(leg)
    by = Actor.parse(wish) if wish else Actor(canceler, leg.canceled_by)
    effects.entries.append(entry(booking.pk, at=now, by=by, action="canceled", reason=booking.cancel_reason))
    if wish.get("follow_up"):
        effects.followups.append(telling.plan_follow_up(booking, leg, kind=FollowUp.Kind.REBOOK, now=now))
    if not booking.agent_made:
        return
    followups, drafts = telling.ended(booking, leg, now=now)
    effects.followups += followups
    effects.drafts += drafts


def _told(
    effects: Effects, booking: Booking, leg: BookingLeg, legs: list[BookingLeg], before: Before,
    sighting: Sighting, now: datetime,
) -> None:  # fmt: skip
    """Calendly's own record was seen: the booking is confirmed, and the event counts for analytics."""
    is_move = leg.replaces_id is not None
    if booking.seen_at is None and booking.status == Status.CONFIRMED and sighting.kind is not Kind.CANCELED:
        booking.seen_at = now
        effects.entries.append(entry(booking.pk, at=now, by=CALENDLY, action="confirmed"))
        if booking.agent_made:
            effects.drafts += telling.confirmed(booking, now=now)
    # A creation that comes after its cancellation counts as well; a repeated one falls to its `once_key`.
    if sighting.kind is Kind.CREATED or (not before.leg.seen and sighting.kind is not Kind.CANCELED):
        what = "invitee_rescheduled" if is_move else "invitee_created"
        effects.drafts += telling.logged(booking, leg, what, now=now)
    is_canceled = leg.status == BookingLeg.Status.CANCELED
    moved_away = leg.rescheduled or any(other.replaces_id == leg.pk for other in legs)
    if is_canceled and not moved_away and (sighting.kind is Kind.CANCELED or not before.leg.canceled):
        effects.drafts += telling.logged(booking, leg, "invitee_canceled", now=now)
    if booking.no_show_at != before.no_show_at or sighting.kind in (Kind.NO_SHOW, Kind.NO_SHOW_UNDONE):
        what = "invitee_no_show_created" if leg.no_show_at else "invitee_no_show_deleted"
        stamp = leg.no_show_uri or str(leg.invitee_updated_at)
        effects.drafts += telling.logged(booking, leg, what, now=now, mark=":" + stamp[-36:])
