"""Reads and locks once, brings in many observations, writes once. The caller holds the transaction."""

import itertools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from ...calendly import payloads
from ...models import Booking, CalendlyAccount, CalendlyBooking, EventType, Host, TimelineEntry, VAIMetadata
from ...models.bulk_sql import Change, alteration, insertion, send
from .. import outbox
from ..outbox import confirmations
from . import mapping
from .absorb import bury, readdress
from .effects import Before, Effects, LegBefore, happened
from .external import newcomer, question, stub
from .merge import cancel, merge, retire
from .observation import Observation
from .recompute import derive


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one observation."""

    booking: Booking
    calendly_booking: CalendlyBooking
    changed: bool


class Mirror:
    """One batch. Make it anew for each transaction."""

    def __init__(
        self, account: CalendlyAccount, *, now: datetime, heard: Sequence[TimelineEntry] = ()
    ) -> None:
        self.account, self.now = account, now
        self.effects = Effects(entries=list(heard))
        self.bookings: dict[uuid.UUID, Booking] = {}
        self.calendly_bookings: dict[uuid.UUID, list[CalendlyBooking]] = {}
        self.by_uri: dict[str, CalendlyBooking] = {}
        self.by_id: dict[uuid.UUID, CalendlyBooking] = {}
        self.hosts: dict[str, Host] = {}
        self.event_types: dict[str, EventType] = {}
        self._originals: dict[int, dict[str, Any]] = {}
        self._new: list[Booking | CalendlyBooking | VAIMetadata] = []
        self.absorbed: dict[uuid.UUID, uuid.UUID] = {}

    def apply(self, observations: Sequence[Observation], *, of: uuid.UUID | None = None) -> list[Result]:
        """Bring them in and write everything."""
        if of:
            self._lock({of})
        if not of or not all(
            mapping.reference(observation.invitee) in self.by_id for observation in observations
        ):
            self._lock(self._concerned(observations) - self.bookings.keys())
        self._load_mirrored(observations)
        results = [self._one(observation) for observation in observations]
        self._save()
        return [
            Result(self.bookings[each.calendly_booking.booking_id], each.calendly_booking, each.changed)
            for each in results
        ]

    def cancel(self, calendly_booking: CalendlyBooking, *, by: str, at: datetime, reason: str) -> None:
        """End a Calendly booking by our own hand, and write what follows."""
        self._lock({calendly_booking.booking_id})
        calendly_booking, booking = (
            self.by_id[calendly_booking.pk],
            self.bookings[calendly_booking.booking_id],
        )
        calendly_bookings = self.calendly_bookings[booking.pk]
        before = Before.of(booking, LegBefore.of(calendly_booking))
        self._load_mirrored()
        cancel(
            calendly_booking,
            payloads.Cancellation(canceled_by=by, reason=reason or None, canceler_type="host", created_at=at),
            at,
        )
        derive(booking, calendly_bookings, hosts=self.hosts, event_types=self.event_types)
        happened(
            self.effects,
            booking,
            calendly_booking,
            calendly_bookings,
            before=before,
            observation=None,
            now=self.now,
        )
        self._save()

    def look_again(self, booking_id: uuid.UUID) -> None:
        """Derive a booking anew after one of its Calendly bookings was written elsewhere, and write what follows."""
        self._lock({booking_id})
        booking, calendly_bookings = self.bookings[booking_id], self.calendly_bookings[booking_id]
        self._load_mirrored()
        before = Before.of(booking, LegBefore.of(calendly_bookings[-1]))
        derive(booking, calendly_bookings, hosts=self.hosts, event_types=self.event_types)
        happened(
            self.effects,
            booking,
            calendly_bookings[-1],
            calendly_bookings,
            before=before,
            observation=None,
            now=self.now,
        )
        self._save()

    def _concerned(self, observations: Sequence[Observation]) -> set[uuid.UUID]:
        """The bookings that they may change."""
        uris, ids = set[str](), set[uuid.UUID]()
        for observation in observations:
            invitee = observation.invitee
            uris.update(uri for uri in (invitee.uri, invitee.old_invitee, invitee.new_invitee) if uri)
            reference = mapping.reference(invitee)
            if reference:
                ids.add(reference)
        places = CalendlyBooking.objects.filter(Q(invitee_uri__in=uris) | Q(pk__in=ids))
        return set(places.values_list("booking_id", flat=True))

    def _lock(self, found: set[uuid.UUID]) -> None:
        """Lock in a fixed order, then read: what is locked cannot change under us."""
        if not found:
            return
        locked = Booking.objects.filter(pk__in=found).shown().order_by("pk")
        for booking in locked.select_for_update(of=("self",), no_key=True):
            self._keep(booking)
            self.bookings[booking.pk] = booking
        # A Calendly booking may be claimed without its booking: only what is locked is written as it was read.
        calendly_bookings = CalendlyBooking.objects.filter(booking_id__in=found).order_by("created_at", "pk")
        for calendly_booking in calendly_bookings.select_for_update(no_key=True):
            self._keep(calendly_booking)
            self._index(calendly_booking)

    def _load_mirrored(self, observations: Sequence[Observation] = ()) -> None:
        """The hosts and event types that the observations, or the Calendly bookings that are here already, name."""
        raws = [observation.event.raw for observation in observations if observation.event]
        raws += [
            calendly_booking.event_raw
            for calendly_bookings in self.calendly_bookings.values()
            for calendly_booking in calendly_bookings
            if calendly_booking.event_raw
        ]
        places = [mapping.place(raw) for raw in raws]
        host_uris = {place.host_uri for place in places if place.host_uri}
        type_uris = {place.event_type_uri for place in places if place.event_type_uri}
        if host_uris:
            self.hosts = {host.uri: host for host in Host.objects.filter(uri__in=host_uris)}
        if type_uris:
            self.event_types = {kind.uri: kind for kind in EventType.objects.filter(uri__in=type_uris)}

    def _index(self, calendly_booking: CalendlyBooking) -> None:
        self.calendly_bookings.setdefault(calendly_booking.booking_id, []).append(calendly_booking)
        self.by_id[calendly_booking.pk] = calendly_booking
        if calendly_booking.invitee_uri:
            self.by_uri[calendly_booking.invitee_uri] = calendly_booking

    def _keep(self, row: Booking | CalendlyBooking) -> None:
        self._originals[id(row)] = {field.attname: getattr(row, field.attname) for field in row._meta.fields}

    def _one(self, observation: Observation) -> Result:
        calendly_booking = self._place(observation)
        leg_before, stood = (
            LegBefore.of(calendly_booking),
            calendly_booking.status == CalendlyBooking.Status.ACTIVE,
        )
        changed = merge(calendly_booking, observation, now=self.now)
        self.by_uri[observation.invitee.uri] = calendly_booking
        self._link(calendly_booking)
        booking, calendly_bookings = (
            self.bookings[calendly_booking.booking_id],
            self.calendly_bookings[calendly_booking.booking_id],
        )
        before = Before.of(booking, leg_before)
        asked = question(booking, calendly_booking, observation, now=self.now)
        if asked is not None:
            self._new.append(asked)
        if not stood:
            retire(calendly_booking, calendly_bookings, now=self.now)
        derive(booking, calendly_bookings, hosts=self.hosts, event_types=self.event_types)
        happened(
            self.effects,
            booking,
            calendly_booking,
            calendly_bookings,
            before=before,
            observation=observation,
            now=self.now,
        )
        return Result(booking, calendly_booking, changed or before.status != booking.status)

    def _place(self, observation: Observation) -> CalendlyBooking:
        """The Calendly booking of an invitee: by its URI, by our reference, by the invitee it replaces; else a new booking."""
        invitee = observation.invitee
        calendly_booking = self.by_uri.get(invitee.uri)
        if calendly_booking is not None:
            return calendly_booking
        referred = self.by_id.get(mapping.reference(invitee) or uuid.UUID(int=0))
        if referred is not None and referred.invitee_uri is None:
            if not invitee.old_invitee:
                return referred
            # Moved before we learnt its URI: the reference names the Calendly booking that was moved away from.
            referred.invitee_uri = invitee.old_invitee
            self.by_uri[invitee.old_invitee] = referred
        if invitee.old_invitee:
            relative = self.by_uri.get(invitee.old_invitee) or referred
            if relative is not None:
                return self._add_leg(stub(self.bookings[relative.booking_id], invitee.uri, now=self.now))
        return self._stranger(observation)

    def _stranger(self, observation: Observation) -> CalendlyBooking:
        """Somebody booked without us: on the public page, or through another portal of the organization."""
        booking, calendly_booking = newcomer(self.account, observation, now=self.now)
        self.bookings[booking.pk] = booking
        self._new.append(booking)
        return self._add_leg(calendly_booking)

    def _add_leg(self, calendly_booking: CalendlyBooking) -> CalendlyBooking:
        self._new.append(calendly_booking)
        self._index(calendly_booking)
        return calendly_booking

    def _link(self, calendly_booking: CalendlyBooking) -> None:
        """Both halves of a move know one another: the one that has not come yet is made, so that it finds its
        place; where each half has founded a booking, the two become one."""
        if calendly_booking.old_invitee and calendly_booking.old_invitee != calendly_booking.invitee_uri:
            old = self.by_uri.get(calendly_booking.old_invitee)
            if old is None:
                old = self._add_leg(
                    stub(
                        self.bookings[calendly_booking.booking_id], calendly_booking.old_invitee, now=self.now
                    )
                )
                old.status, old.rescheduled = CalendlyBooking.Status.CANCELED, True
            self._join(old, calendly_booking)
        if calendly_booking.new_invitee and calendly_booking.new_invitee != calendly_booking.invitee_uri:
            new = self.by_uri.get(calendly_booking.new_invitee)
            if new is None:
                new = self._add_leg(
                    stub(
                        self.bookings[calendly_booking.booking_id], calendly_booking.new_invitee, now=self.now
                    )
                )
            self._join(calendly_booking, new)

    def _join(self, old: CalendlyBooking, new: CalendlyBooking) -> None:
        """`new` replaces `old`, in one booking: the agent's, or that of the older Calendly booking."""
        new.replaces = old
        if old.booking_id == new.booking_id:
            return
        kept, gone = self.bookings[old.booking_id], self.bookings[new.booking_id]
        if gone.agent_made and not kept.agent_made:
            kept, gone = gone, kept
        kept.locale = kept.locale or gone.locale
        kept.agent_key_id = kept.agent_key_id or gone.agent_key_id
        self._hand_on_question(gone, kept)
        for calendly_booking in self.calendly_bookings.pop(gone.pk):
            calendly_booking.booking = kept
            self.calendly_bookings[kept.pk].append(calendly_booking)
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
        for model in (
            Booking,
            CalendlyBooking,
            VAIMetadata,
        ):  # a booking's Calendly booking is there when the transaction ends
            statements += insertion([row for row in fresh if isinstance(row, model)])
        for kind in (Booking, CalendlyBooking):
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

    def _changes(self, kind: type[Booking | CalendlyBooking], made: set[int]) -> Iterator[Change]:
        """The columns of rows that were there before and are not as they were read."""
        rows: Iterable[Booking | CalendlyBooking] = (
            self.bookings.values()
            if kind is Booking
            else itertools.chain.from_iterable(self.calendly_bookings.values())
        )
        for row in rows:
            if id(row) in made or row.pk in self.absorbed:
                continue
            kept = self._originals[id(row)]
            changes = {name: new for name, old in kept.items() if (new := getattr(row, name)) != old}
            if changes and kind is Booking:
                changes["updated_at"] = self.now
            yield row.pk, changes
