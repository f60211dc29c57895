"""The same request again gets the same answer again, and is not done twice.

A row says that a request runs, so of many at once one books. Under an explicit key it is committed before the
work begins, and linked to the booking inside the booking's own intent; without a key it is written with that
intent, for until then nothing is done that could be done twice. Whoever comes after a crash finds what came of it.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import Error as DatabaseTrouble
from django.db import IntegrityError, transaction
from django.db.models import Q

from ...models import AgentKey, Booking, IdempotencyRecord

log = logging.getLogger("calendly.idempotency")

LONGEST = 255
# Longer than any answer takes: a request without one by then has died.
DEAD_AFTER = timedelta(seconds=60)
SAME_REQUEST_FOR = timedelta(minutes=10)
KEEP_FOR = timedelta(days=7)
# Of a request that booked nothing: an agent could make any number of them.
KEEP_WITHOUT_BOOKING_FOR = timedelta(hours=1)
RETRY_AFTER = 2
# Explicit keys come stripped, so none of them can be one of ours.
IMPLICIT = " without a key: "

Status = Booking.Status


class InvalidKey(ValueError):
    """Not a key: 1 to 255 printable characters."""


class Mismatch(Exception):
    """The key was used for another request."""


class InProgress(Exception):
    """The first request under this key still runs. `retry_after` in seconds."""

    def __init__(self, retry_after: int = RETRY_AFTER) -> None:
        super().__init__("The first request still runs.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Key:
    """Names a request. `implicit` ones are made of the request itself, and last ten minutes."""

    text: str
    implicit: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `replayed`: it is an earlier request's answer."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


OnIntent = Callable[[Booking], None]
Keep = Callable[[Answer], None]
Run = Callable[[OnIntent, Keep], Answer]
Recover = Callable[[Booking, Answer | None], Answer]


def explicit(text: str) -> Key:
    """The key that an agent sent. Raises InvalidKey."""
    text = text.strip()
    if not text or len(text) > LONGEST or not text.isascii() or not text.isprintable():
        raise InvalidKey
    return Key(text, implicit=False)


def implicit(*parts: Any) -> Key:
    """The key of a request that came without one: what makes two of them the same."""
    return Key(IMPLICIT + fingerprint({"parts": list(parts)}), implicit=True)


def fingerprint(body: Mapping[str, Any]) -> str:
    """Equal for bodies that ask the same, whatever the order of their keys."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "backslashreplace")).hexdigest()


def once(
    *, agent_key: AgentKey, key: Key, body: Mapping[str, Any], run: Run, recover: Recover, now: datetime
) -> Answer:
    """Run the request, or give the answer of the one that ran before.

    `run` gets the callback for the booking's intent, and one that keeps an answer in the transaction that is open;
    an answer that it did not keep so is kept afterwards. `recover` answers from the booking as it is now: of a
    request that died, and, given the earlier answer, of the same request without a key.
    Raises Mismatch, InProgress, and what `run` raises: then nothing is kept, and the request may be repeated.
    """
    wanted = fingerprint(body)
    record = _claim(agent_key, key, wanted, recover, now)
    if isinstance(record, Answer):
        return record
    try:
        answer = _answer(record, run, recover, now)
    except Exception:
        _release(record)
        raise
    if record.answered_at is not None:
        return answer
    if answer.status in (201, 202) or (answer.status == 200 and not key.implicit):
        _keep(record, answer, now)
    elif _unwritten(record):  # nothing was free, perhaps because the same request has just been booked
        other = _find(agent_key, key)
        return (other and _told(other, key, wanted, recover, now)) or answer
    else:
        _release(record)
    return answer


def _claim(
    agent_key: AgentKey, key: Key, wanted: str, recover: Recover, now: datetime
) -> IdempotencyRecord | Answer:
    """This request's own record, or the answer given before. That of an explicit key is committed, another may
    still be `adding`: it is written with the booking's intent."""
    for _try in range(5):
        mine = IdempotencyRecord(agent_key=agent_key, key=key.text, fingerprint=wanted, started_at=now)
        if not key.implicit and _insert(mine):
            return mine
        record = _find(agent_key, key)
        if record is None:
            if key.implicit:
                return mine
            continue  # its request came to nothing just now, and it was released
        answer = _told(record, key, wanted, recover, now)
        if answer is not None:
            return answer
        if _take_over(record, wanted, now):
            return record
    raise InProgress


