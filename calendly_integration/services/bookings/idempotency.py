"""Repeated requests: the same request again gets the same answer, and is not done twice.

A record says that a request runs, so that of many at once only one books. The record of a request with a key is
committed before the work begins. Without a key it is inserted by the transaction that reserves the start, because
until then nothing is done that could be done twice. That transaction also links the record to the booking, so after
a crash the next request is answered from that booking.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction
from django.db.models import Q

from ...models import AgentKey, Booking, IdempotencyRecord
from ...models.constraints import violates
from ...models.idempotency import IDEMPOTENCY_ONCE, IMPLICIT

log = logging.getLogger("calendly.idempotency")

MAX_KEY_LENGTH = 255
# Longer than any request takes. A request without an answer after this time has died.
RUNNING_TIMEOUT = timedelta(seconds=60)
SAME_REQUEST_FOR = timedelta(minutes=10)
KEEP_FOR = timedelta(days=7)
# Requests that booked nothing are deleted sooner: an agent can make any number of them.
KEEP_WITHOUT_BOOKING_FOR = timedelta(hours=1)
RETRY_AFTER_SECONDS = 2


class InvalidKey(ValueError):
    """A key has 1 to 255 printable characters."""


class Mismatch(Exception):
    """The key was used for another request."""


class InProgress(Exception):
    """The first request with this key still runs. `retry_after` in seconds."""

    def __init__(self, retry_after: int = RETRY_AFTER_SECONDS) -> None:
        super().__init__("The first request still runs.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer that an earlier request got."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of a request that was made before.

    `answer` is what the earlier request was answered; None if its process died before. With `booking` the answer is
    made from the booking as it is now.
    """

    answer: StoredAnswer | None
    booking: Booking | None


def explicit_key(text: str) -> str:
    """The key that an agent sent. Raises InvalidKey."""
    text = text.strip()
    if not text or len(text) > MAX_KEY_LENGTH or not text.isascii() or not text.isprintable():
        raise InvalidKey
    return text


def implicit_key(*parts: Any) -> str:
    """The key of a request that came without one. Two requests with equal `parts` are the same request."""
    return IMPLICIT + fingerprint({"parts": list(parts)})


def fingerprint(body: Mapping[str, Any]) -> str:
    """Equal for bodies with equal values, whatever the order of their keys."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "backslashreplace")).hexdigest()


def new_record(*, agent_key: AgentKey, key: str, body: Mapping[str, Any], now: datetime) -> IdempotencyRecord:
    """The record of this request, not saved."""
    return IdempotencyRecord(agent_key=agent_key, key=key, fingerprint=fingerprint(body), started_at=now)


def begin(record: IdempotencyRecord, *, now: datetime) -> Replay | None:
    """None if the request is to be run; otherwise the result of the same request that ran before.

    Raises Mismatch, InProgress.
    """
    for _attempt in range(5):
        earlier = IdempotencyRecord.objects.of_request(record).first()
        if earlier is None:
            if record.is_implicit or _insert(record):
                return None
            continue  # the same request began at the same moment
        replay = _replay(earlier, record, now=now)
        if replay is not None:
            return replay
        fresh = earlier.answered_at is None or now - earlier.started_at <= SAME_REQUEST_FOR
        booking_id = earlier.booking_id if fresh else None
        if IdempotencyRecord.objects.take_over(earlier, record, booking_id=booking_id):
            booking = _existing_booking(record)
            return Replay(None, booking) if booking else None
    raise InProgress


def link(record: IdempotencyRecord, booking: Booking) -> None:
    """Note the booking that the request makes, in the transaction that reserves its start.

    Raises InProgress if another request has the record: then the booking must not be made.
    """
    record.booking = booking
    if record.is_stored:
        if not IdempotencyRecord.objects.link(record, booking):
            raise InProgress  # this request took longer than RUNNING_TIMEOUT
        return
    try:
        # Another instance, because `record` must stay unsaved if the transaction is rolled back.
        IdempotencyRecord(
            agent_key_id=record.agent_key_id,
            key=record.key,
            fingerprint=record.fingerprint,
            started_at=record.started_at,
            booking=booking,
        ).save(force_insert=True)
    except IntegrityError as error:
        if violates(error, IdempotencyRecord, IDEMPOTENCY_ONCE):
            raise InProgress from error
        raise


def find_replay(record: IdempotencyRecord, *, now: datetime) -> Replay | None:
    """For a request without a key that found nothing free: the result of the same request, if that one has just
    booked the start. Raises InProgress while that one runs."""
    if not record.is_implicit:
        return None
    if record.is_stored or record.booking_id is not None:
        release(record)
        return None
    earlier = IdempotencyRecord.objects.of_request(record).first()
    return _replay(earlier, record, now=now) if earlier else None


def keep_answer(record: IdempotencyRecord, *, status: int, body: dict[str, Any], now: datetime) -> None:
    """Store the answer. If that fails, the booking stands all the same, and the record leads to it.

    A request without a key that booked nothing has no record.
    """
    if record.is_implicit and status == 200:
        return
    try:
        IdempotencyRecord.objects.answer(record, status=status, body=body, now=now)
    except DatabaseError as error:
        log.warning("an answer was not stored: %s", type(error).__name__)


def release(record: IdempotencyRecord) -> None:
    """Forget a failed request, so that it can be repeated. If its booking may exist, the record stays, and after a
    minute the next request is answered from that booking."""
    if not record.is_stored and record.booking_id is None:
        return  # a request without a key that has not reserved anything
    try:
        IdempotencyRecord.objects.release(record)
    except DatabaseError as error:
        log.warning("a request was not released: %s", type(error).__name__)


def forget(*, now: datetime) -> int:
    """Delete old records. Returns how many."""
    old = Q(started_at__lt=now - KEEP_FOR)
    without_booking = Q(started_at__lt=now - KEEP_WITHOUT_BOOKING_FOR, booking__isnull=True)
    return IdempotencyRecord.objects.filter(old | without_booking).delete()[0]


def _insert(record: IdempotencyRecord) -> bool:
    """Commit the record. False if another request has inserted one with the same key."""
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError as error:
        if violates(error, IdempotencyRecord, IDEMPOTENCY_ONCE):
            return False
        raise
    return True


def _replay(earlier: IdempotencyRecord, record: IdempotencyRecord, *, now: datetime) -> Replay | None:
    """The result of the earlier request. None if its process died, or, without a key, if its booking does not count
    any more."""
    if not record.is_implicit and earlier.fingerprint != record.fingerprint:
        raise Mismatch
    if earlier.answered_at is None:
        if now - earlier.started_at <= RUNNING_TIMEOUT:
            raise InProgress
        return None
    answer = StoredAnswer(earlier.status or 200, earlier.body or {})
    if not record.is_implicit:
        return Replay(answer, None)
    booking = _existing_booking(earlier) if now - earlier.started_at <= SAME_REQUEST_FOR else None
    return Replay(answer, booking) if booking else None


def _existing_booking(record: IdempotencyRecord) -> Booking | None:
    """The booking that the request has made, as it is now. None if it made none, or it failed or was canceled."""
    if record.booking_id is None:
        return None
    existing = Booking.objects.shown().filter(status__in=[Booking.Status.CONFIRMED, Booking.Status.PENDING])
    return existing.filter(pk=record.booking_id).first()
