"""Rules for days, weeks, months and dates."""

from typing import cast

from .clock_rules import duration
from .cursor import Cursor
from .phrases import (
    Ahead,
    Date,
    Day,
    DayRange,
    Duration,
    Impossible,
    Month,
    NoParse,
    NthWeekday,
    PortionName,
    Relative,
    Tonight,
    Week,
    Weekday,
    Weekend,
    WeekOf,
    Which,
    Workdays,
)
from .terms import Kind, Term

WEEKS: dict[str, int] = {"this": 0, "next": 1, "coming": 1, "last": -1}
SHORT_UNITS = ("minute", "hour")


def day(c: Cursor) -> Day | None:
    """A day or several; a range where a second day follows."""
    first = single_day(c)
    if first is None:
        return None
    start = c.at
    if c.take(Kind.TO, Kind.UNTIL):
        last = single_day(c)
        if last is not None:
            return DayRange(first, last)
        c.at = start
    return first


def single_day(c: Cursor) -> Day | None:
    """One day, week, weekend or month. A number alone is a day only after "on"."""
    start = c.at
    said_on = False
    if c.peek(1).kind in (Kind.PORTION, Kind.WEEKEND) or c.peek(2).kind is Kind.WEEKEND:
        c.take(Kind.AT)
    while term := c.take(Kind.ON, Kind.IN, Kind.OF, Kind.FOR, Kind.DE):
        in_romanian = term.kind is Kind.IN and c.language == "ro" and term.name != "ahead"
        said_on = said_on or term.kind is Kind.ON or in_romanian
    if c.peek().name == "ordinal" and c.peek(1).kind is Kind.WEEKDAY:
        found = _nth_weekday(c)
        if found is None:
            raise NoParse
        return found
    for rule in (_named, _span, _weekday, _portion, _numeric_date, _ahead_of_day):
        found = rule(c)
        if found is not None:
            return found
    found = _date(c, said_on=said_on)
    if found is None:
        c.at = start
    return found


def _nth_weekday(c: Cursor) -> Day | None:
    """ "The second Monday in December"."""
    number, weekday = c.peek().number, c.peek(1).number % 10
    c.at += 2
    month = single_day(c) if c.peek().kind in (Kind.IN, Kind.OF, Kind.DE, Kind.WHICH) else None
    if not isinstance(month, Month) or month.portion or number > 4:
        return None
    return NthWeekday(number, weekday, month)


def _named(c: Cursor) -> Day | None:
    if c.sees(Kind.ANY, Kind.WORKDAYS):
        c.at += 1
    term = c.take(Kind.RELATIVE_DAY, Kind.TONIGHT, Kind.WEEK_AFTER_NEXT, Kind.WORKDAYS)
    if term is None:
        return None
    if term.kind is Kind.TONIGHT:
        return Tonight(term.name)
    if term.kind is Kind.WEEK_AFTER_NEXT:
        return Week(2)
    if term.kind is Kind.WORKDAYS:
        return Workdays()
    return _a_week_later(c, Relative(term.number))


def _a_week_later(c: Cursor, base: Day) -> Day:
    """ "Monday week", "tomorrow week"."""
    if c.language == "en" and c.peek() == Term(Kind.UNIT, name="week"):
        c.at += 1
        return Ahead(Duration(1, "week"), base)
    return base


def _span(c: Cursor) -> Day | None:
    """ "Next week", "săptămâna viitoare", "this month", "weekend", "this afternoon"'s day."""
    start = c.at
    c.skip(Kind.ANY)
    before = c.take(Kind.WHICH)
    unit = c.take(Kind.UNIT, Kind.WEEKEND)
    if unit is not None:
        after = c.take(Kind.WHICH) if before is None else None
        which = (before or after or Term(Kind.WHICH)).name
        if which == "last" and c.peek().kind in (Kind.OF, Kind.IN, Kind.DE):
            raise NoParse  # "the last week of December"
        if unit.kind is Kind.WEEKEND:
            return Weekend(
                cast(Which, "each" if unit.name == "each" or (start + 1 < c.at and not which) else which)
            )
        if unit.name == "week" and which:
            return Week(WEEKS[which])
        if unit.name == "month" and which:
            return Month(offset=WEEKS[which])
        if unit.name == "week" and c.take(Kind.OF, Kind.DE):
            found = single_day(c)
            if isinstance(found, Date):
                return WeekOf(found)
    c.at = start
    if c.peek() == Term(Kind.WHICH, name="this") and Kind.PART in (c.peek(1).kind, c.peek(-1).kind):
        c.at += 1
        return Relative(0)  # "this morning", "după-amiaza asta"
    return None


