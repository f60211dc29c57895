"""Our copy of Calendly's event types and hosts, and the search for an event type by name."""

import unicodedata
import uuid
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT

from ... import clients
from ...calendly import payloads
from ...calendly.client import Client
from ...calendly.errors import NotFound, PermissionDenied
from ...models import Booking, CalendlyAccount, CalendlyBooking, EventType, EventTypeChange, Host
from ...models.text_folding import without_diacritics
from .. import mapping, outbox
from ..accounts import calendly_accounts
from ..outbox import portal_messages

# The columns whose changes staff see.
WATCHED = (
    "name",
    "slug",
    "active",
    "duration",
    "buffer_before",
    "buffer_after",
    "kind",
    "pooling",
    "color",
    "locations",
    "questions",
    "scheduling_url",
)


# Characters that people write for one another: typographic quotes, primes, modifier letters, backtick, acute.
QUOTES = "\"'`´‘’‚‛“”„‟‹›«»′″‴‵‶ʹʺʻʼʽˈ＂＇"
DASHES = "‐‑‒–—―−⁃﹘﹣－"
ONE_FORM = str.maketrans(dict.fromkeys(QUOTES, "'") | dict.fromkeys(DASHES, "-"))


class EventTypeNotFound(LookupError):
    """No event type that the caller may book matches. `names` are those that can be booked."""

    def __init__(self, names: list[str]) -> None:
        super().__init__("No such event type.")
        self.names = names


class EventTypeAmbiguous(LookupError):
    """Several event types that the caller may book match. `event_types` are those, with their hosts."""

    def __init__(self, event_types: list[EventType]) -> None:
        super().__init__("Several event types go by that name.")
        self.event_types = event_types


class HostNotFound(LookupError):
    """No active host matches."""


def event_types(*, key_id: int | None = None) -> QuerySet[EventType]:
    """All event types that Calendly lists, inactive ones too. With a key, only those open to it."""
    return EventType.objects.filter(deleted_at__isnull=True).open_to(key_id)


def hosts() -> QuerySet[Host]:
    """All active hosts."""
    return Host.objects.filter(active=True)


def find(query: str, *, key_id: int | None = None) -> EventType:
    """The bookable event type with that id, URI, slug, name or alias, compared by `normalize_name`.

    With a key, only event types that are open to it are searched. A slug belongs to one host: of several event
    types with the slug the first is returned. Raises EventTypeNotFound, and EventTypeAmbiguous for a name of
    several.
    """
    return EventType.objects.select_related("account").get(pk=_bookable(query, key_id))


def _bookable(query: str, key_id: int | None) -> uuid.UUID:
    """The id of that event type. Only the columns to search in are read: questions and raw payloads are long."""
    text, wanted = query.strip(), normalize_name(query)
    rows = EventType.objects.bookable().open_to(key_id)
    bookable = list(rows.values_list("pk", "uri", "slug", "name", "aliases"))
    if wanted:
        known = [pk for pk, uri, *_names in bookable if text.lower() in _ids(pk, uri)]
        slugs = [pk for pk, _uri, slug, *_names in bookable if wanted == normalize_name(slug)]
        exact = [pk for pk, _uri, slug, *_names in bookable if text == slug]
        names = [pk for pk, _uri, _slug, name, _aliases in bookable if wanted == normalize_name(name)]
        others = [pk for pk, *_names, aliases in bookable if wanted in known_as(aliases)]
        # A name such as "Demo" may equal a slug. It counts as a slug only where that leads to one event type.
        for found in (known, exact if len(exact) == 1 else [], names, slugs[:1], others):
            if len(found) == 1:
                return found[0]
            if found:
                raise EventTypeAmbiguous(list(rows.filter(pk__in=found).prefetch_related("hosts")))
    raise EventTypeNotFound([name for _pk, _uri, _slug, name, _aliases in bookable])


def known_as(aliases: Any) -> set[str]:
    """Aliases, as they are compared."""
    return {normalize_name(each) for each in aliases or () if isinstance(each, str)}


def _ids(pk: uuid.UUID, uri: str) -> tuple[str, ...]:
    return str(pk), uri.lower(), payloads.uuid_of(uri).lower()


def normalize_name(text: str) -> str:
    """A name, a question or a choice as it is compared: lower case, without diacritics, invisible characters and a
    final question mark, with single spaces, one kind of quotes and one kind of dashes."""
    bare = text.translate(ONE_FORM).casefold()
    if not bare.isascii():
        folded = without_diacritics(bare).casefold()
        bare = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    single = " ".join(bare.split())
    return single.rstrip("? ") or single


def find_host(key: str) -> Host:
    """A host by our id or by the last segment of Calendly's user URI. Raises HostNotFound."""
    found = None
    with suppress(ValueError):
        found = hosts().filter(pk=uuid.UUID(key)).select_related("account").first()
    if found is None and key.isascii() and key.isprintable():
        found = hosts().filter(uri__endswith=f"/{key}").select_related("account").first()
    if found is None:
        raise HostNotFound(key)
    return found


