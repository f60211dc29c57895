"""What is due, and when the next thing will be: one cheap read a source, without a transaction.

A claim takes the write lock on SQLite, so it is made only where this says that there is something to claim.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min

from ...models import BookingLeg, BulkItem, Delivery, Lane, VAIMetadata
from ...models.work import Work

SOURCES: dict[str, type[Work]] = {
    "inbox": Delivery,
    "legs": BookingLeg,
    "lookups": VAIMetadata,
    "outbox": Lane,
    "bulk": BulkItem,
}
OF_THE_PORTAL = frozenset({"lookups", "outbox"})


def served(*, portal: bool) -> frozenset[str]:
    """The sources that can be worked off. With no portal set its messages wait, visibly, and are no work."""
    return frozenset(SOURCES) - (frozenset() if portal else OF_THE_PORTAL)


def read(names: Iterable[str]) -> dict[str, datetime]:
    """When each of these sources that has work left comes due."""
    agenda = {}
    for name in names:
        pending = SOURCES[name]._default_manager.filter(next_attempt_at__isnull=False)
        at = pending.aggregate(at=Min("next_attempt_at"))["at"]
        if at is not None:
            agenda[name] = at
    return agenda


def arrived(names: Iterable[str], *, since: datetime, now: datetime) -> bool:
    """True where something came due in that time. What was due before, nobody could do anything with."""
    return any(
        SOURCES[name]._default_manager.filter(next_attempt_at__range=(since, now)).exists() for name in names
    )
