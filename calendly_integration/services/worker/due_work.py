"""When each source of work comes due: one cheap read, without a transaction.

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
    """The sources that can be worked off. Without a portal its messages wait."""
    return frozenset(SOURCES) if portal else frozenset(SOURCES) - OF_THE_PORTAL


def read(names: Iterable[str]) -> dict[str, datetime]:
    """When each of these sources that has work left comes due.

    Raw SQL, because it runs several times a second: six compiled queries were most of what an idle worker cost.
    """
    wanted = sorted(names)
    if not wanted:
        return {}
    connection = connections[router.db_for_read(WebhookDelivery)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(_earliest(name, connection.ops.quote_name) for name in wanted))
        found = dict(cursor.fetchall())
    return {name: _instant(at, connection) for name, at in found.items() if at is not None}


def _earliest(name: str, quote: Callable[[str], str]) -> str:
    table = quote(SOURCES[name]._meta.db_table)
    column = quote("next_attempt_at")
    return f"SELECT '{name}', MIN({column}) FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - our names


def _instant(at: datetime | str, connection: BaseDatabaseWrapper) -> datetime:
    """SQLite returns the text that Django stores, in the connection's time zone."""
    return at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=connection.timezone)
