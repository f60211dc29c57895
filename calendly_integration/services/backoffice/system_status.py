"""The state of the system: what waits, what is stuck, what runs. All from our own tables."""

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
    """The number of rows by status, and the time of the oldest waiting row."""

    counts: dict[str, int]
    oldest: datetime | None


def account() -> CalendlyAccount | None:
    """The default account, if it exists."""
    return CalendlyAccount.objects.filter(slug=clients.DEFAULT).first()


def inbox() -> StatusCounts:
    """Webhook deliveries."""
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
    """The message queues with the next attempts, the soonest first."""
    return list(
        OutboxQueue.objects.filter(next_attempt_at__isnull=False).order_by("next_attempt_at")[:MAX_LISTED]
    )


def calendly_bookings() -> tuple[list[CalendlyBooking], int]:
    """Calendly bookings with a pending action, the soonest first; and their number."""
    left = CalendlyBooking.objects.filter(next_attempt_at__isnull=False)
    return list(left.select_related("booking").order_by("next_attempt_at")[:MAX_LISTED]), left.count()


def sync_runs() -> list[SyncRun]:
    """The latest sync runs."""
    return list(SyncRun.objects.order_by("-pk")[:MAX_LISTED])


def bulk_runs() -> list[tuple[BulkRun, int]]:
    """The latest bulk runs, each with the number of its waiting items."""
    runs = list(BulkRun.objects.order_by("-pk")[:MAX_LISTED])
    items = BulkItem.objects.filter(run__in=runs, status=BulkItem.Status.WAITING)
    left = dict(items.values_list("run").annotate(Count("pk")).order_by())
    return [(run, left.get(run.pk, 0)) for run in runs]


def queue(*, now: datetime) -> tuple[heartbeat.QueueState, list[tuple[str, datetime | None]]]:
    """The state of the queue, and the next run of each of our schedules."""
    return heartbeat.queue_state(now), jobs.next_runs()