def _find(agent_key: AgentKey, key: Key) -> IdempotencyRecord | None:
    return IdempotencyRecord.objects.filter(agent_key=agent_key, key=key.text).first()


def _told(record: IdempotencyRecord, key: Key, wanted: str, recover: Recover, now: datetime) -> Answer | None:
    """The answer that the request of this record was given; without a key, what it means now. None where the
    request died, or speaks for nothing any more."""
    if not key.implicit and record.fingerprint != wanted:
        raise Mismatch
    if record.answered_at is None:
        if now - record.started_at <= DEAD_AFTER:
            raise InProgress
        return None
    answer = Answer(record.status or 200, record.body or {}, dict(record.headers), replayed=True)
    if not key.implicit:
        return answer
    booking = _standing(record) if now - record.started_at <= SAME_REQUEST_FOR else None
    return replace(recover(booking, answer), replayed=True) if booking else None


def _standing(record: IdempotencyRecord) -> Booking | None:
    """The booking that the request led to, as it is now; None where it came to nothing or was canceled."""
    stands = Booking.objects.shown().filter(status__in=[Status.CONFIRMED, Status.PENDING])
    return stands.filter(pk=record.booking_id).first() if record.booking_id else None


def _unwritten(record: IdempotencyRecord) -> bool:
    """True for that of a request without a key which has not come to its intent."""
    return bool(record._state.adding) and record.booking is None


def _take_over(record: IdempotencyRecord, wanted: str, now: datetime) -> bool:
    """Make the record this request's own. False if somebody else was faster."""
    mine = IdempotencyRecord.objects.filter(
        pk=record.pk, started_at=record.started_at, answered_at=record.answered_at
    )
    fresh = record.answered_at is None or now - record.started_at <= SAME_REQUEST_FOR
    taken = mine.update(
        started_at=now,
        answered_at=None,
        status=None,
        body=None,
        fingerprint=wanted,
        booking=record.booking_id if fresh else None,
    )
    record.started_at, record.answered_at = now, None
    if not fresh:
        record.booking = None
    return bool(taken)


def _answer(record: IdempotencyRecord, run: Run, recover: Recover, now: datetime) -> Answer:
    """From the booking of the request that died, if it has one that stands; else by running the request."""
    left = _standing(record)
    if left is not None:
        return replace(recover(left, None), replayed=True)
    return run(lambda booking: _link(record, booking), lambda answer: _write(record, answer, now))


def _link(record: IdempotencyRecord, booking: Booking) -> None:
    """Tie the booking to its request, first of all in the transaction of the intent. Raises InProgress if another
    request has the record, or took this one for dead meanwhile: then the booking must not be made."""
    record.booking = booking
    tied = _insert(record) if record._state.adding else _own(record).update(booking=booking)
    if not tied:
        raise InProgress


def _insert(record: IdempotencyRecord) -> bool:
    """Insert the record. False where another request has inserted one with the same key."""
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _own(record: IdempotencyRecord) -> Any:
    return IdempotencyRecord.objects.filter(
        agent_key=record.agent_key_id, key=record.key, started_at=record.started_at, answered_at__isnull=True
    )


def _write(record: IdempotencyRecord, answer: Answer, now: datetime) -> None:
    _own(record).update(answered_at=now, status=answer.status, body=answer.body, headers=answer.headers)
    record.answered_at = now


def _keep(record: IdempotencyRecord, answer: Answer, now: datetime) -> None:
    """Keep the answer. If that fails the booking stands all the same, and the record leads to it."""
    try:
        _write(record, answer, now)
    except DatabaseTrouble as error:
        log.warning("an answer was not kept: %s", type(error).__name__)


def _release(record: IdempotencyRecord) -> None:
    """Forget a request that came to nothing. One whose booking may stand is left: after a minute the next
    request under its key is answered from that booking."""
    if _unwritten(record):
        return
    nothing = Q(booking__isnull=True) | Q(booking__status__in=[Status.FAILED, Status.CANCELED])
    try:
        _own(record).filter(nothing).delete()
    except DatabaseTrouble as error:
        log.warning("a request was not forgotten: %s", type(error).__name__)


def forget(*, now: datetime) -> int:
    """Delete records that nobody will ask for any more. Returns how many."""
    old = Q(started_at__lt=now - KEEP_FOR)
    vain = Q(started_at__lt=now - KEEP_WITHOUT_BOOKING_FOR, booking__isnull=True)
    return IdempotencyRecord.objects.filter(old | vain).delete()[0]