def _weekday(c: Cursor) -> Day | None:
    start = c.at
    every = c.take(Kind.ANY) is not None
    before = c.take(Kind.WHICH)
    weekday = c.take(Kind.WEEKDAY)
    if weekday is None:
        c.at = start
        return None
    after = c.take(Kind.WHICH) if before is None and not c.sees(Kind.WHICH, Kind.UNIT) else None
    which = (before or after or Term(Kind.WHICH)).name
    number = weekday.number
    if number >= 10:
        number -= 10
        if not which and (c.language == "en" or every or c.choices.pick((False, True), "habit")):
            which = "each"
    if every and not which:
        which = "each"
    found = Weekday(number, cast(Which, which))
    return _a_week_later(c, found) if not which else found


def _portion(c: Cursor) -> Day | None:
    """ "End of the week", "la începutul lunii martie", "early next week", "mid March"."""
    start = c.at
    portion = c.take(Kind.PORTION)
    if portion is None:
        return None
    c.skip(Kind.OF, Kind.DE, Kind.IN)
    name = cast(PortionName, portion.name)
    found = _span(c)
    if isinstance(found, Week):
        return Week(found.offset, name)
    if isinstance(found, Month):
        return Month(found.number, found.offset, found.year, name)
    if c.peek() == Term(Kind.UNIT, name="week"):
        c.at += 1
        return Week(0, name)
    if c.peek() == Term(Kind.UNIT, name="month"):
        c.at += 1
        c.skip(Kind.OF, Kind.DE)
    month = c.take(Kind.MONTH)
    if month is not None and not c.sees(Kind.NUMBER):
        return Month(month.number, 0, _year(c), name)
    if month is None and c.peek(-1) == Term(Kind.UNIT, name="month"):
        return Month(portion=name)
    c.at = start
    return None


def _numeric_date(c: Cursor) -> Day | None:
    """3.03, 3/3, 3.03.2027, 2026-12-03."""
    term = c.peek()
    if term.kind is not Kind.NUMBERS or term.name == ":":
        return None
    numbers = term.numbers
    if len(numbers) == 3 and numbers[0] > 99:
        c.at += 1
        return _real_date(numbers[2], numbers[1], numbers[0])
    year = 0
    if len(numbers) == 3:
        year = numbers[2] if numbers[2] > 99 else 2000 + numbers[2]
    first, second = numbers[0], numbers[1]
    could_be_clock = term.name == "." and len(numbers) == 2 and term.padded and first <= 24 and second <= 59
    said_day = c.peek(-1).kind is Kind.ON
    if could_be_clock and not said_day:
        if second > 12 or first == 0 or second == 0:
            return None
        if second % 5 == 0 and c.choices.pick(("date", "clock"), "dotted") == "clock":
            return None
    c.at += 1
    day_first = True if term.name == "." else c.day_first
    orders = []
    if day_first is not True and first <= 12 and second <= 31:
        orders.append((second, first))
    if day_first is not False and second <= 12 and first <= 31:
        orders.insert(0, (first, second))
    if not orders and second <= 31 and first <= 12:
        orders.append((second, first))
    if not orders and first <= 31 and second <= 12:
        orders.append((first, second))
    if not orders:
        raise Impossible
    if len(set(orders)) == 1:
        orders = orders[:1]
    on_day, month = c.choices.pick(orders, "order")
    return _real_date(on_day, month, year)


def _real_date(on_day: int, month: int, year: int) -> Date:
    if not (1 <= month <= 12 and 1 <= on_day <= 31):
        raise Impossible
    return Date(on_day, month, year)


