"""The meetings of a range of days for the calendar, on the wall clock of a zone. All from our own tables."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Prefetch, Q, QuerySet

from ...models import Booking, EventType, Host
from .. import errors
from ..catalog import availability
from ..time_zones import start_of_day

T = TypeVar("T")

MAX_DAYS, MAX_MEETINGS = 45, 2000
# A meeting that began up to this long before the first day may still be running in it.
MAX_MEETING_LENGTH = timedelta(days=1)
YEARS = range(2000, 2101)
# The list of the week does not show these columns.
UNUSED_COLUMNS = ("search_key", "location", "meeting_url", "cancel_url", "reschedule_url", "failure")
HOURS_KEPT, FAILURE_KEPT = timedelta(minutes=5), timedelta(minutes=1)
# The statuses for each value of the filter. The first is the default.
STATUSES: dict[str, tuple[str, ...]] = {
    "": (Booking.Status.CONFIRMED, Booking.Status.PENDING),
    **{status: (status,) for status in Booking.Status.values},
    "all": tuple(Booking.Status.values),
}


class InvalidDays(ValueError):
    """No valid days, too many of them, or in the wrong order."""


@dataclass(frozen=True, slots=True)
class DayRange:
    """The days from `first` to the one before `after`, in the zone."""

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
class MeetingFilter:
    """Filters: a host, an event type, a status (a key of STATUSES), a source."""

    host: uuid.UUID | None = None
    event_type: uuid.UUID | None = None
    status: str = ""
    source: str = ""


class DrawnMeeting(NamedTuple):
    """What the calendar draws of a meeting. A model instance of each would take most of the time."""

    id: uuid.UUID
    start_at: datetime
    end_at: datetime | None
    status: str
    invitee_name: str
    invitee_email: str
    event_name: str
    event_type_id: uuid.UUID | None
    host_id: uuid.UUID | None
    no_show_at: datetime | None
    current_calendly_booking__replaces_id: uuid.UUID | None
    current_calendly_booking__old_invitee: str | None

    @property
    def moved(self) -> bool:
        """Whether it was moved here from another start."""
        return bool(self.current_calendly_booking__replaces_id or self.current_calendly_booking__old_invitee)


@dataclass(frozen=True, slots=True)
class MeetingList(Generic[T]):
    """The meetings by start. `cut`: there are more than a calendar can show."""

    rows: list[T]
    cut: bool


class HostHours(NamedTuple):
    """A part of a host's time in which nobody can book: `busy`, or `closed` outside the working hours."""

    start: datetime
    end: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class ClockChange:
    """An instant at which the clocks of a zone go forward or back."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def back(self) -> bool:
        """Whether an hour occurs twice; otherwise one is skipped."""
        return self.after < self.before

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The wall-clock times, without zone, that occur twice or never: [start, end)."""
        bare = self.at.astimezone(UTC).replace(tzinfo=None)
        low, high = sorted((self.before, self.after))
        return bare + low, bare + high


def days(first: str, after: str, zone: ZoneInfo) -> DayRange:
    """The requested days: `2026-11-23` and the day after the last one. Raises InvalidDays."""
    try:
        found = DayRange(date.fromisoformat(first), date.fromisoformat(after), zone)
    except ValueError:
        raise InvalidDays(first) from None
    if found.first.year not in YEARS or not 0 < (found.after - found.first).days <= MAX_DAYS:
        raise InvalidDays(first)
    return found


def week(on: str, *, zone: ZoneInfo, now: datetime) -> DayRange:
    """The week, from Monday, of the requested day; the present week if the text is not a day."""
    try:
        day = date.fromisoformat(on)
    except ValueError:
        day = now.astimezone(zone).date()
    if day.year not in YEARS:
        day = now.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    return DayRange(monday, monday + timedelta(days=7), zone)


def month(on: date, zone: ZoneInfo) -> DayRange:
    """The whole weeks in which the days of that month are."""
    first = on.replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return DayRange(
        first - timedelta(days=first.weekday()), after + timedelta(days=-after.weekday() % 7), zone
    )


def meetings(*, on: DayRange, meeting_filter: MeetingFilter) -> MeetingList[Booking]:
    """The meetings that take place, wholly or in part, in those days. Read by an index."""
    # A host or an event type that many meetings share is read once.
    hosts = Prefetch("host", Host.objects.defer("raw"))
    kinds = Prefetch("event_type", EventType.objects.defer("raw", "questions", "locations"))
    rows = _rows(on, meeting_filter).prefetch_related(hosts, kinds).defer(*UNUSED_COLUMNS)
    return _cut(list(rows[: MAX_MEETINGS + 1]))


