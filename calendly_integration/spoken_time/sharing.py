"""What one alternative says for its neighbours: "luni sau marți dimineața" is the morning of both."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from .choices import Choices
from .phrases import Clock, Date, Day, Month, Part, Segment, Week, Weekday

SCOPES = (Week, Month)


def share(segments: list[Segment], choices: Choices) -> list[Segment]:
    """The segments with the days and times that they share. Exclusions share among themselves."""
    for negative in (False, True):
        chain = [each for each in segments if each.negative is negative and not each.moments]
        _share_months(chain)
        _share_scopes(chain, choices)
        _share_next(chain, choices)
        _share_parts(chain)
        segments += _for_every_day(chain)
        _share_days(chain)
        _share_times(chain)
    _share_with_wanted(segments)
    return segments


def _share_with_wanted(segments: list[Segment]) -> None:
    """ "Not tomorrow at ten but at eleven": the day stays."""
    if any(each.days for each in segments if not each.negative):
        return
    days = next((each.days for each in segments if each.negative and each.days and each.times), None)
    for each in segments:
        if days and not each.negative and each.times:
            each.days = list(days)


def _share_months(chain: list[Segment]) -> None:
    """ "3 sau 4 martie": the month of the later date."""
    for at in range(len(chain) - 2, -1, -1):
        later = [each for each in chain[at + 1].days if isinstance(each, Date) and each.month]
        if later:
            chain[at].days = [_in_month(each, later[0]) for each in chain[at].days]
    for at in range(1, len(chain)):
        earlier = [each for each in chain[at - 1].days if isinstance(each, Date) and each.month]
        if earlier:
            chain[at].days = [_in_month(each, earlier[0]) for each in chain[at].days]


def _in_month(each: Day, other: Date) -> Day:
    if isinstance(each, Date) and not each.month:
        return replace(each, month=other.month, year=other.year)
    return each


def _share_scopes(chain: list[Segment], choices: Choices) -> None:
    """ "Luni sau marți săptămâna viitoare", "next week Monday or Tuesday": both in that week."""
    for at, segment in enumerate(chain):
        scopes = [each for each in segment.days if isinstance(each, SCOPES)]
        if not scopes or len(segment.days) == 1:
            continue
        first = isinstance(segment.days[0], SCOPES)
        step = 1 if first else -1
        other = at + step
        while 0 <= other < len(chain) and _is_plain_day(chain[other]):
            chain[other].days.append(scopes[0])
            other += step
        # "Wednesday next week or Thursday": that Thursday, or the next one.
        following = chain[at + 1] if not first and at + 1 < len(chain) else None
        if following is not None and _is_plain_day(following) and choices.pick((True, False), "scope"):
            following.days.append(scopes[0])


def _share_next(chain: list[Segment], choices: Choices) -> None:
    """ "Next Thursday or Friday": the Friday after it, or the next to come."""
    for earlier, this in pairwise(chain):
        which = [each.which for each in earlier.days if isinstance(each, Weekday)]
        if which == ["next"] and _is_plain_day(this) and choices.pick((True, False), "scope"):
            this.days = [replace(each, which="next") for each in this.days if isinstance(each, Weekday)]


def _is_plain_day(segment: Segment) -> bool:
    return len(segment.days) == 1 and isinstance(segment.days[0], Weekday) and not segment.days[0].which


def _share_parts(chain: list[Segment]) -> None:
    """ "7 sau 8 seara": the part of the day, or am and pm, holds for the hours before it."""
    for at in range(len(chain) - 2, -1, -1):
        this, later = chain[at], chain[at + 1]
        if (this.days and later.days) or len(this.times) != 1 or not later.times:
            continue
        own, other = this.times[0], _qualified_clock(later)
        if not isinstance(own, Clock) or other is None or own.sense or own.hour % 12 >= other.hour % 12:
            continue
        parts = [each for each in later.times if isinstance(each, Part)]
        if parts:
            this.times.append(parts[0])
        else:
            this.times = [replace(own, sense=other.sense)]


def _qualified_clock(segment: Segment) -> Clock | None:
    """The hour of a segment that says which half or part of the day it is in."""
    clocks = [each for each in segment.times if isinstance(each, Clock)]
    if clocks and (len(segment.times) > 1 or clocks[0].sense in ("am", "pm")):
        return clocks[0]
    return None


def _for_every_day(chain: list[Segment]) -> list[Segment]:
    """ "Joi sau vineri, la 10 sau 11": the later hours for the earlier days."""
    added = []
    for at, segment in enumerate(chain):
        if not segment.days or not segment.times or segment.time_first:
            continue
        hours = list(_run(chain[at + 1 :], with_days=False))
        for day in _run(reversed(chain[:at]), with_days=True):
            added += [Segment(segment.negative, list(day.days), list(hour.times)) for hour in hours]
    return added


def _run(chain: Iterable[Segment], *, with_days: bool) -> Iterator[Segment]:
    """The first segments that have only days, or only times."""
    for each in chain:
        if bool(each.days) is not with_days or bool(each.times) is with_days or each.is_open:
            return
        yield each


def _share_days(chain: list[Segment]) -> None:
    """A time without a day takes the day before it; the first ones take the day after them."""
    if not any(each.days for each in chain):
        return
    for at in range(1, len(chain)):
        if not chain[at].days and not chain[at].is_open:
            chain[at].days = list(chain[at - 1].days)
    for at in range(len(chain) - 2, -1, -1):
        if not chain[at].days and not chain[at].is_open:
            chain[at].days = list(chain[at + 1].days)


def _share_times(chain: list[Segment]) -> None:
    """A day without a time takes the time said after a later day, or before an earlier one."""
    for at in range(len(chain) - 2, -1, -1):
        this, later = chain[at], chain[at + 1]
        if this.days and not this.times and later.times and not later.time_first:
            this.times = list(later.times)
    for at in range(1, len(chain)):
        this, earlier = chain[at], chain[at - 1]
        if this.days and not this.times and earlier.times and earlier.time_first:
            this.times = list(earlier.times)
            this.time_first = True
