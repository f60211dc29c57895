"""What staff do with event types: see what Calendly changed, decide by which names agents call them and who may."""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from ... import clients, jobs
from ...models import AgentKey, Booking, CalendlyAccount, EventType, EventTypeChange
from ..catalog import default_event_types, event_types

log = logging.getLogger("calendly.event_types")

MOST_ALIASES, LONGEST_ALIAS = 30, 100


class NameTaken(ValueError):
    """Another event type that can be booked goes by this name already: `by` is that."""

    def __init__(self, alias: str, by: str) -> None:
        super().__init__(f"{alias}: taken by {by}")
        self.alias, self.by = alias, by


class TooManyNames(ValueError):
    """More names, or longer ones, than anybody needs."""


def upcoming(kinds: Collection[Any], *, now: datetime) -> dict[Any, int]:
    """How many confirmed meetings are to come, by the id of their event type. One query."""
    rows = Booking.objects.filter(
        event_type__in=kinds, status=Booking.Status.CONFIRMED, start_at__gte=now
    ).values_list("event_type")
    return dict(rows.annotate(Count("pk")).order_by())


def unseen(kinds: Collection[Any]) -> dict[Any, int]:
    """How many changes nobody of the staff has seen yet, by the id of the event type. One query."""
    rows = EventTypeChange.objects.filter(event_type__in=kinds, seen_at=None).values_list("event_type")
    return dict(rows.annotate(Count("pk")).order_by())


def changes(kind: EventType, *, most: int) -> list[EventTypeChange]:
    """What Calendly changed, the newest first."""
    return list(kind.changes.order_by("-pk")[:most])


def see(kind: EventType, *, upto: int, by: str, now: datetime) -> int:
    """Somebody has seen the changes up to this one; later ones stay unseen. Returns how many were new to them."""
    return kind.changes.filter(seen_at=None, pk__lte=upto).update(seen_at=now, seen_by=by[:255])


def decide(
    kind: EventType, *, aliases: Iterable[str], open_to: str, allowed_keys: Collection[AgentKey]
) -> EventType:
    """Keep what is ours: other names, and who may book it. Raises NameTaken, TooManyNames."""
    wanted = _tidy(aliases)
    with transaction.atomic(durable=True):
        # Two at once shall not give one name to two types.
        CalendlyAccount.objects.select_for_update().get(pk=kind.account_id)
        _check(kind, wanted)
        kind.aliases, kind.open_to = wanted, open_to
        EventType.objects.filter(pk=kind.pk).update(aliases=wanted, open_to=open_to)
        kind.allowed_keys.set(allowed_keys)
    return kind


def _tidy(aliases: Iterable[str]) -> list[str]:
    """Each once, as it was typed, without blanks around."""
    found = {event_types.normalize_name(each): " ".join(each.split()) for each in aliases}
    names = [name for compared, name in found.items() if compared]
    if len(names) > MOST_ALIASES or any(len(name) > LONGEST_ALIAS for name in names):
        raise TooManyNames
    return names


def _check(kind: EventType, aliases: list[str]) -> None:
    others = EventType.objects.bookable().filter(account=kind.account_id).exclude(pk=kind.pk)
    taken: dict[str, str] = {}
    for name, slug, also in others.values_list("name", "slug", "aliases"):
        taken |= dict.fromkeys(
            {event_types.normalize_name(name), event_types.normalize_name(slug), *event_types.known_as(also)},
            name,
        )
    for alias in aliases:
        if event_types.normalize_name(alias) in taken:
            raise NameTaken(alias, taken[event_types.normalize_name(alias)])


def missing() -> list[default_event_types.Standard]:
    """Those of the standard four that the mirror of the default connection does not hold. Only reads."""
    account = CalendlyAccount.objects.filter(slug=clients.DEFAULT).first()
    return default_event_types.missing(account) if account else list(default_event_types.STANDARD)


def keys(kind: EventType) -> QuerySet[AgentKey]:
    """The agents among whom one can choose: those whose key opens something, and those chosen before."""
    chosen = kind.allowed_keys.values("pk")
    return AgentKey.objects.filter(Q(revoked_at=None) | Q(pk__in=chosen)).order_by("name", "pk")


def ask_for_meetings() -> bool:
    """Have the meetings mirrored in the background. False where the queue is away: the timetable will do it."""
    try:
        jobs.enqueue(jobs.SYNC)
    except Exception as error:  # each broker has its own errors, and all mean the same here
        log.warning("The queue took no sync: %s", type(error).__name__)
        return False
    return True
