"""The machinery at a glance: what waits, what is stuck, what runs. All from our own tables."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from ... import clients, jobs
from ...models import (
    BulkItem,
    BulkRun,
    CalendlyAccount,
    CalendlyBooking,
    OutboxMessage,
    OutboxQueue,
    SyncRun,
    WebhookDelivery,
)
from ..worker import heartbeat

MAX_LISTED = 10


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """Rows by status, and since when the oldest of those that wait has waited."""

    counts: dict[str, int]
    oldest: datetime | None


def account() -> CalendlyAccount | None:
    """The default connection, if it was ever used."""
    return CalendlyAccount.objects.filter(slug=clients.DEFAULT).first()


def inbox() -> StatusCounts:
    """Deliveries."""
    counts = WebhookDelivery.objects.values_list("status").annotate(Count("pk")).order_by()
    waiting = WebhookDelivery.objects.filter(next_attempt_at__isnull=False)
    return StatusCounts(dict(counts), waiting.aggregate(oldest=Min("received_at"))["oldest"])


def outbox() -> StatusCounts:
    """Messages to the portal that are not sent."""
    left = OutboxMessage.objects.filter(
        status__in=[OutboxMessage.Status.WAITING, OutboxMessage.Status.PARKED]
    )
    counts = left.values_list("status").annotate(Count("pk")).order_by()
    waiting = OutboxMessage.objects.filter(status=OutboxMessage.Status.WAITING)
    return StatusCounts(dict(counts), waiting.aggregate(oldest=Min("created_at"))["oldest"])


def queues() -> list[OutboxQueue]:
    """The queues of messages that are tried next, the soonest first."""
    return list(
        OutboxQueue.objects.filter(next_attempt_at__isnull=False).order_by("next_attempt_at")[:MAX_LISTED]
    )


def calendly_bookings() -> tuple[list[CalendlyBooking], int]:
    """Meetings with something left to do at Calendly, the soonest first; and how many there are."""
    left = CalendlyBooking.objects.filter(next_attempt_at__isnull=False)
    return list(left.select_related("booking").order_by("next_attempt_at")[:MAX_LISTED]), left.count()


def sync_runs() -> list[SyncRun]:
    """The last runs of the mirror."""
    return list(SyncRun.objects.order_by("-pk")[:MAX_LISTED])


def bulk_runs() -> list[tuple[BulkRun, int]]:
    """The last bulk acts, each with how many of its rows still wait."""
    runs = list(BulkRun.objects.order_by("-pk")[:MAX_LISTED])
    items = BulkItem.objects.filter(run__in=runs, status=BulkItem.Status.WAITING)
    left = dict(items.values_list("run").annotate(Count("pk")).order_by())
    return [(run, left.get(run.pk, 0)) for run in runs]


def queue(*, now: datetime) -> tuple[heartbeat.QueueState, list[tuple[str, datetime | None]]]:
    """How the queue does, and when each of our schedules is due next."""
    return heartbeat.queue_state(now), jobs.next_runs()
