"""The day: its meetings, its figures beside last week's, and what needs attention. All from our own tables.
Each query uses an index and a limit, because the page must open at once with a million bookings."""

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
from .. import time_zones
from ..time_zones import start_of_day

M = TypeVar("M", bound=Model)
# The maximum number of rows read of a kind.
MAX_ROWS = 100
MAX_MEETINGS = 300
YEARS = range(2000, 2101)
# Webhooks arrive within seconds; a booking that is unconfirmed after this needs attention.
UNCONFIRMED_AFTER = timedelta(minutes=10)
OUTBOX_LATE_AFTER = timedelta(minutes=5)
BULK_RUNS_SHOWN_FOR = timedelta(days=7)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A calendar day of a zone: [start, end) in UTC. 23 or 25 hours where the clocks change."""

    on: date
    zone: ZoneInfo
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """Its length in hours."""
        return (self.end - self.start) / timedelta(hours=1)

    def holds(self, at: datetime) -> bool:
        """Whether that instant is in the day."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Figure:
    """The number on the day, and on the same day of the week before."""

    count: int
    before: int

    @property
    def change(self) -> int:
        """The difference."""
        return self.count - self.before


@dataclass(frozen=True, slots=True)
class LimitedRows:
    """The first rows of a kind. `more`: there are others."""

    rows: list[Any]
    more: bool


def day(on: date, zone: ZoneInfo) -> CalendarDay:
    """That day as the zone's clocks show it."""
    return CalendarDay(on, zone, start_of_day(on, zone), start_of_day(on + timedelta(days=1), zone))


def chosen(text: str, *, zone: ZoneInfo, now: datetime) -> CalendarDay:
    """The requested day, such as `2026-11-25`; today if the text is not a day."""
    try:
        on = date.fromisoformat(text)
    except ValueError:
        on = now.astimezone(zone).date()
    return day(on if on.year in YEARS else now.astimezone(zone).date(), zone)


def meetings(on: CalendarDay) -> LimitedRows:
    """The meetings that begin on that day, by start."""
    begun = Booking.objects.filter(start_at__gte=on.start, start_at__lt=on.end)
    rows = begun.exclude(status=Booking.Status.FAILED).select_related("host", "event_type")
    return _limited(rows.order_by("start_at", "id"), MAX_MEETINGS)


def booking_figures(on: CalendarDay, *, now: datetime) -> dict[str, Figure]:
    """Meetings by their start; bookings, cancellations and no-shows by when they were made."""
    before = day(on.on - WEEK, on.zone)
    # A day that is not over is compared with the same hours of the other day.
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


def followup_figure(on: CalendarDay) -> Figure:
    """Follow-ups due on that day."""
    before = day(on.on - WEEK, on.zone)
    # The index begins with the status and serves a single range: the one that includes both days.
    planned = FollowUp.objects.filter(
        status__in=FollowUp.Status.values, scheduled_for__gte=before.start, scheduled_for__lt=on.end
    )
    return _figure(
        planned,
        _within("scheduled_for", on.start, on.end),
        _within("scheduled_for", before.start, before.end),
    )


def parked_messages() -> LimitedRows:
    """Messages that the portal rejected, the oldest first."""
    parked = OutboxMessage.objects.filter(status=OutboxMessage.Status.PARKED).select_related("booking")
    return _limited(parked.defer("body").order_by("pk"))


def stuck_deliveries() -> LimitedRows:
    """Deliveries that could not be processed, the oldest first."""
    stuck = WebhookDelivery.objects.filter(
        status__in=[WebhookDelivery.Status.PARKED, WebhookDelivery.Status.UNREADABLE]
    )
    return _limited(stuck.select_related("booking").defer("body").order_by("pk"))


def unknown_outcomes() -> LimitedRows:
    """Bookings whose outcome at Calendly is unknown, the oldest first."""
    open_ = CalendlyBooking.objects.filter(
        next_attempt_at__isnull=False, pending_action=CalendlyBooking.PendingAction.RESOLVE
    )
    return _limited(open_.select_related("booking").order_by("created_at", "id"))


