"""`read`: what a person said about a time, as windows or as a question."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from . import speech
from .choices import MAX_RUNS, Choices, every_run
from .clocks import DAY_MINUTES, Span, clip, span
from .context import in_context
from .cursor import Cursor
from .english import ENGLISH
from .grammar import Grammar
from .phrases import DayRange, Impossible, NoParse, Segment
from .resolver import resolve
from .results import Answer, NotUnderstood, Understood, Windows
from .romanian import ROMANIAN
from .setting import Over, Setting, Unsure
from .sharing import share
from .terms import Kind, Term, terms
from .tokens import scan

MAX_TERMS = 60
MAX_READINGS = 8
# Reasons to ask although another reading would hold.
DECISIVE = ("skipped", "too many", "partly over")
VOCABULARIES = {"ro": ROMANIAN, "en": ENGLISH}
# Zones in which 4/3 is April 3.
AMERICAN_CITIES = frozenset(
    "New_York Detroit Chicago Denver Boise Phoenix Los_Angeles Anchorage Juneau Sitka Metlakatla Yakutat Nome Adak "
    "Menominee Louisville Indianapolis Fort_Wayne Shiprock Puerto_Rico".split()
)
AMERICAN_AREAS = ("US/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/")
OTHER_AMERICAN = frozenset(("Pacific/Honolulu", "Pacific/Guam", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"))


@dataclass(slots=True)
class Outcome:
    """What the words gave in one language."""

    language: str
    readings: list[list[Span]] = field(default_factory=list)
    unsure: list[Unsure] = field(default_factory=list)
    is_over: bool = False
    is_empty: bool = False

    @property
    def is_understood(self) -> bool:
        return bool(self.readings or self.unsure or self.is_over)


def read(
    text: str,
    now: datetime,
    zone: ZoneInfo | str,
    locale: str | None,
    *,
    booking_start: datetime | None = None,
) -> Answer:
    """Reads Romanian or English. `now` is aware; without a locale both languages are read.

    `booking_start`: the start from which "half an hour later" counts.
    """
    place = zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)
    local = now.astimezone(place)
    language = _language(locale)
    tokens = scan(text)
    outcomes = []
    for each in _order(language):
        found = terms(tokens, VOCABULARIES[each])
        outcome = _outcome(found, each, local, place, booking_start)
        outcomes.append(outcome)
        if language is not None and outcome.is_understood:
            break
    said_in = language or next((each.language for each in outcomes if each.is_understood), "ro")
    return _answer(outcomes, local, said_in)


def _language(locale: str | None) -> str | None:
    short = (locale or "").replace("_", "-").split("-")[0].lower()
    return short if short in VOCABULARIES else None


def _order(language: str | None) -> tuple[str, ...]:
    """The other language is tried where the words are not of the given one."""
    return ("en", "ro") if language == "en" else ("ro", "en")


def is_american(zone: ZoneInfo) -> bool:
    name = zone.key
    return (
        name in OTHER_AMERICAN
        or name.startswith(AMERICAN_AREAS)
        or name.removeprefix("America/") in AMERICAN_CITIES
    )


# --- in one language ---


def _outcome(
    found: list[Term], language: str, now: datetime, zone: ZoneInfo, booking_start: datetime | None
) -> Outcome:
    outcome = Outcome(language)
    read_terms = in_context(found, VOCABULARIES[language])
    outcome.is_empty = not read_terms
    if not read_terms or len(read_terms) > MAX_TERMS or any(each.kind is Kind.UNKNOWN for each in read_terms):
        return outcome
    is_move = any(each.kind is Kind.MOVE for each in read_terms)
    read_terms = [each for each in read_terms if each.kind is not Kind.MOVE]
    day_first = True if language == "ro" else False if is_american(zone) else None

    def run(choices: Choices) -> list[Span] | Unsure | None:
        cursor = Cursor(read_terms, choices, language=language, day_first=day_first)
        cursor.is_move = is_move
        setting = Setting(now, zone, choices, booking_start)
        try:
            segments = Grammar(cursor).phrase()
            if is_move and _names_old_day(segments):
                return None
            return resolve(share(segments, choices), setting)
        except NoParse:
            return None
        except Impossible:
            return Unsure("no such time")
        except Over:
            return []
        except Unsure as unsure:
            return unsure

    for runs, result in enumerate(every_run(run), 1):
        if isinstance(result, Unsure):
            outcome.unsure.append(result)
        elif result == []:
            outcome.is_over = True
        elif result is not None and result not in outcome.readings:
            outcome.readings.append(result)
        if runs == MAX_RUNS:
            outcome.readings, outcome.unsure, outcome.is_over = [], [Unsure("too many")], False
    return outcome


def _names_old_day(segments: list[Segment]) -> bool:
    """Whether one of several days may be the one from which a booking is to be moved."""
    ranges = [each for each in segments[0].days if isinstance(each, DayRange)]
    return len(segments) > 1 or segments[0].negative or bool(ranges)


# --- the answer ---


def _answer(outcomes: list[Outcome], now: datetime, language: str) -> Answer:
    readings: list[list[Span]] = []
    for outcome in outcomes:
        readings += [each for each in outcome.readings if each not in readings]
    unsure = [each for outcome in outcomes for each in outcome.unsure]
    if len(readings) > MAX_READINGS:
        return NotUnderstood("needs_time", speech.QUESTIONS["too many"][language])
    if readings and not any(each.reason in ("skipped", "too many", "partly over") for each in unsure):
        found = tuple(speech.windows(each, now, language) for each in readings)
        if len(found) == 1:
            return Understood(found[0])
        return Understood(found[0], found, speech.which(readings, now, language))
    if unsure:
        return _ask(unsure, readings, now, language)
    if any(outcome.is_over for outcome in outcomes):
        return NotUnderstood("past", None)
    nothing = any(outcome.is_empty for outcome in outcomes)
    return NotUnderstood("needs_time", speech.QUESTIONS["nothing" if nothing else "unclear"][language])


def _ask(unsure: list[Unsure], readings: list[list[Span]], now: datetime, language: str) -> NotUnderstood:
    """The question for words that contradict themselves, with the candidates."""
    zone = now.tzinfo
    assert isinstance(zone, ZoneInfo)
    first = next((each for each in unsure if each.reason in ("skipped", "partly over")), unsure[0])
    options: list[list[Span]] = []
    for each in [first] if first.reason == "skipped" else unsure:
        days = [span(on, 0, DAY_MINUTES, zone) for on in sorted(set(each.dates))]
        ahead = [clip(found, now.astimezone(UTC)) for found in days if found is not None]
        options += [[found] for found in ahead if found is not None and [found] not in options]
        options += [[found] for found in each.spans if [found] not in options]
    options += [each for each in readings if each not in options]
    alternatives: tuple[Windows, ...] = tuple(speech.windows(each, now, language) for each in options)
    if first.reason == "skipped":
        question = speech.skipped(first.word, options[0], now, language)
    elif options and first.reason in speech.LEADS:
        question = speech.wanted(first.reason, options, now, language)
    elif first.reason == "partly over" and options:
        question = speech.which(options, now, language)
    else:
        question = speech.QUESTIONS.get(first.reason, speech.QUESTIONS["unclear"])[language]
    return NotUnderstood("needs_time", question, alternatives)
