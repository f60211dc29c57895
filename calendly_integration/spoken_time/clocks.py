"""Wall clocks and instants: times that the clocks skip, and times that come twice."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) in the reader's zone. `exact`: `start` itself was named."""

    start: datetime
    end: datetime
    exact: bool = False


def wall(day: date, minutes: int) -> datetime:
    """The naive time so many minutes after midnight; 1440 is the next midnight."""
    return datetime.combine(day, time()) + timedelta(minutes=minutes)


def instants(naive: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which the clocks show this time: none, one or two."""
    both = [naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    found = [each for each in both if _round_trip(each) == naive]
    return found if len(found) == 2 and found[0].utcoffset() != found[1].utcoffset() else found[:1]


def _round_trip(local: datetime) -> datetime:
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None)


def after_gap(naive: datetime, zone: ZoneInfo) -> datetime:
    """The first time that exists after one that the clocks skip."""
    early = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0).astimezone(zone)


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
    return Span(start, end) if start.astimezone(UTC) < end.astimezone(UTC) else None


def later(instant: datetime, minutes: int) -> datetime:
    """So many minutes of elapsed time later, in the same zone."""
    return (instant.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(instant.tzinfo)


def clip(each: Span, start: datetime, end: datetime | None = None) -> Span | None:
    """What of a span lies in [start, end); an exact one is kept whole or not at all."""
    if each.exact:
        is_within = each.start.astimezone(UTC) >= start.astimezone(UTC) and (
            end is None or each.start.astimezone(UTC) < end.astimezone(UTC)
        )
        return each if is_within else None
    first = max(each.start, start, key=lambda instant: instant.astimezone(UTC))
    last = each.end if end is None else min(each.end, end, key=lambda instant: instant.astimezone(UTC))
    return Span(first, last) if first.astimezone(UTC) < last.astimezone(UTC) else None


def subtract(spans: list[Span], excluded: list[Span]) -> list[Span]:
    """The spans less what is excluded."""
    for hole in excluded:
        left: list[Span] = []
        for each in spans:
            if each.exact:
                if not hole.start.astimezone(UTC) <= each.start.astimezone(UTC) < hole.end.astimezone(UTC):
                    left.append(each)
                continue
            before = clip(each, each.start, hole.start)
            after = clip(each, hole.end)
            left.extend(part for part in (before, after) if part is not None)
        spans = left
    return spans


def merge(spans: list[Span], *, touching: bool = True) -> list[Span]:
    """In order, without doubles; spans that overlap or touch are one, exact ones stay apart.

    Without `touching`, days that were named one by one stay apart.
    """
    ordered = sorted(set(spans), key=lambda each: (each.start.astimezone(UTC), each.end.astimezone(UTC)))
    merged: list[Span] = []
    for each in ordered:
        last = merged[-1] if merged else None
        if (
            last is not None
            and not each.exact
            and not last.exact
            and (
                each.start.astimezone(UTC) < last.end.astimezone(UTC)
                or (touching and each.start.astimezone(UTC) == last.end.astimezone(UTC))
            )
        ):
            if each.end.astimezone(UTC) > last.end.astimezone(UTC):
                merged[-1] = Span(last.start, each.end)
        else:
            merged.append(each)
    return merged
