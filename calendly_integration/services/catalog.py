"""The mirror of event types and hosts, and how an agent's words find an event type in it."""

import unicodedata
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT

from .. import clients
from ..calendly import types
from ..calendly.client import Client
from ..calendly.errors import NotFound, PermissionDenied
from ..models import Booking, BookingLeg, Connection, EventType, EventTypeChange, Host
from . import connections, mapping, outbox, telling

# What is told to staff when Calendly changes it. `deleted` is whether, not when.
WATCHED = (
    "name", "slug", "active", "duration", "buffer_before", "buffer_after", "kind", "pooling", "color", "locations",
    "questions", "scheduling_url",
)  # fmt: skip


class EventTypeNotFound(LookupError):
    """No active event type that the caller may book goes by that. `names` are those that can be booked."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("No such event type.")
        self.names = names


class HostNotFound(LookupError):
    """No active host goes by that."""


def event_types(*, key_id: int | None = None) -> QuerySet[EventType]:
    """All that Calendly lists, inactive ones too; for an agent's key only those open to it."""
    return _open(EventType.objects.filter(deleted_at__isnull=True), key_id)


def _open(rows: QuerySet[EventType], key_id: int | None) -> QuerySet[EventType]:
    """Those that the agent with this key may book. Staff, who have none, may book all."""
    if key_id is None:
        return rows
    chosen = EventType.allowed_keys.through.objects.filter(agentkey_id=key_id).values("eventtype_id")
    everybody, keys = EventType.OpenTo.EVERYBODY, EventType.OpenTo.KEYS
    return rows.filter(Q(open_to=everybody) | Q(open_to=keys, pk__in=chosen))


def hosts() -> QuerySet[Host]:
    """All active hosts."""
    return Host.objects.filter(active=True)


def find(query: str, *, key_id: int | None = None) -> EventType:
    """The bookable event type with that id, URI, slug, name or alias, whatever the case or diacritics.

    With an agent's key only what is open to it: the rest is as if it were not there. Raises EventTypeNotFound.
    """
    return EventType.objects.select_related("connection").get(pk=_bookable(query, key_id))


def _bookable(query: str, key_id: int | None) -> uuid.UUID:
    """Its id. Of all types only what can be asked by is read: their questions and raw payloads are long."""
    wanted = plain(query)
    rows = _open(EventType.objects.bookable(), key_id)
    bookable = list(rows.values_list("pk", "uri", "slug", "name", "aliases"))
    for found in (
        [pk for pk, uri, *_names in bookable if wanted in _ids(pk, uri)],
        [pk for pk, _uri, slug, *_names in bookable if wanted == plain(slug)],
        [pk for pk, _uri, _slug, name, _aliases in bookable if wanted == plain(name)],
        [pk for pk, *_names, aliases in bookable if wanted in known_as(aliases)],
    ):
        if wanted and found:
            return found[0]
    raise EventTypeNotFound([name for _pk, _uri, _slug, name, _aliases in bookable])


def known_as(aliases: Any) -> set[str]:
    """Other names, as they are compared."""
    return {plain(each) for each in aliases or () if isinstance(each, str)}


def _ids(pk: uuid.UUID, uri: str) -> tuple[str, ...]:
    return str(pk), uri.lower(), types.uuid_of(uri).lower()


def plain(text: str) -> str:
    """Lower case, without diacritics, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def find_host(key: str) -> Host:
    """A host by our id or by the last segment of Calendly's user URI. Raises HostNotFound."""
    found = None
    with suppress(ValueError):
        found = hosts().filter(pk=uuid.UUID(key)).select_related("connection").first()
    if found is None and key.isascii() and key.isprintable():
        found = hosts().filter(uri__endswith=f"/{key}").select_related("connection").first()
    if found is None:
        raise HostNotFound(key)
    return found


def sync(connection: Connection, *, now: datetime) -> tuple[int, int]:
    """Mirror hosts and event types. Returns how many of each. What Calendly lists no more becomes inactive.

    Raises CalendlyError, NoToken; what was read before stays.
    """
    connections.identify(connection, now=now)
    client = clients.calendly(connection)
    hosts = _sync_hosts(client, connection, now)
    listed = client.event_types(organization=connection.organization_uri)
    seen = list(listed)
    for kind in seen:
        members = _members(client, kind)
        with transaction.atomic():
            keep_event_type(connection, kind, hosts=[hosts[uri] for uri in members if uri in hosts], now=now)
    if not listed.unreadable:  # else one that is missing may be there
        _gone(connection, [kind.uri for kind in seen], now)
    name_late(EventType, [kind.uri for kind in seen], now=now)
    Connection.objects.filter(pk=connection.pk).update(synced_at=now)
    return len(hosts), len(seen)


