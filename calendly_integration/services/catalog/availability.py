"""Free times. They always come from Calendly."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from ... import clients
from ...calendly import payloads
from ...calendly.errors import CalendlyError
from ...models import EventType, Host
from .. import errors, texts, time_zones

# Calendly accepts only starts that are in the future when the request arrives.
MIN_LEAD_TIME = timedelta(minutes=1)
MAX_SPAN = timedelta(days=31)
MAX_HOST_SPAN = timedelta(days=7)
# After the wanted day. The last day is included until its end.
SUGGESTED_DAYS = timedelta(days=14)
SUGGESTED_SPAN = SUGGESTED_DAYS + timedelta(days=1)
MAX_SUGGESTIONS_PER_DAY = 3


class Slot(NamedTuple):
    """A free start, the end of a meeting that starts then, and the start as Calendly writes it."""

    start: datetime
    end: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Day:
    """Starts to suggest on one day of the invitee."""

    on: date
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a host's time."""

    start: datetime
    end: datetime
    status: Literal["busy", "available"]


def free(event_type: EventType, *, start: datetime, end: datetime, now: datetime) -> list[Slot]:
    """The free starts in [start, end), in order. One call to Calendly for each 31 days, and none for the past.

    Raises CalendlyError, NoToken.
    """
    begin = max(start, now + MIN_LEAD_TIME)
    if begin >= end:
        return []
    lasts = timedelta(minutes=event_type.duration)
    client = clients.calendly(event_type.account)
    found = {
        slot.start_time: Slot(slot.start_time, slot.start_time + lasts, slot.start_text)
        for first, last in _parts(begin, end, MAX_SPAN)
        for slot in client.available_times(event_type.uri, first, last)
        if slot.status == "available" and slot.invitees_remaining > 0 and begin <= slot.start_time < end
    }
    return [found[start] for start in sorted(found)]


def _parts(begin: datetime, end: datetime, longest: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Split the span into parts that Calendly accepts. Where the clocks are set back, 31 days or a week are an hour
    longer than that."""
    while begin < end:
        yield begin, min(end, begin + longest)
        begin += longest


def offered(event_type: EventType, *, start: datetime, end: datetime, now: datetime) -> list[Slot]:
    """As `free`, with the errors of our use cases: CalendlyRefused, CalendlyUnavailable."""
    try:
        return free(event_type, start=start, end=end, now=now)
    except (CalendlyError, clients.NoToken) as error:
        raise errors.from_calendly(error, event_type.account, now=now) from error


def suggest(slots: Iterable[Slot], *, around: datetime, zone: ZoneInfo) -> list[Day]:
    """Days with free starts: at most fourteen, up to the fourteenth day after `around`, each with at most three
    starts, those nearest to the wanted time of day."""
    wanted = around.astimezone(zone)
    last, minute = wanted.date() + SUGGESTED_DAYS, _minutes(wanted)
    days: dict[date, list[tuple[int, Slot]]] = {}
    for slot in slots:
        local = slot.start.astimezone(zone)
        if around <= slot.start and local.date() <= last:
            days.setdefault(local.date(), []).append((abs(_minutes(local) - minute), slot))
    return [
        Day(on, tuple(sorted(slot for _off, slot in sorted(starts)[:MAX_SUGGESTIONS_PER_DAY])))
        for on, starts in sorted(days.items())[: SUGGESTED_DAYS.days]
    ]


def _minutes(clock: datetime) -> int:
    return clock.hour * 60 + clock.minute


def of_host(host: Host, *, start: datetime, end: datetime, now: datetime) -> list[Span]:
    """The busy spans of a host, and the available spans within the working hours, in order.

    Two calls to Calendly, and one more for each further seven days. Raises CalendlyRefused, CalendlyUnavailable.
    """
    begin = max(start, now + MIN_LEAD_TIME)
    if begin >= end:
        return []
    try:
        client = clients.calendly(host.account)
        obligations = [
            busy
            for first, last in _parts(begin, end, MAX_HOST_SPAN)
            for busy in client.busy_times(host.uri, first, last)
        ]
        schedules = client.availability_schedules(host.uri)
    except (CalendlyError, clients.NoToken) as error:
        raise errors.from_calendly(error, host.account, now=now) from error
    taken = _union(
        (
            max(busy.buffered_start_time or busy.start_time, begin),
            min(busy.buffered_end_time or busy.end_time, end),
        )
        for busy in obligations
    )
    hours = _working_hours(schedules, begin, end)
    spans = [Span(first, last, "busy") for first, last in taken]
    spans += [Span(first, last, "available") for first, last in _without(hours, taken)]
    return sorted(spans, key=lambda span: span.start)


def _working_hours(
    schedules: Sequence[payloads.AvailabilitySchedule], begin: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """The hours of the default schedule as instants, by the rules of its zone. A rule for a date precedes the rule
    for its weekday."""
    schedule = next((each for each in schedules if each.default), next(iter(schedules), None))
    if schedule is None:
        return []
    zone = _zone(schedule.timezone)
    dates = {rule.date: rule.intervals for rule in schedule.rules if rule.date}
    weekdays = {rule.wday: rule.intervals for rule in schedule.rules if rule.wday}
    hours, day = [], begin.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        for each in dates.get(day, weekdays.get(_weekday(day), ())):
            opens, closes = _instant(day, each.opens, zone), _instant(day, each.closes, zone)
            hours.append((max(opens, begin), min(closes, end)))
        day += timedelta(days=1)
    return _union(hours)


def _zone(name: str) -> ZoneInfo:
    try:
        return time_zones.named(name)
    except time_zones.UnknownZone:
        return ZoneInfo(time_zones.default_name())


def _weekday(day: date) -> str:
    """The weekday in the spelling of Calendly. `%A` would depend on the language of the process."""
    return texts.WEEKDAYS["en"][day.weekday()].lower()


def _instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    hour, minute = (int(part) for part in clock.split(":")[:2])
    midnight = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24, minute))
    return midnight.replace(tzinfo=zone).astimezone(UTC)


def _union(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for first, last in sorted(span for span in spans if span[0] < span[1]):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def _without(
    hours: list[tuple[datetime, datetime]], taken: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """The hours without the taken spans."""
    cuts = sorted({edge for span in (*hours, *taken) for edge in span})
    return _union(
        (first, last)
        for first, last in pairwise(cuts)
        if any(a <= first and last <= b for a, b in hours)
        and not any(a <= first and last <= b for a, b in taken)
    )