def sync(account: CalendlyAccount, *, now: datetime) -> tuple[int, int]:
    """Read hosts and event payloads. Returns how many of each. Those that Calendly no longer lists become inactive.

    Raises CalendlyError, NoToken. What was read before the error stays.
    """
    calendly_accounts.identify(account, now=now)
    client = clients.calendly(account)
    hosts = _sync_hosts(client, account, now)
    listed = client.event_types(organization=account.organization_uri)
    seen = list(listed)
    for kind in seen:
        members = _members(client, kind)
        with transaction.atomic():
            save_event_type(account, kind, hosts=[hosts[uri] for uri in members if uri in hosts], now=now)
    if not listed.unreadable:  # an unreadable one may be among those that seem to be gone
        _mark_deleted(account, [kind.uri for kind in seen], now)
    fill_references(EventType, [kind.uri for kind in seen], now=now)
    CalendlyAccount.objects.filter(pk=account.pk).update(synced_at=now)
    return len(hosts), len(seen)


def _mark_deleted(account: CalendlyAccount, listed: list[str], now: datetime) -> None:
    """Mark event types that Calendly no longer lists."""
    rows = EventType.objects.filter(account=account, deleted_at__isnull=True).exclude(uri__in=listed)
    with transaction.atomic():
        for kind in rows.select_for_update():
            columns = {"active": False, "deleted_at": now}
            _record_change(kind, columns, now)
            EventType.objects.filter(pk=kind.pk).update(**columns)


def _sync_hosts(client: Client, account: CalendlyAccount, now: datetime) -> dict[str, Host]:
    """Read the members of the organization, or only our own user where the token may not list them."""
    unreadable = 0
    try:
        members = client.memberships(organization=account.organization_uri)
        people = [(member.user, member.role) for member in members]
        unreadable = members.unreadable
    except PermissionDenied:
        people = [(client.me(), "user")]
    found = {}
    for user, role in people:
        found[user.uri], _made = Host.objects.update_or_create(
            uri=user.uri,
            defaults={
                "account": account,
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
    if not unreadable:  # an unreadable one may be among those who seem to be gone
        Host.objects.filter(account=account).exclude(uri__in=found).update(active=False)
    fill_references(Host, found, now=now)
    return found


# The column of a booking that names such a row, and the path to its URI in the Calendly booking.
REFERENCES: dict[type[Model], tuple[str, str]] = {
    Host: ("host", "event_raw__event_memberships__0__user"),
    EventType: ("event_type", "event_raw__event_type"),
}


def fill_references(model: type[Model], uris: Iterable[str], *, now: datetime) -> None:
    """Set hosts or event types in bookings that arrived before these were read. One statement."""
    column, path = REFERENCES[model]
    waiting = Booking.objects.filter(
        **{f"{column}__isnull": True, f"current_calendly_booking__{path}__in": list(uris)}
    )
    uri = CalendlyBooking.objects.filter(pk=OuterRef(OuterRef("current_calendly_booking_id"))).annotate(
        named=KT(path)
    )
    named = Subquery(uri.values("named")[:1])
    found = model._default_manager.filter(uri=named).values("pk")[:1]
    waiting.update(**{column: Subquery(found)}, updated_at=now)


def _members(client: Client, kind: payloads.EventType) -> list[str]:
    """The URIs of the hosts of an event type: its owner, or the hosts that Calendly names for a pool."""
    if kind.pooling_type or kind.profile_type == "Team":
        try:
            members = list(client.event_type_hosts(kind.uri))
        except (NotFound, PermissionDenied):
            members = []
        if members:
            return members
    return [kind.profile_owner] if kind.profile_owner else []


def save_event_type(
    account: CalendlyAccount, seen: payloads.EventType, *, hosts: list[Host] | None = None, now: datetime
) -> bool:
    """Save an event type, unless ours is newer. True where it is new or changed.

    Changes are recorded for staff. The caller holds the transaction.
    """
    columns = mapping.event_type_columns(seen, now=now)
    # Another sync or a delivery may create the row at this moment. Then that row is updated.
    kept, made = EventType.objects.select_for_update().get_or_create(
        uri=seen.uri, defaults={"account": account, **columns}
    )
    changed = made or kept.updated_at < seen.updated_at or kept.deleted_at != seen.deleted_at
    if made:
        fill_references(EventType, [seen.uri], now=now)
    elif kept.updated_at <= seen.updated_at:
        _record_change(kept, columns, now)
        EventType.objects.filter(pk=kept.pk).update(**columns)
    if hosts is not None:
        kept.hosts.set(hosts)
    elif changed and seen.profile_owner and not seen.pooling_type:
        kept.hosts.set(Host.objects.filter(uri=seen.profile_owner))
    return changed


def _record_change(kept: EventType, columns: dict[str, Any], now: datetime) -> None:
    """Record for staff which columns of an event type are about to change."""
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


def apply_event_type_delivery(
    account: CalendlyAccount, seen: payloads.EventType, kind: str, *, now: datetime
) -> bool:
    """Apply a delivery about an event type. True where it changed something. The caller holds the transaction."""
    changed = save_event_type(account, seen, now=now)
    data = {"name": seen.name, "slug": seen.slug, "active": seen.active, "duration_minutes": seen.duration}
    version = f"{seen.updated_at:%Y%m%d%H%M%S%f}"
    what = kind.replace(".", "_")
    outbox.add(portal_messages.event_type_logged(seen.uri, what, data, version, now=now), now=now)
    return changed
