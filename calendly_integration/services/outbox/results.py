"""Records what a dispatcher brings back, many runs in one transaction."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from ...models import OutboxMessage, OutboxQueue
from ..backoff import backoff

# A message that breaks our own code this many times is parked, so that it does not block its queue for ever.
MAX_BROKEN_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message as it goes out."""

    id: int
    path: str
    body: bytes
    key: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run ended early. `broken`: by an error of our own, not of the portal. `key_refused`: the portal refuses
    our key, which says nothing about this message."""

    message: OutgoingMessage
    error: str
    retry_after_seconds: float | None = None
    broken: bool = False
    key_refused: bool = False


@dataclass(slots=True)
class Run:
    """One claimed queue, its first messages, and their outcome. No send starts after `deadline` (`time.monotonic`),
    so that none is on its way when the lease ends. A `probe` tries a refused key.
    """

    queue: OutboxQueue
    messages: list[OutgoingMessage]
    more: bool
    deadline: float
    probe: bool = False
    sent: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    failure: Failure | None = None
    recorded: bool = False

    @property
    def progressed(self) -> bool:
        """True where a message left the queue."""
        return bool(self.sent or self.refused)

    @property
    def emptied(self) -> bool:
        """True where all messages that were read have left the queue, and there were no more."""
        return not self.more and len(self.sent) + len(self.refused) == len(self.messages)


def record_runs(runs: Sequence[Run], *, now: datetime) -> list[Run]:
    """Record the runs. Returns those whose queue is locked because messages are being added: record them again."""
    for run in runs:
        if run.failure and run.failure.broken and run.queue.attempts >= MAX_BROKEN_ATTEMPTS:
            run.refused.append((run.failure.message.id, run.failure.error))
            run.failure, run.more = None, True
    with transaction.atomic():
        _record_messages([run for run in runs if not run.recorded], now)
        locked_runs = _release_queues(runs, now)
    for run in runs:
        run.recorded = True
    return locked_runs


def _record_messages(runs: Sequence[Run], now: datetime) -> None:
    """Write the outcome of the messages. A sent message stays sent, also if another worker holds the queue now."""
    sent = [pk for run in runs for pk in run.sent]
    if sent:
        OutboxMessage.objects.mark_sent(sent, now=now)
    for error, ids in _ids_by_error((pk, error) for run in runs for pk, error in run.refused):
        OutboxMessage.objects.park_refused(ids, error=error)
    failures = [run.failure for run in runs if run.failure]
    for key_refused in (False, True):
        failed = [(each.message.id, each.error) for each in failures if each.key_refused == key_refused]
        for error, ids in _ids_by_error(failed):
            OutboxMessage.objects.record_failure(ids, error=error, counted=not key_refused)


def _ids_by_error(pairs: Iterable[tuple[int, str]]) -> Iterable[tuple[str, list[int]]]:
    """Group ids by error text: in an outage hundreds fail alike, and one statement writes them."""
    groups: dict[str, list[int]] = defaultdict(list)
    for pk, error in pairs:
        groups[error].append(pk)
    return groups.items()


def _release_queues(runs: Sequence[Run], now: datetime) -> list[Run]:
    """Give the queues back. Returns the runs whose queue another transaction has locked.

    A queue is called empty only if its version is still the one that was read.
    """
    queues: dict[str, tuple[uuid.UUID | None, uuid.UUID]] = {
        key: (token, version)
        for key, token, version in OutboxQueue.objects.filter(pk__in=[run.queue.pk for run in runs])
        # The transaction that adds messages may last: skip its queues and come back later.
        .select_for_update(skip_locked=True, no_key=True)
        .order_by("pk")
        .values_list("pk", "lease_token", "version")
    }
    locked, empty, due = [], [], []
    for run in runs:
        if run.queue.pk not in queues:
            locked.append(run)
            continue
        token, version = queues[run.queue.pk]
        if token != run.queue.lease_token:
            continue  # the lease was lost: another dispatcher holds the queue now
        if run.failure:
            _delay(run, run.failure, now)
        elif run.emptied and version == run.queue.version:
            empty.append(run.queue.pk)
        elif run.progressed or not run.messages:
            due.append(run.queue.pk)
        else:  # claimed but not tried: this was no attempt
            OutboxQueue.objects.release_one(
                run.queue.pk, next_attempt_at=now, attempts=run.queue.attempts - 1
            )
    if empty:
        OutboxQueue.objects.release(empty, next_attempt_at=None)
    if due:
        OutboxQueue.objects.release(due, next_attempt_at=now)
    return locked


def _delay(run: Run, failure: Failure, now: datetime) -> None:
    """Let the queue wait as long as the portal asks, else for a growing time. While the key is refused the circuit
    breaker waits, not the queue."""
    if failure.key_refused:
        attempts, next_attempt_at = 0, now
    else:
        attempts = 1 if run.progressed else run.queue.attempts
        next_attempt_at = now + backoff(attempts, retry_after=failure.retry_after_seconds)
    OutboxQueue.objects.release_one(
        run.queue.pk,
        next_attempt_at=next_attempt_at,
        attempts=attempts,
        held=bool(failure.retry_after_seconds) and not failure.key_refused,
        last_error=failure.error,
    )
