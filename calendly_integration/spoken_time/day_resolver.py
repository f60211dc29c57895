"""From the days of a segment to dates."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .clocks import DAY_MINUTES, instants, wall
from .phrases import (
    Ahead,
    Date,
    Day,
    DayBound,
    DayRange,
    Duration,
    Month,
    NthWeekday,
    Relative,
    Tonight,
    Week,
    Weekday,
    Weekend,
    WeekOf,
    Workdays,
)
from .setting import Over, Setting, Unsure
from .span_resolver import (
    SATURDAY,
    SUNDAY,
    days_from,
    days_of_month,
    days_of_week,
    days_of_weekend,
    horizon,
    months_later,
)
from .time_resolver import Interval, bound_minutes

SMALL_HOURS = 4


@dataclass(slots=True)
class Dates:
    """`dates` in order, None for every day; nothing before `lower` or from `upper` on (naive wall clock)."""

    dates: list[date] | None = None
    lower: datetime | None = None
    upper: datetime | None = None


def resolve_days(days: list[Day], at: Interval | None, setting: Setting) -> Dates:
    """The dates that all the words agree on. Raises Unsure where they contradict each other."""
    bounds = [each for each in days if isinstance(each, DayBound)]
    weekdays = [each for each in days if isinstance(each, Weekday)]
    others: list[Day] = [each for each in days if not isinstance(each, DayBound | Weekday)]
    found = Dates()
    if others:
        found.dates = _agreed(others, at, setting)
    if weekdays:
        found.dates = _with_weekday(weekdays[0], others, found.dates, at, setting)
    if _is_habit(days):
        found.upper = setting.open_end
    for each in bounds:
        _apply_bound(
            each, found, setting, next((day for day in others if isinstance(day, Week | Month)), None)
        )
    return found


def _is_habit(days: list[Day]) -> bool:
    """Whether the words mean such days in general, so that the open window bounds them."""
    return all(
        isinstance(each, Workdays) or (isinstance(each, Weekday | Weekend) and each.which == "each")
        for each in days
    ) and bool(days)


def _agreed(days: list[Day], at: Interval | None, setting: Setting) -> list[date]:
    if len(days) == 2:
        days = _joined(days)
    scope = next((each for each in days if isinstance(each, Month | Week)), None)
    sets = [_dates_of(each, at, setting, scope if each is not scope else None) for each in days]
    common = [each for each in sets[0] if all(each in other for other in sets[1:])]
    if not common:
        raise Unsure("dates", [each[0] for each in sets if len(each) == 1])
    return common


def _joined(days: list[Day]) -> list[Day]:
    """ "Mâine peste o săptămână": a week from tomorrow."""
    ahead = next((each for each in days if isinstance(each, Ahead) and each.base is None), None)
    base = next((each for each in days if isinstance(each, Relative)), None)
    if ahead is not None and base is not None:
        return [Ahead(ahead.duration, base)]
    return days


def _dates_of(each: Day, at: Interval | None, setting: Setting, scope: Day | None = None) -> list[date]:
    today = setting.today
    if isinstance(each, Relative):
        return [today + timedelta(days=_relative(each.days, setting))]
    if isinstance(each, Tonight):
        return [today]
    if isinstance(each, Date):
        return [_date(each, at, setting, scope)]
    if isinstance(each, Ahead):
        return [_ahead(each, at, setting)]
    if isinstance(each, Week):
        return days_of_week(each, setting)
    if isinstance(each, WeekOf):
        inside = _date(each.date, None, setting, None)
        return days_from(inside - timedelta(days=inside.weekday()), 7)
    if isinstance(each, Month):
        return days_of_month(each, setting)
    if isinstance(each, Weekend):
        return days_of_weekend(each, setting, scope)
    if isinstance(each, Workdays):
        ends = horizon(setting) if scope is None else _dates_of(scope, at, setting)
        return [day for day in ends if day.weekday() < SATURDAY]
    if isinstance(each, DayRange):
        return _range(each, at, setting, scope)
    if isinstance(each, NthWeekday):
        matching = [day for day in days_of_month(each.month, setting) if day.weekday() == each.day]
        return matching[each.number - 1 : each.number]
    if isinstance(each, Weekday):
        return _weekday(each, at, setting)
    raise Unsure("contradiction")


def _relative(days: int, setting: Setting) -> int:
    """After midnight "tomorrow" may be the day that has begun."""
    if days and setting.now.hour < SMALL_HOURS:
        return days - setting.choices.pick((0, 1), "small hours")
    return days


# --- weekdays ---


def is_to_come(day: date, at: Interval | None, setting: Setting) -> bool:
    """Whether anything of that time of the day is still to come."""
    if at is None:
        return day >= setting.today
    now = setting.now.replace(tzinfo=None)
    if not at.exact:
        return wall(day, at.last) > now
    found = instants(wall(day, at.first), setting.zone)
    return any(each >= setting.instant for each in found) if found else wall(day, at.first) > now


def _weekday(each: Weekday, at: Interval | None, setting: Setting) -> list[date]:
    today, days = setting.today, (each.day - setting.today.weekday()) % 7
    in_this_week = setting.monday + timedelta(days=each.day)
    if each.which == "last":
        raise Over
    if each.which == "each":
        return [day for day in horizon(setting) if day.weekday() == each.day]
    if each.which == "next":
        if in_this_week > today:
            return [setting.choices.pick((in_this_week + timedelta(days=7), in_this_week), "next")]
        return [in_this_week + timedelta(days=7)]
    if each.which == "coming":
        return [today + timedelta(days=days or 7)]
    if each.which == "this":
        return [_this_weekday(each, in_this_week, at, setting)]
    if days:
        return [today + timedelta(days=days)]
    return [today + timedelta(days=_today_or_next(at, setting))]


def _today_or_next(at: Interval | None, setting: Setting) -> int:
    """Today's own weekday: in 7 days, or with an hour that is still to come also today."""
    if at is None or not is_to_come(setting.today, at, setting):
        return 7
    return setting.choices.pick((7, 0), "today")


