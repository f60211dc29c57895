"""What a dispatcher brings back, written down in bulk."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from ...http.backoff import backoff_seconds
from ...models import OutboxMessage, OutboxQueue
from .queue import LONGEST_PAUSE

LONGEST_HOLD = timedelta(days=1)
# A message whose sending breaks our own code so often is parked: it must not stop its queue for ever.
BROKEN_TRIES = 8


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message as it goes out."""

    id: int
    path: str
    body: bytes
    key: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run ended early. `broken`: by an error of our own, not by the portal. `key_refused`: not for this
    message, but for all of them."""

    letter: OutgoingMessage
    error: str
    retry_after: float | None = None
    broken: bool = False
    key_refused: bool = False


@dataclass(slots=True)
class Run:
    """One claimed queue, its first messages, and what became of them. No send starts after `until`
    (`time.monotonic`), so that none is on its way when the lease ends. A `probe` tries the key in a pause.
    """

    queue: OutboxQueue
    letters: list[OutgoingMessage]
    more: bool
    until: float
    probe: bool = False
    sent: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    failure: Failure | None = None
    recorded: bool = False

    @property
    def moved(self) -> bool:
        """True where a message left the queue."""
        return bool(self.sent or self.refused)

    @property
    def emptied(self) -> bool:
        """True where nothing that was known of is left."""
        return not self.more and len(self.sent) + len(self.refused) == len(self.letters)


def settle(runs: Sequence[Run], *, now: datetime) -> list[Run]:
    """Record the runs. Returns those whose queue somebody is just adding to: ask again, they are not lost."""
    for run in runs:
        if run.failure and run.failure.broken and run.queue.attempts >= BROKEN_TRIES:
            run.refused.append((run.failure.letter.id, run.failure.error))
            run.failure, run.more = None, True
    with transaction.atomic():
        _record([run for run in runs if not run.recorded], now)
        later = _release(runs, now)
    for run in runs:
        run.recorded = True
    return later


def _record(runs: Sequence[Run], now: datetime) -> None:
    """Write what became of the messages. What is sent is sent, whoever holds the queue by now."""
    sent = [pk for run in runs for pk in run.sent]
    if sent:
        OutboxMessage.objects.filter(pk__in=sent).update(
            status=OutboxMessage.Status.SENT, sent_at=now, attempts=F("attempts") + 1
        )
    waiting = OutboxMessage.objects.filter(status=OutboxMessage.Status.WAITING)
    for error, ids in _by_error((pk, error) for run in runs for pk, error in run.refused):
        waiting.filter(pk__in=ids).update(
            status=OutboxMessage.Status.PARKED, attempts=F("attempts") + 1, last_error=error
        )
    failures = [run.failure for run in runs if run.failure]
    tried = [failure for failure in failures if not failure.key_refused]
    for error, ids in _by_error((failure.letter.id, failure.error) for failure in tried):
        waiting.filter(pk__in=ids).update(attempts=F("attempts") + 1, last_error=error)
    for error, ids in _by_error(
        (failure.letter.id, failure.error) for failure in failures if failure.key_refused
    ):
        waiting.filter(pk__in=ids).update(last_error=error)


def _by_error(pairs: Iterable[tuple[int, str]]) -> Iterable[tuple[str, list[int]]]:
    """Group ids by error text: in an outage hundreds fail alike, and one statement writes them."""
    groups: dict[str, list[int]] = defaultdict(list)
    for pk, error in pairs:
        groups[error].append(pk)
    return groups.items()


def _release(runs: Sequence[Run], now: datetime) -> list[Run]:
    """Give the queues back. A queue is only called empty if its version is still the one that was read."""
    locked: dict[str, tuple[uuid.UUID | None, uuid.UUID]] = {
        key: (token, version)
        for key, token, version in OutboxQueue.objects.filter(pk__in=[run.queue.pk for run in runs])
        # A queue that is being added to is locked by a transaction that may last: come back for it later.
        .select_for_update(skip_locked=True, no_key=True)
        .order_by("pk")
        .values_list("pk", "lease_token", "version")
    }
    later, empty, due = [], [], []
    for run in runs:
        if run.queue.pk not in locked:
            later.append(run)
            continue
        token, version = locked[run.queue.pk]
        if token != run.queue.lease_token:
            continue  # the lease was lost: the queue is somebody else's now
        if run.failure and run.failure.key_refused:  # it waits for the key, and not for its turn
            _give_back(run.queue, next_attempt_at=now, attempts=0, held=False, last_error=run.failure.error)
        elif run.failure:
            _delay(run, run.failure, now)
        elif run.emptied and version == run.queue.version:
            empty.append(run.queue.pk)
        elif run.moved or not run.letters:
            due.append(run.queue.pk)
        else:  # claimed and not tried: that was no attempt
            _give_back(run.queue, next_attempt_at=now, attempts=run.queue.attempts - 1)
    for keys, moment in ((empty, None), (due, now)):
        if keys:
            OutboxQueue.objects.filter(pk__in=keys).update(
                next_attempt_at=moment, lease_token=None, attempts=0, held=False, last_error=""
            )
    return later


def _delay(run: Run, failure: Failure, now: datetime) -> None:
    """Let the queue wait: as long as the portal asks, else twice as long as after the failure before."""
    attempts = 1 if run.moved else run.queue.attempts
    _give_back(
        run.queue,
        next_attempt_at=now + pause(attempts, failure.retry_after),
        attempts=attempts,
        held=bool(failure.retry_after),
        last_error=failure.error,
    )


def _give_back(queue: OutboxQueue, **changes: object) -> None:
    OutboxQueue.objects.filter(pk=queue.pk).update(lease_token=None, **changes)


def pause(attempts: int, retry_after: float | None) -> timedelta:
    """How long to wait after so many failures in a row: about 1, 2, 4, 8 … seconds, at most five minutes;
    what the portal asks for is obeyed, up to a day."""
    if retry_after:
        return min(timedelta(seconds=max(retry_after, 1.0)), LONGEST_HOLD)
    seconds = backoff_seconds(attempts, first=1.0, longest=LONGEST_PAUSE.total_seconds())
    return min(timedelta(seconds=seconds), LONGEST_PAUSE)
