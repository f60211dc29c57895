"""The meaning of terms that depends on their neighbours, and the removal of fillers."""

from collections.abc import Sequence
from dataclasses import replace

from .terms import Kind, Term, Vocabulary

MAY = 5
OH = 200  # "two oh five"
MONDAY = 0
ITEMS = frozenset(
    {
        Kind.NUMBER,
        Kind.NUMBERS,
        Kind.RELATIVE_DAY,
        Kind.WEEKDAY,
        Kind.MONTH,
        Kind.UNIT,
        Kind.WEEKEND,
        Kind.WORKDAYS,
        Kind.PART,
        Kind.TONIGHT,
        Kind.NOON,
        Kind.MIDNIGHT,
        Kind.MERIDIEM,
        Kind.SHARP,
        Kind.HALF,
        Kind.QUARTER,
        Kind.WHICH,
        Kind.PORTION,
        Kind.NOW,
    }
)
BEFORE_A_MONTH = frozenset(
    {Kind.NUMBER, Kind.IN, Kind.OF, Kind.DE, Kind.WHICH, Kind.PORTION, Kind.UNTIL, Kind.FROM, Kind.BEFORE}
)
BEFORE_HOUR_UNIT = (Kind.NUMBER, Kind.ARTICLE, Kind.DE, Kind.HALF, Kind.QUARTER)
BOUNDS = (Kind.AFTER, Kind.BEFORE, Kind.UNTIL, Kind.FROM, Kind.BETWEEN)
POINTS = frozenset({Kind.AT, Kind.ON, Kind.FROM, Kind.UNTIL, Kind.AFTER, Kind.BEFORE, Kind.TO})


def in_context(found: Sequence[Term], vocabulary: Vocabulary) -> list[Term]:
    """The terms that the grammar reads."""
    terms = _without_fillers(_with_blocked_negations(found))
    terms = _whole_numbers(terms, vocabulary)
    terms = _without_nouns(_settled(terms, vocabulary))
    return _without_idle_signs([term for term in terms if term.kind not in (Kind.FILLER, Kind.LIGHT)])


def _with_blocked_negations(found: Sequence[Term]) -> list[Term]:
    """A negation or bound before anything but a time ("nu aveți", "after my meeting") becomes UNKNOWN."""
    terms: list[Term] = []
    negated = bounded = False
    for at, term in enumerate(found):
        if bounded and term.kind in (Kind.FILLER, Kind.NOUN, Kind.AVAILABLE):
            terms.append(Term(Kind.UNKNOWN, name="bound"))  # "after my meeting on Friday"
        if negated and (term.kind in (Kind.FILLER, Kind.NOUN, Kind.AVAILABLE) or _is_loose_may(found, at)):
            terms.append(Term(Kind.UNKNOWN, name="not"))
        terms.append(term)
        negated = term.kind is Kind.NOT or (negated and term.kind is Kind.LIGHT)
        bounded = term.kind in BOUNDS or (
            bounded and term.kind in (Kind.LIGHT, Kind.ARTICLE, Kind.AT, Kind.ON)
        )
    return terms


def _is_loose_may(found: Sequence[Term], at: int) -> bool:
    """Whether "mai" or "may" stands where it is no month."""
    term = found[at]
    if term.kind is not Kind.MONTH or term.number != MAY:
        return False
    before = next((each.kind for each in reversed(found[:at]) if each.kind is not Kind.LIGHT), None)
    after = next((each.kind for each in found[at + 1 :] if each.kind is not Kind.LIGHT), None)
    return Kind.NUMBER not in (before, after) and before not in BEFORE_A_MONTH


def _without_fillers(found: Sequence[Term]) -> list[Term]:
    kept: list[Term] = []
    idle = {Kind.FILLER, Kind.LIGHT}
    if not any(term.kind in (Kind.NOT, Kind.UNAVAILABLE) for term in found):
        idle.add(Kind.AVAILABLE)
    for at, term in enumerate(found):
        if term.kind is Kind.PAUSE and not kept:
            continue
        if term.number == OH and term.kind is Kind.NUMBER:
            between = 0 < at < len(found) - 1 and found[at - 1].kind is found[at + 1].kind is Kind.NUMBER
            if between:
                kept.append(Term(Kind.NUMBER, 0, "words"))
            continue
        if term.name == "something" and kept and kept[-1].kind in (Kind.NUMBER, Kind.AND):
            kept.append(Term(Kind.UNKNOWN, name="something"))
            continue
        if term.kind is Kind.NOUN and _is_counted(found, at):
            if found[at - 1].number != 1:
                kept.append(Term(Kind.UNKNOWN, name="count"))
            elif kept:
                kept.pop()
            continue
        if term.kind in idle or (term.kind is Kind.MONTH and _is_loose_may(found, at)):
            continue
        kept.append(term)
    return kept