def _this_weekday(each: Weekday, in_this_week: date, at: Interval | None, setting: Setting) -> date:
    today = setting.today
    if in_this_week == today:
        return today + timedelta(days=setting.choices.pick((0, 7), "today"))
    if today.weekday() == SUNDAY:
        return in_this_week + timedelta(days=7)
    if in_this_week < today:
        raise Unsure("over", [in_this_week + timedelta(days=7)])
    return in_this_week


def _with_weekday(
    each: Weekday, others: list[Day], dates: list[date] | None, at: Interval | None, setting: Setting
) -> list[date]:
    """The weekday within what else was said, or that it agrees with it."""
    if dates is None:
        return _weekday(each, at, setting)
    ahead = next((other for other in others if isinstance(other, Ahead) and other.base is None), None)
    if ahead is not None and ahead.duration.unit in ("week", "month"):
        return [_weekday_ahead(each, ahead, setting)]
    matching = [day for day in dates if day.weekday() == each.day]
    if not matching:
        candidates = [dates[0]] if len(dates) == 1 else []
        near = min(candidates, default=setting.today)
        gap = (each.day - near.weekday()) % 7
        around = [near + timedelta(days=gap), near + timedelta(days=gap - 7)]
        closest = min(around, key=lambda day: abs((day - near).days))
        raise Unsure("weekday", [*candidates, closest if closest > setting.today else around[0]])
    return matching


def _weekday_ahead(each: Weekday, ahead: Ahead, setting: Setting) -> date:
    """ "Thursday in two weeks": of that week, or two weeks after the next Thursday."""
    if ahead.duration.unit == "month":
        raise Unsure("contradiction")
    weeks = timedelta(weeks=ahead.duration.number)
    in_week = setting.monday + weeks + timedelta(days=each.day)
    from_next = setting.today + timedelta(days=(each.day - setting.today.weekday()) % 7 or 7) + weeks
    options = (from_next, in_week) if from_next != in_week else (in_week,)
    return setting.choices.pick(options, "weeks ahead")


# --- dates ---


def _date(each: Date, at: Interval | None, setting: Setting, scope: Day | None) -> date:
    today = setting.today
    if not each.month:
        return _day_of_month(each.day, at, setting, scope)
    if each.day > calendar.monthrange(2000, each.month)[1]:
        raise Unsure("no such date", _around(each, today))
    if each.year:
        if each.day > calendar.monthrange(each.year, each.month)[1]:
            raise Unsure("no such date", _around(each, today))
        found = date(each.year, each.month, each.day)
        if found < today:
            raise Over
        return found
    year = today.year + ((each.month, each.day) < (today.month, today.day))
    if each.day > calendar.monthrange(year, each.month)[1]:
        raise Unsure("no such date", _around(each, today))
    return date(year, each.month, each.day)


