"""The search for bookings, fast also among a million."""

import re
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import groupby

from django.db import connections, transaction
from django.db.models import Count, Q, Value

from ...models import Booking, CalendlyBooking, EventType, Host, VAIMetadata
from ...models.booking import phone_parts, plain_words

INDEX = "booking_search_trigrams"
CONVERSATION_INDEX = "metadata_conversation_trigrams"
CREATE_INDEX_SQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX CONCURRENTLY IF NOT EXISTS "
    f"{INDEX} ON calendly_integration_booking USING gin (search_key gin_trgm_ops); "
    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {CONVERSATION_INDEX} ON calendly_integration_vaimetadata "
    "USING gin (upper(conversation_id) gin_trgm_ops) WHERE conversation_id <> '';"
)
# Up to this many matches become a list of ids: then the planner knows their number and does not read all bookings
# by start to find them.
MAX_IDS = 300
# A term in this many of the latest bookings is common: reading by start fills a page soon.
LATEST_BOOKINGS, COMMON_FROM = 2000, 100
NUMBER = re.compile(r"[\d()+./-]+")
MAX_WORDS = 10
# The index knows runs of three.
MIN_DIGITS = 3
# The beginning of a booking number.
NUMBER_BEGIN = re.compile(r"[0-9a-f]{4,8}(-[0-9a-f-]*)?")
# Hosts and event types whose names are compared.
MAX_NAMES = 500


def index_exists(*, using: str = "default") -> bool:
    """Whether the search indexes exist; True if the database has no such indexes."""
    database = connections[using]
    if database.vendor != "postgresql":
        return True
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass(%s) IS NOT NULL AND to_regclass(%s) IS NOT NULL", [INDEX, CONVERSATION_INDEX]
        )
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The condition for the bookings that a term finds, and how they are read best."""

    condition: Q
    # Neither few nor common: PostgreSQL would read all bookings to find a page of them.
    scattered: bool = False

    def read(self, *, using: str = "default") -> AbstractContextManager[None]:
        """Within this context these bookings are read by the search index where that is best."""
        return _by_index(using) if self.scattered else nullcontext()


EVERYTHING = SearchResult(Q())


def find(term: str) -> SearchResult:
    """The bookings of a term: any part of the name and the e-mail, whatever the case and the diacritics,
    but only the beginning for words of one or two letters; a phone number or a part of it in any spelling;
    the name of a host or an event type; a conversation id or a part of it that has a digit; a booking number or its
    beginning; a whole present or former Calendly event id."""
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
    """Each word somewhere. A possible phone number also as one, however its digits are grouped."""
    found, words = Q(), unicodedata.normalize("NFC", term.casefold()).split()[:MAX_WORDS]
    names = _names(words)
    for number, group in groupby(words, key=lambda word: NUMBER.fullmatch(word) is not None):
        spelled, parts = Q(), list(group)
        # A single dash is ignored.
        for word in parts:
            if re.search(r"[^\W_]", word):
                spelled &= (_phone_contains(word) if number else Q()) | _spelled(word, names)
        found &= (spelled | _phone_contains(" ".join(parts))) if number and len(parts) > 1 else spelled
    return found


def _names(words: list[str]) -> list[tuple[str, object, str]]:
    """The hosts and event types, as field, id and compared name. Not read if no word is long enough to name one."""
    if all(len(word) < MIN_DIGITS for word in words):
        return []
    hosts = Host.objects.order_by().values_list(Value("host"), "pk", "name")
    types = EventType.objects.order_by().values_list(Value("event_type"), "pk", "name")
    rows = hosts.union(types, all=True).order_by()[:MAX_NAMES]
    return [(field, key, plain_words(name)) for field, key, name in rows]


def _spelled(word: str, names: list[tuple[str, object, str]]) -> Q:
    """The word in a booking, or in the name of its host or event type. The letters î and â, of one sound, stand for
    each other."""
    found = Q()
    for spelling in {plain_words(each) for each in (word, word.replace("î", "â"), word.replace("â", "î"))}:
        found |= _contains_word(spelling)
        if len(spelling) >= MIN_DIGITS:
            for field in ("host", "event_type"):
                keys = [key for kind, key, name in names if kind == field and spelling in name]
                found |= Q(**{f"{field}__in": keys}) if keys else Q()
    return found


def _phone_contains(text: str) -> Q:
    """Phone numbers with these digits, without country code and leading zeros."""
    _country, digits = phone_parts(text)
    return Q(search_key__contains=digits) if len(digits) >= MIN_DIGITS else Q()


def _contains_word(word: str) -> Q:
    """The word anywhere; a word of one or two letters only at the beginning of a name or an address, where
    the index can find it."""
    if _is_indexable(word):
        return Q(search_key__contains=word)
    return Q(search_key__startswith=word) | Q(search_key__contains=f" {word}")


def _by_id(term: str) -> list[uuid.UUID]:
    """The bookings with this conversation or event id, and those whose number begins so."""
    if len(term) < 2:
        return []
    conversations = Q(conversation_id=term)
    if len(term) >= MIN_DIGITS and " " not in term and re.search(r"\d", term):
        conversations |= Q(conversation_id__icontains=term) & ~Q(conversation_id="")
    of_conversation = VAIMetadata.objects.filter(conversations).values_list("pk")
    of_number = Booking.objects.filter(_number_begins(term)).values_list("pk")
    of_event = Booking.objects.filter(event_id=term).values_list("pk")
    of_calendly_booking = CalendlyBooking.objects.filter(event_id=term).values_list("booking_id")
    found = of_conversation.union(of_number, of_event, of_calendly_booking, all=True)[: 3 * MAX_IDS]
    with _by_index(found.db):
        return list(dict.fromkeys(key for (key,) in found))


def _number_begins(term: str) -> Q:
    """The bookings whose number begins with the term."""
    if NUMBER_BEGIN.fullmatch(term.lower()) is None:
        return Q(pk__in=[])
    digits = term.lower().replace("-", "")[:32]
    return Q(pk__gte=uuid.UUID(digits.ljust(32, "0")), pk__lte=uuid.UUID(digits.ljust(32, "f")))


def _is_common(named: Q) -> bool:
    latest = Booking.objects.order_by("-start_at", "-pk")[:LATEST_BOOKINGS]
    return bool(latest.aggregate(found=Count("pk", filter=named))["found"] >= COMMON_FROM)


def _ids_if_few(named: Q) -> list[uuid.UUID] | None:
    """The ids of all matches, if they are few."""
    rows = Booking.objects.filter(named).values_list("pk", flat=True)
    with _by_index(rows.db):
        keys = list(rows[: MAX_IDS + 1])
    return keys if len(keys) <= MAX_IDS else None


def _is_indexable(word: str) -> bool:
    """The index knows runs of three letters or digits, and how words begin."""
    return re.search(r"[^\W_]{3}", word) is not None


@contextmanager
def without_jit(*, using: str = "default") -> Iterator[None]:
    """For a query of many small parts: PostgreSQL's JIT would compile it for longer than it runs."""
    database = connections[using]
    if database.vendor != "postgresql":
        yield
        return
    with transaction.atomic(using=using), database.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")  # until the end of the transaction
        yield


@contextmanager
def _by_index(using: str) -> Iterator[None]:
    """PostgreSQL estimates badly how rare a word is, so make it use the trigram index instead of the table."""
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
