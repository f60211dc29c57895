"""Rules for bounds and ranges: "after 17", "until Friday noon", "from Monday to Wednesday"."""

from .clock_rules import clock, duration, time, time_range, with_part
from .cursor import Cursor
from .day_rules import single_day
from .phrases import (
    Ahead,
    Bound,
    Clock,
    Date,
    Day,
    DayBound,
    DayRange,
    Item,
    NoParse,
    Part,
    Relative,
    Time,
    TimeBound,
    Tonight,
)
from .terms import Kind, Term

BOUNDS: dict[Kind, Bound] = {
    Kind.FROM: "from",
    Kind.AFTER: "after",
    Kind.BEFORE: "before",
    Kind.UNTIL: "until",
}
# "Not after five" is "until five".
OPPOSITE: dict[Kind, Kind] = {Kind.AFTER: Kind.UNTIL, Kind.BEFORE: Kind.FROM, Kind.UNTIL: Kind.FROM}


def between_rule(c: Cursor) -> Item | None:
    if not c.take(Kind.BETWEEN):
        return None
    start = c.at
    if c.take(Kind.NOW):
        c.take(Kind.AND)
        last = single_day(c)
        return DayBound("until", last) if last else None
    days = _days_between(c)
    if days is not None:
        return days
    c.at = start
    c.take(Kind.AT)
    first = clock(c, said_at=True, minutes=False)
    if not isinstance(first, Clock):
        return None
    return time_range(c, first, Kind.AND, Kind.TO)


def _days_between(c: Cursor) -> DayRange | None:
    """Two days, of which the first may lack its month: "între 3 și 5 martie"."""
    start = c.at
    first = single_day(c)
    if first is None:
        c.take(Kind.ON)
        number = c.take(Kind.NUMBER)
        if number is not None and 1 <= number.number <= 31:
            first = Date(number.number)
    if first is not None and c.take(Kind.AND, Kind.TO):
        last = single_day(c)
        if last is not None:
            return with_month_of(first, last)
    c.at = start
    return None


def with_month_of(first: Day, last: Day) -> DayRange:
    if isinstance(first, Date) and isinstance(last, Date) and not first.month:
        first = Date(first.day, last.month, last.year)
    return DayRange(first, last)


def first_bound_rule(c: Cursor) -> Item | None:
    """At the beginning of a segment "de" is a bound too: "de luni"."""
    return _from_or_of(c) if c.sees(Kind.DE) else bound_rule(c)


def bound_rule(c: Cursor) -> Item | None:
    """ "After 17", "until Friday noon", "from Monday to Wednesday"."""
    negated = c.take(Kind.NOT) is not None
    term = c.take(*(OPPOSITE if negated else BOUNDS))
    if term is None:
        return None
    kind = OPPOSITE[term.kind] if negated else term.kind
    start = c.at
    if c.sees(Kind.NOW) and kind is Kind.FROM:
        c.at += 1
        if c.take(Kind.UNTIL, Kind.TO) and (last := single_day(c)):
            return DayBound("until", last)
        return None
    found = _day_bound(c, BOUNDS[kind])
    if found is not None:
        return found
    c.at = start
    return _time_bound(c, term, BOUNDS[kind])


def _from_or_of(c: Cursor) -> Item | None:
    """ "De luni" is "from Monday" or "of Monday"."""
    c.take(Kind.DE)
    first = single_day(c)
    if first is None:
        return None
    start = c.at
    if c.take(Kind.UNTIL, Kind.TO, Kind.AT):
        last = single_day(c)
        if last is not None:
            return with_month_of(first, last)
        c.at = start
    if c.sees(Kind.IN, Kind.NUMBER, Kind.UNIT):
        c.at += 1
        length = duration(c)
        return Ahead(length, first) if length else None
    if c.take(Kind.ONWARDS):
        return DayBound("from", first)
    if c.sees(Kind.ON):
        raise NoParse  # "de joi pe vineri": a range, or a move?
    return c.choices.pick((first, DayBound("from", first)), "de")