def _is_counted(found: Sequence[Term], at: int) -> bool:
    """Whether the number before a noun counts it: "two appointments", but not "at two appointments"."""
    if at == 0 or found[at - 1].kind is not Kind.NUMBER or found[at - 1].name == "ordinal":
        return False
    return at == 1 or found[at - 2].kind not in (*POINTS, Kind.NUMBER, Kind.MONTH, Kind.AND, Kind.OR)


def _whole_numbers(found: Sequence[Term], vocabulary: Vocabulary) -> list[Term]:
    """Tens and units become one number: "twenty-one", "douăzeci și unu"; ordinals lose their 100."""
    terms: list[Term] = []
    at = 0
    while at < len(found):
        term = found[at]
        if term.kind is Kind.NUMBER and term.name == "words" and term.number in (20, 30, 40, 50):
            unit_at = at + 1
            joined_by = found[unit_at] if unit_at < len(found) else None
            if joined_by is not None and (
                joined_by.kind is vocabulary.tens_joined_by
                or (joined_by == Term(Kind.TO, name="-") and vocabulary.tens_joined_by is None)
            ):
                unit_at += 1
            unit = found[unit_at] if unit_at < len(found) else None
            is_joined = unit_at > at + 1 or vocabulary.tens_joined_by is None
            if (
                is_joined
                and unit is not None
                and unit.kind is Kind.NUMBER
                and unit.name == "words"
                and 1 <= unit.number % 100 <= 9
            ):
                term = replace(unit, number=term.number + unit.number)
                at = unit_at
        if term.kind is Kind.NUMBER and term.name == "words" and term.number > 100:
            term = replace(term, number=term.number - 100, name="ordinal")
        terms.append(term)
        at += 1
    return terms


def _settled(found: Sequence[Term], vocabulary: Vocabulary) -> list[Term]:
    """Words with two meanings get the one that their neighbours allow."""
    terms: list[Term] = []
    for at, term in enumerate(found):
        before = terms[-1] if terms else None
        after = found[at + 1] if at + 1 < len(found) else None
        if term.kind is Kind.MERIDIEM:
            terms += _meridiem(term, before, vocabulary)
        elif term.kind is Kind.HOUR_WORD:
            is_next = before is not None and before.kind is Kind.WHICH
            is_next = is_next and (after is None or after.kind not in (Kind.NUMBER, Kind.NUMBERS))
            if is_next or (before is not None and before.kind in BEFORE_HOUR_UNIT):
                _make_number(terms)
                terms.append(Term(Kind.UNIT, name="hour"))
            else:
                terms.append(Term(Kind.AT))
        elif term.kind is Kind.LESS and not _takes_minutes(before, after):
            terms.append(Term(Kind.NOT))
        elif term == Term(Kind.UNIT, name="month") and after is not None and after.kind is Kind.MONTH:
            continue  # "luna decembrie"
        elif term.kind is Kind.UNIT:
            _make_number(terms)
            terms.append(term)
        elif term == Term(Kind.WEEKDAY, MONDAY) and vocabulary.language == "ro" and _means_months(terms):
            terms.append(Term(Kind.UNIT, name="month"))
        elif term == Term(Kind.TO, name="through") and not terms:
            terms.append(Term(Kind.UNTIL))
        elif term.kind is Kind.DE and _is_particle(before, after):
            continue
        else:
            terms.append(term)
    return [term for term in terms if term.kind is not Kind.ARTICLE]


def _meridiem(term: Term, before: Term | None, vocabulary: Vocabulary) -> list[Term]:
    """ "Am" and "pm" after an hour, or after a day: "Thursday am"."""
    kind = before.kind if before is not None else None
    if kind in (Kind.NUMBER, Kind.NUMBERS, Kind.SHARP, Kind.HALF):
        return [term]
    if vocabulary.language != "en" or kind not in (Kind.WEEKDAY, Kind.RELATIVE_DAY):
        return []
    return (
        [Term(Kind.PART, name="morning")]
        if term.name == "am"
        else [Term(Kind.FROM), Term(Kind.NOON, name="noon")]
    )


