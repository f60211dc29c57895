"""The day at a glance: its meetings, its figures beside last week's, and what needs a hand. From our own tables.

Everything is asked for by an index and in bounded portions: the page must open at once with a million bookings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Count, Model, Q, QuerySet

from ...models import (
    Booking,
    BulkItem,
    BulkRun,
    CalendlyAccount,
    CalendlyBooking,
    FollowUp,
    Host,
    OutboxMessage,
    WebhookDelivery,
)
from ..bookings import time_zones
from ..bookings.time_zones import start_of_day

M = TypeVar("M", bound=Model)
# So many rows are read of a kind; where there are more, nobody needs to know how many.
MOST = 100
MOST_MEETINGS = 300
YEARS = range(2000, 2101)
# Deliveries come within seconds; a booking that Calendly has not confirmed by then is worth a look.
UNSEEN_AFTER = timedelta(minutes=10)
OUTBOX_OLD = timedelta(minutes=5)
BULK_KEPT = timedelta(days=7)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day of a zone: [start, end) in UTC. 23 or 25 hours where the clocks change."""

    on: date
    zone: ZoneInfo
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start) / timedelta(hours=1)

    def holds(self, at: datetime) -> bool:
        """Whether that instant is in it."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Figure:
    """How many on the day, and how many on the same day of the week before."""

    count: int
    before: int

    @property
    def change(self) -> int:
        """How many more."""
        return self.count - self.before


@dataclass(frozen=True, slots=True)
class Portion:
    """The first rows of a kind. `more`: there are others."""

    rows: list[Any]
    more: bool


def day(on: date, zone: ZoneInfo) -> Day:
    """That day as the zone's clocks show it."""
    return Day(on, zone, start_of_day(on, zone), start_of_day(on + timedelta(days=1), zone))


def chosen(text: str, *, zone: ZoneInfo, now: datetime) -> Day:
    """The day that was asked for as `2026-11-25`; today where the text is none."""
    try:
        on = date.fromisoformat(text)
    except ValueError:
        on = now.astimezone(zone).date()
    return day(on if on.year in YEARS else now.astimezone(zone).date(), zone)


def meetings(on: Day) -> Portion:
    """What begins on that day, the earliest first."""
    begun = Booking.objects.filter(start_at__gte=on.start, start_at__lt=on.end)
    rows = begun.exclude(status=Booking.Status.FAILED).select_related("host", "event_type")
    return _portion(rows.order_by("start_at", "id"), MOST_MEETINGS)


def booking_figures(on: Day, *, now: datetime) -> dict[str, Figure]:
    """Meetings held or to be held, by their start; what was booked, canceled and missed, by when it was."""
    before = day(on.on - WEEK, on.zone)
    # A day that is not over is compared with the same hours of the other one.
    end = _week_before(now, on.zone) if on.holds(now) else before.end

    def on_day(rows: QuerySet[Booking], field: str, until: datetime) -> Figure:
        return _figure(rows, _within(field, on.start, on.end), _within(field, before.start, until))

    rows = Booking.objects.all()
    return {
        "meetings": on_day(rows.filter(status=Booking.Status.CONFIRMED), "start_at", before.end),
        "booked": on_day(rows, "created_at", end),
        "canceled": on_day(rows.filter(status=Booking.Status.CANCELED), "canceled_at", end),
        "no_shows": on_day(rows, "no_show_at", end),
    }


def followup_figure(on: Day) -> Figure:
    """Follow-ups that were or are due on that day."""
    before = day(on.on - WEEK, on.zone)
    # The index begins with the status, and serves one range only: the one that holds both days.
    planned = FollowUp.objects.filter(
        status__in=FollowUp.Status.values, scheduled_for__gte=before.start, scheduled_for__lt=on.end
    )
    return _figure(
        planned,
        _within("scheduled_for", on.start, on.end),
        _within("scheduled_for", before.start, before.end),
    )


def parked_messages() -> Portion:
    """What the portal refused to be told, the oldest first."""
    parked = OutboxMessage.objects.filter(status=OutboxMessage.Status.PARKED).select_related("booking")
    return _portion(parked.defer("body").order_by("pk"))


