"""Windows and questions as an agent says them aloud."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from .clocks import Span
from .results import Window, Windows
from .time_resolver import PARTS

WEEKDAYS = {
    "ro": ("luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "ro": (
        "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie"
    ).split(),
    "en": ("January February March April May June July August September October November December").split(),
}
PART_NAMES = {
    "ro": {
        "early_morning": "dimineața devreme",
        "morning": "dimineața",
        "midday": "la prânz",
        "afternoon": "după-amiaza",
        "evening": "seara",
    },
    "en": {
        "early_morning": "in the early morning",
        "morning": "in the morning",
        "midday": "around midday",
        "afternoon": "in the afternoon",
        "evening": "in the evening",
    },
}
YEAR_SAID_FROM_DAYS = 300
MAX_SAID = 3
MIDNIGHT = time()


def windows(spans: Sequence[Span], now: datetime, language: str) -> Windows:
    """The spans in the zone of `now`, with their texts."""
    return tuple(
        Window(each.start, each.end, text(each, now, language), each.exact) for each in _local(spans, now)
    )


def _local(spans: Sequence[Span], now: datetime) -> list[Span]:
    return [
        Span(each.start.astimezone(now.tzinfo), each.end.astimezone(now.tzinfo), each.exact) for each in spans
    ]


def say(reading: Windows, now: datetime, language: str) -> str:
    """A reading in words, in Romanian or English, whatever the language in which it was read."""
    return summary(reading, now, language)


# --- one window ---


def text(span: Span | Window, now: datetime, language: str) -> str:
    """A window in words: `joi, 3 decembrie, la 14:00`, `Thursday, December 3, after 2 PM`."""
    if span.exact:
        return _at(span.start, now, language)
    last_day = (span.end.astimezone(UTC) - timedelta(seconds=1)).astimezone(span.end.tzinfo).date()
    if span.start.date() == last_day:
        said = day(last_day, now, language)
        hours = _hours(span, language)
        return f"{said}, {hours}" if hours else said
    return _several_days(span, last_day, now, language)


def day(on: date, now: datetime, language: str) -> str:
    """`joi, 3 decembrie`, `Thursday, December 3`; with the year from 300 days ahead."""
    weekday, month = WEEKDAYS[language][on.weekday()], MONTHS[language][on.month - 1]
    year = on.year if (on - now.date()).days >= YEAR_SAID_FROM_DAYS else 0
    if language == "ro":
        return f"{weekday}, {on.day} {month}{f' {year}' if year else ''}"
    return f"{weekday}, {month} {on.day}{f', {year}' if year else ''}"


def clock(instant: datetime, language: str) -> str:
    """`14:30`, `2:30 PM`, `noon`."""
    if language == "ro":
        return f"{instant:%H:%M}"
    if instant.minute == 0 and instant.hour in (0, 12):
        return "noon" if instant.hour else "midnight"
    half = "AM" if instant.hour < 12 else "PM"
    return f"{instant.hour % 12 or 12}{f':{instant:%M}' if instant.minute else ''} {half}"


def _at(start: datetime, now: datetime, language: str) -> str:
    said, hour = day(start.date(), now, language), clock(start, language)
    which = _which_of_two(start, language)
    return f"{said}, la {hour}{which}" if language == "ro" else f"{said}, at {hour}{which}"


def _which_of_two(start: datetime, language: str) -> str:
    """Tells apart the two times of a night in which the clocks go back."""
    first, second = start.replace(fold=0), start.replace(fold=1)
    if first.utcoffset() == second.utcoffset() or first.astimezone(UTC) > second.astimezone(UTC):
        return ""
    before = start.fold == 0
    if language == "ro":
        return ", înainte de schimbarea orei" if before else ", după schimbarea orei"
    return ", before the clocks go back" if before else ", after the clocks go back"


def _hours(span: Span | Window, language: str) -> str:
    """The hours of a window within a day; empty for the whole day."""
    start, end = span.start.time(), span.end.time()
    starts, ends = clock(span.start, language), clock(span.end, language)
    if start == MIDNIGHT and end == MIDNIGHT:
        return ""
    for name, words in PART_NAMES[language].items():
        if (start, end) == tuple(time(hour) for hour in PARTS[name]):
            return words
    if end == MIDNIGHT:
        return f"după ora {starts}" if language == "ro" else f"after {starts}"
    if start == MIDNIGHT:
        return f"până la ora {ends}" if language == "ro" else f"before {ends}"
    if language == "ro":
        return f"între {starts} și {ends}"
    return f"between {starts} and {ends}"


def _several_days(span: Span | Window, last_day: date, now: datetime, language: str) -> str:
    first, last = day(span.start.date(), now, language), day(last_day, now, language)
    starts = "" if span.start.time() == MIDNIGHT else clock(span.start, language)
    ends = "" if span.end.time() == MIDNIGHT else clock(span.end, language)
    if language == "ro":
        first += f", ora {starts}" if starts else ""
        last += f", ora {ends}" if ends else ""
        return f"de {first}, până {last}"
    first += f", at {starts}" if starts else ""
    last += f", at {ends}" if ends else ""
    return f"from {first}, to {last}"


# --- a reading ---


def summary(spans: Sequence[Span] | Windows, now: datetime, language: str) -> str:
    """A whole reading in a few words."""
    if len(spans) <= MAX_SAID:
        joint = " și " if language == "ro" else " and "
        return joint.join(text(each, now, language) for each in spans)
    # The first and the last may be cut off by now and by the end of the window.
    said = {_each_day(each, language) for each in spans[1:-1]}
    hours = f", {said.pop()}" if len(said) == 1 and said != {""} else ""
    weekdays = {each.start.weekday() for each in spans}
    if len(weekdays) == 1:
        name = WEEKDAYS[language][weekdays.pop()]
        return f"în fiecare {name}{hours}" if language == "ro" else f"every {name}{hours}"
    first, last = day(spans[0].start.date(), now, language), day(spans[-1].start.date(), now, language)
    return f"de {first}, până {last}{hours}" if language == "ro" else f"from {first}, to {last}{hours}"


def _each_day(span: Span | Window, language: str) -> str:
    """The hours of one of many windows."""
    if span.exact:
        at = "la" if language == "ro" else "at"
        return f"{at} {clock(span.start, language)}"
    return _hours(span, language) if span.end - span.start <= timedelta(days=1) else ""


# --- questions ---

QUESTIONS = {
    "nothing": {
        "ro": "Pentru ce zi și la ce oră doriți programarea?",
        "en": "What day and time would suit you?",
    },
    "unclear": {
        "ro": "Nu cred că am înțeles bine. Îmi puteți spune, vă rog, ziua și ora?",
        "en": "I'm not sure I understood. Could you tell me the day and the time, please?",
    },
    "hour": {
        "ro": "La ce oră, vă rog?",
        "en": "At what hour, please?",
    },
    "no booking": {
        "ro": "La ce oră și în ce zi doriți să mutăm întâlnirea?",
        "en": "What day and time would you like instead?",
    },
    "nothing left": {
        "ro": "După ce am scos zilele și orele care nu vă convin, nu mai rămâne nimic. Ce altă zi v-ar conveni?",
        "en": "That leaves no time at all. What other day would suit you?",
    },
    "contradiction": {
        "ro": "Ziua și ora pe care le-ați spus nu se potrivesc. Îmi puteți repeta ziua și ora?",
        "en": "The day and the time don't quite fit together. Could you say them again, please?",
    },
    "too far": {
        "ro": "E prea departe în timp. Ce dată v-ar conveni?",
        "en": "That is too far ahead. What date would suit you?",
    },
    "no such time": {
        "ro": "Ora aceasta nu există. La ce oră doriți?",
        "en": "There is no such time. What time would you like?",
    },
    "no such date": {
        "ro": "Data aceasta nu există. Ce dată doriți?",
        "en": "There is no such date. What date would you like?",
    },
    "too many": {
        "ro": "Se poate înțelege în mai multe feluri. Îmi puteți spune ziua și ora exactă?",
        "en": "I can understand that in several ways. Could you give me the exact day and time?",
    },
}
LEADS = {
    "weekday": {
        "ro": "Ziua săptămânii și data nu se potrivesc.",
        "en": "The weekday and the date don't match.",
    },
    "dates": {"ro": "Ați spus două zile diferite.", "en": "Those are two different days."},
    "no such date": {"ro": "Data aceasta nu există.", "en": "There is no such date."},
    "over": {"ro": "Ziua aceasta a trecut.", "en": "That day is over."},
}


def which(options: Sequence[Sequence[Span]], now: datetime, language: str) -> str:
    """Asks which of several readings is meant."""
    said = _options([_local(each, now) for each in options], now, language)
    if language == "ro":
        return f"Ați vrut să spuneți {_either(said, 'sau')}?"
    return f"Do you mean {_either(said, 'or')}?"


def _options(options: Sequence[Sequence[Span]], now: datetime, language: str) -> list[str]:
    """Each reading in words; the day only once where all are hours of one day."""
    said = [summary(each, now, language) for each in options]
    singles = [each[0] for each in options if len(each) == 1]
    days = {each.start.date() for each in singles}
    hours = {clock(each.start, language) for each in singles}
    if len(singles) == len(options) == len(hours) and len(days) == 1 and all(each.exact for each in singles):
        at = "la" if language == "ro" else "at"
        said[1:] = [f"{at} {clock(each.start, language)}" for each in singles[1:]]
    return said


def wanted(reason: str, options: Sequence[Sequence[Span]], now: datetime, language: str) -> str:
    """Says what is wrong and offers candidates."""
    lead = LEADS[reason][language]
    said = [summary(_local(each, now), now, language) for each in options]
    if language == "ro":
        return f"{lead} Doriți {_either(said, 'sau')}?"
    return f"{lead} Would you like {_either(said, 'or')}?"


def skipped(word: str, option: Sequence[Span], now: datetime, language: str) -> str:
    said = summary(_local(option, now), now, language)
    if language == "ro":
        return f"La ora {word} nu se poate: în noaptea aceea ceasurile se dau înainte. Vă convine {said}?"
    return f"There is no {word} that night, because the clocks go forward. Would {said} suit you?"


def _either(said: Sequence[str], joint: str) -> str:
    if len(said) == 1:
        return said[0]
    # A comma closes the date before "or": "joi, 3 decembrie, sau joi, 10 decembrie".
    return f"{'; '.join(said[:-1])}, {joint} {said[-1]}"
