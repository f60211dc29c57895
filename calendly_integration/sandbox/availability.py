"""Which starts an event type offers: working hours in the host's zone, buffers, seats, several hosts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .store import BusyTime, Event, EventType, Json, State

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_EVENT_LENGTH = timedelta(minutes=720 + 2 * 180)
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Busy:
    """Busy time of a host, without and with its buffers."""

    start: datetime
    end: datetime
    buffered_start: datetime
    buffered_end: datetime
    kind: str
    event_id: str | None = None


def working_spans(state: State, user_id: str, start: datetime, end: datetime) -> Iterator[Span]:
    """Working hours that touch [start, end), as UTC spans. The rules are in local time."""
    schedule = next(item for item in state.schedules.values() if item.user_id == user_id)
    zone = ZoneInfo(schedule.timezone)
    day = start.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date():
        for interval in _intervals(schedule.rules, day):
            begins, ends = _instant(day, interval["from"], zone), _instant(day, interval["to"], zone)
            if begins < end and ends > start:
                yield begins, ends
        day += timedelta(days=1)


def _intervals(rules: list[Json], day: date) -> list[Json]:
    for rule in rules:
        if rule["type"] == "date" and rule["date"] == day.isoformat():
            return list(rule["intervals"])
    for rule in rules:
        if rule["type"] == "wday" and rule["wday"] == WEEKDAYS[day.weekday()]:
            return list(rule["intervals"])
    return []


def _instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    hour, minute = (int(part) for part in clock.split(":"))
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    return datetime.combine(day, time(hour, minute), tzinfo=zone).astimezone(UTC)


def busy(state: State, user_id: str, start: datetime, end: datetime) -> list[Busy]:
    """Busy times of a host that touch [start, end) with their buffers, ascending."""
    found = [_busy_by_event(event) for event in _host_events(state, user_id, start, end)]
    found += [_busy_elsewhere(item) for item in state.busy_times if item.user_id == user_id]
    touching = [item for item in found if item.buffered_start < end and item.buffered_end > start]
    return sorted(touching, key=lambda item: (item.start, item.end))


def _host_events(state: State, user_id: str, start: datetime, end: datetime) -> Iterator[Event]:
    line = state.by_host.get(user_id, [])
    for _, key in line[
        bisect_left(line, (start - MAX_EVENT_LENGTH, "")) : bisect_right(line, (end + MAX_EVENT_LENGTH, ""))
    ]:
        if state.events[key].status == "active":
            yield state.events[key]


def _busy_by_event(event: Event) -> Busy:
    before, after = timedelta(minutes=event.before_buffer), timedelta(minutes=event.after_buffer)
    return Busy(event.start, event.end, event.start - before, event.end + after, "calendly", event.id)


def _busy_elsewhere(item: BusyTime) -> Busy:
    return Busy(item.start, item.end, item.start, item.end, item.kind)


class HostCalendar:
    """One host's busy times in a range, merged so that each lookup is two binary searches."""

    def __init__(self, state: State, user_id: str, start: datetime, end: datetime) -> None:
        items = busy(state, user_id, start - MAX_EVENT_LENGTH, end + MAX_EVENT_LENGTH)
        self.meetings = _merge([(item.start, item.end) for item in items])
        self.buffered = _merge([(item.buffered_start, item.buffered_end) for item in items])

    def free(self, event_type: EventType, start: datetime) -> bool:
        """Whether a meeting fits. Its buffers may overlap other buffers, but no meeting."""
        end = start + timedelta(minutes=event_type.duration)
        around = (
            start - timedelta(minutes=event_type.before_buffer),
            end + timedelta(minutes=event_type.after_buffer),
        )
        return not _overlaps(self.meetings, around) and not _overlaps(self.buffered, (start, end))


def _merge(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _overlaps(merged: list[Span], span: Span) -> bool:
    place = bisect_left(merged, (span[1],))
    return place > 0 and merged[place - 1][1] > span[0]


def earliest(event_type: EventType, now: datetime) -> datetime:
    """Starts before this are not offered."""
    return now + timedelta(minutes=event_type.minimum_notice)


def grid(
    state: State, event_type: EventType, host_id: str, start: datetime, end: datetime
) -> Iterator[datetime]:
    """Starts in [start, end) on the grid of one host's hours, whether or not they are taken."""
    step, length = timedelta(minutes=event_type.increment), timedelta(minutes=event_type.duration)
    for begins, ends in working_spans(state, host_id, start, end):
        moment = begins if start <= begins else begins + -((begins - start) // step) * step
        while moment + length <= ends and moment < end:
            if moment >= start:
                yield moment
            moment += step


def offers(state: State, event_type: EventType, start: datetime, now: datetime) -> list[str]:
    """The hosts whose hours and grid contain that start; empty if it is never offered."""
    if start <= now or start < earliest(event_type, now):
        return []
    tick = start + timedelta(microseconds=1)
    hosts = [host for host in event_type.host_ids if start in grid(state, event_type, host, start, tick)]
    return hosts if _has_enough_hosts(event_type, hosts) else []


def _has_enough_hosts(event_type: EventType, hosts: list[str]) -> bool:
    """Round robin needs one host, every other kind all of them."""
    if event_type.pooling_type == "round_robin":
        return bool(hosts)
    return len(hosts) == len(event_type.host_ids)


def free_hosts(state: State, event_type: EventType, start: datetime, hosts: list[str]) -> list[str]:
    """The hosts that are free for a new meeting; empty if they are too few for the pooling type."""
    end = start + timedelta(minutes=event_type.duration)
    free = [host for host in hosts if HostCalendar(state, host, start, end).free(event_type, start)]
    return free if _has_enough_hosts(event_type, free) else []


def starts(
    state: State, event_type: EventType, start: datetime, end: datetime, now: datetime
) -> list[tuple[datetime, int]]:
    """Free starts in [start, end) with their free seats, ascending."""
    first = max(start, earliest(event_type, now))
    on_grid: dict[datetime, list[str]] = {}
    for host in event_type.host_ids:
        for moment in grid(state, event_type, host, first, end):
            on_grid.setdefault(moment, []).append(host)
    calendars = {host: HostCalendar(state, host, first, end) for host in event_type.host_ids}
    found = []
    for moment in sorted(on_grid):
        seats = _seats(state, event_type, moment, on_grid[moment], calendars)
        if seats and moment > now:
            found.append((moment, seats))
    return found


def _seats(
    state: State,
    event_type: EventType,
    moment: datetime,
    hosts: list[str],
    calendars: dict[str, HostCalendar],
) -> int:
    if event_type.seats > 1 and (event := state.active_at(event_type.id, moment)) is not None:
        return max(0, event.seats - len(state.active_invitees(event)))
    free = [host for host in hosts if calendars[host].free(event_type, moment)]
    return event_type.seats if _has_enough_hosts(event_type, free) else 0