def _gone(connection: Connection, listed: list[str], now: datetime) -> None:
    """What Calendly does not list any more."""
    rows = EventType.objects.filter(connection=connection, deleted_at__isnull=True).exclude(uri__in=listed)
    with transaction.atomic():
        for kind in rows.select_for_update():
            columns = {"active": False, "deleted_at": now}
            _note_change(kind, columns, now)
            EventType.objects.filter(pk=kind.pk).update(**columns)


def _sync_hosts(client: Client, connection: Connection, now: datetime) -> dict[str, Host]:
    """The organization's members; only ourselves where the token may not list them."""
    unreadable = 0
    try:
        members = client.memberships(organization=connection.organization_uri)
        people = [(member.user, member.role) for member in members]
        unreadable = members.unreadable
    except PermissionDenied:
        people = [(client.me(), "user")]
    found = {}
    for user, role in people:
        found[user.uri], _made = Host.objects.update_or_create(
            uri=user.uri,
            defaults={
                "connection": connection,
                "name": user.name[:255],
                "email": user.email[:320],
                "time_zone": user.timezone[:64],
                "role": role[:20],
                "scheduling_url": user.scheduling_url[:500],
                "active": True,
                "raw": user.raw,
                "seen_at": now,
            },
        )
    if not unreadable:  # else one who is missing may be there
        Host.objects.filter(connection=connection).exclude(uri__in=found).update(active=False)
    name_late(Host, found, now=now)
    return found


# By which column a booking names a row of the mirror, and where its leg has the URI.
_NAMED: dict[type[Model], tuple[str, str]] = {
    Host: ("host", "event_raw__event_memberships__0__user"),
    EventType: ("event_type", "event_raw__event_type"),
}


def name_late(model: type[Model], uris: Iterable[str], *, now: datetime) -> None:
    """Name hosts or event types in the bookings that were seen before those were mirrored. One statement."""
    column, path = _NAMED[model]
    waiting = Booking.objects.filter(**{f"{column}__isnull": True, f"current_leg__{path}__in": list(uris)})
    uri = BookingLeg.objects.filter(pk=OuterRef(OuterRef("current_leg_id"))).annotate(named=KT(path))
    found = model._default_manager.filter(uri=Subquery(uri.values("named"))).values("pk")[:1]
    waiting.update(**{column: Subquery(found)}, updated_at=now)


def _members(client: Client, kind: types.EventType) -> list[str]:
    """The hosts of an event type: its owner, or for a pool whoever Calendly names."""
    if kind.pooling_type or kind.profile_type == "Team":
        try:
            members = list(client.event_type_hosts(kind.uri))
        except (NotFound, PermissionDenied):
            members = []
        if members:
            return members
    return [kind.profile_owner] if kind.profile_owner else []


def keep_event_type(
    connection: Connection, seen: types.EventType, *, hosts: list[Host] | None = None, now: datetime
) -> bool:
    """Bring one event type in, if it is not older than what we hold. True if it was new or changed.

    What is different is noted for staff. The caller holds the transaction.
    """
    columns = mapping.event_type_columns(seen, now=now)
    kept = EventType.objects.select_for_update().filter(uri=seen.uri).first()
    changed = kept is None or kept.updated_at < seen.updated_at or kept.deleted_at != seen.deleted_at
    if kept is None:
        kept = EventType.objects.create(uri=seen.uri, connection=connection, **columns)
        name_late(EventType, [seen.uri], now=now)
    elif kept.updated_at <= seen.updated_at:
        _note_change(kept, columns, now)
        EventType.objects.filter(pk=kept.pk).update(**columns)
    if hosts is not None:
        kept.hosts.set(hosts)
    elif changed and seen.profile_owner and not seen.pooling_type:
        kept.hosts.set(Host.objects.filter(uri=seen.profile_owner))
    return changed


def _note_change(kept: EventType, columns: dict[str, Any], now: datetime) -> None:
    """Note for staff what of an event type is about to become different, if anything is."""
    changes = {
        name: [getattr(kept, name), columns[name]]
        for name in WATCHED
        if name in columns and getattr(kept, name) != columns[name]
    }
    was, is_now = kept.deleted_at is not None, columns["deleted_at"] is not None
    if was != is_now:
        changes["deleted"] = [was, is_now]
    if changes:
        EventTypeChange.objects.create(event_type=kept, at=now, changes=changes)


def event_type_told(connection: Connection, seen: types.EventType, kind: str, *, now: datetime) -> bool:
    """A delivery about an event type. The caller holds the transaction. True if it brought news."""
    changed = keep_event_type(connection, seen, now=now)
    data = {"name": seen.name, "slug": seen.slug, "active": seen.active, "duration_minutes": seen.duration}
    version = f"{seen.updated_at:%Y%m%d%H%M%S%f}"
    what = kind.replace(".", "_")
    outbox.add(telling.event_type_logged(seen.uri, what, data, version, now=now), now=now)
    return changed