def _around(each: Date, today: date) -> list[date]:
    """The days before and after one that does not exist."""
    year = each.year or today.year
    for candidate in (year, year + 1):
        last = date(candidate, each.month, calendar.monthrange(candidate, each.month)[1])
        if last >= today:
            return [last, last + timedelta(days=1)]
    return []


def _day_of_month(day: int, at: Interval | None, setting: Setting, scope: Day | None) -> date:
    today = setting.today
    if isinstance(scope, Month):
        first = days_of_month(Month(scope.number, scope.offset, scope.year), setting)[0].replace(day=1)
        if day > calendar.monthrange(first.year, first.month)[1]:
            raise Unsure("no such date", _around(Date(day, first.month, first.year), today))
        return first.replace(day=day)
    coming = []
    for months in range(4):
        first = months_later(today.replace(day=1), months)
        if day <= calendar.monthrange(first.year, first.month)[1] and first.replace(day=day) >= today:
            coming.append(first.replace(day=day))
    if coming[0] == today:
        if not is_to_come(today, at, setting):
            return coming[1]
        return setting.choices.pick((coming[0], coming[1]), "day of month")
    return coming[0]


def _ahead(each: Ahead, at: Interval | None, setting: Setting) -> date:
    base = setting.today
    if each.base is not None:
        base = _base(each.base, at, setting)
    return _shifted(base, each.duration, -1 if each.backwards else 1)


def _base(base: Day, at: Interval | None, setting: Setting) -> date:
    """On a Monday, "a week from Monday" counts from today or from the next Monday."""
    if isinstance(base, Weekday) and not base.which and base.day == setting.today.weekday():
        return setting.today + timedelta(days=setting.choices.pick((0, 7), "base"))
    [found] = _dates_of(base, at, setting)[:1]
    return found


def _shifted(base: date, duration: Duration, sign: int) -> date:
    if duration.number > 400:
        raise Unsure("too far")
    if duration.unit == "month":
        return months_later(base, sign * duration.number)
    return base + timedelta(days=sign * duration.number * (7 if duration.unit == "week" else 1))


# --- ranges and bounds ---


def _range(each: DayRange, at: Interval | None, setting: Setting, scope: Day | None) -> list[date]:
    """All days from the first to the last; a last weekday is the first one after the beginning."""
    first = _edge(each.first, at, setting, scope)[0]
    if isinstance(each.last, Weekday) and not each.last.which:
        last = first + timedelta(days=(each.last.day - first.weekday()) % 7)
    elif isinstance(each.last, Date) and not each.last.month and not isinstance(scope, Month):
        last = first
        while last.day != each.last.day and (last - first).days < 62:
            last += timedelta(days=1)
    else:
        last = _edge(each.last, at, setting, scope)[-1]
        if last < first and isinstance(each.last, Date) and not each.last.year:
            last = months_later(last, 12)
    if last < first or (last - first).days > 366:
        raise Unsure("contradiction", [first, last])
    return days_from(first, (last - first).days + 1)


def _edge(each: Day, at: Interval | None, setting: Setting, scope: Day | None) -> list[date]:
    if isinstance(each, Weekday) and not each.which:
        if isinstance(scope, Week):
            return [day for day in days_of_week(Week(scope.offset), setting) if day.weekday() == each.day]
        if each.day == setting.today.weekday():
            return [setting.today + timedelta(days=setting.choices.pick((7, 0), "today"))]
    return _dates_of(each, at, setting, scope)


def _apply_bound(each: DayBound, found: Dates, setting: Setting, scope: Day | None) -> None:
    """Sets the lower or upper limit of "after Tuesday", "by Friday noon"."""
    days = _edge(each.day, None, setting, scope)
    if each.bound == "until" and isinstance(each.day, Week | Month) and not each.day.portion:
        # "By January" may mean before it begins.
        days = setting.choices.pick((days, [days[0] - timedelta(days=1)]), "until span")
    upper = each.bound in ("until", "before")
    includes = each.bound in ("until", "after")
    if each.time is None:
        minutes = DAY_MINUTES if includes else 0
    else:
        minutes = bound_minutes(each.time, each.bound, setting)
    limit = wall(days[-1] if includes else days[0], minutes)
    if upper:
        found.upper = limit
    else:
        found.lower = limit
