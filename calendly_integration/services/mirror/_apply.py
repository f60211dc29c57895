"""Reads and locks once, brings in many sightings, writes once. The caller holds the transaction."""

import itertools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from ...calendly import types
from ...models import (
    Booking,
    BookingLeg,
    Connection,
    EventType,
    Host,
    TimelineEntry,
    VAIMetadata,
)
from ...models.rewriting import Change, alteration, insertion, send
from .. import confirmations, mapping, outbox
from ._absorb import bury, readdress
from ._derive import derive
from ._effects import Before, Effects, LegBefore, happened
from ._merge import cancel, merge, retire
from ._newcomers import newcomer, question, stub
from ._sighting import Sighting


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one sighting."""

    booking: Booking
    leg: BookingLeg
    changed: bool


class Mirror:
    """One batch. Make it anew for each transaction."""

    def __init__(self, connection: Connection, *, now: datetime, heard: Sequence[TimelineEntry] = ()) -> None:
        self.connection, self.now = connection, now
        self.effects = Effects(entries=list(heard))
        self.bookings: dict[uuid.UUID, Booking] = {}
        self.legs: dict[uuid.UUID, list[BookingLeg]] = {}
        self.by_uri: dict[str, BookingLeg] = {}
        self.by_id: dict[uuid.UUID, BookingLeg] = {}
        self.hosts: dict[str, Host] = {}
        self.event_types: dict[str, EventType] = {}
        self._originals: dict[int, dict[str, Any]] = {}
        self._new: list[Booking | BookingLeg | VAIMetadata] = []
        self.absorbed: dict[uuid.UUID, uuid.UUID] = {}

    def apply(self, sightings: Sequence[Sighting], *, of: uuid.UUID | None = None) -> list[Result]:
        """Bring them in and write everything."""
        if of:
            self._lock({of})
        if not of or not all(mapping.reference(sighting.invitee) in self.by_id for sighting in sightings):
            self._lock(self._concerned(sightings) - self.bookings.keys())
        self._load_mirrored(sightings)
        results = [self._one(sighting) for sighting in sightings]
        self._save()
        return [Result(self.bookings[each.leg.booking_id], each.leg, each.changed) for each in results]

    def cancel(self, leg: BookingLeg, *, by: str, at: datetime, reason: str) -> None:
        """End a leg by our own hand, and write what follows."""
        self._lock({leg.booking_id})
        leg, booking = self.by_id[leg.pk], self.bookings[leg.booking_id]
        legs = self.legs[booking.pk]
        before = Before.of(booking, LegBefore.of(leg))
        self._load_mirrored()
        cancel(leg, types.Cancellation(by, reason or None, "host", at), at)
        derive(booking, legs, hosts=self.hosts, event_types=self.event_types)
        happened(self.effects, booking, leg, legs, before=before, sighting=None, now=self.now)
        self._save()

    def look_again(self, booking_id: uuid.UUID) -> None:
        """Derive a booking anew after one of its legs was written elsewhere, and write what follows."""
        self._lock({booking_id})
        booking, legs = self.bookings[booking_id], self.legs[booking_id]
        self._load_mirrored()
        before = Before.of(booking, LegBefore.of(legs[-1]))
        derive(booking, legs, hosts=self.hosts, event_types=self.event_types)
        happened(self.effects, booking, legs[-1], legs, before=before, sighting=None, now=self.now)
        self._save()

    def _concerned(self, sightings: Sequence[Sighting]) -> set[uuid.UUID]:
        """The bookings that they may change."""
        uris, ids = set[str](), set[uuid.UUID]()
        for sighting in sightings:
            invitee = sighting.invitee
            uris.update(uri for uri in (invitee.uri, invitee.old_invitee, invitee.new_invitee) if uri)
            reference = mapping.reference(invitee)
            if reference:
                ids.add(reference)
        places = BookingLeg.objects.filter(Q(invitee_uri__in=uris) | Q(pk__in=ids))
        return set(places.values_list("booking_id", flat=True))

    def _lock(self, found: set[uuid.UUID]) -> None:
        """Lock in a fixed order, then read: what is locked cannot change under us."""
        if not found:
            return
        locked = Booking.objects.filter(pk__in=found).shown().order_by("pk")
        for booking in locked.select_for_update(of=("self",), no_key=True):
            self._keep(booking)
            self.bookings[booking.pk] = booking
        # A leg may be claimed without its booking: only what is locked is written as it was read.
        legs = BookingLeg.objects.filter(booking_id__in=found).order_by("created_at", "pk")
        for leg in legs.select_for_update(no_key=True):
            self._keep(leg)
            self._index(leg)

    def _load_mirrored(self, sightings: Sequence[Sighting] = ()) -> None:
        """The hosts and event types that the sightings, or the legs that are here already, name."""
        raws = [sighting.event.raw for sighting in sightings if sighting.event]
        raws += [leg.event_raw for legs in self.legs.values() for leg in legs if leg.event_raw]
        places = [mapping.place(raw) for raw in raws]
        host_uris = {place.host_uri for place in places if place.host_uri}
        type_uris = {place.event_type_uri for place in places if place.event_type_uri}
        if host_uris:
            self.hosts = {host.uri: host for host in Host.objects.filter(uri__in=host_uris)}
        if type_uris:
            self.event_types = {kind.uri: kind for kind in EventType.objects.filter(uri__in=type_uris)}

    def _index(self, leg: BookingLeg) -> None:
        self.legs.setdefault(leg.booking_id, []).append(leg)
        self.by_id[leg.pk] = leg
        if leg.invitee_uri:
            self.by_uri[leg.invitee_uri] = leg

    def _keep(self, row: Booking | BookingLeg) -> None:
        self._originals[id(row)] = {field.attname: getattr(row, field.attname) for field in row._meta.fields}

    def _one(self, sighting: Sighting) -> Result:
        leg = self._place(sighting)
        leg_before, stood = LegBefore.of(leg), leg.status == BookingLeg.Status.ACTIVE
        changed = merge(leg, sighting, now=self.now)
        self.by_uri[sighting.invitee.uri] = leg
        self._link(leg)
        booking, legs = self.bookings[leg.booking_id], self.legs[leg.booking_id]
        before = Before.of(booking, leg_before)
        asked = question(booking, leg, sighting, now=self.now)
        if asked is not None:
            self._new.append(asked)
        if not stood:
            retire(leg, legs, now=self.now)
        derive(booking, legs, hosts=self.hosts, event_types=self.event_types)
        happened(self.effects, booking, leg, legs, before=before, sighting=sighting, now=self.now)
        return Result(booking, leg, changed or before.status != booking.status)

    def _place(self, sighting: Sighting) -> BookingLeg:
        """The leg of an invitee: by its URI, by our reference, by the invitee it replaces; else a new booking."""
        invitee = sighting.invitee
        leg = self.by_uri.get(invitee.uri)
        if leg is not None:
            return leg
        referred = self.by_id.get(mapping.reference(invitee) or uuid.UUID(int=0))
        if referred is not None and referred.invitee_uri is None:
            if not invitee.old_invitee:
                return referred
            # Moved before we learnt its URI: the reference names the leg that was moved away from.
            referred.invitee_uri = invitee.old_invitee
            self.by_uri[invitee.old_invitee] = referred
        if invitee.old_invitee:
            relative = self.by_uri.get(invitee.old_invitee) or referred
            if relative is not None:
                return self._add_leg(stub(self.bookings[relative.booking_id], invitee.uri, now=self.now))
        return self._stranger(sighting)

    def _stranger(self, sighting: Sighting) -> BookingLeg:
        """Somebody booked without us: on the public page, or through another portal of the organization."""
        booking, leg = newcomer(self.connection, sighting, now=self.now)
        self.bookings[booking.pk] = booking
        self._new.append(booking)
        return self._add_leg(leg)

    def _add_leg(self, leg: BookingLeg) -> BookingLeg:
        self._new.append(leg)
        self._index(leg)
        return leg

    def _link(self, leg: BookingLeg) -> None:
        """Both halves of a move know one another: the one that has not come yet is made, so that it finds its
        place; where each half has founded a booking, the two become one."""
        if leg.old_invitee and leg.old_invitee != leg.invitee_uri:
            old = self.by_uri.get(leg.old_invitee)
            if old is None:
                old = self._add_leg(stub(self.bookings[leg.booking_id], leg.old_invitee, now=self.now))
                old.status, old.rescheduled = BookingLeg.Status.CANCELED, True
            self._join(old, leg)
        if leg.new_invitee and leg.new_invitee != leg.invitee_uri:
            new = self.by_uri.get(leg.new_invitee)
            if new is None:
                new = self._add_leg(stub(self.bookings[leg.booking_id], leg.new_invitee, now=self.now))
            self._join(leg, new)

    def _join(self, old: BookingLeg, new: BookingLeg) -> None:
        """`new` replaces `old`, in one booking: the agent's, or that of the older leg."""
        new.replaces = old
        if old.booking_id == new.booking_id:
            return
        kept, gone = self.bookings[old.booking_id], self.bookings[new.booking_id]
        if gone.agent_made and not kept.agent_made:
            kept, gone = gone, kept
        kept.locale = kept.locale or gone.locale
        kept.agent_key_id = kept.agent_key_id or gone.agent_key_id
        self._hand_on_question(gone, kept)
        for leg in self.legs.pop(gone.pk):
            leg.booking = kept
            self.legs[kept.pk].append(leg)
        self.absorbed[gone.pk] = kept.pk

    def _hand_on_question(self, gone: Booking, kept: Booking) -> None:
        """A question for the portal that was not written yet goes along, unless the other has metadata."""
        for row in self._new:
            if isinstance(row, VAIMetadata) and row.pk == gone.pk and not hasattr(kept, "metadata"):
                row.booking = kept

    def _save(self) -> None:
        """Write new rows, the changed columns of others, and all that follows."""
        made = {id(row) for row in self._new}
        fresh = [row for row in self._new if row.pk not in self.absorbed]
        statements = []
        for model in (Booking, BookingLeg, VAIMetadata):  # a booking's leg is there when the transaction ends
            statements += insertion([row for row in fresh if isinstance(row, model)])
        for kind in (Booking, BookingLeg):
            statements += alteration(kind, self._changes(kind, made))
        if self.absorbed:
            send(statements)
            statements = []
            bury(self.absorbed)
            readdress(self.absorbed, self.effects)
        statements += insertion(self.effects.entries)
        statements += insertion(self.effects.followups, otherwise="DO NOTHING")
        mails = confirmations.resolve(self.effects.drafts, self.bookings, now=self.now)
        statements += insertion(mails.pending, otherwise="DO NOTHING")
        drafts = mails.drafts + confirmations.follow(self._known_before(), now=self.now)
        send(statements + outbox.addition(drafts, now=self.now))

    def _known_before(self) -> Iterator[tuple[Booking, dict[str, Any]]]:
        """The bookings that are not new, with their columns as they were read."""
        for booking in self.bookings.values():
            if id(booking) in self._originals and booking.pk not in self.absorbed:
                yield booking, self._originals[id(booking)]

    def _changes(self, kind: type[Booking | BookingLeg], made: set[int]) -> Iterator[Change]:
        """The columns of rows that were there before and are not as they were read."""
        rows: Iterable[Booking | BookingLeg] = (
            self.bookings.values() if kind is Booking else itertools.chain.from_iterable(self.legs.values())
        )
        for row in rows:
            if id(row) in made or row.pk in self.absorbed:
                continue
            kept = self._originals[id(row)]
            changes = {name: new for name, old in kept.items() if (new := getattr(row, name)) != old}
            if changes and kind is Booking:
                changes["updated_at"] = self.now
            yield row.pk, changes
