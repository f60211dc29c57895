"""What is due, and when the next thing will be: one cheap read a source, without a transaction.

A claim takes the write lock on SQLite, so it is made only where this says that there is something to claim.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from ...models import BulkItem, CalendlyBooking, OutboxQueue, PendingMail, VAIMetadata, WebhookDelivery
from ...models.work import Work

SOURCES: dict[str, type[Work]] = {
    "inbox": WebhookDelivery,
    "calendly_bookings": CalendlyBooking,
    "lookups": VAIMetadata,
    "outbox": OutboxQueue,
    "bulk": BulkItem,
    "mails": PendingMail,
}
OF_THE_PORTAL = frozenset({"lookups", "outbox"})


def served(*, portal: bool) -> frozenset[str]:
    """The sources that can be worked off. With no portal set its messages wait, visibly, and are no work."""
    return frozenset(SOURCES) - (frozenset() if portal else OF_THE_PORTAL)


def read(names: Iterable[str]) -> dict[str, datetime]:
    """When each of these sources that has work left comes due.

    One statement, written here: it runs many times a second, and five that are compiled anew each time were most
    of what a drain with little to do cost.
    """
    wanted = sorted(names)
    if not wanted:
        return {}
    account = connections[router.db_for_read(WebhookDelivery)]
    with account.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(_earliest(name, account.ops.quote_name) for name in wanted))
        found = dict(cursor.fetchall())
    return {name: _instant(at, account) for name, at in found.items() if at is not None}


def _earliest(name: str, quote: Callable[[str], str]) -> str:
    table = quote(SOURCES[name]._meta.db_table)
    column = quote("next_attempt_at")
    return f"SELECT '{name}', MIN({column}) FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - our names


def _instant(at: datetime | str, account: BaseDatabaseWrapper) -> datetime:
    """SQLite knows no times: it gives the text that Django keeps, in the connection's zone."""
    return at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=account.timezone)


def arrived(names: Iterable[str], *, since: datetime, now: datetime) -> bool:
    """True where something came due in that time. What was due before, nobody could do anything with."""
    return any(
        SOURCES[name]._default_manager.filter(next_attempt_at__range=(since, now)).exists() for name in names
    )