def _day_bound(c: Cursor, bound: Bound) -> Item | None:
    start = c.at
    first = single_day(c)
    if first is None and bound == "from" and c.language == "en":
        number = c.take(Kind.NUMBER)
        last = day_after_sign(c)
        if number is not None and isinstance(last, Date) and 1 <= number.number <= 31:
            return with_month_of(Date(number.number), last)
        c.at = start
    if first is None:
        return None
    if isinstance(first, DayRange):
        return first if bound == "from" else None
    if bound == "from" and (last := day_after_sign(c)) is not None:
        return with_month_of(first, last)
    at_day = c.at
    if isinstance(first, Tonight):
        return DayBound(bound, first, Part("evening" if first.name != "night" else "night"))
    found = time(c)
    if isinstance(found, Clock):
        found = with_part(c, found)
    if isinstance(found, Clock | Part) and (bound in ("until", "before") or _is_moment(c, found)):
        return DayBound(bound, first, found)
    c.at = at_day
    return DayBound(bound, first)


def _is_moment(c: Cursor, found: Clock | Part) -> bool:
    """Whether "after Monday at ten" is one moment, and not every day at ten after Monday."""
    return isinstance(found, Part) or c.choices.pick((True, False), "moment")


def day_after_sign(c: Cursor) -> Day | None:
    start = c.at
    if c.take(Kind.UNTIL, Kind.TO, Kind.AT):
        last = single_day(c)
        if last is not None:
            return last
    c.at = start
    return None


def _time_bound(c: Cursor, term: Term, bound: Bound) -> Item | None:
    c.skip(Kind.AT, Kind.IN, Kind.ON, Kind.ANY)
    if c.sees(Kind.PART) or c.peek() == Term(Kind.NOON, name="ambiguous"):
        found = time(c)
        return _deadline(c, TimeBound(bound, found), found) if isinstance(found, Clock | Part) else None
    number = c.peek()
    first = clock(c, said_at=True)
    if not isinstance(first, Clock) or c.sees(Kind.UNIT):
        return None
    if _may_be_day_of_month(c, number) and c.choices.pick((True, False), "of month"):
        return DayBound(bound, Date(number.number))
    if bound == "from":
        # "De la 10 la 12": the second "la" joins.
        last = time_range(c, first, Kind.TO, Kind.UNTIL, Kind.AT)
        if last is not None:
            return last
        first = _with_own_part(c, first, bound)
        loose = term.name == "loose" and not c.sees(Kind.ONWARDS)
        ways: tuple[Time, ...] = (TimeBound(bound, first), first) if loose else (TimeBound(bound, first),)
        return c.choices.pick(ways, "from")
    first = _with_own_part(c, first, bound)
    return _deadline(c, TimeBound(bound, first), first)


def _may_be_day_of_month(c: Cursor, number: Term) -> bool:
    """Whether "after 10" may be a date, because a month was said before: "in December after 10"."""
    at = c.at - 1
    if number.kind is not Kind.NUMBER or c.peek(-1) is not number or not 1 <= number.number <= 31:
        return False
    before = [each for each in c.terms[:at] if each.kind not in (Kind.PAUSE, *BOUNDS)]
    if not before or c.terms[at - 1].kind is Kind.AT:
        return False
    return before[-1].kind is Kind.MONTH or Term(Kind.UNIT, name="month") in before[-2:]


def _with_own_part(c: Cursor, first: Clock, bound: Bound) -> Clock:
    """ "Until eight in the evening"; "after ten in the morning" may also mean that morning only."""
    start = c.at
    found = with_part(c, first)
    is_open = bound in ("from", "after") and found != first
    is_open = is_open and (found.sense == "am" or c.peek(-1).name == "afternoon")
    if is_open and c.choices.pick((False, True), "part only"):
        c.at = start
        return first
    return found


def _deadline(c: Cursor, found: TimeBound, at: Clock | Part) -> Item:
    """ "By three on Friday" is a deadline, or the time before three on that day."""
    start = c.at
    on_day = single_day(c) if found.bound in ("until", "before") and not c.sees(Kind.OF) else None
    if on_day is not None and c.choices.pick((True, False), "deadline"):
        return DayBound(found.bound, on_day, at)
    c.at = start
    if at == Part("end_of_day") and on_day is None and c.choices.pick((True, False), "deadline"):
        return DayBound(found.bound, Relative(0), at)
    return found
