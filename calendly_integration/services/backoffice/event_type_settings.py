"""What staff do with event types: see the changes at Calendly, set other names and access."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from ... import clients, jobs
from ...models import AgentKey, Booking, CalendlyAccount, EventType, EventTypeChange
from ..catalog import default_event_types, event_types

MAX_ALIASES, MAX_ALIAS_LENGTH = 30, 100


class NameTaken(ValueError):
    """Another bookable event type already has this name: `by` is that event type."""

    def __init__(self, alias: str, by: str) -> None:
        super().__init__(f"{alias}: taken by {by}")
        self.alias, self.by = alias, by


class TooManyNames(ValueError):
    """Too many names, or too long ones."""


def named() -> list[tuple[Any, str]]:
    """The id and the name of each event type, with its hosts where another one has the same name."""
    names = list(EventType.objects.values_list("pk", "name"))
    times = Counter(name for _key, name in names)
    if len(times) == len(names):
        return names
    hosts: dict[Any, list[str]] = defaultdict(list)
    links = EventType.hosts.through.objects.order_by("host__name")
    for key, host in links.values_list("eventtype_id", "host__name"):
        hosts[key].append(host)
    return [
        (key, name if times[name] == 1 else f"{name} · {', '.join(hosts[key]) or '–'}") for key, name in names
    ]


def upcoming(kinds: Collection[Any], *, now: datetime) -> dict[Any, int]:
    """The number of future confirmed meetings by event type id. One query."""
    rows = Booking.objects.filter(
        event_type__in=kinds, status=Booking.Status.CONFIRMED, start_at__gte=now
    ).values_list("event_type")
    return dict(rows.annotate(Count("pk")).order_by())


def unseen_changes(kinds: Collection[Any]) -> dict[Any, int]:
    """The number of unseen changes by event type id. One query."""
    rows = EventTypeChange.objects.filter(event_type__in=kinds, seen_at=None).values_list("event_type")
    return dict(rows.annotate(Count("pk")).order_by())


def changes(kind: EventType, *, most: int) -> list[EventTypeChange]:
    """The changes at Calendly, the newest first."""
    return list(kind.changes.order_by("-pk")[:most])


def mark_changes_seen(kind: EventType, *, upto: int, by: str, now: datetime) -> int:
    """Mark the changes up to this one as seen; later ones stay unseen. Returns how many were unseen."""
    return kind.changes.filter(seen_at=None, pk__lte=upto).update(seen_at=now, seen_by=by[:255])


def save_settings(
    kind: EventType, *, aliases: Iterable[str], open_to: str, allowed_keys: Collection[AgentKey]
) -> EventType:
    """Save other names and access. Raises NameTaken, TooManyNames."""
    wanted = _clean_aliases(aliases)
    with transaction.atomic(durable=True):
        # Locked, so that two requests cannot give one name to two event types.
        CalendlyAccount.objects.select_for_update().get(pk=kind.account_id)
        _check_not_taken(kind, wanted)
        kind.aliases, kind.open_to = wanted, open_to
        EventType.objects.filter(pk=kind.pk).update(aliases=wanted, open_to=open_to)
        kind.allowed_keys.set(allowed_keys)
    return kind


def _clean_aliases(aliases: Iterable[str]) -> list[str]:
    """Each name once, as it was typed, without outer blanks."""
    found = {event_types.normalize_name(each): " ".join(each.split()) for each in aliases}
    names = [name for compared, name in found.items() if compared]
    if len(names) > MAX_ALIASES or any(len(name) > MAX_ALIAS_LENGTH for name in names):
        raise TooManyNames
    return names


def _check_not_taken(kind: EventType, aliases: list[str]) -> None:
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


def missing_defaults() -> list[default_event_types.Standard]:
    """The default event types that the default account does not have. Only reads."""
    account = CalendlyAccount.objects.filter(slug=clients.DEFAULT).first()
    return default_event_types.missing(account) if account else list(default_event_types.STANDARD)


def selectable_keys(kind: EventType) -> QuerySet[AgentKey]:
    """The agent keys to choose from: those not revoked, and those chosen before."""
    chosen = kind.allowed_keys.values("pk")
    return AgentKey.objects.filter(Q(revoked_at=None) | Q(pk__in=chosen)).order_by("name", "pk")


def request_sync(*, now: datetime) -> None:
    """Have the meetings synced in the background, soon."""
    jobs.request_sync(now)
