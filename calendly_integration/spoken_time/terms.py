"""From tokens to terms: phrases of a language's vocabulary with their meaning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from .tokens import Shape, Token


class Kind(StrEnum):
    NUMBER = "number"  # number; name: "digits", "words", "ordinal"
    NUMBERS = "numbers"  # 10:30, 3.03, 2026-12-03; name: the separator; number 1: begins with 0
    RELATIVE_DAY = "relative day"
    WEEKDAY = "weekday"  # name "each": the form that means every such day
    MONTH = "month"
    UNIT = "unit"
    WHICH = "which"
    WEEKEND = "weekend"
    WEEK_AFTER_NEXT = "week after next"
    WORKDAYS = "workdays"
    PART = "part"
    PORTION = "portion"
    TONIGHT = "tonight"
    NOON = "noon"
    MIDNIGHT = "midnight"
    MERIDIEM = "meridiem"
    SHARP = "sharp"
    HALF = "half"
    QUARTER = "quarter"
    PAST = "past"  # "ten past three"
    LESS = "less"  # "zece fără un sfert", "except"
    HOUR_WORD = "hour word"  # "ora": before a number it means "at", after one it is the unit
    AT = "at"
    ON = "on"
    IN = "in"
    WITHIN = "within"
    FOR = "for"
    OF = "of"
    DE = "de"
    ARTICLE = "article"
    FROM = "from"
    AFTER = "after"
    BEFORE = "before"
    UNTIL = "until"
    BETWEEN = "between"
    TO = "to"
    ONWARDS = "onwards"
    OR_LATER = "or later"
    OR_EARLIER = "or earlier"
    FROM_NOW = "from now"
    AGO = "ago"
    LATER = "later"
    EARLIER = "earlier"
    NOW = "now"
    OPEN = "open"  # "whenever", "as soon as possible"
    ANY = "any"
    OR = "or"
    AND = "and"
    PAUSE = "pause"
    BUT = "but"
    NOT = "not"
    UNAVAILABLE = "unavailable"  # "nu pot", "doesn't work"
    AVAILABLE = "available"  # "pot", "works"
    CORRECTION = "correction"
    THAT_IS = "that is"  # "mâine, adică miercuri"
    MOVE = "move"  # a booking is to be moved
    PAST_TIME = "past time"  # "yesterday"
    LIGHT = "light"  # a filler that may stand after "not"
    NOUN = "noun"  # what is booked: a filler that can be counted, or have a length
    FILLER = "filler"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Term:
    kind: Kind
    number: int = 0
    name: str = ""
    numbers: tuple[int, ...] = ()
    padded: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """The phrases of a language, without diacritics.

    `words` has entries such as `WEEKDAY 0: monday | mon`, continued on indented lines.
    """

    language: str
    words: str
    tens_joined_by: Kind | None  # "douăzeci și unu"

    @cached_property
    def phrases(self) -> dict[str, Term]:
        found: dict[str, Term] = {}
        for entry in self.words.strip().replace("\n    ", " ").splitlines():
            head, _, phrases = entry.partition(":")
            name, _, value = head.partition(" ")
            kind, number = Kind[name], int(value) if value.isdigit() else 0
            word = "words" if kind is Kind.NUMBER else "" if value.isdigit() else value
            found.update((" ".join(each.split()), Term(kind, number, word)) for each in phrases.split("|"))
        return found

    @cached_property
    def longest(self) -> int:
        return max(phrase.count(" ") + 1 for phrase in self.phrases)


# "Elevenish", "Friday's fine".
ENDINGS = {"ish": (Kind.NUMBER, Kind.NOON), "'s": (Kind.WEEKDAY, Kind.RELATIVE_DAY)}
ORDINAL_ENDINGS = ("st", "nd", "rd", "th")


def terms(tokens: Sequence[Token], vocabulary: Vocabulary) -> list[Term]:
    """The terms of a text; a word that the vocabulary does not have is UNKNOWN."""
    found: list[Term] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.shape is Shape.WORD:
            term, at = _phrase(tokens, at, vocabulary)
            found.append(term)
            continue
        at += 1
        if token.shape is Shape.NUMBER:
            term, at = _number(tokens, at)
            found.append(term)
        elif token.shape is Shape.NUMBERS:
            found.append(
                Term(
                    Kind.NUMBERS,
                    int(token.padded),
                    token.separator,
                    token.numbers,
                    padded=_two_digits(token),
                )
            )
        elif token.shape is Shape.PAUSE:
            found.append(Term(Kind.PAUSE))
        elif token.shape is Shape.HYPHEN:
            found.append(Term(Kind.TO, name=token.text))
        elif token.shape is Shape.SLASH:
            found.append(Term(Kind.OR))
        else:
            found.append(Term(Kind.UNKNOWN, name=token.text))
    return found


def _two_digits(token: Token) -> bool:
    """Whether the second number has two digits, as minutes have."""
    return len(token.text.split(token.separator)[1]) == 2


def _number(tokens: Sequence[Token], at: int) -> tuple[Term, int]:
    """The number before `at`, with an ending that is written together with it."""
    token = tokens[at - 1]
    number = token.numbers[0]
    following = tokens[at].text if at < len(tokens) and tokens[at].shape is Shape.WORD else ""
    if following in ORDINAL_ENDINGS:
        return Term(Kind.NUMBER, number, "ordinal"), at + 1
    if following == "ish":
        return Term(Kind.NUMBER, number, "digits"), at + 1
    if following == "h":
        minutes = tokens[at + 1] if at + 1 < len(tokens) else None
        if minutes is not None and minutes.shape is Shape.NUMBER and len(minutes.text) == 2:
            return Term(Kind.NUMBERS, name=":", numbers=(number, minutes.numbers[0]), padded=True), at + 2
        return Term(Kind.NUMBERS, name=":", numbers=(number, 0), padded=True), at + 1
    return Term(Kind.NUMBER, number, "digits", padded=token.padded), at


def _phrase(tokens: Sequence[Token], at: int, vocabulary: Vocabulary) -> tuple[Term, int]:
    """The longest phrase at `at`; hyphens within a phrase count as blanks."""
    words: list[str] = []
    ends: list[int] = []
    end = at
    while end < len(tokens) and len(words) < vocabulary.longest:
        if tokens[end].shape is Shape.WORD:
            words.append(tokens[end].text)
            ends.append(end + 1)
        elif tokens[end].shape is not Shape.HYPHEN:
            break
        end += 1
    for length in range(len(words), 0, -1):
        term = vocabulary.phrases.get(" ".join(words[:length]))
        if term is not None:
            return term, ends[length - 1]
    word = words[0]
    for ending, kinds in ENDINGS.items():
        stem = vocabulary.phrases.get(word.removesuffix(ending)) if word.endswith(ending) else None
        if stem is not None and stem.kind in kinds:
            return stem, at + 1
    return Term(Kind.UNKNOWN, name=word), at + 1


def without(found: Iterable[Term], *kinds: Kind) -> list[Term]:
    return [term for term in found if term.kind not in kinds]
