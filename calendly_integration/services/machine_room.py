"""The machinery at a glance: what waits, what is stuck, what runs. All from our own tables."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from .. import clients, jobs
from ..models import BookingLeg, BulkItem, BulkRun, Connection, Delivery, Lane, Message, SyncRun
from . import health

LISTED = 10


@dataclass(frozen=True, slots=True)
class Pile:
    """Rows by status, and since when the oldest of those that wait has waited."""

    counts: dict[str, int]
    oldest: datetime | None


def connection() -> Connection | None:
    """The default connection, if it was ever used."""
    return Connection.objects.filter(slug=clients.DEFAULT).first()


def inbox() -> Pile:
    """Deliveries."""
    counts = Delivery.objects.values_list("status").annotate(Count("pk")).order_by()
    waiting = Delivery.objects.filter(next_attempt_at__isnull=False)
    return Pile(dict(counts), waiting.aggregate(oldest=Min("received_at"))["oldest"])


def outbox() -> Pile:
    """Messages to the portal that are not sent."""
    left = Message.objects.filter(status__in=[Message.Status.WAITING, Message.Status.PARKED])
    counts = left.values_list("status").annotate(Count("pk")).order_by()
    waiting = Message.objects.filter(status=Message.Status.WAITING)
    return Pile(dict(counts), waiting.aggregate(oldest=Min("created_at"))["oldest"])


def lanes() -> list[Lane]:
    """The queues of messages that are tried next, the soonest first."""
    return list(Lane.objects.filter(next_attempt_at__isnull=False).order_by("next_attempt_at")[:LISTED])


def legs() -> tuple[list[BookingLeg], int]:
    """Meetings with something left to do at Calendly, the soonest first; and how many there are."""
    left = BookingLeg.objects.filter(next_attempt_at__isnull=False)
    return list(left.select_related("booking").order_by("next_attempt_at")[:LISTED]), left.count()


def sync_runs() -> list[SyncRun]:
    """The last runs of the mirror."""
    return list(SyncRun.objects.order_by("-pk")[:LISTED])


def bulk_runs() -> list[tuple[BulkRun, int]]:
    """The last bulk acts, each with how many of its rows still wait."""
    runs = list(BulkRun.objects.order_by("-pk")[:LISTED])
    items = BulkItem.objects.filter(run__in=runs, status=BulkItem.Status.WAITING)
    left = dict(items.values_list("run").annotate(Count("pk")).order_by())
    return [(run, left.get(run.pk, 0)) for run in runs]


def queue(*, now: datetime) -> tuple[health.QueueState, list[tuple[str, datetime | None]]]:
    """How the queue does, and when each of our schedules is due next."""
    return health.queue_state(now), jobs.next_runs()
