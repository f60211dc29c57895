"""The whole phrase: segments joined by "or", "and", "but", "not", and corrections."""

from .conflicts import conflicts
from .cursor import Cursor
from .item_rules import item
from .phrases import (
    Ahead,
    Clock,
    Date,
    Day,
    Elapsed,
    Item,
    Month,
    NoParse,
    Past,
    Relative,
    Segment,
    Shift,
    Time,
    TimeBound,
    TimeRange,
    Week,
    Weekday,
    Within,
    Workdays,
)
from .terms import Kind, Term

SINGLE_DAYS = (Weekday, Relative, Date)
STARTS_OF_TIMES = (
    Kind.AT,
    Kind.NUMBER,
    Kind.NUMBERS,
    Kind.PART,
    Kind.AFTER,
    Kind.BEFORE,
    Kind.BETWEEN,
    Kind.FROM,
    Kind.UNTIL,
    Kind.HALF,
    Kind.QUARTER,
)
BOUND_KINDS = (Kind.AFTER, Kind.BEFORE, Kind.UNTIL)


class Grammar:
    """Reads the terms of a cursor into segments, or raises NoParse."""

    def __init__(self, cursor: Cursor) -> None:
        self.c = cursor
        self.segments = [Segment()]
        self._corrected_at: list[int] = []
        self._clause_begins = 0
        self._clause_marks = (0, 0)
        self._paused = False
        self._joined = False

    @property
    def current(self) -> Segment:
        return self.segments[-1]

    def phrase(self) -> list[Segment]:
        while not self.c.is_done:
            self._next()
        if self._joined:
            raise NoParse
        segments = [each for each in self._with_corrections() if not each.is_empty]
        if not segments:
            raise NoParse
        return segments

    def _next(self) -> None:
        c = self.c
        if c.take(Kind.PAUSE):
            self._pause()
        elif joint := c.take(Kind.OR, Kind.AND):
            self._join(is_and=joint.kind is Kind.AND)
        elif c.take(Kind.BUT):
            self._but()
        elif c.take(Kind.UNAVAILABLE):
            self._unavailable()
        elif c.take(Kind.THAT_IS):
            self._paused = False
        elif c.take(Kind.AVAILABLE):
            self._available()
        elif c.sees(Kind.NOT) and c.peek(1).kind not in BOUND_KINDS:
            self._not()
        elif c.take(Kind.CORRECTION):
            self._correction()
        elif c.take(Kind.OPEN) or (c.sees(Kind.ANY, Kind.UNIT) and self._take_any_unit()):
            self._begin_if_negative()
            self.current.is_open = True
            self._joined = False
        else:
            self._item()

    def _take_any_unit(self) -> bool:
        is_time = self.c.peek(1).name in ("day", "hour")
        self.c.at += 2
        if not is_time:
            raise NoParse
        return True

    # --- joints ---

    def _pause(self) -> None:
        self._paused = True
        self._clause_begins = len(self.segments) - 1
        self._clause_marks = (len(self.current.days), len(self.current.times))

    def _join(self, *, is_and: bool) -> None:
        if self.current.is_empty:
            if self.current.negative:
                raise NoParse
            return  # a leading "or", "and"
        if is_and and not self.current.negative and self._continues_with_bound():
            return
        if is_and and self.c.peek().kind in (Kind.NOT, Kind.UNAVAILABLE, Kind.BUT):
            return
        if not is_and and self.c.sees(Kind.NOT):
            raise NoParse
        counted = self.current.moments or any(isinstance(each, Ahead) for each in self.current.days)
        if counted and self.c.sees(Kind.NUMBER):
            raise NoParse  # "in an hour or two"
        self.segments.append(Segment(negative=self.current.negative))
        self._joined = True
        self._paused = False

    def _continues_with_bound(self) -> bool:
        """Whether "and" narrows the segment: "Monday and after three"."""
        kind = self.c.peek().kind
        following = self.c.peek(1).kind if kind is Kind.NOT else kind
        if following not in (*BOUND_KINDS, Kind.BETWEEN, Kind.FROM):
            return False
        lower = [each for each in self.current.times if isinstance(each, TimeBound)]
        return not [each for each in self.current.times if isinstance(each, Clock | TimeRange)] and not (
            lower and lower[-1].bound in ("before", "until")
        )

    def _but(self) -> None:
        if self.current.is_empty:
            return
        if self.c.sees(Kind.NOT) or self.c.sees(Kind.UNAVAILABLE):
            return
        if self.current.negative:
            self._begin(negative=False)
        elif self._excludes_by_but():
            self._begin(negative=True)
            self._joined = True
        self._pause()

    def _excludes_by_but(self) -> bool:
        """ "Any time but Friday", "mornings but Thursday"; "next week but Wednesday" is read both ways."""
        if self.c.language != "en":
            return False
        kind = self.c.peek().kind
        is_day = kind in (Kind.WEEKDAY, Kind.RELATIVE_DAY, Kind.WEEKEND)
        if any(isinstance(each, Week | Month | Workdays) for each in self.current.days):
            return is_day and self.c.choices.pick((True, False), "but")
        bounds = (*BOUND_KINDS, Kind.FROM, Kind.BETWEEN)
        return not self.current.days and (is_day or (self.current.is_open and kind not in bounds))

    def _begin(self, *, negative: bool) -> None:
        if not self.current.is_empty:
            self.segments.append(Segment())
        self.current.negative = negative

    def _begin_if_negative(self) -> None:
        if self.current.negative:
            if self.current.is_empty:
                raise NoParse
            self._begin(negative=False)

    # --- negations ---

    def _not(self) -> None:
        c = self.c
        after_pause = self._paused and not self.current.is_empty
        word = c.peek()
        c.at += 1
        following = c.peek().kind
        if c.is_done or following in (Kind.PAUSE, Kind.BUT):
            if self.current.is_empty and not c.is_done:
                return  # "No, Friday": an answer
            if not after_pause and not self.current.is_empty:
                self._unavailable()  # "Friday not"
                return
            if after_pause and following is Kind.PAUSE:
                c.take(Kind.PAUSE)
                if c.choices.pick((True, False), "no"):
                    self._correction()
                else:
                    self._begin(negative=True)
                return
            raise NoParse
        if self.current.is_empty and self.current.negative:
            if word.name == "neither":
                return
            raise NoParse
        if not after_pause and self._might_correct(word) and c.choices.pick((False, True), "not"):
            self._correction()
            return
        self._begin(negative=True)
        self._joined = True

    def _might_correct(self, word: Term) -> bool:
        """Whether "Thursday not Friday" may be "Thursday, no, Friday"."""
        single = [each for each in self.current.days if isinstance(each, SINGLE_DAYS)]
        follows = self.c.peek(1 if self.c.peek().kind is Kind.ON else 0).kind
        return (
            bool(single)
            and not self.current.negative
            and word.name == "plain"
            and not self._after_but()
            and follows in (Kind.WEEKDAY, Kind.RELATIVE_DAY)
        )

    def _after_but(self) -> bool:
        return self.c.peek(-2).kind in (Kind.BUT, Kind.AND)

    def _unavailable(self) -> None:
        """ "Can't do Friday" and "Friday doesn't work"."""
        if self.current.is_empty and self.current.negative:
            raise NoParse  # "not busy"
        if self.current.is_empty or self._is_clause_empty():
            self._begin(negative=True)
            self._joined = True
            return
        if self.current.negative:
            raise NoParse
        if self.current.is_open and self.current.is_bare:
            raise NoParse  # "any time not"
        if self.current.is_open:  # "any time, only not Monday"
            self.current.is_open = False
            self.segments.insert(0, Segment(is_open=True))
            self._clause_begins += 1
        begins = self._clause_begins
        if begins == len(self.segments) - 1 and self._paused_within():
            days, times = self._clause_marks
            late = Segment(True, self.current.days[days:], self.current.times[times:])
            del self.current.days[days:], self.current.times[times:]
            self.segments.append(late)
        else:
            own = self.segments[begins + 1 :] if self._paused_within() else self.segments[begins:]
            for each in own:
                each.negative = True
        if self.c.peek().kind not in (Kind.PAUSE, Kind.BUT, Kind.AND) and not self.c.is_done:
            raise NoParse
        self._joined = False
        if self.c.sees(Kind.AND):
            self.c.take(Kind.AND)
            self._begin(negative=False)
        elif self.c.sees(Kind.PAUSE):
            self.c.take(Kind.PAUSE)
            self._begin(negative=False)
            self._pause()

    def _available(self) -> None:
        """ "Friday doesn't work, Thursday does": what is around the word is wanted."""
        if self.current.negative:
            if not self._paused or self.current.is_empty:
                raise NoParse
            self._begin(negative=False)

    def _paused_within(self) -> bool:
        return self._clause_marks != (0, 0)

    def _is_clause_empty(self) -> bool:
        """Whether nothing was said since the last pause."""
        return (
            self._paused_within()
            and self._clause_begins == len(self.segments) - 1
            and self._clause_marks == (len(self.current.days), len(self.current.times))
        )

    # --- corrections ---

    def _correction(self) -> None:
        self.c.skip(Kind.PAUSE)
        if self.c.is_done or all(each.is_empty for each in self.segments):
            return
        if self._joined:
            raise NoParse
        if self.current.negative:
            self._begin(negative=False)  # "Friday is no good, rather Monday"
            return
        self.segments.append(Segment())
        self._corrected_at.append(len(self.segments) - 1)
        self._clause_begins, self._clause_marks = len(self.segments) - 1, (0, 0)

    def _with_corrections(self) -> list[Segment]:
        """A correction replaces the days or the times that were said before."""
        if not self._corrected_at:
            return self.segments
        at = self._corrected_at[-1]
        before, after = self.segments[:at], self.segments[at:]
        if len(after) > 1 or len(before) > 2 or any(each.negative for each in self.segments):
            raise NoParse
        [new] = after
        if new.is_empty:
            return before
        if len(before) == 2:
            self._corrected_at = [at - 1]
            self.segments = [*before]
            [old] = self._with_corrections()
        else:
            [old] = before
        if new.moments or new.is_open or old.moments or old.is_open:
            return [new]
        if any(isinstance(each, Week) for each in old.days) and new.days:
            raise NoParse
        return [Segment(False, new.days or old.days, new.times or old.times, time_first=new.time_first)]

    # --- items ---

    def _item(self) -> None:
        is_first = self.current.is_empty
        in_span = isinstance(self.current.days[-1], Week | Month) if self.current.days else False
        found = item(self.c, is_first=is_first or in_span)
        if found is None:
            return
        if conflicts(self.current, found) or self._begins_next(found):
            self._separate(found)
        elif self.current.negative and not is_first and not self._joined:
            self._after_exclusion(found)
        self._add(found)
        if isinstance(found, Clock | TimeRange):
            self.c.hour_said = True
        self.c.date_said = isinstance(found, Date)
        self._joined = False
        self._paused = False

    def _add(self, found: Item) -> None:
        if isinstance(found, Elapsed | Within | Shift | Past):
            self.current.moments.append(found)
        elif isinstance(found, Day):
            self.current.days.append(found)
        elif isinstance(found, Time):
            if not self.current.days and not self.current.times:
                self.current.time_first = True
            self.current.times.append(found)

    def _begins_next(self, found: Item) -> bool:
        """Whether a day after a pause begins another alternative: "tomorrow at ten, Thursday at eleven"."""
        return (
            self._paused
            and isinstance(found, Day)
            and bool(self.current.days and self.current.times)
            and self.c.peek().kind in STARTS_OF_TIMES
        )

    def _separate(self, found: Item) -> None:
        """A second day or time needs a pause before it: "luni, marți"."""
        segment = self.current
        moments = isinstance(found, Elapsed | Within | Shift | Past)
        if segment.is_empty and moments:
            return
        if moments or segment.moments or not self._paused:
            raise NoParse
        if segment.negative:
            self._begin(negative=self.c.choices.pick((False, True), "list"))
        else:
            self.segments.append(Segment())
        self._clause_begins, self._clause_marks = len(self.segments) - 1, (0, 0)

    def _after_exclusion(self, found: Item) -> None:
        """What follows an excluded day narrows the exclusion, or is what is wanted."""
        if not self._paused and not isinstance(found, TimeBound | TimeRange):
            return
        is_wanted = self._paused and isinstance(found, TimeBound | TimeRange | Clock)
        if is_wanted or self.c.choices.pick((True, False), "wanted"):
            self._begin_wanted()

    def _begin_wanted(self) -> None:
        """Goes back to the only segment that was wanted, or begins one."""
        wanted = [each for each in self.segments if not each.negative]
        if len(wanted) > 1:
            raise NoParse
        if wanted:
            self.segments.remove(wanted[0])
            self.segments.append(wanted[0])
        else:
            self._begin(negative=False)
