"""Adds messages to the outbox, and lets staff and the sweep act on waiting ones."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet

from ...models import OutboxMessage, OutboxQueue
from ..backoff import MAX_WAIT

# A wait of ours is never longer, its random part included. Only the portal may ask for more.
LATEST_RETRY = MAX_WAIT * 1.3
MAX_HEALED_QUEUES = 1000


class NotParked(Exception):
    """Only a parked message can be sent again by hand."""


class NotWaiting(Exception):
    """Only a waiting message can be parked."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is saved.

    `once_key` names the fact that it reports: a fact is reported once. Messages of one `queue` (at most 64
    characters) reach the portal in the order in which they were added. `key` is the idempotency key of a message
    that may be written again; other messages get a random one.
    """

    queue: str
    path: str
    body: dict[str, Any]
    once_key: str
    booking_id: uuid.UUID | None = None
    key: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """How full the outbox is. `oldest` is the age of the longest waiting message."""

    waiting: int
    parked: int
    oldest: timedelta | None


def add(drafts: Sequence[Draft], *, now: datetime) -> None:
    """Save the messages, in the caller's transaction if there is one. Facts that were reported before are left out.

    New messages do not shorten a pause of their queue.
    """
    if not drafts:
        return
    with transaction.atomic(savepoint=False):
        # The new version tells a dispatcher that is just emptying the queue that it is not empty.
        OutboxQueue.objects.open({draft.queue for draft in drafts}, now=now)
        OutboxMessage.objects.bulk_create(
            [
                OutboxMessage(
                    queue_id=draft.queue,
                    booking_id=draft.booking_id,
                    path=draft.path,
                    body=draft.body,
                    once_key=draft.once_key,
                    idempotency_key=draft.key or uuid.uuid4(),
                    created_at=now,
                )
                for draft in drafts
            ],
            ignore_conflicts=True,
        )


def resend(message: OutboxMessage, *, now: datetime) -> None:
    """Send a parked message again, in its old place in the order. Raises NotParked."""
    with transaction.atomic():
        if not OutboxMessage.objects.unpark(message.pk):
            raise NotParked
        queue = OutboxQueue.objects.filter(pk=message.queue_id)
        queue.update(version=uuid.uuid4())
        # A queue that a dispatcher holds, or that the portal asked to wait, is not made due.
        queue.filter(Q(next_attempt_at__isnull=True) | Q(held=False, lease_token__isnull=True)).update(
            next_attempt_at=now
        )
    message.status = OutboxMessage.Status.WAITING


def park(message: OutboxMessage) -> None:
    """Take a waiting message out of its queue until it is sent again by hand. Raises NotWaiting."""
    if not OutboxMessage.objects.park(message.pk):
        raise NotWaiting
    message.status = OutboxMessage.Status.PARKED


def recall(bookings: Iterable[uuid.UUID], *, path: str) -> list[tuple[uuid.UUID, str]]:
    """Delete waiting messages with that path. Returns the booking and the `once_key` of each.

    The caller holds the transaction. A message that a dispatcher holds is on its way and stays.
    """
    waiting = OutboxMessage.objects.waiting().filter(booking_id__in=list(bookings), path=path)
    queues = set(waiting.values_list("queue_id", flat=True))
    if not queues:
        return []
    free = OutboxQueue.objects.filter(pk__in=queues, lease_token=None).select_for_update(skip_locked=True)
    rows = waiting.filter(queue_id__in=list(free.order_by("pk").values_list("pk", flat=True)))
    recalled = [(row.pk, row.booking_id, row.once_key) for row in rows.order_by("pk")]
    OutboxMessage.objects.filter(pk__in=[pk for pk, _booking, _once in recalled]).delete()
    return [(booking, once) for _pk, booking, once in recalled if booking is not None]


def stats(now: datetime) -> Stats:
    """Count the waiting and the parked messages."""
    waiting, parked = Q(status=OutboxMessage.Status.WAITING), Q(status=OutboxMessage.Status.PARKED)
    counted = OutboxMessage.objects.filter(waiting | parked).aggregate(
        waiting=Count("pk", filter=waiting),
        parked=Count("pk", filter=parked),
        oldest=Min("created_at", filter=waiting),
    )
    oldest = now - counted["oldest"] if counted["oldest"] else None
    return Stats(waiting=counted["waiting"], parked=counted["parked"], oldest=oldest)


def heal(*, now: datetime) -> int:
    """Make due what waits in a queue that is not due at any time, and shorten waits that are longer than any of
    ours because the clock was set back. Returns the number of queues. Only a fault makes this necessary.
    """
    idle = OutboxMessage.objects.waiting().filter(queue__next_attempt_at__isnull=True)
    idle_keys = list(idle.values_list("queue_id", flat=True).distinct()[:MAX_HEALED_QUEUES])
    forgotten = OutboxQueue.objects.filter(pk__in=idle_keys, next_attempt_at__isnull=True)
    too_late = OutboxQueue.objects.filter(held=False, next_attempt_at__gt=now + LATEST_RETRY)
    return make_due(forgotten, at=now) + make_due(too_late, at=now + MAX_WAIT)


def make_due(queues: QuerySet[OutboxQueue], *, at: datetime) -> int:
    """Make these queues due at `at`. Locks in the order in which `add` locks."""
    with transaction.atomic():
        locked = list(queues.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        return OutboxQueue.objects.filter(pk__in=locked).update(next_attempt_at=at)