def drawn_meetings(*, on: DayRange, meeting_filter: MeetingFilter) -> MeetingList[DrawnMeeting]:
    """The same meetings, with what the calendar draws."""
    rows = _rows(on, meeting_filter).values_list(*DrawnMeeting._fields)
    return _cut([DrawnMeeting(*row) for row in rows[: MAX_MEETINGS + 1]])


def is_weekend_free(*, on: DayRange, meeting_filter: MeetingFilter) -> bool:
    """Whether no meeting is on the Saturday and the Sunday of that week."""
    weekend = DayRange(on.first + timedelta(days=5), on.after, on.zone)
    return not _rows(weekend, meeting_filter).exists()


def _rows(on: DayRange, meeting_filter: MeetingFilter) -> QuerySet[Booking]:
    start, end = on.start, on.end
    rows = Booking.objects.filter(start_at__gte=start - MAX_MEETING_LENGTH, start_at__lt=end)
    rows = rows.filter(Q(start_at__gte=start) | Q(end_at__gt=start))
    rows = rows.filter(status__in=STATUSES.get(meeting_filter.status, STATUSES[""]))
    if meeting_filter.host:
        rows = rows.filter(host=meeting_filter.host)
    if meeting_filter.event_type:
        rows = rows.filter(event_type=meeting_filter.event_type)
    if meeting_filter.source:
        rows = rows.filter(source=meeting_filter.source)
    return rows.order_by("start_at", "id")


def _cut(rows: list[T]) -> MeetingList[T]:
    return MeetingList(rows[:MAX_MEETINGS], len(rows) > MAX_MEETINGS)


def host_hours(host: Host, *, on: DayRange, now: datetime) -> list[HostHours]:
    """When a host cannot be booked in those days, from now on. Calendly is asked at most every five minutes;
    nothing while it does not answer."""
    key = f"calendly:host-hours:{host.pk}:{on.first}:{on.after}:{on.zone.key}"
    found: list[HostHours] | None = cache.get(key)
    if found is not None:
        return found
    kept = HOURS_KEPT
    try:
        spans = availability.of_host(host, start=on.start, end=on.end, now=now)
    except (errors.CalendlyRefused, errors.CalendlyUnavailable):
        spans, kept = [], FAILURE_KEPT
    found = _unavailable(spans, max(on.start, now), on.end)
    cache.set(key, found, kept.total_seconds())
    return found


def _unavailable(spans: list[availability.Span], begin: datetime, end: datetime) -> list[HostHours]:
    """The busy spans, and as closed all that is in no span. Nothing if there are no spans: then the working
    hours are unknown."""
    found = [HostHours(span.start, span.end, "busy") for span in spans if span.status == "busy"]
    at = begin
    for span in spans:
        if span.start > at:
            found.append(HostHours(at, span.start, "closed"))
        at = max(at, span.end)
    if spans and at < end:
        found.append(HostHours(at, end, "closed"))
    return found


def wall_clock(at: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of the zone show at that instant, without the zone."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def drawn_span(start: datetime, end: datetime | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Where a meeting is drawn on the wall clock. If the clocks go back during it, its end may read earlier
    than its start: then it is drawn with its real length."""
    stop = end or start + timedelta(minutes=15)
    return wall_clock(start, zone), max(wall_clock(stop, zone), wall_clock(start, zone) + (stop - start))


def is_ambiguous(at: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks show this time twice."""
    shown = wall_clock(at, zone).replace(tzinfo=zone)
    return shown.replace(fold=0).utcoffset() > shown.replace(fold=1).utcoffset()  # type: ignore[operator]


def clock_changes(on: DayRange) -> list[ClockChange]:
    """The clock changes in those days."""
    found = []
    at, end = on.start, on.end
    while at < end:
        after = min(at + timedelta(hours=12), end)
        if _offset(at, on.zone) != _offset(after, on.zone):
            moment = _first_minute_after(at, after, on.zone)
            found.append(ClockChange(moment, _offset(at, on.zone), _offset(after, on.zone)))
        at = after
    return found


def _first_minute_after(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
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
