"""From weeks, months and weekends to dates."""

import calendar
from datetime import date, timedelta

from .phrases import Day, Month, Week, Weekend
from .setting import OPEN_DAYS, Over, Setting

SATURDAY, SUNDAY = 5, 6


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=day) for day in range(count)]


def horizon(setting: Setting) -> list[date]:
    return days_from(setting.today, OPEN_DAYS + 1)


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def days_of_week(each: Week, setting: Setting) -> list[date]:
    offset = each.offset
    if offset < 0:
        raise Over
    if offset == 0 and setting.today.weekday() == SUNDAY:
        offset = 1
    first = setting.monday + timedelta(weeks=offset)
    pick = setting.choices.pick
    if each.portion == "start":
        return days_from(first, pick((2, 3), "week start"))
    if each.portion == "middle":
        return pick((days_from(first + timedelta(days=1), 3), [first + timedelta(days=2)]), "week middle")
    if each.portion == "end":
        ends = [days_from(first + timedelta(days=3), 2), days_from(first + timedelta(days=SATURDAY), 2)]
        if each.offset == 0 and setting.today.weekday() == SATURDAY:
            ends = [ends[1], *([[day + timedelta(days=7) for day in end] for end in ends])]
        return pick(ends, "week end")
    return days_from(first, 7)


def days_of_month(each: Month, setting: Setting) -> list[date]:
    today = setting.today
    if each.offset < 0:
        raise Over
    if each.number:
        year = each.year or today.year + (each.number < today.month)
        first = date(year, each.number, 1)
    else:
        first = months_later(today.replace(day=1), each.offset)
    length = calendar.monthrange(first.year, first.month)[1]
    pick = setting.choices.pick
    if each.portion == "start":
        return days_from(first, pick((7, 10), "month start"))
    if each.portion == "middle":
        return pick(
            (days_from(first.replace(day=11), 10), days_from(first.replace(day=13), 5)), "month middle"
        )
    if each.portion == "end":
        return days_from(first, length)[-pick((7, length - 20), "month end") :]
    return days_from(first, length)


def days_of_weekend(each: Weekend, setting: Setting, scope: Day | None) -> list[date]:
    pick, weekday = setting.choices.pick, setting.today.weekday()
    if isinstance(scope, Week | Month):
        inside = days_of_week(scope, setting) if isinstance(scope, Week) else days_of_month(scope, setting)
        return [day for day in inside if day.weekday() >= SATURDAY]
    this = days_from(setting.monday + timedelta(days=SATURDAY), 2)
    following = [day + timedelta(days=7) for day in this]
    if each.which == "each":
        return [day for day in horizon(setting) if day.weekday() >= SATURDAY]
    if each.which == "last":
        raise Over
    if each.which == "next":
        return following if weekday >= SATURDAY else pick((following, this), "next")
    if each.which == "coming" and weekday >= SATURDAY:
        return following
    if weekday == SUNDAY:
        return pick((this, following), "weekend")
    return this
