"""Writing messages, and what staff and the sweep may do with waiting ones."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet

from ...models import OutboxMessage, OutboxQueue
from ...models.bulk_sql import Statement, insertion, send

# No wait of ours is longer than this; only the portal itself may ask for a longer one.
LONGEST_PAUSE = timedelta(minutes=5)


class NotParked(Exception):
    """Only a parked message can be sent again by hand."""


class NotWaiting(Exception):
    """Only a waiting message can be parked."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be. `once_key` names the fact that it tells: a fact is told once. Messages of one `queue`
    (64 characters at most) reach the portal in the order in which they were added. `key` is the idempotency key of
    a message that may be written anew; others get one of their own.
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
    """Write the messages, in the caller's transaction; those whose fact was told before are left out.

    A waiting pause of a queue is not shortened by new messages.
    """
    with transaction.atomic(savepoint=False):
        send(addition(drafts, now=now))


def addition(drafts: Sequence[Draft], *, now: datetime) -> list[Statement]:
    """What `add` writes, for a caller that sends it along with the change in its open transaction."""
    if not drafts:
        return []
    messages = [
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
    ]
    # Lanes first, in one order for all: their locks make the ids within a queue rise in commit order, and two
    # callers that share queues cannot wait for one another. The new version tells a dispatcher that is just emptying
    # the queue that it is not empty.
    queues = OutboxQueue.objects.opening(sorted({draft.queue for draft in drafts}), now=now)
    return queues + insertion(messages, otherwise="DO NOTHING")


def resend(message: OutboxMessage, *, now: datetime) -> None:
    """Send a parked message again, in its old place in the order. Raises NotParked."""
    with transaction.atomic():
        changed = OutboxMessage.objects.filter(pk=message.pk, status=OutboxMessage.Status.PARKED).update(
            status=OutboxMessage.Status.WAITING
        )
        if not changed:
            raise NotParked
        queue = OutboxQueue.objects.filter(pk=message.queue_id)
        queue.update(version=uuid.uuid4())
        # A queue that someone holds, or that the portal asked to wait, is not hurried.
        queue.filter(Q(next_attempt_at__isnull=True) | Q(held=False, lease_token__isnull=True)).update(
            next_attempt_at=now
        )
    message.status = OutboxMessage.Status.WAITING


def park(message: OutboxMessage) -> None:
    """Take a waiting message out of the way of those behind it, until it is sent again. Raises NotWaiting."""
    waiting = OutboxMessage.objects.filter(pk=message.pk, status=OutboxMessage.Status.WAITING)
    if not waiting.update(status=OutboxMessage.Status.PARKED):
        raise NotWaiting
    message.status = OutboxMessage.Status.PARKED


def recall(bookings: Iterable[uuid.UUID], *, path: str) -> list[tuple[uuid.UUID, str]]:
    """Take back messages of that path that wait: the booking and the `once_key` of each. The caller holds the
    transaction. What a dispatcher holds is on its way, and stays.
    """
    waiting = OutboxMessage.objects.filter(
        booking_id__in=list(bookings), path=path, status=OutboxMessage.Status.WAITING
    )
    queues = set(waiting.values_list("queue_id", flat=True))
    if not queues:
        return []
    # A locked queue is being handed out or written down: its messages are on their way.
    free = OutboxQueue.objects.filter(pk__in=queues, lease_token=None).select_for_update(skip_locked=True)
    rows = waiting.filter(queue_id__in=list(free.order_by("pk").values_list("pk", flat=True)))
    found = [(row.pk, row.booking_id, row.once_key) for row in rows.order_by("pk")]
    OutboxMessage.objects.filter(pk__in=[pk for pk, _booking, _once in found]).delete()
    return [(booking, once) for _pk, booking, once in found if booking is not None]


def stats(now: datetime) -> Stats:
    """Count what waits and what is parked."""
    found = OutboxMessage.objects.filter(
        status__in=[OutboxMessage.Status.WAITING, OutboxMessage.Status.PARKED]
    ).aggregate(
        waiting=Count("pk", filter=Q(status=OutboxMessage.Status.WAITING)),
        parked=Count("pk", filter=Q(status=OutboxMessage.Status.PARKED)),
        oldest=Min("created_at", filter=Q(status=OutboxMessage.Status.WAITING)),
    )
    oldest = now - found["oldest"] if found["oldest"] else None
    return Stats(waiting=found["waiting"], parked=found["parked"], oldest=oldest)


def heal(*, now: datetime) -> int:
    """Make due what waits in a queue that nobody would look at, and shorten waits that a clock which was set
    back has made longer than any of ours. Returns the number of queues. Nothing needs this in a good week.
    """
    waiting = OutboxMessage.objects.filter(status=OutboxMessage.Status.WAITING)
    idle = waiting.filter(queue__next_attempt_at__isnull=True).values_list("queue_id", flat=True).distinct()
    forgotten = OutboxQueue.objects.filter(pk__in=list(idle[:1000]), next_attempt_at__isnull=True)
    latest = now + LONGEST_PAUSE
    strayed = OutboxQueue.objects.filter(held=False, next_attempt_at__gt=latest + timedelta(seconds=30))
    return hurry(forgotten, at=now) + hurry(strayed, at=latest)


def hurry(queues: QuerySet[OutboxQueue], *, at: datetime) -> int:
    """Make these queues due at `at`. Locked in the order in which `add` locks, and asked again under lock."""
    with transaction.atomic():
        locked = list(queues.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        return OutboxQueue.objects.filter(pk__in=locked).update(next_attempt_at=at)
