"""The counts beside the links between our pages: one query, of which each part uses an index and a limit."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Value

from ...models import Booking, EventType, FollowUp, OutboxMessage, WebhookDelivery
from ..time_zones import start_of_day

MAX_COUNTED = 999


def counts(wanted: Collection[str], *, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """The number of rows of each wanted kind, at most one more than MAX_COUNTED."""
    today = now.astimezone(zone).date()
    start, end = start_of_day(today, zone), start_of_day(today + timedelta(days=1), zone)
    rows: dict[str, QuerySet[Any]] = {
        "today": Booking.objects.confirmed_between(start, end),
        "upcoming": Booking.objects.filter(status=Booking.Status.CONFIRMED, start_at__gte=now),
        "due": FollowUp.objects.due(now),
        "bookable": EventType.objects.bookable(),
        "parked_messages": OutboxMessage.objects.filter(status=OutboxMessage.Status.PARKED),
        "parked_deliveries": WebhookDelivery.objects.filter(status=WebhookDelivery.Status.PARKED),
    }
    parts = [_count(name, rows[name]) for name in rows if name in wanted]
    if not parts:
        return {}
    return dict(parts[0].union(*parts[1:], all=True).order_by())


def _count(name: str, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    first = rows.order_by().values("pk")[: MAX_COUNTED + 1]
    every = rows.model._default_manager.filter(pk__in=first).order_by()
    counted: QuerySet[Any, Any] = every.values_list(Value(name)).annotate(Count("pk"))
    return counted
