"""Wall clocks and instants: times that the clocks skip, and times that come twice."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end), both in UTC. `exact`: `start` itself was named."""

    start: datetime
    end: datetime
    exact: bool = False


def hour_from(start: datetime) -> Span:
    """The span of an exact start."""
    return Span(start, later(start, 60), exact=True)


def wall(day: date, minutes: int) -> datetime:
    """The naive time so many minutes after midnight; 1440 is the next midnight."""
    return datetime.combine(day, time()) + timedelta(minutes=minutes)


def instants(naive: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the clocks show this time: none, one or two."""
    first = naive.replace(tzinfo=zone, fold=0)
    second = naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return [first.astimezone(UTC)]
    both = [first.astimezone(UTC), second.astimezone(UTC)]
    return [each for each in both if each.astimezone(zone).replace(tzinfo=None, fold=0) == naive]


def after_gap(naive: datetime, zone: ZoneInfo) -> datetime:
    """The first instant that exists after a time that the clocks skip."""
    early = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def start_of(naive: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which a span that begins at this time begins."""
    found = instants(naive, zone)
    return found[0] if found else after_gap(naive, zone)


def end_of(naive: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which a span ends: a day at its first midnight, others at the later of two."""
    found = instants(naive, zone)
    if not found:
        return after_gap(naive, zone)
    return found[0] if naive.time() == time() else found[-1]


def span(day: date, first: int, last: int, zone: ZoneInfo) -> Span | None:
    """The span between two minutes of a day, None where the clocks leave nothing of it."""
    start, end = start_of(wall(day, first), zone), end_of(wall(day, last), zone)
    return Span(start, end) if start < end else None


def later(instant: datetime, minutes: int) -> datetime:
    """So many minutes of elapsed time after an instant in UTC."""
    return instant + timedelta(minutes=minutes)


def clip(each: Span, start: datetime, end: datetime | None = None) -> Span | None:
    """What of a span lies in [start, end); an exact one is kept whole or not at all."""
    if each.exact:
        return each if each.start >= start and (end is None or each.start < end) else None
    first = max(each.start, start)
    last = each.end if end is None else min(each.end, end)
    return Span(first, last) if first < last else None


def subtract(spans: list[Span], excluded: list[Span]) -> list[Span]:
    """The spans less what is excluded."""
    for hole in excluded:
        left: list[Span] = []
        for each in spans:
            if each.end <= hole.start or hole.end <= each.start:
                left.append(each)
            elif each.exact:
                if not hole.start <= each.start < hole.end:
                    left.append(each)
            else:
                parts = (clip(each, each.start, hole.start), clip(each, hole.end))
                left.extend(part for part in parts if part is not None)
        spans = left
    return spans


def merge(spans: list[Span], *, touching: bool = True) -> list[Span]:
    """In order, without doubles; spans that overlap or touch are one, exact ones stay apart.

    Without `touching`, days that were named one by one stay apart.
    """
    merged: list[Span] = []
    for each in sorted(set(spans), key=lambda each: (each.start, each.end)):
        last = merged[-1] if merged else None
        joins = last is not None and not each.exact and not last.exact
        if last is not None and joins and (each.start < last.end or (touching and each.start == last.end)):
            merged[-1] = Span(last.start, max(last.end, each.end))
        else:
            merged.append(each)
    return merged