def lost_moves() -> LimitedRows:
    """Meetings moved at Calendly to an unknown time, the soonest first."""
    pending = Booking.objects.filter(status=Booking.Status.PENDING)
    return _limited(pending.exclude(event_id="").order_by("start_at", "id"))


def old_meetings_left(*, now: datetime) -> LimitedRows:
    """Moved meetings whose old booking Calendly refused to cancel, the soonest first."""
    standing = CalendlyBooking.objects.left_standing(now).select_related("booking")
    return _limited(standing.order_by("start_at", "id"))


def unconfirmed_lookups(*, now: datetime) -> dict[str, Any]:
    """The lookups of future meetings that Calendly has not confirmed in time."""
    return {
        "status": Booking.Status.CONFIRMED.value,
        "start_at__gte": now,
        "confirmed_at__isnull": True,
        "created_at__lte": now - UNCONFIRMED_AFTER,
    }


def unconfirmed(*, now: datetime) -> LimitedRows:
    """Those bookings, the soonest first."""
    return _limited(Booking.objects.filter(**unconfirmed_lookups(now=now)).order_by("start_at", "id"))


def without_link_lookups(*, now: datetime) -> dict[str, Any]:
    """The lookups of future meetings whose confirmation was sent without the conference link."""
    return {
        "mailed_without_link_at__isnull": False,
        "status": Booking.Status.CONFIRMED.value,
        "start_at__gte": now,
    }


def mailed_without_link(*, now: datetime) -> LimitedRows:
    """Those bookings, the soonest first."""
    return _limited(Booking.objects.filter(**without_link_lookups(now=now)).order_by("start_at", "id"))


def due_followups(*, now: datetime) -> LimitedRows:
    """Due follow-ups, the oldest first."""
    return _limited(FollowUp.objects.due(now).select_related("booking", "assignee"))


def failed_bulk_runs(*, now: datetime) -> LimitedRows:
    """Recent bulk runs with failures: `failures` is their number."""
    failed = Count("items", filter=Q(items__status=BulkItem.Status.FAILED))
    recent = BulkRun.objects.filter(created_at__gte=now - BULK_RUNS_SHOWN_FOR).annotate(failures=failed)
    return _limited(recent.filter(failures__gt=0).order_by("pk"))


def accounts() -> list[CalendlyAccount]:
    """The Calendly accounts, without their secrets."""
    kept = CalendlyAccount.objects.defer("token_encrypted", "signing_keys_encrypted")
    return list(kept.order_by("pk")[:10])


def zones_in_use(own: ZoneInfo) -> list[str]:
    """Zones that staff may want: their own, the default, UTC, those of the hosts."""
    of_hosts = Host.objects.filter(active=True).exclude(time_zone="").values_list("time_zone", flat=True)
    names = [own.key, time_zones.default_name(), "UTC", *sorted(of_hosts.distinct().order_by()[:MAX_ROWS])]
    return list(dict.fromkeys(names))


def _week_before(at: datetime, zone: ZoneInfo) -> datetime:
    """The same wall-clock time seven days ago."""
    return (at.astimezone(zone) - WEEK).astimezone(UTC)


def _within(field: str, start: datetime, end: datetime) -> Q:
    return Q(**{f"{field}__gte": start, f"{field}__lt": end})


def _figure(rows: "QuerySet[M]", now: Q, then: Q) -> Figure:
    counted = rows.filter(now | then).aggregate(now=Count("pk", filter=now), then=Count("pk", filter=then))
    return Figure(counted["now"], counted["then"])


def _limited(rows: Iterable[Any], most: int = MAX_ROWS) -> LimitedRows:
    found = list(rows[: most + 1])  # type: ignore[index]
    return LimitedRows(found[:most], len(found) > most)
