"""Finding bookings by what people have at hand, fast also among a million."""

import re
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import groupby

from django.db import connections, transaction
from django.db.models import Count, Q

from ...models import Booking, CalendlyBooking, VAIMetadata
from ...models.booking import phone_parts, plain_words

INDEX = "booking_search_trigrams"
CREATE_INDEX_SQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX CONCURRENTLY "
    f"{INDEX} ON calendly_integration_booking USING gin (search_key gin_trgm_ops);"
)
# So many finds are handed on as a list of ids: the planner knows their number then, and never walks through all
# bookings by start to find the few that match.
MAX_IDS = 300
# What so many of the latest bookings hold is common: whoever walks through them by start has a page of it soon.
LATEST_BOOKINGS, COMMON_FROM = 2000, 100
NUMBER = re.compile(r"[\d()+./-]+")
MAX_WORDS = 10
# The index knows runs of three.
MIN_DIGITS = 3


def index_exists(*, using: str = "default") -> bool:
    """Whether the index that serves the search is there; true where the database has no such index."""
    database = connections[using]
    if database.vendor != "postgresql":
        return True
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [INDEX])
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What holds for the bookings that a term finds, and how they are best read."""

    condition: Q
    # Neither few nor common: PostgreSQL would walk through all bookings to find a page of them.
    scattered: bool = False

    def read(self, *, using: str = "default") -> AbstractContextManager[None]:
        """Within it these bookings are read by the index of the search where that is best."""
        return _by_index(using) if self.scattered else nullcontext()


EVERYTHING = SearchResult(Q())


def find(term: str) -> SearchResult:
    """The bookings of a term: name and e-mail by any part, whatever the case and the diacritics, by their beginning
    where a word has one or two letters; a phone number or a part of it in any spelling; a conversation, our id or
    one of Calendly's event ids, of now or before, as a whole."""
    term = term.strip()[:200].replace("\0", "")
    try:
        return SearchResult(Q(pk=uuid.UUID(term)))
    except ValueError:
        named, exact = _by_words(term), Q(pk__in=_by_id(term))
    if not named:
        return SearchResult(exact)
    if _is_common(named):
        return SearchResult(named | exact)
    few = _ids_if_few(named)
    return SearchResult(named | exact, scattered=True) if few is None else SearchResult(Q(pk__in=few) | exact)


def _by_words(term: str) -> Q:
    """Each word somewhere. What may be a phone number also as one, in whatever groups its digits are written."""
    found, words = Q(), plain_words(term).split()[:MAX_WORDS]
    for number, group in groupby(words, key=lambda word: NUMBER.fullmatch(word) is not None):
        spelled, parts = Q(), list(group)
        # A lone dash finds nothing and hinders nothing.
        for word in parts:
            if re.search(r"[^\W_]", word):
                spelled &= _contains_word(word) | _phone_contains(word) if number else _contains_word(word)
        found &= (spelled | _phone_contains(" ".join(parts))) if number and len(parts) > 1 else spelled
    return found


def _phone_contains(text: str) -> Q:
    """Those whose phone number holds these digits, country code and leading zeros aside."""
    _country, digits = phone_parts(text)
    return Q(search_key__contains=digits) if len(digits) >= MIN_DIGITS else Q()


def _contains_word(word: str) -> Q:
    """The word anywhere; one of two letters or less where a name or an address begins, which the index can tell."""
    if _is_indexable(word):
        return Q(search_key__contains=word)
    return Q(search_key__startswith=word) | Q(search_key__contains=f" {word}")


def _by_id(term: str) -> list[uuid.UUID]:
    """Those with this conversation or event id."""
    if len(term) < 2:
        return []
    of_conversation = VAIMetadata.objects.filter(conversation_id=term).values_list("pk")
    of_event = Booking.objects.filter(event_id=term).values_list("pk")
    of_calendly_booking = CalendlyBooking.objects.filter(event_id=term).values_list("booking_id")
    found = of_conversation.union(of_event, of_calendly_booking, all=True)[: 3 * MAX_IDS]
    return list(dict.fromkeys(key for (key,) in found))


def _is_common(named: Q) -> bool:
    latest = Booking.objects.order_by("-start_at", "-pk")[:LATEST_BOOKINGS]
    return bool(latest.aggregate(found=Count("pk", filter=named))["found"] >= COMMON_FROM)


def _ids_if_few(named: Q) -> list[uuid.UUID] | None:
    """All that match, if they are few."""
    rows = Booking.objects.filter(named).values_list("pk", flat=True)
    with _by_index(rows.db):
        keys = list(rows[: MAX_IDS + 1])
    return keys if len(keys) <= MAX_IDS else None


def _is_indexable(word: str) -> bool:
    """The index knows runs of three letters or digits, and how words begin."""
    return re.search(r"[^\W_]{3}", word) is not None


@contextmanager
def without_jit(*, using: str = "default") -> Iterator[None]:
    """For a question of many small parts: PostgreSQL would compile it for longer than it takes."""
    database = connections[using]
    if database.vendor != "postgresql":
        yield
        return
    with transaction.atomic(using=using), database.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")  # to the end of the transaction, which it hurts nowhere
        yield


@contextmanager
def _by_index(using: str) -> Iterator[None]:
    """PostgreSQL guesses badly how rare a word is: read by the trigram index, not through the table."""
    database = connections[using]
    if database.vendor != "postgresql":
        yield
        return
    with transaction.atomic(using=using), database.cursor() as cursor:
        cursor.execute("SELECT current_setting('enable_seqscan'), current_setting('enable_indexscan')")
        before = cursor.fetchone()
        _set(cursor, "off", "off")
        yield
        _set(cursor, *before)


def _set(cursor: object, sequential: str, plain: str) -> None:
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT set_config('enable_seqscan', %s, true), set_config('enable_indexscan', %s, true)",
        [sequential, plain],
    )
