"""From segments to spans of time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from .clocks import (
    DAY_MINUTES,
    Span,
    after_gap,
    clip,
    hour_from,
    instants,
    later,
    merge,
    span,
    start_of,
    subtract,
    wall,
)
from .day_resolver import Dates, is_to_come, resolve_days
from .phrases import (
    Clock,
    Day,
    Elapsed,
    MinuteOnly,
    Moment,
    Part,
    Past,
    Segment,
    Shift,
    Time,
    TimeBound,
    TimeRange,
    Tonight,
    Weekday,
    Within,
)
from .setting import OPEN_DAYS, Over, Setting, Unsure
from .time_resolver import HOUR, Interval, interval

MAX_EXACT_DAYS = 9  # days in which an hour of the day comes again for certain


def resolve(segments: list[Segment], setting: Setting) -> list[Span]:
    """The spans that one reading of the phrase means, in order, none of them over."""
    setting.has_seven = any(each.is_open_seven for segment in segments for each in _clocks(segment))
    wanted = [each for each in segments if not each.negative]
    excluded = [each for each in segments if each.negative]
    spans: list[Span] = []
    over = 0
    for segment in wanted:
        try:
            spans.extend(_segment(segment, setting))
        except Over:
            over += 1
    if wanted and not spans:
        raise Over
    if over:
        raise Unsure("partly over", spans=spans)
    if not wanted:
        spans = [_open(setting)]
    spans = merge(spans, touching=False)
    if excluded:
        spans = _without(spans, excluded, setting)
        if not spans:
            raise Unsure("nothing left")
    return spans


def _clocks(segment: Segment) -> list[Clock]:
    clocks: list[Clock] = []
    if any(isinstance(each, Part) for each in segment.times):
        return clocks
    for each in segment.times:
        if isinstance(each, Clock):
            clocks.append(each)
        elif isinstance(each, TimeRange):
            clocks.append(each.first)
        elif isinstance(each, TimeBound) and isinstance(each.time, Clock):
            clocks.append(each.time)
    return clocks


def _without(spans: list[Span], excluded: list[Segment], setting: Setting) -> list[Span]:
    zone = setting.zone
    first = spans[0].start.astimezone(zone).date()
    last = max(each.end for each in spans).astimezone(zone).date()
    days = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    holes: list[Span] = []
    for segment in excluded:
        try:
            holes.extend(_excluded(segment, days, setting))
        except Over:
            continue
    return merge(subtract(spans, holes), touching=False)


def _excluded(segment: Segment, days: list[date], setting: Setting) -> list[Span]:
    """What an exclusion takes away on these days. A weekday means every such day."""
    if segment.moments or segment.is_open:
        raise Unsure("contradiction")
    at = interval(segment.times, setting, has_day=bool(segment.days)) if segment.times else None
    plain = [each for each in segment.days if isinstance(each, Weekday) and each.which in ("", "each")]
    others = [each for each in segment.days if each not in plain]
    found = resolve_days(others, at, setting) if others else Dates()
    chosen = [
        day
        for day in (found.dates if found.dates is not None else days)
        if all(day.weekday() == each.day for each in plain)
    ]
    return _on_days(Dates(chosen, found.lower, found.upper), at, setting, exclusion=True)


def _open(setting: Setting) -> Span:
    return Span(setting.instant, start_of(setting.open_end, setting.zone))


# --- one segment ---


def _segment(segment: Segment, setting: Setting) -> list[Span]:
    days, times = _with_tonight(segment, setting)
    moments = [each for each in segment.moments if not isinstance(each, Within)]
    if moments:
        return [_moment(moments[0], setting)]
    within = [each for each in segment.moments if isinstance(each, Within)]
    end = _end_within(within[0], setting) if within else None
    if segment.is_open and not days and not times and end is None:
        return [_open(setting)]
    if times and isinstance(times[0], MinuteOnly):
        return [_next_minute(times[0], setting, has_day=bool(days))]
    is_this_night = times == [Part("night")] and any(isinstance(each, Tonight) for each in days)
    at = interval(times, setting, has_day=bool(days) and not is_this_night) if times else None
    if at is not None and at.exact and not days:
        spans = [_next_exact(at, setting)]
    else:
        dates = resolve_days(days, at, setting)
        if end is not None and dates.upper is None:
            dates.upper = end.astimezone(setting.zone).replace(tzinfo=None, fold=0)
        spans = _on_days(dates, at, setting)
    if end is not None:
        spans = [part for each in spans if (part := clip(each, setting.instant, end)) is not None]
    if not spans:
        raise Over
    return spans


def _with_tonight(segment: Segment, setting: Setting) -> tuple[list[Day], list[Time]]:
    """ "Tonight" brings its part of the day: the evening, the night, or either."""
    tonight = next((each for each in segment.days if isinstance(each, Tonight)), None)
    if tonight is None:
        return segment.days, segment.times
    times: list[Time] = [each for each in segment.times if not isinstance(each, Part)]
    clock = times[0] if times and isinstance(times[0], Clock) else None
    if clock is not None and (clock.sense == "midnight" or (clock.hour in (12, 24, 0) and not clock.minute)):
        return segment.days, [Clock(24, 0, "24")]
    if tonight.name == "evening" or (times and (clock is None or not 1 <= clock.hour <= 4)):
        part = "evening"
    elif clock is not None or tonight.name == "night":
        part = "night"
    else:
        part = setting.choices.pick(("evening", "night"), "tonight")
    if part == "evening":
        wide = bool(times)
        return segment.days, [*times, Part("evening")] if not wide else _in_the_evening(times)
    return segment.days, [*times, Part("night")]


def _in_the_evening(times: list[Time]) -> list[Time]:
    """Hours of "tonight" are evening hours; a bound may reach to midnight."""
    found: list[Time] = []
    for each in times:
        if isinstance(each, Clock):
            found.append(_evening(each))
        elif isinstance(each, TimeRange):
            found.append(TimeRange(_evening(each.first), _evening(each.last)))
        elif isinstance(each, TimeBound) and isinstance(each.time, Clock):
            found.append(TimeBound(each.bound, _evening(each.time)))
        else:
            raise Unsure("contradiction")
    if all(isinstance(each, TimeBound) and each.bound in ("before", "until") for each in found):
        found.append(TimeBound("from", Clock(17, 0, "24")))
    return found


def _evening(clock: Clock) -> Clock:
    if clock.sense or clock.hour >= 12:
        return clock
    if clock.hour < 5:
        raise Unsure("contradiction")
    return Clock(clock.hour + 12, clock.minute, "24")


def _moment(moment: Moment, setting: Setting) -> Span:
    if isinstance(moment, Past):
        raise Over
    if isinstance(moment, Elapsed):
        return hour_from(later(setting.instant, moment.minutes))
    if isinstance(moment, Shift):
        return _shifted(moment, setting)
    raise Unsure("contradiction")


def _shifted(moment: Shift, setting: Setting) -> Span:
    """Hours from the booking are elapsed time; days keep the wall clock."""
    if setting.booking_start is None:
        raise Unsure("no booking")
    base = setting.booking_start.astimezone(UTC)
    number = moment.sign * moment.duration.number
    if moment.duration.unit in ("minute", "hour"):
        start = later(base, number)
    elif moment.duration.unit == "month":
        raise Unsure("contradiction")
    else:
        days = number * (7 if moment.duration.unit == "week" else 1)
        local = base.astimezone(setting.zone).replace(tzinfo=None, fold=0)
        start = start_of(local + timedelta(days=days), setting.zone)
    if start < setting.instant:
        raise Over
    return hour_from(start)


def _end_within(each: Within, setting: Setting) -> datetime:
    number = each.duration.number
    if each.duration.unit in ("minute", "hour"):
        return later(setting.instant, number)
    days = number * {"day": 1, "week": 7, "month": 30}[each.duration.unit]
    if days > 400:
        raise Unsure("too far")
    return start_of(setting.days_later(days), setting.zone)


def _next_minute(each: MinuteOnly, setting: Setting, *, has_day: bool) -> Span:
    """ "At half past": the next one, or the one after it."""
    if has_day:
        raise Unsure("hour")
    start = later(setting.instant, -setting.now.minute).replace(second=0, microsecond=0)
    wait = each.minute + (0 if setting.instant <= later(start, each.minute) else HOUR)
    start = later(start, wait + setting.choices.pick((0, HOUR), "hour"))
    return hour_from(start)


# --- on days ---


def _on_days(found: Dates, at: Interval | None, setting: Setting, *, exclusion: bool = False) -> list[Span]:
    zone = setting.zone
    start = start_of(found.lower, zone) if found.lower else setting.instant
    if exclusion and found.lower is None:
        start = start_of(wall(setting.today, 0), zone)
    elif not exclusion:
        start = max(start, setting.instant)
    end = start_of(found.upper, zone) if found.upper else None
    days = found.dates
    if days is None:
        first = start.astimezone(zone).replace(tzinfo=None, fold=0)
        end = end or start_of(first + timedelta(days=OPEN_DAYS), zone)
        count = (end.astimezone(zone).date() - first.date()).days
        days = [first.date() + timedelta(days=day) for day in range(-1, count + 1)]
    spans = [_on_day(day, at, setting) for day in days] if at else _whole_days(days, zone)
    return merge([part for each in spans if each and (part := clip(each, start, end)) is not None])


def _whole_days(days: list[date], zone: ZoneInfo) -> list[Span | None]:
    """One span for each run of days."""
    runs: list[tuple[date, int]] = []
    for day in days:
        if runs and runs[-1][0] + timedelta(days=runs[-1][1]) == day:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((day, 1))
    return [span(first, 0, count * DAY_MINUTES, zone) for first, count in runs]


def _on_day(day: date, at: Interval, setting: Setting) -> Span | None:
    if at.exact:
        return _exact(day, at.first, setting)
    return span(day, at.first, at.last, setting.zone)


def _exact(day: date, minutes: int, setting: Setting) -> Span | None:
    """An exact hour. Raises Unsure where the clocks skip it."""
    naive = wall(day, minutes)
    found = instants(naive, setting.zone)
    if not found:
        following = after_gap(naive, setting.zone)
        if following <= setting.instant:
            return None
        raise Unsure("skipped", spans=[hour_from(following)], word=f"{naive:%H:%M}")
    start = found[0] if len(found) == 1 else setting.choices.pick(found, "twice")
    return hour_from(start)


def _next_exact(at: Interval, setting: Setting) -> Span:
    """The next time that an hour comes."""
    for ahead in range(-1, MAX_EXACT_DAYS):
        day = setting.today + timedelta(days=ahead)
        if not is_to_come(day, at, setting):
            continue
        found = _exact(day, at.first, setting)
        if found is not None and found.start >= setting.instant:
            return found
    raise Over