def _ahead_of_day(c: Cursor) -> Day | None:
    """ "A week from Monday", "two days after Friday", "in two weeks", "a week tomorrow"."""
    start = c.at
    length = duration(c)
    if length is None or length.unit in SHORT_UNITS:
        c.at = start
        return None
    direction = c.take(Kind.FROM, Kind.AFTER, Kind.BEFORE, Kind.DE, Kind.ON)
    if direction is None and (
        c.language != "en" or (not c.sees(Kind.RELATIVE_DAY) and not c.sees(Kind.WEEKDAY))
    ):
        c.at = start
        return None
    base = single_day(c)
    if base is None or isinstance(base, Week | Weekend | Month | Workdays | DayRange):
        c.at = start
        return None
    return Ahead(length, base, backwards=direction is not None and direction.kind is Kind.BEFORE)


def _date(c: Cursor, *, said_on: bool) -> Day | None:
    """ "3 martie", "March 3rd", "the 3rd", "March"."""
    start = c.at
    month = c.take(Kind.MONTH)
    if month is not None:
        number = c.peek()
        if number.kind is Kind.NUMBER and 1 <= number.number <= 31 and c.peek(1).kind is not Kind.MERIDIEM:
            c.at += 1
            return _range_in_month(c, number.number, month.number) or _with_year(
                c, number.number, month.number
            )
        return Month(month.number, 0, _year(c))
    c.skip(Kind.ANY)
    number = c.peek()
    if number.kind is not Kind.NUMBER or not 1 <= number.number <= 31:
        if number.kind is Kind.NUMBER and number.name != "ordinal" and c.peek(1).kind is Kind.MONTH:
            raise Impossible
        c.at = start
        return None
    c.at += 1
    last = _second_day(c)
    of = c.take(Kind.OF, Kind.DE)
    month = c.take(Kind.MONTH)
    if month is not None:
        if last:
            return DayRange(Date(number.number, month.number), _with_year(c, last, month.number))
        return _with_year(c, number.number, month.number)
    if of is not None and of.name != "month":
        c.at -= 1
    if c.sees(Kind.WORKDAYS):
        c.at = start
        return None
    is_day = (
        number.name == "ordinal" or said_on or (of is not None and c.sees(of.kind, Kind.WHICH, Kind.UNIT))
    )
    if is_day and not last:
        return Date(number.number)
    c.at = start
    return None


def _second_day(c: Cursor) -> int:
    """The last day of "3 to 5 March", 0 without one."""
    if c.peek().kind not in (Kind.TO, Kind.UNTIL):
        return 0
    ahead = 2 if c.peek(1).kind is Kind.ON else 1
    number = c.peek(ahead)
    month_at = ahead + (2 if c.peek(ahead + 1).kind in (Kind.OF, Kind.DE) else 1)
    if number.kind is Kind.NUMBER and 1 <= number.number <= 31 and c.peek(month_at).kind is Kind.MONTH:
        c.at += ahead + 1
        return number.number
    return 0


def _range_in_month(c: Cursor, first: int, month: int) -> Day | None:
    """ "March 3 to 5"."""
    if c.peek().kind is not Kind.TO or c.peek(1).kind is not Kind.NUMBER:
        return None
    number = c.peek(1)
    if c.peek(2).kind in (Kind.MONTH, Kind.MERIDIEM, Kind.PART) or not first < number.number <= 31:
        return None
    c.at += 2
    return DayRange(Date(first, month), _with_year(c, number.number, month))


def _with_year(c: Cursor, on_day: int, month: int) -> Date:
    return _real_date(on_day, month, _year(c))


def _year(c: Cursor) -> int:
    """A year that follows, maybe after a comma; 0 without one."""
    start = c.at
    c.skip(Kind.PAUSE, Kind.DE, Kind.OF)
    number = c.peek()
    if number.kind is Kind.NUMBER and number.name == "digits" and 1900 <= number.number <= 2199:
        c.at += 1
        return number.number
    c.at = start
    return 0
