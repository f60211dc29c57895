"""The meetings of some days as a calendar draws them: on the wall clock of a zone. From our own tables."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet

from ...models import Booking, EventType, Host
from ..bookings.time_zones import start_of_day

MOST_DAYS, MOST = 45, 2000
# A meeting that began so long before the first day may still be going on in it.
LONGEST = timedelta(days=1)
YEARS = range(2000, 2101)
# What a calendar does not show of a meeting, nor asks before it offers an act.
UNDRAWN = (
    "search_key",
    "email_key",
    "phone",
    "time_zone",
    "locale",
    "location",
    "meeting_url",
    "cancel_url",
    "reschedule_url",
    "cancel_reason",
    "canceled_by",
    "failure",
)
# Which statuses stand behind a word of the filter; the first is what a calendar shows unasked.
STATUSES: dict[str, tuple[str, ...]] = {
    "": (Booking.Status.CONFIRMED, Booking.Status.PENDING),
    **{status: (status,) for status in Booking.Status.values},
    "all": tuple(Booking.Status.values),
}


class BadDays(ValueError):
    """No days, too many of them, or in the wrong order."""


@dataclass(frozen=True, slots=True)
class Days:
    """The days from `first` to the one before `after`, as the clocks of the zone count them."""

    first: date
    after: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """When the first day begins."""
        return start_of_day(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """When the last day ends."""
        return start_of_day(self.after, self.zone)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which meetings: of one host, of one event type, of a status (a word of STATUSES), of a source."""

    host: uuid.UUID | None = None
    event_type: uuid.UUID | None = None
    status: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The meetings, the earliest first. `cut`: there are more than a calendar can hold."""

    rows: list[Booking]
    cut: bool


@dataclass(frozen=True, slots=True)
class ClockChange:
    """An instant at which the clocks of a zone are put forward or back."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def back(self) -> bool:
        """Whether an hour comes twice; else one is skipped."""
        return self.after < self.before

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The wall-clock times, without zone, that come twice or never: [start, end)."""
        bare = self.at.astimezone(UTC).replace(tzinfo=None)
        low, high = sorted((self.before, self.after))
        return bare + low, bare + high


def days(first: str, after: str, zone: ZoneInfo) -> Days:
    """The days that were asked for, as `2026-11-23` and the day after the last one. Raises BadDays."""
    try:
        found = Days(date.fromisoformat(first), date.fromisoformat(after), zone)
    except ValueError:
        raise BadDays(first) from None
    if found.first.year not in YEARS or not 0 < (found.after - found.first).days <= MOST_DAYS:
        raise BadDays(first)
    return found


def week(on: str, *, zone: ZoneInfo, now: datetime) -> Days:
    """The week, from Monday, of the day that was asked for; the present one where the text is no day."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        day = now.astimezone(zone).date()
    if day.year not in YEARS:
        day = now.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    return Days(monday, monday + timedelta(days=7), zone)


def meetings(*, on: Days, wanted: Wanted) -> Found:
    """What takes place, wholly or in part, in those days. Read by an index."""
    start, end = on.start, on.end
    rows = Booking.objects.filter(start_at__gte=start - LONGEST, start_at__lt=end)
    rows = rows.filter(Q(start_at__gte=start) | Q(end_at__gt=start))
    found = list(_those(rows, wanted).order_by("start_at", "id")[: MOST + 1])
    return Found(found[:MOST], len(found) > MOST)


def _those(rows: QuerySet[Booking], wanted: Wanted) -> QuerySet[Booking]:
    rows = rows.filter(status__in=STATUSES.get(wanted.status, STATUSES[""]))
    if wanted.host:
        rows = rows.filter(host=wanted.host)
    if wanted.event_type:
        rows = rows.filter(event_type=wanted.event_type)
    if wanted.source:
        rows = rows.filter(source=wanted.source)
    # A host or an event type that many meetings share is read once.
    hosts = Prefetch("host", Host.objects.defer("raw"))
    kinds = Prefetch("event_type", EventType.objects.defer("raw", "questions", "locations"))
    return rows.prefetch_related(hosts, kinds).defer(*UNDRAWN)


def wall(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of the zone show at that instant, without the zone."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def drawn(start: datetime, end: datetime | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From where to where a meeting is drawn on the wall clock. Where the clocks go back meanwhile its end may
    read earlier than its start: then it is drawn as long as it lasts."""
    stop = end or start + timedelta(minutes=15)
    return wall(start, zone), max(wall(stop, zone), wall(start, zone) + (stop - start))


def twice(at: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks show this time twice that night."""
    shown = wall(at, zone).replace(tzinfo=zone)
    return shown.replace(fold=0).utcoffset() > shown.replace(fold=1).utcoffset()  # type: ignore[operator]


def clock_changes(on: Days) -> list[ClockChange]:
    """When the clocks change in those days."""
    found = []
    at, end = on.start, on.end
    while at < end:
        after = min(at + timedelta(hours=12), end)
        if _offset(at, on.zone) != _offset(after, on.zone):
            moment = _moment(at, after, on.zone)
            found.append(ClockChange(moment, _offset(at, on.zone), _offset(after, on.zone)))
        at = after
    return found


def offsets(on: Days) -> list[tuple[datetime, timedelta]]:
    """From when on which offset holds: the first from the beginning of the days."""
    return [
        (on.start, _offset(on.start, on.zone)),
        *((change.at, change.after) for change in clock_changes(on)),
    ]


def _moment(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first minute with the later offset."""
    while after - before > timedelta(minutes=1):
        half = before + timedelta(minutes=(after - before) // timedelta(minutes=2))
        if _offset(half, zone) == _offset(after, zone):
            after = half
        else:
            before = half
    return after


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