def _takes_minutes(before: Term | None, after: Term | None) -> bool:
    """Whether "fara" stands in a clock time: "zece fără un sfert"."""
    hours = (Kind.NUMBER, Kind.SHARP)
    minutes = (Kind.NUMBER, Kind.QUARTER, Kind.ARTICLE)
    return before is not None and before.kind in hours and after is not None and after.kind in minutes


def _without_nouns(found: Sequence[Term]) -> list[Term]:
    """Leaves out what is booked, with its length: "a 30 minute call", "o discuție de o oră"."""
    terms: list[Term] = []
    at = 0
    while at < len(found):
        if found[at].kind is Kind.NOUN:
            if _is_bounded_hour(terms):
                terms.append(Term(Kind.UNKNOWN, name="bound"))  # "after the 3 o'clock meeting"
            joint = 1 if at + 1 < len(found) and found[at + 1].kind in (Kind.DE, Kind.OF) else 0
            length = _length(found[at + 1 + joint :]) if joint else 0
            at += 1 + (joint + length if length else 0)
            continue
        length = _length(found[at:])
        is_noun = length and at + length < len(found) and found[at + length].kind is Kind.NOUN
        if is_noun and not (terms and terms[-1].kind in (Kind.IN, Kind.WITHIN, *POINTS)):
            at += length + 1
            continue
        terms.append(found[at])
        at += 1
    return terms


def _is_bounded_hour(terms: Sequence[Term]) -> bool:
    hours = (Kind.NUMBER, Kind.NUMBERS, Kind.SHARP, Kind.MERIDIEM)
    around = [each.kind for each in terms[-4:]]
    return bool(around) and around[-1] in hours and (Kind.AFTER in around or Kind.BEFORE in around)


def _length(found: Sequence[Term]) -> int:
    """How many terms at the beginning are a number of minutes or hours."""
    is_number = len(found) > 1 and found[0].kind in (Kind.NUMBER, Kind.HALF) and found[0].name != "ordinal"
    is_short = is_number and found[1].kind is Kind.UNIT and found[1].name in ("minute", "hour")
    return 2 if is_short else 0


def _make_number(terms: list[Term]) -> None:
    """An article before a unit is the number one, but not after "half" or "quarter"."""
    if not terms or terms[-1].kind is not Kind.ARTICLE:
        return
    before = terms[-2].kind if len(terms) > 1 else None
    if before in (Kind.HALF, Kind.QUARTER, Kind.OF):
        terms.pop()
    else:
        terms[-1] = Term(Kind.NUMBER, 1, "words")


def _is_particle(before: Term | None, after: Term | None) -> bool:
    """The "de" of "20 de minute", "jumătate de oră"."""
    return (
        before is not None
        and before.kind in (Kind.NUMBER, Kind.HALF, Kind.QUARTER)
        and after is not None
        and (after.kind in (Kind.UNIT, Kind.HOUR_WORD, Kind.ARTICLE) or after == Term(Kind.WEEKDAY, MONDAY))
    )


def _means_months(terms: Sequence[Term]) -> bool:
    """Whether "luni" after these terms is a number of months and not Monday: "două luni"."""
    if not terms or terms[-1].kind is not Kind.NUMBER or terms[-1].number < 2:
        return False
    return len(terms) < 2 or terms[-2].kind not in POINTS


def _without_idle_signs(found: Sequence[Term]) -> list[Term]:
    """Pauses and hyphens that separate nothing are left out."""
    terms: list[Term] = []
    for at, term in enumerate(found):
        before = terms[-1] if terms else None
        after = next((each for each in found[at + 1 :] if each.kind is not Kind.PAUSE), None)
        if term.kind is Kind.PAUSE and (before is None or before.kind is Kind.PAUSE or after is None):
            continue
        if term.kind is Kind.TO:
            if (
                before is None
                or before.kind is Kind.PAUSE
                or (after is None and before.kind not in (Kind.QUARTER, Kind.NUMBER))
            ):
                continue
            if after is None:
                terms.append(term)
                continue
            if term.name == "-" and not _is_range(before, after):
                continue
            if term.name == " - " and not (before.kind in ITEMS and after.kind in ITEMS):
                terms.append(Term(Kind.PAUSE))
                continue
        terms.append(term)
    return terms


def _is_range(before: Term, after: Term) -> bool:
    """Whether a hyphen without blanks joins two ends of a range, and not the parts of a word."""
    if before.kind not in ITEMS or after.kind not in ITEMS or before.kind is Kind.PORTION:
        return False
    return not (before.kind is Kind.NUMBER and before.name == "words" and after.kind is Kind.NUMBER)
