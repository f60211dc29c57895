"""Which words cannot describe the same time."""

from .phrases import (
    Clock,
    Day,
    DayBound,
    Elapsed,
    Item,
    Part,
    Past,
    Segment,
    Shift,
    TimeBound,
    TimeRange,
    Within,
)


def conflicts(segment: Segment, found: Item) -> bool:
    """Whether an item cannot describe the same time as what the segment has."""
    if isinstance(found, Past) or any(isinstance(each, Past) for each in segment.moments):
        return False
    others = [each for each in segment.moments if not isinstance(each, Within)]
    if isinstance(found, Elapsed | Shift) or others:
        return True
    if isinstance(found, Within):
        return bool(segment.moments)
    if isinstance(found, DayBound):
        return any(isinstance(each, DayBound) and each.bound == found.bound for each in segment.days)
    if isinstance(found, Day):
        return any(type(each) is type(found) and found != each for each in segment.days)
    if isinstance(found, Part):
        return any(
            (isinstance(each, Part) and not _refines(each, found))
            or (isinstance(each, TimeBound) and isinstance(each.time, Part))
            for each in segment.times
        )
    if isinstance(found, TimeBound):
        upper = found.bound in ("before", "until")
        return any(
            isinstance(each, Clock | TimeRange)
            or (isinstance(each, Part) and isinstance(found.time, Part))
            or (isinstance(each, TimeBound) and upper == (each.bound in ("before", "until")))
            for each in segment.times
        )
    return any(not isinstance(each, Part) and each != found for each in segment.times)


def _refines(first: Part, second: Part) -> bool:
    """Whether two parts of the day are the same, or one within the other."""
    return first == second or (
        "morning" in (first.name, second.name)
        and {first.name, second.name} <= {"morning", "early_morning", "first_thing"}
    )