def stuck_deliveries() -> Portion:
    """What Calendly told us and we could not apply, the oldest first."""
    stuck = WebhookDelivery.objects.filter(
        status__in=[WebhookDelivery.Status.PARKED, WebhookDelivery.Status.UNREADABLE]
    )
    return _portion(stuck.select_related("booking").defer("body").order_by("pk"))


def unknown_outcomes() -> Portion:
    """Meetings of which we do not know yet whether Calendly booked them, the longest waiting first."""
    open_ = CalendlyBooking.objects.filter(
        next_attempt_at__isnull=False, pending_action=CalendlyBooking.PendingAction.RESOLVE
    )
    return _portion(open_.select_related("booking").order_by("created_at", "id"))


def lost_moves() -> Portion:
    """Meetings that were moved at Calendly to a time that could not be read, the soonest first."""
    pending = Booking.objects.filter(status=Booking.Status.PENDING)
    return _portion(pending.exclude(event_id="").order_by("start_at", "id"))


def old_halves(*, now: datetime) -> Portion:
    """Moved meetings that Calendly refused to cancel at their old time, the soonest first."""
    standing = CalendlyBooking.objects.left_standing(now).select_related("booking")
    return _portion(standing.order_by("start_at", "id"))


def unseen(*, now: datetime) -> dict[str, Any]:
    """How coming meetings are found that Calendly has not confirmed although there was time for it."""
    return {
        "status": Booking.Status.CONFIRMED.value,
        "start_at__gte": now,
        "confirmed_at__isnull": True,
        "created_at__lte": now - UNSEEN_AFTER,
    }


def unconfirmed(*, now: datetime) -> Portion:
    """Those bookings, the soonest first."""
    return _portion(Booking.objects.filter(**unseen(now=now)).order_by("start_at", "id"))


def bare(*, now: datetime) -> dict[str, Any]:
    """How coming meetings are found whose confirmation left without the conference link."""
    return {
        "mailed_without_link_at__isnull": False,
        "status": Booking.Status.CONFIRMED.value,
        "start_at__gte": now,
    }


def mailed_without_link(*, now: datetime) -> Portion:
    """Those bookings, the soonest first."""
    return _portion(Booking.objects.filter(**bare(now=now)).order_by("start_at", "id"))


def due_followups(*, now: datetime) -> Portion:
    """Those whose time has come, the oldest first."""
    return _portion(FollowUp.objects.due(now).select_related("booking", "assignee"))


def failed_bulk_runs(*, now: datetime) -> Portion:
    """Acts on many of the last days in which some rows failed: `failures` says how many."""
    failed = Count("items", filter=Q(items__status=BulkItem.Status.FAILED))
    recent = BulkRun.objects.filter(created_at__gte=now - BULK_KEPT).annotate(failures=failed)
    return _portion(recent.filter(failures__gt=0).order_by("pk"))


def connections() -> list[CalendlyAccount]:
    """Those to organizations, without their secrets."""
    kept = CalendlyAccount.objects.defer("token_encrypted", "signing_keys_encrypted")
    return list(kept.order_by("pk")[:10])


def zones_in_use(own: ZoneInfo) -> list[str]:
    """Zones that staff may want to see: their own, the default, UTC, those of the hosts."""
    of_hosts = Host.objects.filter(active=True).exclude(time_zone="").values_list("time_zone", flat=True)
    names = [own.key, time_zones.default_name(), "UTC", *sorted(of_hosts.distinct().order_by()[:MOST])]
    return list(dict.fromkeys(names))


def _week_before(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of the zone showed as now, seven days ago."""
    return (at.astimezone(zone) - WEEK).astimezone(UTC)


def _within(field: str, start: datetime, end: datetime) -> Q:
    return Q(**{f"{field}__gte": start, f"{field}__lt": end})


def _figure(rows: "QuerySet[M]", now: Q, then: Q) -> Figure:
    counted = rows.filter(now | then).aggregate(now=Count("pk", filter=now), then=Count("pk", filter=then))
    return Figure(counted["now"], counted["then"])


def _portion(rows: Iterable[Any], most: int = MOST) -> Portion:
    found = list(rows[: most + 1])  # type: ignore[index]
    return Portion(found[:most], len(found) > most)
